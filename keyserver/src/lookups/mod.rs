//! Lookups: a public body names a person and gets keys, with proofs of everything, and permits
//! (`LBX-DIR-7` to `LBX-DIR-10`).
//!
//! The answer is made at one epoch: proofs, entries and evidence belong together. It says no more
//! than the body asked for; the confirmed address is shown only to those who asked with the postcode.

pub mod permits;

use std::sync::Arc;

use crypto_core::{
    citizen::{ChangeKind, DirectoryId, Entry, EntryStatus, InboxKey, SignedEntry},
    directory::{
        Answer, CitizenProof, Head, HeadError, MATURITY, PersonList, PersonProof, Pin, Presence, TreeError,
        Trust,
    },
    person::Attributes,
};
use relay_auth::cbor::{Bytes, DecodeError, Suite, Version, Wire as _};

use self::permits::Permits;
use crate::{
    accounts::Enrolled,
    directory::{Directory, DirectoryError, Snapshot},
    store::{KeptEvidence, Records, StoreFailure, UnknownLog},
};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupFailure {
    /// What the body remembers of the log is not a part of it.
    #[error(transparent)]
    UnknownLog(#[from] UnknownLog),
    /// The store does not answer, or contradicts itself.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<DirectoryError> for LookupFailure {
    fn from(error: DirectoryError) -> Self {
        match UnknownLog::or_failure(error) {
            Ok(unknown) => unknown.into(),
            Err(failure) => failure.into(),
        }
    }
}

// An answer of our own that does not hold is the store's fault: no body gets it.

impl From<HeadError> for LookupFailure {
    fn from(error: HeadError) -> Self {
        Self::Store(StoreFailure::damaged(&error.to_string()))
    }
}

impl From<TreeError> for LookupFailure {
    fn from(error: TreeError) -> Self {
        Self::Store(StoreFailure::damaged(&error.to_string()))
    }
}

impl From<DecodeError> for LookupFailure {
    fn from(error: DecodeError) -> Self {
        Self::Store(StoreFailure::damaged(&error.to_string()))
    }
}

/// What an answer comes to, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A key to seal to, and permits.
    Found,
    /// A mailbox without a key.
    NotReady,
    /// A key that is not to be sealed to (yet, or any more).
    Held,
    /// Several people.
    Ambiguous,
    /// Nobody.
    None,
}

impl Outcome {
    /// As it stands in the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotReady => "not-ready",
            Self::Held => "held",
            Self::Ambiguous => "ambiguous",
            Self::None => "none",
        }
    }
}

/// What a body asks.
#[derive(Debug)]
pub struct Question {
    /// About whom.
    pub person: Attributes,
    /// The log as the body remembers it.
    pub known: Option<Pin>,
    /// How many permits it wants.
    pub permits: u8,
}

/// Answers lookups.
pub struct Lookups {
    pub(crate) records: Arc<dyn Records>,
    pub(crate) directory: Directory,
    pub(crate) permits: Permits,
    /// How a reader without witnesses sees this directory.
    pub(crate) trust: Trust,
}

impl Lookups {
    /// Answers a lookup.
    ///
    /// # Errors
    /// See [`LookupFailure`].
    pub async fn answer(&self, question: &Question, now: u64) -> Result<(Answer, Outcome), LookupFailure> {
        let snapshot = self.directory.snapshot(question.known).await?;
        let label = question.person.directory_label();
        let head = snapshot.head().clone();
        let found = match snapshot.presence(&label).await? {
            None => Found::nobody(PersonProof::Absent(snapshot.absence(&label).await?)),
            Some(presence) => {
                let verified = Head::verify(&head, &self.trust, None, now)?;
                let list =
                    PersonList::from_bytes(presence.verify(&label, &verified, &self.trust.vrf_key)?)?;
                match list.citizens.as_slice() {
                    [] => Found::nobody(PersonProof::Listed(presence)),
                    [citizen] => self.citizen(&snapshot, *citizen, presence, question, now).await?,
                    _ => {
                        Found { outcome: Outcome::Ambiguous, ..Found::nobody(PersonProof::Listed(presence)) }
                    }
                }
            }
        };
        drop(snapshot);
        let Found { person, citizen, permits, outcome, young } = found;
        if let Some(label) = young {
            // From now on it grows old.
            self.directory.capture(&label).await?;
        }
        Ok((Answer { version: Version, suite: Suite, head, person, citizen, permits }, outcome))
    }

