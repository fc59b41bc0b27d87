//! The registry of public bodies, mirrored whole: nobody learns whose letters are read here
//! (`LBX-BODY-4`).
//!
//! Every body comes with all its entries and the proof that the newest is the one in the directory
//! (`LBX-BODY-5`).
//! What was seen before stays: a body that disappears and a history that changes are found out.
//!
//! An older entry counts only for letters that arrived before the newer one was known here, with a
//! day's grace for senders that act on a head as old as they may (`LBX-BODY-6`, `LBX-LOG-5`). So a key
//! that a body has withdrawn does not sign letters for as long as its old entry says.
//!
//! A body whose newest entry too few operators approved is left out, and no other with it (`LBX-BODY-8`). What
//! was known of it stays remembered, so that it cannot come back with another history.

use std::collections::BTreeMap;

use api::directory::{RegisteredBody as Listed, Registry as Answer};
use crypto_core::{
    body::{
        BodyError, BodyId, BodyStatus, RegisteredBody, RegistryError as ProofError, SignedBodyEntry,
        VerifiedBody, verify_entries,
    },
    directory::{FRESHNESS, Head, HeadError, HeadProof, Pin, Presence, Trust},
    trust::VerifiedTrust,
};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{DecodeError, Limits, Start, Suite, Version, Wire},
    signing::VerifyingKey,
};

use crate::http::{self, AnswerError, HttpRequest, HttpResponse, RequestFailure};

/// Some hundred bodies with some entries each.
const ANSWER: Limits = Limits { bytes: 12 * 1024 * 1024, depth: 4, items: 32_768 };

/// Why the registry was not taken. The one before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The directory said no, or nothing that can be read.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// A part of it is not in its format.
    #[error("the directory sent a registry that cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// Its head does not hold.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A body's entries are not proven.
    #[error("the directory does not prove the entry of a public body: {0}")]
    Entry(#[from] ProofError),
    /// A stored entry is none, or does not follow the one before.
    #[error("a stored entry of a public body does not hold: {0}")]
    Stored(ProofError),
    /// A body is there twice.
    #[error("the directory lists a public body twice")]
    Twice,
    /// A body that was there is not.
    #[error("the directory left out a public body that it showed before")]
    LeftOut,
    /// A body has another history than before.
    #[error("the directory shows another history of a public body than before")]
    Rewritten,
}

/// An entry as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    signed: SignedBodyEntry,
    verified: VerifiedBody,
    /// When it was seen first, Unix seconds.
    seen: u64,
}

/// An entry and the sender that it makes known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SenderEntry<'a> {
    pub(crate) signed: &'a SignedBodyEntry,
    pub(crate) verified: &'a VerifiedBody,
}

/// Why a letter's sender was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    /// No such body.
    #[error("the letter names a public body that is not registered")]
    Unknown,
    /// No such entry of the body, or one that too few operators approved.
    #[error("the letter names an entry of the public body that is not registered")]
    UnknownEntry,
    /// The entry was replaced well before the letter came.
    #[error("the letter names an entry of the public body that was replaced before it came")]
    Replaced,
}

/// All public bodies, verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The entries of each, from the first to the newest; at least one.
    bodies: BTreeMap<BodyId, Vec<Known>>,
    /// What is remembered of bodies that are left out. None of these entries makes a sender known.
    left_out: BTreeMap<BodyId, Vec<StoredEntry>>,
}

/// A body as it is listed, proven to stand so in the log.
struct Shown {
    id: BodyId,
    /// The hashes of its entries.
    hashes: Vec<[u8; 32]>,
    /// None where too few operators approved it.
    known: Option<Vec<Known>>,
}

/// Asks for the registry, and for proof that the log extends what was seen of it.
///
/// # Errors
/// [`RequestFailure`].
pub fn request(trust: &VerifiedTrust, pin: Option<&Pin>) -> Result<HttpRequest, RequestFailure> {
    let known = pin.map(|pin| {
        let root: String = pin.root.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("?size={}&root={root}", pin.size)
    });
    http::get(&trust.file().directory.url, &format!("/v1/registry{}", known.unwrap_or_default()))
}

