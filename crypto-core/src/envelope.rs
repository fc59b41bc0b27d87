//! Envelopes: what the relay stores (`LBX-ENV-1` to `LBX-ENV-5`).
//!
//! HPKE (RFC 9180) in base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305. Base mode, because
//! the authenticated modes cannot be post-quantum and the standards track drops them; who sent a
//! letter is proven by a signature inside. The key schedule's `info` names the recipient, the
//! header is the associated data, and a commitment to the key stands beside the ciphertext.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    id::InboxKeyId,
    label,
};
use zeroize::Zeroizing;

use crate::{
    body::BodyId,
    citizen::DirectoryId,
    inbox_key::{InboxPrivateKey, InboxPublicKey},
    sealing,
};

/// The largest envelope in bytes; the relay refuses a larger one (`LBX-ENV-4`).
pub const LARGEST: usize = 64 * 1024;

/// The most bytes of content that fit into the largest envelope once padded (`LBX-ENV-4`):
/// Padmé's step below the largest envelope less its overhead, less one byte that ends the content.
pub const MOST_CONTENT: usize = 63_488 - 1;

/// Why a letter was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The content does not fit.
    #[error(
        "the letter is too long: it has {length} bytes, and {MOST_CONTENT} are allowed. Put the rest into an attachment"
    )]
    TooLong {
        /// The content's length in bytes.
        length: usize,
    },
    /// The cryptographic library refused, or it is nothing that could be read again.
    #[error("the content could not be sealed")]
    Refused,
}

/// Why an envelope was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The bytes are no envelope.
    #[error("this is not a sealed letter: {0}")]
    Malformed(#[from] DecodeError),
    /// It names another inbox key than the one given: the caller has to choose by id.
    #[error("the letter is sealed to another key")]
    OtherKey,
    /// One error for both, so that nothing is learnt from which it was (`LBX-ENV-5`).
    #[error("the letter is not for this key, or was altered")]
    NotForThisKeyOrAltered,
}

/// To whom an envelope is sealed. Part of HPKE's `info`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Recipient {
    /// A citizen.
    #[n(0)]
    Citizen(#[n(0)] DirectoryId),
    /// A public body, for answers.
    #[n(1)]
    Body(#[n(0)] BodyId),
}

impl From<DirectoryId> for Recipient {
    fn from(citizen: DirectoryId) -> Self {
        Self::Citizen(citizen)
    }
}

/// A sealed letter, decoded and not yet opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Envelope {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    inbox_key: InboxKeyId,
    #[n(3)]
    encapsulated: Bytes,
    #[n(4)]
    commitment: Bytes32,
    #[n(5)]
    ciphertext: Bytes,
}

impl Wire for Envelope {
    const LIMITS: Limits = Limits { bytes: LARGEST, depth: 1, items: 7 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        sealing::check_encapsulated(&self.encapsulated)
    }
}

impl Envelope {
    /// Pads and seals `content` to a key. That the key is the recipient's is the caller's to prove:
    /// letters go through [`crate::letter`], which takes a proven recipient only.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(
        recipient: &Recipient,
        key: &InboxPublicKey,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, SealError> {
        if content.len() > MOST_CONTENT {
            return Err(SealError::TooLong { length: content.len() });
        }
        let inbox_key = key.id();
        let sealed =
            sealing::seal(key, &info(recipient, inbox_key), &associated_data(inbox_key), content, rng)
                .map_err(|_| SealError::Refused)?;
        Ok(Self {
            version: Version,
            suite: Suite,
            inbox_key,
            encapsulated: sealed.encapsulated,
            commitment: sealed.commitment,
            ciphertext: sealed.ciphertext,
        })
    }

    /// The inbox key to which it says it is sealed.
    #[must_use]
    pub const fn inbox_key(&self) -> InboxKeyId {
        self.inbox_key
    }

    /// Opens the envelope with the key that it names.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        &self,
        recipient: &Recipient,
        key: &InboxPrivateKey,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if self.inbox_key != key.public_key().id() {
            return Err(OpenError::OtherKey);
        }
        sealing::open(
            key,
            &info(recipient, self.inbox_key),
            &associated_data(self.inbox_key),
            &self.encapsulated,
            &self.commitment,
            &self.ciphertext,
        )
        .map_err(|_| OpenError::NotForThisKeyOrAltered)
    }
}

fn info(recipient: &Recipient, inbox_key: InboxKeyId) -> Vec<u8> {
    label::SEAL_LETTER.with(&(recipient, inbox_key))
}

fn associated_data(inbox_key: InboxKeyId) -> Vec<u8> {
    encode(&(Version, Suite, inbox_key))
}
