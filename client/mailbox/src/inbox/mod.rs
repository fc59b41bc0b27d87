//! The inbox: what a device knows of its mailbox.
//!
//! ```text
//! listing ─ chain, receipts ─▶ arrived ─ open, verify ─▶ letter ─▶ stored here ─▶ filed at the relay
//! archive ─ list, fetch ─▶ object ─ open, verify again ─▶ letter
//! ```
//!
//! A page of a listing is taken whole or not at all. What it changes comes out as [`Writes`], which
//! are stored before anything is sent; then each [`Filing`] goes to the relay, which stores the
//! sealed letter in the archive and acknowledges it in one transaction. A device that loses its
//! storage builds the inbox anew from the archive.
//!
//! In memory there is what the list shows; letters themselves lie sealed in records of their own and
//! are verified again when they are read (`LBX-ARCH-4`).

mod again;
mod archive;
mod chain;
mod doubt;
mod errors;
mod held;
mod receive;
mod renewals;
mod stored;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crypto_core::{
    archive::{ArchiveError, Item, ObjectId},
    body::BodyId,
    citizen::DirectoryId,
    inbox_key::InboxPrivateKey,
    letter::{LetterId, VerifiedLetter},
    trust::VerifiedTrust,
};
use relay_auth::{
    cbor::{Bytes32, Wire as _},
    hex,
    id::MailboxId,
    receipt::Deposit,
    secret::Secret,
};

pub use self::{
    again::{AgainPass, Left, Part, Tried},
    archive::ArchivePass,
    doubt::Doubt,
    errors::{Alarm, ArchiveLie, InboxError, RelayLie, Unopenable, ViewError},
    held::Filing,
    renewals::Renewals,
};
use self::{chain::Position, held::Held};
use crate::{
    download::Download,
    enrolment::Enrolled,
    keys::DeviceKeys,
    letter::{LetterSummary, LetterView},
    local::{Record, Writes, names},
    registry::Registry,
    small::gathered,
};

/// With which keys letters are opened, and whether they are filed.
pub trait Opens {
    /// All keys that open letters, the newest first.
    fn inbox_keys(&self) -> Vec<InboxPrivateKey>;

    /// Every archive root with its generation, the newest first.
    fn archive_roots(&self) -> Vec<(u64, &Secret)>;

    /// The root under which letters are filed, with its generation. None where nothing is filed
    /// (`LBX-SESSION-1`).
    fn files_under(&self) -> Option<(u64, &Secret)>;
}

impl Opens for DeviceKeys {
    fn inbox_keys(&self) -> Vec<InboxPrivateKey> {
        self.inbox_keys()
    }

    fn archive_roots(&self) -> Vec<(u64, &Secret)> {
        self.archive_roots().collect()
    }

    fn files_under(&self) -> Option<(u64, &Secret)> {
        Some((self.archive_generation(), self.archive_root()))
    }
}

/// With what letters are opened and verified.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The keys of a device, or of a session ([`crate::reading::Reading`]).
    pub keys: &'a dyn Opens,
    /// Names the relay and the operators.
    pub trust: &'a VerifiedTrust,
    /// Names the senders.
    pub registry: &'a Registry,
}

/// What came of something that the relay gave.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "what is not stored is lost when the page is closed"]
pub struct Received {
    /// To be stored before anything is sent.
    pub writes: Writes,
    /// What the person is told.
    pub alarms: Vec<Alarm>,
    /// How many letters are new in the list.
    pub new: usize,
    /// Whether the relay has no more. If it has, ask again.
    pub is_complete: bool,
}

