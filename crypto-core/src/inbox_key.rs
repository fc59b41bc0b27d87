//! Inbox keys: what letters are sealed to (`LBX-KEY-1`).
//!
//! X-Wing (X25519 and ML-KEM-768, `draft-connolly-cfrg-xwing-kem`, HPKE KEM 0x647a). The 32-byte
//! seed is used **directly** as the X-Wing decapsulation key; it is not passed through HPKE's
//! `DeriveKeyPair`, which implementations do differently.

use core::fmt;

use hpke::{Deserializable as _, Kem as _, Serializable as _, kem::XWing};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, DecodeError},
    id::InboxKeyId,
    label,
    secret::Secret,
};

/// The length of an encoded public key in bytes: ML-KEM-768 (1184) and X25519 (32).
pub const PUBLIC_KEY_LENGTH: usize = 1216;

pub(crate) type HpkePublicKey = <XWing as hpke::Kem>::PublicKey;
pub(crate) type HpkePrivateKey = <XWing as hpke::Kem>::PrivateKey;

/// A private inbox key. Wiped when dropped; never printed.
pub struct InboxPrivateKey {
    seed: Secret,
    private: HpkePrivateKey,
    public: InboxPublicKey,
}

// The key itself wipes itself as well (`x-wing` with its feature `zeroize`), and does not say so.
relay_auth::wiped!(InboxPrivateKey { seed });

impl InboxPrivateKey {
    /// The key of a 32-byte seed.
    ///
    /// # Errors
    /// Does not fail for any seed; the signature leaves nothing to a panic.
    pub fn from_seed(seed: &Secret) -> Result<Self, DecodeError> {
        let unusable = DecodeError::Value("a seed that is no X-Wing key");
        let private = HpkePrivateKey::from_bytes(seed.expose()).map_err(|_| unusable)?;
        let public = InboxPublicKey(XWing::sk_to_pk(&private));
        Ok(Self { seed: seed.duplicate(), private, public })
    }

    /// The public key.
    #[must_use]
    pub const fn public_key(&self) -> &InboxPublicKey {
        &self.public
    }

    /// The seed, to be sealed and stored.
    #[must_use]
    pub const fn seed(&self) -> &Secret {
        &self.seed
    }

    pub(crate) const fn hpke(&self) -> &HpkePrivateKey {
        &self.private
    }
}

impl fmt::Debug for InboxPrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InboxPrivateKey([redacted])")
    }
}

/// A public inbox key.
#[derive(Clone)]
pub struct InboxPublicKey(HpkePublicKey);

impl InboxPublicKey {
    /// Checks and takes an encoded public key (FIPS 203 §7.2: the coefficients are reduced).
    ///
    /// # Errors
    /// [`DecodeError::Value`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let key = HpkePublicKey::from_bytes(bytes)
            .map(Self)
            .map_err(|_| DecodeError::Value("an inbox key is not a valid X-Wing key"))?;
        // One key, one encoding: its id is a hash of these bytes.
        if key.to_bytes() == bytes {
            Ok(key)
        } else {
            Err(DecodeError::Value("an inbox key has a second encoding"))
        }
    }

    /// The encoded key.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// The id of this key: the first 16 bytes of the labelled SHA-256 of its encoding, so that an id
    /// cannot be put on another key (`LBX-KEY-2`).
    #[must_use]
    pub fn id(&self) -> InboxKeyId {
        let hash = label::INBOX_KEY_ID.hash(&(Bytes::from(self.to_bytes()),));
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        InboxKeyId::from(id)
    }

    pub(crate) const fn hpke(&self) -> &HpkePublicKey {
        &self.0
    }
}

impl PartialEq for InboxPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for InboxPublicKey {}

impl fmt::Debug for InboxPublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InboxPublicKey([redacted])")
    }
}

impl<C> Encode<C> for InboxPublicKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for InboxPublicKey {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(decoder.bytes()?).map_err(|_| minicbor::decode::Error::message("not an X-Wing key"))
    }
}
