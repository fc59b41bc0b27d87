//! Rows with names, subjects and tokens are sealed: a stolen store does not tell who is enrolled.
//!
//! XChaCha20-Poly1305 with random nonces, under a key that HKDF derives from the sealing key. The
//! associated data is the label and the row's table and key, so that a value cannot be put in the
//! place of another.

use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Limits, Start, Suite, Version, Wire},
    label,
    secret::Secret,
};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StoreFailure;
use crate::randomness;

/// What a sealed value looks like in its row.
#[derive(Encode, Decode)]
struct Sealed {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[cbor(n(2), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(3)]
    ciphertext: Bytes,
}

impl Wire for Sealed {
    const LIMITS: Limits = Limits { bytes: ::store::LONG_LIMIT, depth: 1, items: 5 };
    const START: Start = Start::VersionAndSuite;
}

/// Seals and opens values of rows.
pub(super) struct Sealing(Secret);

relay_auth::wiped!(Sealing { 0 });

impl Sealing {
    pub(super) fn new(sealing_key: &Secret) -> Self {
        let mut derived = Secret::from([0; 32]);
        Hkdf::<Sha256>::new(None, sealing_key.expose())
            .expand(&label::SEALED_ROW.with(&(Version, Suite)), &mut derived.expose_mut()[..])
            .expect("32 bytes are within what HKDF-SHA256 gives (8,160)");
        Self(derived)
    }

    /// Seals the value of a row.
    pub(super) fn seal(&self, row: &[u8], content: &[u8]) -> Result<Vec<u8>, StoreFailure> {
        let nonce: [u8; 24] = randomness::bytes();
        let ciphertext = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: content, aad: &associated_data(row) })
            .map_err(|_| StoreFailure::Unavailable("a value is too large to be sealed".to_owned()))?;
        Ok(Sealed { version: Version, suite: Suite, nonce, ciphertext: ciphertext.into() }.to_bytes())
    }

    /// Opens the value of a row.
    pub(super) fn open(&self, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreFailure> {
        let refused = || {
            StoreFailure::damaged(
                "a sealed row cannot be opened; if the sealing key was changed, put it back",
            )
        };
        let sealed = Sealed::from_bytes(sealed).map_err(|_| refused())?;
        self.cipher()
            .decrypt(
                &XNonce::from(sealed.nonce),
                Payload { msg: sealed.ciphertext.as_ref(), aad: &associated_data(row) },
            )
            .map(Zeroizing::new)
            .map_err(|_| refused())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key: &Key = self.0.expose().into();
        XChaCha20Poly1305::new(key)
    }
}

fn associated_data(row: &[u8]) -> Vec<u8> {
    let table = row.first().copied().unwrap_or_default();
    label::SEALED_ROW.with(&(Version, Suite, table, Bytes::from(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_in_its_own_row_and_under_its_own_key_only() {
        let sealing = Sealing::new(&Secret::from([1; 32]));
        let sealed = sealing.seal(b"row", b"content").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"content"));
        assert_eq!(sealing.open(b"row", &sealed).unwrap()[..], b"content"[..]);
        assert!(sealing.open(b"raw", &sealed).is_err());
        assert!(Sealing::new(&Secret::from([2; 32])).open(b"row", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(sealing.open(b"row", &altered).is_err(), "byte {place}");
        }
        // The same content never looks the same.
        assert_ne!(sealing.seal(b"row", b"content").unwrap(), sealed);
    }
}