/// What a device knows of its mailbox.
pub struct Inbox {
    /// None in a session, which is not told it.
    mailbox: Option<MailboxId>,
    owner: DirectoryId,
    position: Position,
    letters: BTreeMap<ObjectId, Held>,
    /// The letter that is shown for each id that a body gave.
    shown: BTreeMap<(BodyId, LetterId), ObjectId>,
    /// The numbers of all of them at the relay.
    sequences: BTreeSet<u64>,
    /// What the relay has not confirmed yet.
    filings: BTreeMap<ObjectId, Filing>,
    /// What stays at the relay, because it was not opened or is the second of its id.
    unopened: BTreeMap<u64, Deposit>,
    /// Acknowledged by a device, as the relay says; to be found in the archive.
    hidden: BTreeMap<u64, Deposit>,
    /// Those of them that the archive has, and whose sender nothing is known of at present. Not stored.
    unjudged: BTreeSet<u64>,
    /// The archive's last change that was seen.
    change: u64,
    /// What of the archive did not hold since the list was loaded, and how often it is fetched once more.
    refused: BTreeMap<ObjectId, u8>,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even whose letters they are.
        write!(formatter, "Inbox([{} letters])", self.letters.len())
    }
}

/// How a letter stands to those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    New,
    Duplicate,
    /// Another letter of the same id. It was not kept.
    Differs,
}

impl Inbox {
    /// Of a mailbox of which nothing is known yet.
    #[must_use]
    pub fn new(enrolled: &Enrolled) -> Self {
        let mailbox = enrolled.mailbox();
        Self {
            mailbox: Some(mailbox),
            position: Position::start(mailbox),
            ..Self::reading(enrolled.directory_id())
        }
    }

    /// Of a session, which reads the mailbox of `owner`. It does not know the number of the mailbox, so it
    /// does not follow the chain of deposits (`LBX-SESSION-9`). Nothing of it is stored: what comes out as
    /// [`Writes`] is for the memory of whoever reads, or for nothing.
    #[must_use]
    pub fn reading(owner: DirectoryId) -> Self {
        Self {
            mailbox: None,
            owner,
            position: Position::unknown(),
            letters: BTreeMap::new(),
            shown: BTreeMap::new(),
            sequences: BTreeSet::new(),
            filings: BTreeMap::new(),
            unopened: BTreeMap::new(),
            hidden: BTreeMap::new(),
            unjudged: BTreeSet::new(),
            change: 0,
            refused: BTreeMap::new(),
        }
    }

