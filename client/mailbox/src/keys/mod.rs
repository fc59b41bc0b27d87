//! The private keys of a device, in one record.
//!
//! The first device makes all of them, before anybody signs in: the identity key to which
//! ScotAccount's word will be bound, the device's own key, the key that signs requests to the relay,
//! the mailbox access key and the one that follows it, the inbox key, the archive root, the recovery
//! code. What stands in the directory later is public halves and salted hashes. A device that comes
//! back with a recovery code makes all of them anew and keeps the older ones that still open letters.

mod recovery;

use crypto_core::{
    citizen::DeviceOpening,
    inbox_key::{InboxPrivateKey, InboxPublicKey},
    recovery::{ArchiveRoot, MOST_INBOX_SEEDS, MOST_ROOTS, RecoveryCode, RecoveryKeys, check_opening_keys},
    seed::Seed,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
};
use zeroize::Zeroizing;

pub use self::recovery::Former;
use crate::local::{self, LocalError, names};

/// The recovery key's public half and everything that there is once; inbox keys; archive roots.
const MOST_BYTES: usize = 2048 + 36 * MOST_INBOX_SEEDS + 48 * MOST_ROOTS;

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
    /// What is filed is sealed under this one.
    #[n(9)]
    archive: ArchiveRoot,
    /// Those before it, under which older letters lie. The newest first.
    #[n(10)]
    older_roots: Vec<ArchiveRoot>,
    #[n(11)]
    recovery_salt: Bytes32,
    #[n(12)]
    recovery: InboxPublicKey,
    #[n(13)]
    recovery_request: VerifyingKey,
    #[n(14)]
    is_code_written_down: bool,
    /// Until the mailbox is ready; from then on it stands on paper alone.
    #[n(15)]
    code: Option<RecoveryCode>,
    /// While a recovery is unfinished.
    #[n(16)]
    former: Option<Former>,
}

redacted!(DeviceKeys);

relay_auth::wiped!(DeviceKeys {
    identity,
    device,
    request,
    access,
    next_access,
    inbox,
    archive,
    older_roots,
    code,
    former
});

impl Wire for DeviceKeys {
    const LIMITS: Limits =
        Limits { bytes: MOST_BYTES, depth: 3, items: 32 + MOST_INBOX_SEEDS as u32 + 3 * MOST_ROOTS as u32 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        check_opening_keys(&self.inbox, self.archive_roots().map(|(generation, _)| generation))?;
        // An unfinished recovery ends with a request that the new code's key signs.
        if self.former.is_some() && self.code.is_none() {
            return Err(DecodeError::Value("a recovery without its new code"));
        }
        Ok(())
    }
}

impl DeviceKeys {
    /// New keys for a new mailbox, with a new recovery code.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut salt = || {
            let mut salt = [0; 32];
            rng.fill_bytes(&mut salt);
            Bytes32(salt)
        };
        let (device_salt, recovery_salt) = (salt(), salt());
        let (code, recovery) = new_code(rng);
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
            archive: ArchiveRoot { generation: 1, root: Seed::generate(rng) },
            older_roots: Vec::new(),
            recovery_salt,
            recovery: recovery.seal().public_key().clone(),
            recovery_request: recovery.request().verifying_key(),
            is_code_written_down: false,
            code: Some(code),
            former: None,
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

    /// All keys that open letters, the newest first. Every seed is a key.
    #[must_use]
    pub fn inbox_keys(&self) -> Vec<InboxPrivateKey> {
        self.inbox.iter().filter_map(|seed| InboxPrivateKey::from_seed(seed.secret()).ok()).collect()
    }

    /// The keys to which new letters are to be sealed, for the entry and the access list: the newest
    /// alone. Letters that were sealed to older ones are opened all the same.
    #[must_use]
    pub fn accepted_inbox_keys(&self) -> Vec<InboxPrivateKey> {
        let newest = self.inbox.iter().take(1);
        newest.filter_map(|seed| InboxPrivateKey::from_seed(seed.secret()).ok()).collect()
    }

    /// The newest root of the archive's keys.
    #[must_use]
    pub fn archive_root(&self) -> &Secret {
        self.archive.root.secret()
    }

    /// How often the archive root was replaced, counted from 1.
    #[must_use]
    pub const fn archive_generation(&self) -> u64 {
        self.archive.generation
    }

    /// Every archive root with its generation, the newest first.
    pub fn archive_roots(&self) -> impl Iterator<Item = (u64, &Secret)> + Clone {
        let roots = core::iter::once(&self.archive).chain(&self.older_roots);
        roots.map(|root| (root.generation, root.root.secret()))
    }
}

/// A new code and its keys. Every code has keys; trying another leaves nothing to a panic.
fn new_code(rng: &mut impl CryptoRng) -> (RecoveryCode, RecoveryKeys) {
    loop {
        let code = RecoveryCode::generate(rng);
        if let Ok(keys) = code.keys() {
            return (code, keys);
        }
    }
}
