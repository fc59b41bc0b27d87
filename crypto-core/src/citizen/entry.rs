//! One entry: the citizen's keys at one time (`LBX-ENTRY-1` to `LBX-ENTRY-4`).

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    label,
    signing::{Signature, SigningKey, VerifyingKey},
};

use crate::{citizen::DirectoryId, inbox_key::InboxPublicKey};

const MOST_INBOX_KEYS: usize = 4;

/// The most device commitments of an entry. They come in fours, so that their number shows little.
pub const MOST_DEVICE_COMMITMENTS: usize = 32;

/// Whether letters can be sealed to an entry's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum EntryStatus {
    /// They can.
    #[n(0)]
    Active,
    /// Closed by its owner. The last entry of a chain.
    #[n(1)]
    Closed,
}

/// How an entry follows from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ChangeKind {
    /// The first entry.
    #[n(0)]
    First,
    /// Signed by a device of the entry before: in force at once.
    #[n(1)]
    ByDevice,
    /// A new identity key, vouched for by the one before: in force at once.
    #[n(2)]
    Recovery,
    /// A new identity key without the old one. In force only after 72 hours, which the caller counts
    /// by the witnesses' time, and only with evidence of its own.
    #[n(3)]
    Reset,
}

/// A key to which letters are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InboxKey {
    /// The public key. Its id follows from it.
    #[n(0)]
    pub key: InboxPublicKey,
    /// When devices make a new one (30 days), Unix seconds.
    #[n(1)]
    pub rotate_after: u64,
    /// Until when senders may use it (400 days), so that somebody in hospital still gets post.
    #[n(2)]
    pub not_after: u64,
}

/// A citizen's keys at one time, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// Whose entry it is.
    #[n(2)]
    pub directory_id: DirectoryId,
    /// Whether letters can be sealed to it.
    #[n(3)]
    pub status: EntryStatus,
    /// How it follows from the entry before. Signed, so that nobody can make a recovery into a reset
    /// by leaving a signature out.
    #[n(4)]
    pub change: ChangeKind,
    /// The hash of the signed entry before; none for the first.
    #[n(5)]
    pub previous: Option<Bytes32>,
    /// The key to which ScotAccount's word is bound. It changes by recovery and reset only.
    #[n(6)]
    pub identity_key: VerifyingKey,
    /// The hash of the evidence for the identity key ([`crate::evidence`]).
    #[n(7)]
    pub evidence: Bytes32,
    /// The keys to which letters may be sealed, the newest first.
    #[n(8)]
    pub inbox_keys: Vec<InboxKey>,
    /// Commitments to the devices' keys ([`device_commitment`]), sorted, filled up to a multiple of
    /// four with random ones.
    #[n(9)]
    pub devices: Vec<Bytes32>,
    /// See [`recovery_key_hash`].
    #[n(10)]
    pub recovery_key: Bytes32,
    /// Salted commitment to the archive's head and the recovery bundle (`LBX-BUNDLE-3`, see
    /// [`crate::recovery::archive_head_commitment`]); none while there is neither.
    #[n(11)]
    pub archive_head: Option<Bytes32>,
    /// Random, so that entries with equal keys have different hashes.
    #[n(12)]
    pub salt: Bytes32,
}

impl Wire for Entry {
    const LIMITS: Limits = Limits { bytes: 8 * 1024, depth: 3, items: 96 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if (self.change == ChangeKind::First) != self.previous.is_none() {
            return Err(DecodeError::Value("an entry names the one before it, unless it is the first"));
        }
        if self.status == EntryStatus::Active && self.devices.is_empty() {
            return Err(DecodeError::Value("an entry that is active has device commitments"));
        }
        if self.inbox_keys.len() > MOST_INBOX_KEYS || self.devices.len() > MOST_DEVICE_COMMITMENTS {
            return Err(DecodeError::Value("an entry has too many keys"));
        }
        if (self.status == EntryStatus::Active) == self.inbox_keys.is_empty() {
            return Err(DecodeError::Value(
                "an entry that is active has an inbox key, a closed one has none",
            ));
        }
        if !self.devices.len().is_multiple_of(4) || !self.devices.is_sorted_by(|one, next| one < next) {
            return Err(DecodeError::Value("device commitments come sorted, each once, in fours"));
        }
        let ids: Vec<_> = self.inbox_keys.iter().map(|key| key.key.id()).collect();
        if ids.iter().enumerate().any(|(place, id)| ids.iter().take(place).any(|earlier| earlier == id)) {
            return Err(DecodeError::Value("an entry names an inbox key twice"));
        }
        if self.inbox_keys.iter().any(|key| key.rotate_after > key.not_after) {
            return Err(DecodeError::Value("an inbox key ends before it is to be replaced"));
        }
        Ok(())
    }
}

