//! A body asks for a person; the directory answers; the answer is proven (`LBX-DIR-7` to
//! `LBX-DIR-12`).

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, DecodeError, Limits, Start, Suite, Version, Wire},
    signing::VerifyingKey,
};

use crate::{
    citizen::{
        ChangeKind, DirectoryId, EntryStatus, History, HistoryError, InboxKey, Purpose, SignedEntry,
        VerifiedEntry,
    },
    directory::{
        checkpoint::{LogKey, Witness},
        head::{Head, HeadError, HeadProof, Pin},
        tree::{Absence, Presence, TreeError},
    },
    evidence::{self, AddressEvidence, Evidence, EvidenceError, IdentityProvider, VerifiedPerson},
    inbox_key::InboxPublicKey,
    person::Attributes,
};

/// How long after a reset letters are not sealed to the new key, in seconds: 72 hours, counted by
/// the witnesses' times (`LBX-ENTRY-8`).
pub const MATURITY: u64 = 72 * 60 * 60;

const MOST_ENTRIES: usize = 256;
const MOST_PERMITS: usize = 32;
const MOST_NAMESAKES: usize = 16;

/// What is trusted before anything is asked: from the signed trust file.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The directory's log.
    pub log: LogKey,
    /// The key under which the tree hides its labels.
    pub vrf_key: [u8; 32],
    /// The witnesses.
    pub witnesses: Vec<Witness>,
    /// How many of them have to confirm a head.
    pub quorum: usize,
    /// The operators of whom two approve each public body.
    pub operators: Vec<VerifyingKey>,
}

/// The value under a `person:` label: whose entries these attributes lead to, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PersonList {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The citizens; empty when the last one closed.
    #[n(2)]
    pub citizens: Vec<DirectoryId>,
}

impl Wire for PersonList {
    const LIMITS: Limits = Limits { bytes: 512, depth: 2, items: 21 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.citizens.len() > MOST_NAMESAKES || !self.citizens.is_sorted_by(|one, next| one < next) {
            return Err(DecodeError::Value("a list of people comes sorted, each once"));
        }
        Ok(())
    }
}

