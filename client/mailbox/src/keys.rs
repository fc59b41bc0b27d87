//! The private keys of a device, in one record.
//!
//! The first device makes all of them, before anybody signs in: the identity key to which
//! ScotAccount's word will be bound, the device's own key, the key that signs requests to the relay,
//! the mailbox access key and the one that follows it, the inbox key, the archive root, the recovery
//! key. What stands in the directory later is public halves and salted hashes.

use crypto_core::{
    citizen::DeviceOpening,
    inbox_key::{InboxPrivateKey, InboxPublicKey},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    secret::Secret,
    signing::SigningKey,
};
use zeroize::Zeroizing;

use crate::local::{self, LocalError, names};

/// The most inbox keys that a device keeps: those that letters may still be sealed to.
const MOST_INBOX_KEYS: usize = 8;

const MOST_BYTES: usize = 1024;

/// 32 secret bytes on the wire of this record alone.
#[derive(Debug, PartialEq, Eq)]
struct Seed(Secret);

impl Seed {
    fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::generate(rng))
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.0)
    }
}

impl<C> Encode<C> for Seed {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(self.0.expose())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Seed {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = decoder.bytes()?;
        if bytes.len() != Secret::LENGTH {
            return Err(minicbor::decode::Error::message("not 32 bytes"));
        }
        let mut secret = Secret::from([0; 32]);
        secret.expose_mut().copy_from_slice(bytes);
        Ok(Self(secret))
    }
}

/// All private keys of a device. Wiped when dropped; never printed.
#[derive(PartialEq, Eq, Encode, Decode)]
pub struct DeviceKeys {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    identity: Seed,
    #[n(3)]
    device: Seed,
    #[n(4)]
    device_salt: Bytes32,
    #[n(5)]
    request: Seed,
    #[n(6)]
    access: Seed,
    #[n(7)]
    next_access: Seed,
    /// The newest first.
    #[n(8)]
    inbox: Vec<Seed>,
    #[n(9)]
    archive_root: Seed,
    #[n(10)]
    archive_generation: u64,
    #[n(11)]
    recovery_salt: Bytes32,
    /// Kept until it stands on paper.
    #[n(12)]
    recovery: Option<Seed>,
}

redacted!(DeviceKeys);

impl Wire for DeviceKeys {
    const LIMITS: Limits = Limits { bytes: MOST_BYTES, depth: 2, items: 32 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if (1..=MOST_INBOX_KEYS).contains(&self.inbox.len()) {
            Ok(())
        } else {
            Err(DecodeError::Value("a device has one to eight inbox keys"))
        }
    }
}

impl DeviceKeys {
    /// New keys for a new mailbox.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut salt = || {
            let mut salt = [0; 32];
            rng.fill_bytes(&mut salt);
            Bytes32(salt)
        };
        let (device_salt, recovery_salt) = (salt(), salt());
        Self {
            version: Version,
            suite: Suite,
            identity: Seed::generate(rng),
            device: Seed::generate(rng),
            device_salt,
            request: Seed::generate(rng),
            access: Seed::generate(rng),
            next_access: Seed::generate(rng),
            inbox: vec![Seed::generate(rng)],
            archive_root: Seed::generate(rng),
            archive_generation: 1,
            recovery_salt,
            recovery: Some(Seed::generate(rng)),
        }
    }

    /// Seals the keys under the vault key, to be stored as [`names::KEYS`].
    ///
    /// # Errors
    /// Does not fail for keys of any device; the signature leaves nothing to a panic.
    pub fn seal(&self, vault_key: &Secret, rng: &mut impl CryptoRng) -> Result<Vec<u8>, LocalError> {
        // Room for all of it at once: growing would leave copies of the keys behind.
        let mut content: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
        let written = minicbor::encode(self, &mut *content);
        // Writing to a vector does not fail.
        debug_assert!(written.is_ok());
        local::seal(names::KEYS, &content, vault_key, rng)
    }

    /// Opens what [`DeviceKeys::seal`] sealed.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn open(sealed: &[u8], vault_key: &Secret) -> Result<Self, LocalError> {
        Ok(Self::from_bytes(&local::open(names::KEYS, sealed, vault_key)?)?)
    }

    /// The key to which ScotAccount's word is bound.
    #[must_use]
    pub fn identity(&self) -> SigningKey {
        self.identity.signing_key()
    }

    /// The key that signs changes of the entry.
    #[must_use]
    pub fn device(&self) -> SigningKey {
        self.device.signing_key()
    }

    /// What opens this device's commitment in the entry.
    #[must_use]
    pub fn device_opening(&self) -> DeviceOpening {
        DeviceOpening { device: self.device().verifying_key(), salt: self.device_salt }
    }

    /// The key that signs requests to the relay.
    #[must_use]
    pub fn request(&self) -> SigningKey {
        self.request.signing_key()
    }

    /// The key that governs the mailbox: it signs the first access list.
    #[must_use]
    pub fn access(&self) -> SigningKey {
        self.access.signing_key()
    }

    /// The key that signs the next access list.
    #[must_use]
    pub fn next_access(&self) -> SigningKey {
        self.next_access.signing_key()
    }

    /// The keys that open letters, the newest first. Every seed is a key.
    #[must_use]
    pub fn inbox_keys(&self) -> Vec<InboxPrivateKey> {
        self.inbox.iter().filter_map(|seed| InboxPrivateKey::from_seed(&seed.0).ok()).collect()
    }

    /// The root of the archive's keys.
    #[must_use]
    pub const fn archive_root(&self) -> &Secret {
        &self.archive_root.0
    }

    /// How often the archive root was replaced, counted from 1.
    #[must_use]
    pub const fn archive_generation(&self) -> u64 {
        self.archive_generation
    }

    /// The public half of the recovery key and the salt of its hash; none once it stands on paper.
    #[must_use]
    pub fn recovery(&self) -> Option<(InboxPublicKey, [u8; 32])> {
        let key = InboxPrivateKey::from_seed(&self.recovery.as_ref()?.0).ok()?;
        Some((key.public_key().clone(), self.recovery_salt.0))
    }
}
