//! A chain of entries, walked and verified (`LBX-ENTRY-5` to `LBX-ENTRY-8`).

use relay_auth::{
    cbor::{Bytes32, DecodeError, Wire as _},
    label,
    signing::VerifyingKey,
};

use crate::citizen::{
    DirectoryId,
    entry::{ChangeKind, Entry, EntrySignature, EntryStatus, InboxKey, SignedEntry, device_commitment},
};

/// One step of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub kind: ChangeKind,
    /// The hash of the signed entry after the step.
    pub hash: [u8; 32],
    /// The hash of the signed entry before the step.
    pub previous: Option<Bytes32>,
    /// The identity key after the step.
    pub identity_key: VerifyingKey,
    /// The hash of its evidence.
    pub evidence: [u8; 32],
}

/// Why a chain was not taken. Whoever sent it, the directory in general, is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// There is no entry.
    #[error("the directory sent no entry")]
    Empty,
    /// An entry is none.
    #[error("the directory sent an entry that is none: {0}")]
    Malformed(#[from] DecodeError),
    /// It starts neither at a first entry nor at the one that the caller knows.
    #[error("the chain of entries starts neither at its first entry nor at one that is known here")]
    Unanchored,
    /// An entry is of somebody else.
    #[error("the chain has an entry of somebody else")]
    OtherPerson,
    /// An entry does not name the one before.
    #[error("the chain of entries is broken: an entry does not name the one before it")]
    Broken,
    /// An identity key or its evidence comes back that was replaced before.
    #[error("the chain brings back an identity key that was replaced")]
    Returned,
    /// An entry follows a closed one.
    #[error("the chain goes on after it was closed")]
    Closed,
    /// A signature is missing, wrong, or by a key that may not make this change.
    #[error("an entry is not signed by a key that may change it")]
    NotSigned,
    /// The identity key and its evidence did not change together.
    #[error("an entry has another identity key with the old evidence, or the other way round")]
    EvidenceMismatch,
}

/// An entry that was reached by a verified chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntry {
    entry: Entry,
    hash: [u8; 32],
}

impl VerifiedEntry {
    /// The entry.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// See [`SignedEntry::hash`].
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The newest inbox key that senders may use at `now` (Unix seconds).
    #[must_use]
    pub fn inbox_key_at(&self, now: u64) -> Option<&InboxKey> {
        self.entry.inbox_keys.iter().find(|key| now <= key.not_after)
    }
}

/// A verified chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    changes: Vec<Change>,
    last: VerifiedEntry,
}

impl History {
    /// Walks a whole chain of one citizen, from its first entry.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub fn verify(directory_id: DirectoryId, chain: &[SignedEntry]) -> Result<Self, HistoryError> {
        let (first, rest) = chain.split_first().ok_or(HistoryError::Empty)?;
        let entry = Entry::from_bytes(first.entry.as_ref())?;
        if entry.directory_id != directory_id {
            return Err(HistoryError::OtherPerson);
        }
        if entry.previous.is_some() {
            return Err(HistoryError::Unanchored);
        }
        let [EntrySignature::Identity(signature)] = first.signatures.as_slice() else {
            return Err(HistoryError::NotSigned);
        };
        if !entry.identity_key.verifies(label::ENTRY_SIGNATURE, first.entry.as_ref(), signature) {
            return Err(HistoryError::NotSigned);
        }
        let hash = first.hash();
        let change = Change {
            kind: ChangeKind::First,
            hash,
            previous: None,
            identity_key: entry.identity_key,
            evidence: entry.evidence.0,
        };
        let start = Self { changes: vec![change], last: VerifiedEntry { entry, hash } };
        rest.iter().try_fold(start, Self::step)
    }

    /// The steps in order.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The step that brought the identity key of the last entry, and its place among the steps. There
    /// is one in every chain: the first entry, if nothing else.
    #[must_use]
    pub fn identity_change(&self) -> Option<(usize, &Change)> {
        self.changes.iter().enumerate().rev().find(|(_, change)| change.kind != ChangeKind::ByDevice)
    }

    /// The last entry of the chain.
    #[must_use]
    pub const fn last(&self) -> &VerifiedEntry {
        &self.last
    }

    fn step(mut self, next: &SignedEntry) -> Result<Self, HistoryError> {
        let before = &self.last.entry;
        let entry = Entry::from_bytes(next.entry.as_ref())?;
        if before.status == EntryStatus::Closed {
            return Err(HistoryError::Closed);
        }
        if entry.directory_id != before.directory_id {
            return Err(HistoryError::OtherPerson);
        }
        if entry.previous.is_none_or(|previous| previous.0 != self.last.hash) {
            return Err(HistoryError::Broken);
        }
        let is_new_identity = entry.identity_key != before.identity_key;
        if is_new_identity != (entry.evidence != before.evidence) {
            return Err(HistoryError::EvidenceMismatch);
        }
        let is_used = |change: &Change| {
            change.identity_key == entry.identity_key || change.evidence == entry.evidence.0
        };
        if is_new_identity && self.changes.iter().any(is_used) {
            return Err(HistoryError::Returned);
        }
        let holds = |key: &VerifyingKey, signature| {
            key.verifies(label::ENTRY_SIGNATURE, next.entry.as_ref(), signature)
        };
        let kind = match next.signatures.as_slice() {
            [EntrySignature::Device(opening, signature)]
                if !is_new_identity
                    && before.devices.contains(&device_commitment(opening).into())
                    && holds(&opening.device, signature) =>
            {
                ChangeKind::ByDevice
            }
            [EntrySignature::Identity(own), EntrySignature::PreviousIdentity(previous)]
                if is_new_identity
                    && holds(&entry.identity_key, own)
                    && holds(&before.identity_key, previous) =>
            {
                ChangeKind::Recovery
            }
            [EntrySignature::Identity(own)] if is_new_identity && holds(&entry.identity_key, own) => {
                ChangeKind::Reset
            }
            _ => return Err(HistoryError::NotSigned),
        };
        if kind != entry.change {
            return Err(HistoryError::NotSigned);
        }
        let hash = next.hash();
        self.changes.push(Change {
            kind,
            hash,
            previous: entry.previous,
            identity_key: entry.identity_key,
            evidence: entry.evidence.0,
        });
        self.last = VerifiedEntry { entry, hash };
        Ok(self)
    }
}