/// What the directory says about the attributes asked for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[expect(clippy::large_enum_variant, reason = "decoded once and used in place")]
pub enum PersonProof {
    /// Somebody is listed.
    #[n(0)]
    Listed(#[n(0)] Presence),
    /// Nobody has ever been.
    #[n(1)]
    Absent(#[n(0)] Absence),
}

/// What it says about the one citizen who is listed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[expect(clippy::large_enum_variant, reason = "decoded once and used in place")]
pub enum CitizenProof {
    /// Entries, evidence, and that the last entry is the newest.
    #[n(0)]
    Entries {
        /// That the hash of the last entry stands under the citizen's label.
        #[n(0)]
        presence: Presence,
        /// The entries from the first on, or from the one after the caller's.
        #[n(1)]
        chain: Vec<SignedEntry>,
        /// The evidence for the identity key of the last entry.
        #[n(2)]
        evidence: Evidence,
        /// That the identity key is old enough; only where it has to be shown.
        #[n(3)]
        maturity: Option<Maturity>,
        /// The confirmed address; only where it was asked with.
        #[n(4)]
        address: Option<AddressEvidence>,
    },
    /// A mailbox was provided and has no key yet.
    #[n(1)]
    Keyless(#[n(0)] Absence),
}

/// That an entry was already in the directory at an earlier time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Maturity {
    /// The head of that time. Its consistency leads from it to the answer's head.
    #[n(0)]
    pub head: HeadProof,
    /// What stood under the citizen's label then.
    #[n(1)]
    pub presence: Presence,
}

/// The directory's answer to a lookup.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The directory's head.
    #[n(2)]
    pub head: HeadProof,
    /// About the attributes.
    #[n(3)]
    pub person: PersonProof,
    /// About the citizen; only if exactly one is listed.
    #[n(4)]
    pub citizen: Option<CitizenProof>,
    /// Leave to deposit, up to 32 sealed permits; the sender cannot read them.
    #[n(5)]
    pub permits: Vec<Bytes>,
}

impl Wire for Answer {
    const LIMITS: Limits = Limits { bytes: 2 * 1024 * 1024, depth: 12, items: 65_536 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        self.head.validate()?;
        match &self.person {
            PersonProof::Listed(presence) => presence.validate()?,
            PersonProof::Absent(absence) => absence.validate()?,
        }
        match &self.citizen {
            Some(CitizenProof::Entries { presence, chain, evidence, maturity, address: _ }) => {
                presence.validate()?;
                evidence.validate()?;
                chain.iter().try_for_each(Wire::validate)?;
                if chain.len() > MOST_ENTRIES {
                    return Err(DecodeError::Value("an answer has too many entries"));
                }
                if let Some(maturity) = maturity {
                    maturity.head.validate()?;
                    maturity.presence.validate()?;
                }
            }
            Some(CitizenProof::Keyless(absence)) => absence.validate()?,
            None => {}
        }
        if self.permits.len() > MOST_PERMITS || self.permits.iter().any(|permit| permit.as_ref().len() > 256)
        {
            return Err(DecodeError::Value("an answer has too many or too long permits"));
        }
        Ok(())
    }
}

/// Why an answer was not taken. Each names the lie; nothing is sealed on any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The bytes are no answer.
    #[error("the directory did not answer in its format: {0}")]
    Malformed(#[from] DecodeError),
    /// The head does not hold.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The proof about the attributes does not hold.
    #[error("the directory did not prove whom these details lead to: {0}")]
    Person(TreeError),
    /// The proof about the citizen does not hold.
    #[error("the directory did not prove which keys this person has: {0}")]
    Citizen(TreeError),
    /// Somebody is listed, and nothing is said about them.
    #[error("the directory left out the proof of this person's keys")]
    Missing,
    /// The chain of entries does not hold.
    #[error("the directory sent keys with a history that does not hold: {0}")]
    History(#[from] HistoryError),
    /// The last entry is not the one that is proven.
    #[error("the directory sent other keys than the ones it proved")]
    SwappedKeys,
    /// The evidence does not hold.
    #[error("the directory cannot show that the key belongs to this person: {0}")]
    Evidence(#[from] EvidenceError),
    /// The citizen's entry was replaced more often than the chain shows.
    #[error("the directory replaced this person's keys without a trace in their history")]
    HiddenChange,
    /// The chain leaves out an entry that was verified here before.
    #[error("the directory shows another history of this person's keys than it showed before")]
    ForkedHistory,
    /// The directory's own entry differs from the one that was published.
    #[error("the directory shows another entry than the one that was published from here")]
    OtherEntry,
    /// The person's details do not lead to their entry.
    #[error("the directory does not lead from this person's details to their entry")]
    NotListed,
}

/// A recipient whose key was proven. Only [`Answer::verify`] makes one; sealing needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRecipient {
    entry: VerifiedEntry,
    inbox_key: InboxPublicKey,
    person: VerifiedPerson,
}

impl ProvenRecipient {
    /// The citizen's id.
    #[must_use]
    pub const fn directory_id(&self) -> DirectoryId {
        self.entry.entry().directory_id
    }

    /// The key to seal to.
    #[must_use]
    pub const fn inbox_key(&self) -> &InboxPublicKey {
        &self.inbox_key
    }

    /// The entry that was proven, to go on from at the next lookup.
    #[must_use]
    pub const fn entry(&self) -> &VerifiedEntry {
        &self.entry
    }

    /// Who ScotAccount says it is.
    #[must_use]
    pub const fn person(&self) -> &VerifiedPerson {
        &self.person
    }
}

/// What a proven answer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person has a mailbox and a key.
    Found(Box<ProvenRecipient>),
    /// A mailbox is provided, and nobody has opened it yet.
    NotReady,
    /// The person started again lately: hold the letter, or print it.
    Resetting,
    /// All keys of the person have expired: none of their devices was used for 400 days.
    Expired,
    /// Several people have these details: ask for more of them.
    Ambiguous,
    /// Proven: nobody with these details has a mailbox.
    None,
}

/// A verified answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it comes to.
    pub outcome: Outcome,
    /// The directory's head, whose pin is to be remembered.
    pub head: Head,
}

