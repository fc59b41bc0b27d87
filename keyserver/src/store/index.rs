//! Names of rows about a person: keyed hashes (HMAC-SHA256), so that nobody finds a person's row by
//! trying who it could be.

use crypto_core::citizen::DirectoryId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use relay_auth::{cbor::Bytes, label, secret::Secret};
use sha2::Sha256;

const SUBJECT: u8 = 0;
const CITIZEN: u8 = 1;

/// Makes names of rows.
pub(super) struct Index(Secret);

relay_auth::wiped!(Index { 0 });

impl Index {
    pub(super) const fn new(index_key: Secret) -> Self {
        Self(index_key)
    }

    /// For ScotAccount's name for a person.
    pub(super) fn subject(&self, subject: &str) -> [u8; 32] {
        self.name(SUBJECT, subject.as_bytes())
    }

    /// For a citizen.
    pub(super) fn citizen(&self, citizen: DirectoryId) -> [u8; 32] {
        self.name(CITIZEN, citizen.as_bytes())
    }

    fn name(&self, kind: u8, of: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose()).expect("HMAC takes keys of every length");
        mac.update(&label::ROW_INDEX.with(&(kind, Bytes::from(of))));
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_the_key_the_kind_and_what_it_is_of() {
        let index = Index::new(Secret::from([1; 32]));
        let citizen = DirectoryId::from(*b"sixteen bytes id");
        assert_eq!(index.citizen(citizen), index.citizen(citizen));
        assert_ne!(index.citizen(citizen), index.subject("sixteen bytes id"));
        assert_ne!(index.citizen(citizen), index.citizen(DirectoryId::from([2; 16])));
        assert_ne!(index.citizen(citizen), Index::new(Secret::from([2; 32])).citizen(citizen));
    }
}