    /// The one citizen to whom the details lead.
    async fn citizen(
        &self,
        snapshot: &Snapshot,
        citizen: DirectoryId,
        listed: Presence,
        question: &Question,
        now: u64,
    ) -> Result<Found, LookupFailure> {
        let label = citizen.directory_label();
        let Some(presence) = snapshot.presence(&label).await? else {
            let absence = snapshot.absence(&label).await?;
            let proof = Some(CitizenProof::Keyless(absence));
            let person = PersonProof::Listed(listed);
            let permits = Vec::new();
            return Ok(Found { person, citizen: proof, permits, outcome: Outcome::NotReady, young: None });
        };
        let Kept { enrolled, chain, last, evidence } = self.kept(citizen, presence.version()).await?;
        if !enrolled.person.is_same_person(&question.person) {
            // Nothing about anybody leaves that was not asked for.
            return Err(StoreFailure::damaged("a listing leads to another person").into());
        }
        // Where the reader will want to see that an entry at or after this one is not new
        // (`LBX-ENTRY-8`).
        let relisted = (listed.version() > 1).then_some(0);
        let since = newest_reset(&chain)?.or(relisted);
        let maturity = match since {
            Some(_) => snapshot.at_least_old(&label, MATURITY).await?,
            None => None,
        };
        let is_in_force = since.is_none_or(|since| {
            maturity.as_ref().is_some_and(|maturity| maturity.presence.version() > since as u64)
        });
        let is_young = since.is_some() && maturity.is_none();
        let usable = usable_key(&last, now).filter(|_| is_in_force);
        let permits = match usable {
            Some(key) => self.permits.make(enrolled.mailbox, key, question.permits, now),
            None => Vec::new(),
        };
        let KeptEvidence { evidence, address } = evidence;
        let address = address.filter(|_| question.person.postcode().is_some());
        Ok(Found {
            outcome: if usable.is_some() { Outcome::Found } else { Outcome::Held },
            person: PersonProof::Listed(listed),
            citizen: Some(CitizenProof::Entries { presence, chain, evidence, maturity, address }),
            permits,
            young: is_young.then_some(label),
        })
    }

    /// What is kept of a citizen whose newest entry is the one of this version.
    async fn kept(&self, citizen: DirectoryId, version: u64) -> Result<Kept, LookupFailure> {
        let damaged = || StoreFailure::damaged("the store and the tree disagree about a citizen");
        let account = self.records.account(citizen).await?.ok_or_else(damaged)?;
        let chain = self.records.chain(&account).await?;
        // One version for each entry; nothing is published while the snapshot lives.
        if chain.len() as u64 != version {
            return Err(damaged().into());
        }
        let last = chain.last().ok_or_else(damaged)?.unverified()?;
        let evidence = self.records.evidence(citizen, &last.evidence.0).await?.ok_or_else(damaged)?;
        Ok(Kept { enrolled: account.enrolled.ok_or_else(damaged)?, chain, last, evidence })
    }
}

/// What the parts of an answer are.
struct Found {
    person: PersonProof,
    citizen: Option<CitizenProof>,
    permits: Vec<Bytes>,
    outcome: Outcome,
    /// The label of somebody whose entry has to be shown to be old, and cannot be yet.
    young: Option<Vec<u8>>,
}

impl Found {
    fn nobody(person: PersonProof) -> Self {
        Self { person, citizen: None, permits: Vec::new(), outcome: Outcome::None, young: None }
    }
}

struct Kept {
    enrolled: Enrolled,
    chain: Vec<SignedEntry>,
    last: Entry,
    evidence: KeptEvidence,
}

/// The key that senders use now (`LBX-ENTRY-3`).
fn usable_key(entry: &Entry, now: u64) -> Option<&InboxKey> {
    let is_active = entry.status == EntryStatus::Active;
    entry.inbox_keys.iter().find(|key| is_active && now <= key.not_after)
}

/// The place of the newest reset in a chain.
fn newest_reset(chain: &[SignedEntry]) -> Result<Option<usize>, DecodeError> {
    let mut newest = None;
    for (place, entry) in chain.iter().enumerate() {
        if entry.unverified()?.change == ChangeKind::Reset {
            newest = Some(place);
        }
    }
    Ok(newest)
}
