//! What the store has instead of labels.
//!
//! A person's label is made of name and birth date. In akd's tree it is hidden by the VRF, but akd
//! also keeps what was published under each label, and names the label in that record. So the record
//! is stored under a *name*, a pseudorandom function of the label, and the label itself is left out;
//! it is put back when the record is read, because whoever asks brings it along. A stolen store
//! without the key tells neither who is listed nor, by trying, whether somebody is.
//!
//! The key is derived from the VRF's seed: who has that one can find out who is listed anyway, from
//! the tree.

use std::sync::Arc;

use hkdf::Hkdf;
use relay_auth::{cbor::Bytes, label, secret::Secret};
use sha2::Sha256;

/// Stands for a label.
pub(super) type Name = [u8; 32];

/// Makes names of labels: the expansion of HKDF-SHA256 (RFC 5869 §2.3), which is HMAC for an output
/// of one block.
#[derive(Clone)]
pub(super) struct Names(Arc<Hkdf<Sha256>>);

impl Names {
    pub(super) fn new(vrf: &Secret) -> Self {
        Self(Arc::new(Hkdf::new(None, vrf.expose())))
    }

    pub(super) fn name(&self, directory_label: &[u8]) -> Name {
        let mut name = [0; 32];
        self.0
            .expand(&label::DIRECTORY_ROW.with(&(Bytes::from(directory_label),)), &mut name)
            .expect("HKDF gives up to 255 blocks, and this is one");
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_the_label_and_on_the_key() {
        let names = Names::new(&Secret::from([1; 32]));
        assert_eq!(names.name(b"one"), names.clone().name(b"one"));
        assert_ne!(names.name(b"one"), names.name(b"two"));
        assert_ne!(names.name(b"one"), Names::new(&Secret::from([2; 32])).name(b"one"));
    }
}
