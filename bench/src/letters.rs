//! Sealing and opening letters, against the bare primitives over the same padded length.

use crypto_core::{
    envelope::Envelope,
    letter::{LetterId, OpenedLetter, Sender},
};
use ed25519_dalek::Signer as _;
use hpke::{
    Deserializable as _, Kem, OpModeR, OpModeS, aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::XWing,
    setup_receiver, setup_sender_with_rng,
};
use letterbox_bench_wasm::{TEXT_BYTES, letter};
use relay_auth::cbor::Wire as _;

use crate::{
    Failure,
    directory::Recipient,
    figures::{Figure, race},
    people::{World, rng},
};

/// What an envelope has beside the padded content (`LBX-ENV-1`): the heads of array and fields, version,
/// suite, the key's id, the encapsulated key, the commitment, and the tag.
const AROUND: usize = 1 + 1 + 1 + 17 + 1123 + 34 + 3 + 16;

const INFO: &[u8] = b"as long as the info of a letter is, its label and two ids";
const HEADER: &[u8] = b"version, suite and id";

/// The figures, and an envelope of that length.
pub(crate) fn measure(world: &World, recipient: &Recipient) -> Result<(Vec<Figure>, Vec<u8>), Failure> {
    let Recipient { proven, inbox, .. } = recipient;
    let sender = Sender::new(&world.body, &world.body_key);
    let seal = || -> Result<_, Failure> {
        Ok(sender.seal(LetterId::generate(&mut rng()), letter(), proven, world.began, &mut rng())?)
    };
    let sealed = seal()?.envelope().to_vec();

    let padded = vec![b'x'; sealed.len() - AROUND];
    let signing = ed25519_dalek::SigningKey::from_bytes(world.body_key.to_seed().expose());
    let verifying = signing.verifying_key();
    let public = <XWing as Kem>::PublicKey::from_bytes(&proven.inbox_key().to_bytes())?;
    let private = <XWing as Kem>::PrivateKey::from_bytes(inbox.seed().expose())?;
    let bare_seal = || -> Result<_, Failure> {
        let signature = signing.sign(&padded);
        let (encapsulated, mut context) = setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeS::Base,
            &public,
            INFO,
            &mut rng(),
        )?;
        Ok((encapsulated, context.seal(&padded, HEADER)?, signature))
    };
    let (encapsulated, ciphertext, signature) = bare_seal()?;
    let bare_open = || -> Result<_, Failure> {
        let mut context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            INFO,
        )?;
        let opened = context.open(&ciphertext, HEADER)?;
        verifying.verify_strict(&opened, &signature)?;
        Ok(opened)
    };
    let open = || -> Result<_, Failure> {
        let envelope = Envelope::from_bytes(&sealed)?;
        Ok(OpenedLetter::open(&envelope, proven.directory_id(), inbox)?.verify(&world.body, world.began)?)
    };
    if open()?.letter().text.len() != TEXT_BYTES || bare_open()? != padded {
        return Err("what was sealed is not what was opened".into());
    }

    let (ours, bare) = race(seal, bare_seal)?;
    let what = "bare HPKE seal and Ed25519 signature";
    let mut figures = vec![Figure::new("sign and seal a letter of 4 KiB", ours, "µs", what, bare)];
    let (ours, bare) = race(open, bare_open)?;
    let what = "bare HPKE open and Ed25519 verification";
    figures.push(Figure::new("open and verify it", ours, "µs", what, bare));
    Ok((figures, sealed))
}
