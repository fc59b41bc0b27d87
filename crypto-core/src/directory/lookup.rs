//! A body asks for a person; the directory answers; the answer is proven (`LBX-DIR-7` to
//! `LBX-DIR-12`).

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, DecodeError, Limits, Version, Wire},
    signing::VerifyingKey,
};

use crate::{
    citizen::{
        ChangeKind, DirectoryId, EntryStatus, History, HistoryError, Purpose, SignedEntry, VerifiedEntry,
    },
    directory::{
        checkpoint::{LogKey, Witness},
        head::{Head, HeadError, HeadProof, Pin},
        tree::{Absence, Presence, TreeError},
    },
    evidence::{self, Evidence, EvidenceError, IdentityProvider, VerifiedPerson},
    inbox_key::InboxPublicKey,
    person::Attributes,
};

/// How long after a reset letters are not sealed to the new key, in seconds: 72 hours, counted by
/// the witnesses' times (`LBX-ENTRY-8`).
pub const MATURITY: u64 = 72 * 60 * 60;

const MOST_ENTRIES: usize = 64;
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
    /// The citizens; empty when the last one closed.
    #[n(1)]
    pub citizens: Vec<DirectoryId>,
}

impl Wire for PersonList {
    const LIMITS: Limits = Limits { bytes: 512, depth: 2, items: 20 };

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
        /// That a reset is old enough; only where there was one.
        #[n(3)]
        maturity: Option<Maturity>,
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
    /// The directory's head.
    #[n(1)]
    pub head: HeadProof,
    /// About the attributes.
    #[n(2)]
    pub person: PersonProof,
    /// About the citizen; only if exactly one is listed.
    #[n(3)]
    pub citizen: Option<CitizenProof>,
    /// Leave to deposit, up to 32 sealed permits; the sender cannot read them.
    #[n(4)]
    pub permits: Vec<Bytes>,
}

impl Wire for Answer {
    const LIMITS: Limits = Limits { bytes: 1024 * 1024, depth: 12, items: 65_536 };

    fn validate(&self) -> Result<(), DecodeError> {
        self.head.validate()?;
        match &self.person {
            PersonProof::Listed(presence) => presence.validate()?,
            PersonProof::Absent(absence) => absence.validate()?,
        }
        match &self.citizen {
            Some(CitizenProof::Entries { presence, chain, evidence, maturity }) => {
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
    /// All keys of the person have expired.
    #[error("this person's keys have expired")]
    Expired,
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

impl Answer {
    /// Verifies an answer about the person asked for. `pin` is what was remembered of the directory,
    /// `now` is Unix seconds. There is no way around any of the checks.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn verify(
        &self,
        asked: &Attributes,
        trust: &Trust,
        provider: &IdentityProvider,
        pin: Option<&Pin>,
        now: u64,
    ) -> Result<Verified, LookupError> {
        let head = Head::verify(&self.head, trust, pin, now)?;
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
                    [citizen] => self.verify_citizen(*citizen, asked, trust, provider, &head, now)?,
                    _ => Outcome::Ambiguous,
                }
            }
        };
        Ok(Verified { outcome, head })
    }

    fn verify_citizen(
        &self,
        citizen: DirectoryId,
        asked: &Attributes,
        trust: &Trust,
        provider: &IdentityProvider,
        head: &Head,
        now: u64,
    ) -> Result<Outcome, LookupError> {
        let label = citizen.directory_label();
        let (presence, chain, evidence, maturity) = match self.citizen.as_ref().ok_or(LookupError::Missing)? {
            CitizenProof::Keyless(absence) => {
                absence.verify(&label, head, &trust.vrf_key).map_err(LookupError::Citizen)?;
                return Ok(Outcome::NotReady);
            }
            CitizenProof::Entries { presence, chain, evidence, maturity } => {
                (presence, chain, evidence, maturity)
            }
        };
        let proven = presence.verify(&label, head, &trust.vrf_key).map_err(LookupError::Citizen)?;
        let history = History::verify(citizen, chain)?;
        let entry = history.last();
        if proven != entry.hash() {
            return Err(LookupError::SwappedKeys);
        }
        if entry.entry().status == EntryStatus::Closed {
            return Ok(Outcome::None);
        }
        let identity_key = &entry.entry().identity_key;
        check_purpose(&history, evidence)?;
        let person = evidence::verify(evidence, &entry.entry().evidence.0, citizen, identity_key, provider)?;
        person.is(asked)?;
        if !is_in_force(&history, maturity.as_ref(), &label, trust, head, now)? {
            return Ok(Outcome::Resetting);
        }
        let inbox_key = entry.inbox_key_at(now).ok_or(LookupError::Expired)?.key.clone();
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

/// Whether the identity key of a history may be sealed to: after a reset, only when the directory
/// proves that an entry with this identity key stood there at least [`MATURITY`] ago.
fn is_in_force(
    history: &History,
    maturity: Option<&Maturity>,
    label: &[u8],
    trust: &Trust,
    head: &Head,
    now: u64,
) -> Result<bool, LookupError> {
    let Some((since, _)) = history.identity_change().filter(|(_, change)| change.kind == ChangeKind::Reset)
    else {
        return Ok(true);
    };
    let Some(Maturity { head: old, presence }) = maturity else { return Ok(false) };
    let old_head = Head::verify_at_any_time(old, trust)?;
    head.extends(&old_head.pin(), &old.consistency)?;
    let stood = presence.verify(label, &old_head, &trust.vrf_key).map_err(LookupError::Citizen)?;
    let is_of_this_key = history.changes().iter().skip(since).any(|change| change.hash == stood);
    Ok(is_of_this_key && old_head.time().saturating_add(MATURITY) <= now)
}

/// A citizen's own look at the directory: that the entry published from here is the newest, and that
/// every form of the person's details leads to it (`LBX-DIR-12`).
///
/// # Errors
/// [`LookupError`].
pub fn verify_own_entry(
    published: &VerifiedEntry,
    presence: &Presence,
    listings: &[(Attributes, Presence)],
    trust: &Trust,
    head: &Head,
) -> Result<(), LookupError> {
    let citizen = published.entry().directory_id;
    let proven =
        presence.verify(&citizen.directory_label(), head, &trust.vrf_key).map_err(LookupError::Citizen)?;
    if proven != published.hash() {
        return Err(LookupError::OtherEntry);
    }
    for (attributes, presence) in listings {
        let value = presence
            .verify(&attributes.directory_label(), head, &trust.vrf_key)
            .map_err(LookupError::Person)?;
        if !PersonList::from_bytes(value)?.citizens.contains(&citizen) {
            return Err(LookupError::NotListed);
        }
    }
    Ok(())
}
