//! Names of request keys, as the `keyid` of a signed request carries them (`LBX-REQUEST-4`).
//!
//! The name is a labelled hash of the public key alone: it does not depend on the mailbox, so that
//! a request tells nothing of the mailbox's number to those it passes on its way.

use crate::{hex, identifier, label, signing::VerifyingKey};

identifier! {
    /// The name of a request key: the first 16 bytes of the labelled hash of the public key.
    RequestKeyId
}

impl RequestKeyId {
    /// The name of a key.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        let hash = label::REQUEST_KEY_ID.hash(&(*key,));
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self::from(id)
    }

    /// As it stands in `keyid`: 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_text(&self) -> String {
        hex::encode(self.as_bytes())
    }

    /// Reads a `keyid`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode(text).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{secret::Secret, signing::SigningKey};

    #[test]
    fn a_key_has_one_name_and_two_keys_have_two() {
        let key = |seed: u8| SigningKey::from_seed(&Secret::from([seed; 32])).verifying_key();
        let id = RequestKeyId::of(&key(1));
        assert_eq!(RequestKeyId::parse(&id.to_text()), Some(id));
        assert_ne!(RequestKeyId::of(&key(2)), id);
    }
}