/// What a reader remembers of earlier answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory<'a> {
    /// Of the directory.
    pub pin: Option<&'a Pin>,
    /// Of the person asked for: the entry that was proven last.
    pub recipient: Option<&'a VerifiedEntry>,
}

impl Answer {
    /// Verifies an answer about the person asked for. `memory` is what was remembered of earlier
    /// answers, `now` is Unix seconds. There is no way around any of the checks.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn verify(
        &self,
        asked: &Attributes,
        trust: &Trust,
        provider: &IdentityProvider,
        memory: Memory<'_>,
        now: u64,
    ) -> Result<Verified, LookupError> {
        let head = Head::verify(&self.head, trust, memory.pin, now)?;
        let label = asked.directory_label();
        let outcome = match &self.person {
            PersonProof::Absent(absence) => {
                absence.verify(&label, &head, &trust.vrf_key).map_err(LookupError::Person)?;
                Outcome::None
            }
            PersonProof::Listed(presence) => {
                let value = presence.verify(&label, &head, &trust.vrf_key).map_err(LookupError::Person)?;
                match PersonList::from_bytes(value)?.citizens.as_slice() {
                    [] => Outcome::None,
                    [citizen] => {
                        let is_relisted = presence.version() > 1;
                        let citizen = Listed { id: *citizen, is_relisted, known: memory.recipient };
                        self.verify_citizen(&citizen, asked, trust, provider, &head, now)?
                    }
                    _ => Outcome::Ambiguous,
                }
            }
        };
        Ok(Verified { outcome, head })
    }

    fn verify_citizen(
        &self,
        citizen: &Listed<'_>,
        asked: &Attributes,
        trust: &Trust,
        provider: &IdentityProvider,
        head: &Head,
        now: u64,
    ) -> Result<Outcome, LookupError> {
        let label = citizen.id.directory_label();
        let (presence, chain, evidence, maturity, address) =
            match self.citizen.as_ref().ok_or(LookupError::Missing)? {
                CitizenProof::Keyless(absence) => {
                    absence.verify(&label, head, &trust.vrf_key).map_err(LookupError::Citizen)?;
                    return Ok(Outcome::NotReady);
                }
                CitizenProof::Entries { presence, chain, evidence, maturity, address } => {
                    (presence, chain, evidence, maturity, address)
                }
            };
        let proven = presence.verify(&label, head, &trust.vrf_key).map_err(LookupError::Citizen)?;
        let history = History::verify(citizen.id, chain)?;
        let entry = history.last();
        if proven != entry.hash() {
            return Err(LookupError::SwappedKeys);
        }
        // One version for each entry: a first entry published over another has a higher one.
        if presence.version() != history.changes().len() as u64 {
            return Err(LookupError::HiddenChange);
        }
        citizen.check_known(&history)?;
        if entry.entry().status == EntryStatus::Closed {
            return Ok(Outcome::None);
        }
        let identity_key = &entry.entry().identity_key;
        check_purpose(&history, evidence)?;
        let person =
            evidence::verify(evidence, &entry.entry().evidence.0, citizen.id, identity_key, provider)?;
        person.is(asked)?;
        evidence::verify_address(evidence, address.as_ref(), &person, asked, provider)?;
        if !citizen.is_in_force(&history, maturity.as_ref(), trust, head, now)? {
            return Ok(Outcome::Resetting);
        }
        let Some(InboxKey { key: inbox_key, .. }) = entry.inbox_key_at(now).cloned() else {
            return Ok(Outcome::Expired);
        };
        Ok(Outcome::Found(Box::new(ProvenRecipient { entry: entry.clone(), inbox_key, person })))
    }
}

