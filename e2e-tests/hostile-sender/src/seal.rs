//! Signs and seals a letter, byte by byte as the protocol writes it (`LBX-LETTER-1`) and with no regard
//! to what it allows (`LBX-LETTER-3`, `LBX-LETTER-6`).

use crypto_core::{
    body::BodyId,
    directory::ProvenRecipient,
    envelope::{Envelope, Recipient, SealError},
    letter::{Letter, LetterId},
};
use relay_auth::{
    cbor::{Bytes, Bytes32, Suite, Version, Wire as _, encode},
    label,
    signing::SigningKey,
};

use crate::system::{now, rng};

/// The kind of content that is a letter.
const LETTER: u8 = 0;

/// Seals a letter of a body, under the entry with this hash.
pub(crate) fn seal(
    body: &BodyId,
    entry: [u8; 32],
    key: &SigningKey,
    letter: Letter,
    recipient: &ProvenRecipient,
) -> Result<Vec<u8>, SealError> {
    let statement = encode(&(
        Version,
        Suite,
        LetterId::generate(&mut rng()),
        recipient.directory_id(),
        recipient.inbox_key().id(),
        body.clone(),
        Bytes32::from(entry),
        now(),
        letter,
    ));
    let signature = key.sign(label::LETTER, &statement);
    let content = encode(&(LETTER, ((Bytes::from(statement), signature),)));
    let recipient_id = Recipient::from(recipient.directory_id());
    let envelope = Envelope::seal(&recipient_id, recipient.inbox_key(), &content, &mut rng())?;
    Ok(envelope.to_bytes())
}