    /// The last deposit that is known: list what comes after it.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.position.last()
    }

    /// The numbers of what stays at the relay, and of what it says is filed and was not found: it may
    /// have said so wrongly, and give the letter now. Once the registry is up to date, list them again
    /// ([`AgainPass`]) and give them to [`Inbox::again`].
    #[must_use]
    pub fn unopened(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.unopened.keys().chain(self.hidden.keys()).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Those of [`Inbox::unopened`] that the relay says are filed. No key and no sender is missing for them:
    /// the archive has to have them.
    #[must_use]
    pub fn said_to_be_filed(&self) -> BTreeSet<u64> {
        gathered(self.hidden.keys().copied())
    }

    /// What the relay has not confirmed yet, in no particular order.
    pub fn filings(&self) -> impl Iterator<Item = &Filing> {
        self.filings.values()
    }

    /// The relay has confirmed a filing.
    pub fn filed(&mut self, id: ObjectId) -> Writes {
        let Some(held) = self.letters.get_mut(&id) else { return Writes::default() };
        held.is_filed = true;
        self.filings.remove(&id);
        Writes {
            put: vec![Record::new(names::summary(&id), held.to_bytes())],
            remove: vec![names::filing(&id)],
        }
    }

    /// The letters, newest first.
    #[must_use]
    pub fn summaries(&self, registry: &Registry) -> Vec<LetterSummary> {
        let mut shown: Vec<_> = self.letters.iter().filter(|(_, held)| !held.is_duplicate).collect();
        sort(&mut shown, |held| (held.arrived(), held.sequence));
        shown.reverse();
        let summary = |(id, held): (&ObjectId, &Held)| held.summary(id, registry.is_suspended(&held.body));
        shown.into_iter().map(summary).collect()
    }

    /// The letter of [`LetterSummary::id`].
    #[must_use]
    pub fn find(&self, id: &str) -> Option<ObjectId> {
        hex::decode(id).map(ObjectId::from).filter(|id| self.letters.contains_key(id))
    }

    /// A letter, verified again. `record` is what lies under [`names::letter`]; where that is lost,
    /// the archive's object brings it back ([`Inbox::archived`]).
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn view(&self, id: &ObjectId, record: &[u8], reader: &Reader<'_>) -> Result<LetterView, ViewError> {
        let (held, _, letter) = self.verified(id, record, reader)?;
        let summary = held.summary(id, reader.registry.is_suspended(&held.body));
        Ok(LetterView::of(&letter, summary))
    }

    /// Begins to fetch an attachment of a letter that is verified again, counted from 0 as in
    /// [`LetterView::attachments`]. `record` as for [`Inbox::view`]. Where it is gone or altered, one of
    /// the [`Inbox::copies`] may have it.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn download(
        &self,
        id: &ObjectId,
        record: &[u8],
        attachment: usize,
        reader: &Reader<'_>,
    ) -> Result<Download, ViewError> {
        let (_, _, letter) = self.verified(id, record, reader)?;
        let attachment = letter.letter().attachments.get(attachment).ok_or(ViewError::NoSuchAttachment)?;
        Download::begin(attachment)
    }

    /// The other copies of a letter that came more than once, in the order in which they came. They have
    /// its fingerprint, so their files are the same in the same order, each stored in a place of its own
    /// (`LBX-LETTER-5`).
    #[must_use]
    pub fn copies(&self, id: &ObjectId) -> Vec<ObjectId> {
        let Some(of) = self.letters.get(id) else { return Vec::new() };
        let is_copy = |(other, held): &(&ObjectId, &Held)| {
            *other != id
                && (&held.body, held.letter, held.fingerprint) == (&of.body, of.letter, of.fingerprint)
        };
        let mut copies: Vec<_> = self.letters.iter().filter(is_copy).collect();
        sort(&mut copies, |held| (held.sequence, 0));
        copies.into_iter().map(|(id, _)| *id).collect()
    }

    /// A letter's record, verified against what is remembered of the letter.
    fn verified(
        &self,
        id: &ObjectId,
        record: &[u8],
        reader: &Reader<'_>,
    ) -> Result<(&Held, Item, VerifiedLetter), ViewError> {
        let held = self.letters.get(id).ok_or(ViewError::NoSuchLetter)?;
        let item = Item::from_bytes(record).map_err(ArchiveError::from)?;
        let Item::Letter(filed) = item.clone();
        let sequence = filed.deposit.sequence;
        let operators = &reader.trust.trust().operators;
        let sender = reader.registry.filed_sender(&filed.sender, operators).map_err(ArchiveError::from)?;
        let letter = filed.verify(self.owner, &sender, reader.trust.receipt_keys())?;
        if (held.sequence, held.fingerprint) != (sequence, Bytes32(letter.fingerprint())) {
            return Err(ViewError::OtherLetter);
        }
        Ok((held, item, letter))
    }

    /// Takes a verified letter in, unless another one has its id (`LBX-LETTER-5`).
    fn keep(&mut self, id: ObjectId, mut held: Held) -> Kept {
        let number = (held.body.clone(), held.letter);
        let first = self.shown.get(&number).and_then(|first| self.letters.get(first));
        let kept = match first {
            Some(first) if first.fingerprint != held.fingerprint => return Kept::Differs,
            Some(_) => Kept::Duplicate,
            None => Kept::New,
        };
        held.is_duplicate = kept == Kept::Duplicate;
        if kept == Kept::New {
            self.shown.insert(number, id);
        }
        self.sequences.insert(held.sequence);
        self.hidden.remove(&held.sequence);
        self.unjudged.remove(&held.sequence);
        self.unopened.remove(&held.sequence);
        self.letters.insert(id, held);
        kept
    }
}

/// By one function for every order: a sort is made anew for each that is not the same function.
fn sort(letters: &mut [(&ObjectId, &Held)], by: fn(&Held) -> (u64, u64)) {
    letters.sort_unstable_by_key(|(id, held)| (by(held), *id));
}
