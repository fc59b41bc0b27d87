//! Records at rest on a device (`LBX-LOCAL-1`, `LBX-LOCAL-2`).
//!
//! Keys, letters and names lie in the browser's storage under the vault key, which itself is wrapped
//! under the passphrase ([`crate::passphrase`]). Each record has a key of its own, derived from the
//! vault key and the record's name, so that records cannot change places; a commitment to that key
//! stands beside the ciphertext, as in the archive. A record can be put back to an older state by
//! whoever can write to the storage; what must not go back (the archive, the chain of deposits, the
//! directory's log) is checked against the services.

use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    label,
    secret::Secret,
};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::padding;

/// The largest sealed record in bytes.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// Why a record was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// The bytes are no record.
    #[error("what is stored on this device cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// One error for both, as for letters.
    #[error("what is stored on this device belongs to another mailbox or place, or was altered")]
    OtherKeyOrAltered,
    /// Too large to be sealed.
    #[error("there is too much in one record to store it")]
    TooLarge,
}

/// A sealed record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealedRecord {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    commitment: Bytes32,
    #[cbor(n(3), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(4)]
    ciphertext: Bytes,
}

impl Wire for SealedRecord {
    const LIMITS: Limits = Limits { bytes: LARGEST, depth: 1, items: 6 };
    const START: Start = Start::VersionAndSuite;
}

impl SealedRecord {
    /// Pads and seals a record. `name` says what it is and is not secret.
    ///
    /// # Errors
    /// [`LocalError::TooLarge`].
    pub fn seal(
        name: &str,
        content: &[u8],
        vault_key: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, LocalError> {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let padded = padding::pad(content);
        let header = header(name);
        let (key, commitment) = keys(vault_key, &header);
        let key: &Key = (&*key).into();
        let ciphertext = XChaCha20Poly1305::new(key)
            .encrypt(
                &XNonce::from(nonce),
                Payload { msg: &padded, aad: &label::LOCAL_RECORD.with_encoded(&header) },
            )
            .map_err(|_| LocalError::TooLarge)?;
        let sealed = Self {
            version: Version,
            suite: Suite,
            commitment: (*commitment).into(),
            nonce,
            ciphertext: ciphertext.into(),
        };
        if sealed.to_bytes().len() > LARGEST { Err(LocalError::TooLarge) } else { Ok(sealed) }
    }

    /// Opens the record of this name.
    ///
    /// # Errors
    /// [`LocalError::OtherKeyOrAltered`].
    pub fn open(&self, name: &str, vault_key: &Secret) -> Result<Zeroizing<Vec<u8>>, LocalError> {
        let refused = LocalError::OtherKeyOrAltered;
        let header = header(name);
        let (key, commitment) = keys(vault_key, &header);
        if !bool::from(commitment.ct_eq(&self.commitment.0)) {
            return Err(refused);
        }
        let key: &Key = (&*key).into();
        let padded = XChaCha20Poly1305::new(key)
            .decrypt(
                &XNonce::from(self.nonce),
                Payload { msg: self.ciphertext.as_ref(), aad: &label::LOCAL_RECORD.with_encoded(&header) },
            )
            .map(Zeroizing::new)
            .map_err(|_| refused)?;
        let content = padding::unpad(&padded).map_err(|_| refused)?;
        Ok(Zeroizing::new(content.to_vec()))
    }
}

/// What is authenticated besides the content.
fn header(name: &str) -> Vec<u8> {
    encode(&(Version, Suite, name))
}

/// The record's key and the commitment to it.
fn keys(vault_key: &Secret, header: &[u8]) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
    let (mut key, mut commitment) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    let extracted = Hkdf::<Sha256>::new(None, vault_key.expose());
    let expanded = extracted
        .expand(&label::LOCAL_RECORD.with_encoded(header), &mut key[..])
        .and_then(|()| extracted.expand(&label::LOCAL_COMMITMENT.with_encoded(header), &mut commitment[..]));
    // 32 bytes are within what HKDF-SHA256 can give (8,160).
    debug_assert!(expanded.is_ok());
    (key, commitment)
}
