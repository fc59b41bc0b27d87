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

use std::collections::BTreeMap;

use api::directory::{RegisteredBody as Listed, Registry as Answer};
use crypto_core::{
    body::{
        BodyError, BodyId, BodyStatus, RegisteredBody, RegistryError as ProofError, SignedBodyEntry,
        VerifiedBody,
    },
    directory::{FRESHNESS, Head, HeadError, HeadProof, Pin, Presence, Trust},
    trust::VerifiedTrust,
};
use minicbor::{Decode, Encode};
use relay_auth::cbor::{DecodeError, Limits, Start, Suite, Version, Wire};

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
    /// A stored entry is not approved by the operators that are trusted now.
    #[error("a stored entry of a public body does not hold: {0}")]
    Stored(#[from] BodyError),
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
    /// No such entry of the body.
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
        Self { bodies: BTreeMap::new() }
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
        let mut bodies = BTreeMap::new();
        for body in &answer.bodies {
            let (id, entries) = self.proven(body, trust.trust(), &head, now)?;
            if bodies.insert(id, entries).is_some() {
                return Err(RegistryError::Twice);
            }
        }
        for (id, before) in &self.bodies {
            let shown = bodies.get(id).ok_or(RegistryError::LeftOut)?;
            let is_kept = shown.len() >= before.len()
                && before.iter().zip(shown).all(|(old, new)| old.verified.hash() == new.verified.hash());
            if !is_kept {
                return Err(RegistryError::Rewritten);
            }
        }
        Ok((Self { bodies }, head.pin()))
    }

    fn proven(
        &self,
        body: &Listed,
        trust: &Trust,
        head: &Head,
        now: u64,
    ) -> Result<(BodyId, Vec<Known>), RegistryError> {
        let entries = body.entries.iter().map(|entry| SignedBodyEntry::from_bytes(entry.as_ref()));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let presence = Presence::from_bytes(body.presence.as_ref())?;
        let proven = RegisteredBody::verify(&entries, &presence, head, trust)?;
        let id = proven.newest().entry().id.clone();
        let remember = |entry: &SignedBodyEntry| {
            let (signed, verified) = proven.by_hash(&entry.hash())?.clone();
            let mut before = self.bodies.get(&id).into_iter().flatten();
            let before = before.find(|known| known.verified.hash() == verified.hash());
            Some(Known { signed, verified, seen: before.map_or(now, |known| known.seen) })
        };
        // The proof is about these entries, so each of them is found.
        let entries: Vec<Known> = entries.iter().filter_map(remember).collect();
        Ok((id, entries))
    }

    /// The newest entry of a body.
    #[must_use]
    pub fn newest(&self, body: &BodyId) -> Option<&VerifiedBody> {
        self.bodies.get(body)?.last().map(|known| &known.verified)
    }

    /// Whether a body may not write any more.
    #[must_use]
    pub fn is_suspended(&self, body: &BodyId) -> bool {
        self.newest(body).is_some_and(|newest| newest.entry().status == BodyStatus::Suspended)
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

    /// The entry that a letter names, if it can have been in force when the letter arrived.
    pub(crate) fn sender(
        &self,
        body: &BodyId,
        entry: &[u8; 32],
        arrival: u64,
    ) -> Result<SenderEntry<'_>, SenderError> {
        let entries = self.bodies.get(body).ok_or(SenderError::Unknown)?;
        let place = entries.iter().position(|known| known.verified.hash() == entry);
        let place = place.ok_or(SenderError::UnknownEntry)?;
        let Known { signed, verified, .. } = entries.get(place).ok_or(SenderError::UnknownEntry)?;
        let replaced = entries.get(place.saturating_add(1)).map(|next| next.seen);
        if replaced.is_some_and(|replaced| arrival > replaced.saturating_add(FRESHNESS)) {
            return Err(SenderError::Replaced);
        }
        Ok(SenderEntry { signed, verified })
    }

    /// What is stored of it, to be sealed.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let entry = |known: &Known| StoredEntry { signed: known.signed.clone(), seen: known.seen };
        let bodies = self.bodies.values().map(|entries| entries.iter().map(entry).collect()).collect();
        Stored { version: Version, suite: Suite, bodies }.to_bytes()
    }

    /// Takes what was stored, and verifies the operators' approvals again.
    ///
    /// # Errors
    /// [`RegistryError::Malformed`] or [`RegistryError::Stored`]: begin with an empty one.
    pub fn from_record(record: &[u8], trust: &VerifiedTrust) -> Result<Self, RegistryError> {
        let operators = &trust.trust().operators;
        let mut bodies = BTreeMap::new();
        for entries in Stored::from_bytes(record)?.bodies {
            let verify = |StoredEntry { signed, seen }: StoredEntry| -> Result<Known, BodyError> {
                Ok(Known { verified: signed.verify(operators)?, signed, seen })
            };
            let entries: Vec<Known> = entries.into_iter().map(verify).collect::<Result<_, _>>()?;
            let newest = entries.last().ok_or(DecodeError::Value("a stored public body has no entry"))?;
            bodies.insert(newest.verified.entry().id.clone(), entries);
        }
        Ok(Self { bodies })
    }
}

#[derive(Encode, Decode)]
struct StoredEntry {
    #[n(0)]
    signed: SignedBodyEntry,
    #[n(1)]
    seen: u64,
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