impl Registry {
    /// Before anything was asked.
    #[must_use]
    pub const fn empty() -> Self {
        Self { bodies: BTreeMap::new(), left_out: BTreeMap::new() }
    }

    /// Takes the answer to [`request`] with the same pin, verifies it, and holds it against what was
    /// known. The pin that comes with it is to be remembered.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn answered(
        &self,
        trust: &VerifiedTrust,
        pin: Option<&Pin>,
        response: &HttpResponse,
        now: u64,
    ) -> Result<(Self, Pin), RegistryError> {
        let answer: Answer = response.decoded(ANSWER)?;
        let head = Head::verify(&HeadProof::from_bytes(answer.head.as_ref())?, trust.trust(), pin, now)?;
        let (mut next, mut listed) = (Self::empty(), BTreeMap::new());
        for body in &answer.bodies {
            let Shown { id, hashes, known } = self.proven(body, trust.trust(), &head, now)?;
            if listed.insert(id.clone(), hashes).is_some() {
                return Err(RegistryError::Twice);
            }
            if let Some(known) = known {
                next.bodies.insert(id, known);
            } else if let Some(before) = self.remembered(&id) {
                // Nothing of what nobody vouches for is taken, and nothing is forgotten.
                next.left_out.insert(id, before);
            }
        }
        for id in self.bodies.keys().chain(self.left_out.keys()) {
            let shown = listed.get(id).ok_or(RegistryError::LeftOut)?;
            let before = self.remembered(id).unwrap_or_default();
            let is_kept = shown.len() >= before.len()
                && before.iter().zip(shown).all(|(old, new)| old.signed.hash() == *new);
            if !is_kept {
                return Err(RegistryError::Rewritten);
            }
        }
        Ok((next, head.pin()))
    }

    fn proven(&self, body: &Listed, trust: &Trust, head: &Head, now: u64) -> Result<Shown, RegistryError> {
        let entries = body.entries.iter().map(|entry| SignedBodyEntry::from_bytes(entry.as_ref()));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let presence = Presence::from_bytes(body.presence.as_ref())?;
        let proven = match RegisteredBody::verify(&entries, &presence, head, trust) {
            // LBX-BODY-8: everything else about it is proven.
            Err(ProofError::Entry(BodyError::NotApproved)) => None,
            proven => Some(proven?),
        };
        let id = entries.last().ok_or(ProofError::Empty)?.unverified()?.id;
        let hashes: Vec<[u8; 32]> = entries.iter().map(SignedBodyEntry::hash).collect();
        let before = self.remembered(&id).unwrap_or_default();
        let known = proven.map(|proven| {
            let remember = |hash: &[u8; 32]| {
                let (signed, verified) = proven.by_hash(hash)?.clone();
                let seen = before.iter().find(|before| before.signed.hash() == *hash);
                Some(Known { signed, verified, seen: seen.map_or(now, |before| before.seen) })
            };
            // The proof is about these entries, so each of them is found.
            hashes.iter().filter_map(remember).collect()
        });
        Ok(Shown { id, hashes, known })
    }

    /// The entries that were seen of a body, whether or not it is left out.
    fn remembered(&self, body: &BodyId) -> Option<Vec<StoredEntry>> {
        match self.bodies.get(body) {
            Some(known) => Some(known.iter().map(StoredEntry::of).collect()),
            None => self.left_out.get(body).cloned(),
        }
    }

    /// The newest entry of a body.
    #[must_use]
    pub fn newest(&self, body: &BodyId) -> Option<&VerifiedBody> {
        self.bodies.get(body)?.last().map(|known| &known.verified)
    }

    /// Whether a body may not write any more. That is remembered of one that is left out as well.
    #[must_use]
    pub fn is_suspended(&self, body: &BodyId) -> bool {
        let remembered = || self.left_out.get(body)?.last()?.signed.unverified().ok();
        let status = self.newest(body).map(|newest| newest.entry().status);
        status.or_else(|| remembered().map(|entry| entry.status)) == Some(BodyStatus::Suspended)
    }

    /// How many bodies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// The entry that a letter names, if it can have been in force when the letter arrived. The operators have
    /// to have approved it itself: a later entry vouches for the letters that were filed, and makes no sender
    /// of what is new (`LBX-BODY-7`).
    pub(crate) fn sender(
        &self,
        body: &BodyId,
        entry: &[u8; 32],
        arrival: u64,
        operators: &[VerifyingKey],
    ) -> Result<SenderEntry<'_>, SenderError> {
        let entries = self.bodies.get(body).ok_or(SenderError::Unknown)?;
        let place = entries.iter().position(|known| known.verified.hash() == entry);
        let place = place.ok_or(SenderError::UnknownEntry)?;
        let Known { signed, verified, .. } = entries.get(place).ok_or(SenderError::UnknownEntry)?;
        let replaced = entries.get(place.saturating_add(1)).map(|next| next.seen);
        if replaced.is_some_and(|replaced| arrival > replaced.saturating_add(FRESHNESS)) {
            return Err(SenderError::Replaced);
        }
        signed.verify(operators).map_err(|_| SenderError::UnknownEntry)?;
        Ok(SenderEntry { signed, verified })
    }

    /// The sender of a filed letter (`LBX-BODY-7`): an entry of the registry, for which the operators of
    /// today vouch by a later one, or one that they approved themselves.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn filed_sender(
        &self,
        filed: &SignedBodyEntry,
        operators: &[VerifyingKey],
    ) -> Result<VerifiedBody, BodyError> {
        let hash = filed.hash();
        let known = self.bodies.values().flatten().find(|known| *known.verified.hash() == hash);
        known.map_or_else(|| filed.verify(operators), |known| Ok(known.verified.clone()))
    }

    /// What is stored of it, to be sealed.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let stored = |known: &Vec<Known>| -> Vec<StoredEntry> { known.iter().map(StoredEntry::of).collect() };
        let bodies = self.bodies.values().map(stored).chain(self.left_out.values().cloned()).collect();
        Stored { version: Version, suite: Suite, bodies }.to_bytes()
    }

    /// Takes what was stored, and verifies the operators' approvals again. A body that the operators of
    /// today vouch for nowhere is left out (`LBX-BODY-8`).
    ///
    /// # Errors
    /// [`RegistryError::Malformed`] or [`RegistryError::Stored`]: begin with an empty one.
    pub fn from_record(record: &[u8], trust: &VerifiedTrust) -> Result<Self, RegistryError> {
        let operators = &trust.trust().operators;
        let mut registry = Self::empty();
        for entries in Stored::from_bytes(record)?.bodies {
            let newest = entries.last().ok_or(DecodeError::Value("a stored public body has no entry"))?;
            let id = newest.signed.unverified()?.id;
            let signed: Vec<&SignedBodyEntry> = entries.iter().map(|entry| &entry.signed).collect();
            match verify_entries(&signed, operators) {
                Ok(verified) => {
                    let known = |(StoredEntry { signed, seen }, verified)| Known { signed, verified, seen };
                    registry.bodies.insert(id, entries.into_iter().zip(verified).map(known).collect());
                }
                Err(ProofError::Entry(BodyError::NotApproved)) => {
                    registry.left_out.insert(id, entries);
                }
                Err(error) => return Err(RegistryError::Stored(error)),
            }
        }
        Ok(registry)
    }
}

/// An entry as it is stored. Whoever reads it asks the operators' approvals again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct StoredEntry {
    #[n(0)]
    signed: SignedBodyEntry,
    #[n(1)]
    seen: u64,
}

impl StoredEntry {
    fn of(known: &Known) -> Self {
        Self { signed: known.signed.clone(), seen: known.seen }
    }
}

#[derive(Encode, Decode)]
struct Stored {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    bodies: Vec<Vec<StoredEntry>>,
}

impl Wire for Stored {
    const LIMITS: Limits = Limits { bytes: ANSWER.bytes, depth: 7, items: 262_144 };
    const START: Start = Start::VersionAndSuite;
}
