//! Sealing to a key: what envelopes (`LBX-ENV-1` to `LBX-ENV-5`) and recovery bundles
//! (`LBX-BUNDLE-1`) share.
//!
//! HPKE (RFC 9180) in base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305, over padded content
//! (`LBX-PAD-1`). A commitment to the key stands beside the ciphertext, because ChaCha20-Poly1305
//! alone can be made to open under two keys (Len, Grubbs, Ristenpart 2021). What is sealed for one
//! purpose does not open for another: `info` starts with the label of its kind.

use hpke::{
    Deserializable as _, OpModeR, OpModeS, Serializable as _, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::XWing, setup_receiver, setup_sender_with_rng,
};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError},
    label,
};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    inbox_key::{InboxPrivateKey, InboxPublicKey},
    padding,
};

const ENCAPSULATED_LENGTH: usize = 1120; // ML-KEM-768 ciphertext (1088) and X25519 (32)

/// What sealing yields. Each kind of object writes it into an array of its own.
pub(crate) struct Sealed {
    pub(crate) encapsulated: Bytes,
    pub(crate) commitment: Bytes32,
    pub(crate) ciphertext: Bytes,
}

/// It was not sealed or opened. One word for every cause, so that nothing is learnt from which it
/// was.
pub(crate) struct Refused;

/// The length of an encapsulated key, checked when an object is decoded.
pub(crate) fn check_encapsulated(encapsulated: &Bytes) -> Result<(), DecodeError> {
    if encapsulated.as_ref().len() == ENCAPSULATED_LENGTH {
        Ok(())
    } else {
        Err(DecodeError::Value("the encapsulated key has a wrong length"))
    }
}

/// Pads and seals `content`. Each HPKE context seals one message (`LBX-ENV-5`).
pub(crate) fn seal(
    key: &InboxPublicKey,
    info: &[u8],
    associated_data: &[u8],
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Sealed, Refused> {
    let padded = padding::pad(content);
    let (encapsulated, mut context) =
        setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, key.hpke(), info, rng)
            .map_err(|_| Refused)?;
    let mut commitment = [0; 32];
    context.export(label::SEAL_COMMITMENT.as_bytes(), &mut commitment).map_err(|_| Refused)?;
    let ciphertext = context.seal(&padded, associated_data).map_err(|_| Refused)?;
    Ok(Sealed {
        encapsulated: encapsulated.to_bytes().to_vec().into(),
        commitment: commitment.into(),
        ciphertext: ciphertext.into(),
    })
}

/// Opens what [`seal`] sealed. The commitment is compared before the ciphertext is opened
/// (`LBX-ENV-3`).
pub(crate) fn open(
    key: &InboxPrivateKey,
    info: &[u8],
    associated_data: &[u8],
    encapsulated: &Bytes,
    commitment: &Bytes32,
    ciphertext: &Bytes,
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let encapsulated =
        <XWing as hpke::Kem>::EncappedKey::from_bytes(encapsulated.as_ref()).map_err(|_| Refused)?;
    let mut context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        key.hpke(),
        &encapsulated,
        info,
    )
    .map_err(|_| Refused)?;
    let mut expected = [0; 32];
    context.export(label::SEAL_COMMITMENT.as_bytes(), &mut expected).map_err(|_| Refused)?;
    if !bool::from(expected.ct_eq(&commitment.0)) {
        return Err(Refused);
    }
    let padded =
        context.open(ciphertext.as_ref(), associated_data).map(Zeroizing::new).map_err(|_| Refused)?;
    let content = padding::unpad(&padded).map_err(|_| Refused)?;
    Ok(Zeroizing::new(content.to_vec()))
}