/// Whether the evidence was made for the step that brought the identity key (`LBX-EVID-4`): a token
/// from a sign-in for something else does not serve.
fn check_purpose(history: &History, evidence: &Evidence) -> Result<(), EvidenceError> {
    let (_, change) = history.identity_change().ok_or(EvidenceError::OtherPurpose)?;
    let purpose = match change.kind {
        ChangeKind::First => Purpose::Enrol,
        ChangeKind::Recovery => Purpose::Recover,
        ChangeKind::Reset => Purpose::Reset,
        ChangeKind::ByDevice => return Err(EvidenceError::OtherPurpose),
    };
    if (evidence.purpose, evidence.previous) == (purpose, change.previous) {
        Ok(())
    } else {
        Err(EvidenceError::OtherPurpose)
    }
}

/// The one citizen to whom the attributes lead.
struct Listed<'a> {
    id: DirectoryId,
    /// The attributes led elsewhere before.
    is_relisted: bool,
    known: Option<&'a VerifiedEntry>,
}

impl Listed<'_> {
    /// The entry that is remembered of this citizen has to be part of the chain.
    fn check_known(&self, history: &History) -> Result<(), LookupError> {
        let known = self.known.filter(|known| known.entry().directory_id == self.id);
        match known {
            Some(known) if !history.changes().iter().any(|change| change.hash == *known.hash()) => {
                Err(LookupError::ForkedHistory)
            }
            _ => Ok(()),
        }
    }

    /// Whether the identity key may be sealed to. After a reset, and where the attributes lead to
    /// somebody new, only when the directory proves that an entry at or after that step stood there
    /// at least [`MATURITY`] ago. A recovery after a reset does not make it any older.
    fn is_in_force(
        &self,
        history: &History,
        maturity: Option<&Maturity>,
        trust: &Trust,
        head: &Head,
        now: u64,
    ) -> Result<bool, LookupError> {
        let changes = history.changes();
        let reset = changes.iter().rposition(|change| change.kind == ChangeKind::Reset);
        let is_somebody_else = self.known.is_some_and(|known| known.entry().directory_id != self.id);
        let since = match reset {
            Some(since) => since,
            None if self.is_relisted || is_somebody_else => 0,
            None => return Ok(true),
        };
        let Some(Maturity { head: old, presence }) = maturity else { return Ok(false) };
        let old_head = Head::verify_at_any_time(old, trust)?;
        head.extends(&old_head.pin(), &old.consistency)?;
        let stood = presence
            .verify(&self.id.directory_label(), &old_head, &trust.vrf_key)
            .map_err(LookupError::Citizen)?;
        let is_since = changes.iter().skip(since).any(|change| change.hash == stood);
        Ok(is_since && old_head.existed_by().saturating_add(MATURITY) <= now)
    }
}

/// A citizen's own look at the directory: that the entry published from here is the newest, and that
/// the person's details, with and without the postcode, lead to it (`LBX-DIR-12`). It sees the present state; what was changed and changed back shows in the
/// history, which is looked at separately.
///
/// # Errors
/// [`LookupError`].
pub fn verify_own_entry(
    published: &History,
    presence: &Presence,
    person: &Attributes,
    listings: &OwnListings,
    trust: &Trust,
    head: &Head,
) -> Result<(), LookupError> {
    let entry = published.last();
    let citizen = entry.entry().directory_id;
    let proven =
        presence.verify(&citizen.directory_label(), head, &trust.vrf_key).map_err(LookupError::Citizen)?;
    if proven != entry.hash() {
        return Err(LookupError::OtherEntry);
    }
    if presence.version() != published.changes().len() as u64 {
        return Err(LookupError::HiddenChange);
    }
    let without = person.without_postcode();
    let with = person.postcode().map(|_| (person, listings.with_postcode.as_ref()));
    for (form, presence) in with.into_iter().chain([(&without, Some(&listings.without_postcode))]) {
        let value = presence
            .ok_or(LookupError::NotListed)?
            .verify(&form.directory_label(), head, &trust.vrf_key)
            .map_err(LookupError::Person)?;
        if !PersonList::from_bytes(value)?.citizens.contains(&citizen) {
            return Err(LookupError::NotListed);
        }
    }
    Ok(())
}

/// What stands under a citizen's own details.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnListings {
    /// Under name and birth date.
    #[n(0)]
    pub without_postcode: Presence,
    /// Under these and the postcode; needed where there is a confirmed address.
    #[n(1)]
    pub with_postcode: Option<Presence>,
}
