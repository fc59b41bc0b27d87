//! The seed of a private key, as it stands in a sealed record or bundle.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{secret::Secret, signing::SigningKey};

/// 32 secret bytes that may be written: into something that is sealed, and nowhere else. On the wire
/// a byte string. Wiped when dropped, never printed, compared in constant time.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Seed(#[cbor(with = "wire")] Secret);

relay_auth::wiped!(Seed { 0 });

impl Seed {
    /// A random seed.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::generate(rng))
    }

    /// The signing key of this seed.
    #[must_use]
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.0)
    }

    /// The secret bytes, for a key of another kind.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// A second copy, wiped on its own.
    #[must_use]
    pub const fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

impl From<Secret> for Seed {
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

/// 32 secret bytes as a byte string.
pub(crate) mod wire {
    use minicbor::{
        Decoder, Encoder, decode::Error as Unreadable, encode::Error as Unwritable, encode::Write,
    };
    use relay_auth::secret::Secret;

    pub(crate) fn encode<C, W: Write>(
        secret: &Secret,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), Unwritable<W::Error>> {
        encoder.bytes(secret.expose())?.ok()
    }

    pub(crate) fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<Secret, Unreadable> {
        let bytes = decoder.bytes()?;
        if bytes.len() != Secret::LENGTH {
            return Err(Unreadable::message("not 32 bytes"));
        }
        let mut secret = Secret::from([0; 32]);
        secret.expose_mut().copy_from_slice(bytes);
        Ok(secret)
    }
}