/// What opens a device commitment: the device's public key and the salt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceOpening {
    /// The device's public key.
    #[n(0)]
    pub device: VerifyingKey,
    /// 32 random bytes, known to the citizen's devices.
    #[n(1)]
    pub salt: Bytes32,
}

/// The commitment to a device's key that stands in the entry: nobody sees how many devices there
/// are or which, until one signs.
#[must_use]
pub fn device_commitment(opening: &DeviceOpening) -> [u8; 32] {
    label::DEVICE_COMMITMENT.hash(&(opening.device, opening.salt))
}

/// The salted hash of the recovery key's public half that stands in the entry.
#[must_use]
pub fn recovery_key_hash(recovery_key: &InboxPublicKey, salt: [u8; 32]) -> [u8; 32] {
    label::RECOVERY_KEY.hash(&(recovery_key, Bytes32(salt)))
}

/// One signature on an entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[expect(clippy::large_enum_variant, reason = "decoded once and used in place")]
pub enum EntrySignature {
    /// By the entry's own identity key: the first entry, recovery, reset.
    #[n(0)]
    Identity(#[n(0)] Signature),
    /// By a device of the entry before, which opens its commitment: every ordinary change.
    #[n(1)]
    Device(#[n(0)] DeviceOpening, #[n(1)] Signature),
    /// By the identity key of the entry before: recovery.
    #[n(2)]
    PreviousIdentity(#[n(0)] Signature),
}

/// An entry with its signatures, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedEntry {
    #[n(0)]
    pub(super) entry: Bytes,
    #[n(1)]
    pub(super) signatures: Vec<EntrySignature>,
}

impl Wire for SignedEntry {
    const LIMITS: Limits = Limits { bytes: 9 * 1024, depth: 5, items: 32 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        if (1..=2).contains(&self.signatures.len()) {
            Ok(())
        } else {
            Err(DecodeError::Value("an entry has one or two signatures"))
        }
    }
}

impl SignedEntry {
    /// The first entry, or one that resets the chain: signed by its own identity key.
    #[must_use]
    pub fn by_identity(entry: &Entry, identity: &SigningKey) -> Self {
        let entry = entry.to_bytes();
        let signature = identity.sign(label::ENTRY_SIGNATURE, &entry);
        Self { entry: entry.into(), signatures: vec![EntrySignature::Identity(signature)] }
    }

    /// An ordinary change, signed by a device of the entry before.
    #[must_use]
    pub fn by_device(entry: &Entry, device: &SigningKey, salt: [u8; 32]) -> Self {
        let entry = entry.to_bytes();
        let signature = device.sign(label::ENTRY_SIGNATURE, &entry);
        let opening = DeviceOpening { device: device.verifying_key(), salt: salt.into() };
        Self { entry: entry.into(), signatures: vec![EntrySignature::Device(opening, signature)] }
    }

    /// Recovery: signed by the new identity key and by the one before, which was in the bundle.
    #[must_use]
    pub fn by_recovery(entry: &Entry, identity: &SigningKey, previous: &SigningKey) -> Self {
        let mut signed = Self::by_identity(entry, identity);
        let signature = previous.sign(label::ENTRY_SIGNATURE, signed.entry.as_ref());
        signed.signatures.push(EntrySignature::PreviousIdentity(signature));
        signed
    }

    /// What the entry says, without a look at its signatures: for whoever keeps entries. Nothing may
    /// be sealed on it; [`History::verify`](crate::citizen::History::verify) is the check.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn unverified(&self) -> Result<Entry, DecodeError> {
        Entry::from_bytes(self.entry.as_ref())
    }

    /// The hash by which the directory and the next entry name this one. It covers the signatures.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        label::ENTRY_HASH.hash(&(self,))
    }
}
