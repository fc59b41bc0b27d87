//! The recovery bundle: what a new device needs to take a mailbox over (`LBX-BUNDLE-1` to
//! `LBX-BUNDLE-3`).
//!
//! It is sealed to the code's key as a letter is to an inbox key, under a label of its own. The relay
//! keeps it. It names no number that the relay knows, and all bundles have one length.

use core::fmt;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    id::InboxKeyId,
    label,
};
use zeroize::Zeroizing;

use crate::{
    citizen::DirectoryId,
    envelope::SealError,
    inbox_key::{InboxPrivateKey, InboxPublicKey},
    padding, sealing,
    seed::Seed,
};

/// The largest sealed bundle in bytes; the relay refuses a larger one.
pub const LARGEST: usize = 16 * 1024;

/// The most archive roots of a bundle.
pub const MOST_ROOTS: usize = 64;

/// The most inbox keys of a bundle.
pub const MOST_INBOX_SEEDS: usize = 8;

/// The fullest bundle has less than this, so that all of them are padded to the floor.
const MOST_BYTES: usize = padding::FLOOR - 1;

/// Why a bundle was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes are no bundle, or what was sealed in it is none.
    #[error("this is not a recovery bundle: {0}")]
    Malformed(#[from] DecodeError),
    /// One error for both, as for letters.
    #[error("the recovery bundle is for another code, or was altered")]
    NotForThisCodeOrAltered,
}

/// A root of the archive's keys.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
pub struct ArchiveRoot {
    /// How often the root had been replaced when this one came, counted from 1.
    #[n(0)]
    pub generation: u64,
    /// The root.
    #[n(1)]
    pub root: Seed,
}

relay_auth::wiped!(ArchiveRoot { root } Bundle { identity, inbox, roots });

/// What a new device needs to take the mailbox over. Wiped when dropped; never printed.
#[derive(PartialEq, Eq, Encode, Decode)]
pub struct Bundle {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// Whose mailbox it is.
    #[n(2)]
    pub directory_id: DirectoryId,
    /// The salt of the commitment in the entry ([`archive_head_commitment`]).
    #[n(3)]
    pub salt: Bytes32,
    /// The identity key of the entry in force, which vouches for the next one.
    #[n(4)]
    pub identity: Seed,
    /// The keys to which letters may have been sealed, the newest first.
    #[n(5)]
    pub inbox: Vec<Seed>,
    /// The roots of the archive's keys, the newest first.
    #[n(6)]
    pub roots: Vec<ArchiveRoot>,
}

impl Wire for Bundle {
    const LIMITS: Limits = Limits { bytes: MOST_BYTES, depth: 3, items: 256 };
    const START: Start = Start::VersionAndSuite;

    // LBX-BUNDLE-2
    fn validate(&self) -> Result<(), DecodeError> {
        check_opening_keys(&self.inbox, self.roots.iter().map(|root| root.generation))
    }
}

/// That there are as many inbox keys and archive roots as a bundle holds, the roots with the newest
/// first: of a bundle, and of the device that makes one.
///
/// # Errors
/// [`DecodeError::Value`].
pub fn check_opening_keys(
    inbox: &[Seed],
    generations: impl Iterator<Item = u64> + Clone,
) -> Result<(), DecodeError> {
    if !(1..=MOST_INBOX_SEEDS).contains(&inbox.len()) {
        return Err(DecodeError::Value("there are one to eight inbox keys"));
    }
    if !(1..=MOST_ROOTS).contains(&generations.clone().count()) {
        return Err(DecodeError::Value("there are one to 64 archive roots"));
    }
    if !generations.clone().is_sorted_by(|newer, older| newer > older) {
        return Err(DecodeError::Value("archive roots come with the newest first, each once"));
    }
    if generations.into_iter().any(|generation| generation == 0) {
        return Err(DecodeError::Value("the generations of archive roots are counted from 1"));
    }
    Ok(())
}

impl Bundle {
    /// A bundle, to be sealed. `inbox` and `roots` come with the newest first.
    #[must_use]
    pub fn new(
        directory_id: DirectoryId,
        salt: [u8; 32],
        identity: Seed,
        inbox: Vec<Seed>,
        roots: Vec<ArchiveRoot>,
    ) -> Self {
        Self { version: Version, suite: Suite, directory_id, salt: Bytes32(salt), identity, inbox, roots }
    }

    /// Pads and seals the bundle to a code's key.
    ///
    /// # Errors
    /// [`SealError::Refused`] for a bundle that could not be read again: too few or too many keys or
    /// roots, or roots out of order.
    pub fn seal(&self, key: &InboxPublicKey, rng: &mut impl CryptoRng) -> Result<SealedBundle, SealError> {
        self.validate().map_err(|_| SealError::Refused)?;
        // Room for all of it at once: growing would leave copies of the keys behind.
        let mut content: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
        let written = minicbor::encode(self, &mut *content);
        // Writing to a vector does not fail.
        debug_assert!(written.is_ok());
        let recovery_key = key.id();
        let sealed = sealing::seal(key, &info(recovery_key), &associated_data(recovery_key), &content, rng)
            .map_err(|_| SealError::Refused)?;
        Ok(SealedBundle {
            version: Version,
            suite: Suite,
            recovery_key,
            encapsulated: sealed.encapsulated,
            commitment: sealed.commitment,
            ciphertext: sealed.ciphertext,
        })
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bundle([redacted])")
    }
}

/// A sealed bundle, decoded and not yet opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealedBundle {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    recovery_key: InboxKeyId,
    #[n(3)]
    encapsulated: Bytes,
    #[n(4)]
    commitment: Bytes32,
    #[n(5)]
    ciphertext: Bytes,
}

impl Wire for SealedBundle {
    const LIMITS: Limits = Limits { bytes: LARGEST, depth: 1, items: 7 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        sealing::check_encapsulated(&self.encapsulated)
    }
}

impl SealedBundle {
    /// Opens the bundle with the code's key.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn open(&self, key: &InboxPrivateKey) -> Result<Bundle, BundleError> {
        let refused = BundleError::NotForThisCodeOrAltered;
        if self.recovery_key != key.public_key().id() {
            return Err(refused);
        }
        let content = sealing::open(
            key,
            &info(self.recovery_key),
            &associated_data(self.recovery_key),
            &self.encapsulated,
            &self.commitment,
            &self.ciphertext,
        )
        .map_err(|_| refused)?;
        Ok(Bundle::from_bytes(&content)?)
    }

    /// The digest to which the entry commits (`LBX-BUNDLE-3`).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        label::RECOVERY_BUNDLE_DIGEST.hash(&(self,))
    }
}

/// The commitment to the archive's head and the digest of the bundle that stands in the entry
/// (`LBX-BUNDLE-3`). A device that comes back refuses a bundle that the entry in force does not
/// commit to. Salted, so that nobody who sees entry and bundle learns that they belong together.
#[must_use]
pub fn archive_head_commitment(
    archive_head: Option<&[u8; 32]>,
    bundle: &[u8; 32],
    salt: &[u8; 32],
) -> [u8; 32] {
    label::ARCHIVE_HEAD.hash(&(archive_head.copied().map(Bytes32), Bytes32(*bundle), Bytes32(*salt)))
}

fn info(recovery_key: InboxKeyId) -> Vec<u8> {
    label::RECOVERY_BUNDLE.with(&(recovery_key,))
}

fn associated_data(recovery_key: InboxKeyId) -> Vec<u8> {
    encode(&(Version, Suite, recovery_key))
}
