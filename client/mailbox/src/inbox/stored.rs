//! The inbox as it lies on the device: where it stands, what the list shows of each letter, what the
//! relay has not confirmed yet. Letters lie beside it and are not needed to load it.

use crypto_core::{archive::ObjectId, citizen::DirectoryId};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Limits, Start, Suite, Version, Wire},
    id::MailboxId,
    receipt::Deposit,
};

use crate::{
    enrolment::Enrolled,
    inbox::{Filing, Inbox, InboxError, chain::Position, held::Held},
    local::{Record, names},
    small::gathered,
};

/// Where an inbox stands.
#[derive(Encode, Decode)]
struct State {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    mailbox: MailboxId,
    #[n(3)]
    owner: DirectoryId,
    #[n(4)]
    position: Position,
    /// How many letters there are.
    #[n(5)]
    letters: u64,
    #[n(6)]
    change: u64,
    #[n(7)]
    unopened: Vec<Deposit>,
    #[n(8)]
    hidden: Vec<Deposit>,
}

/// How many deposits an inbox remembers without their letters, at most. With as many the record is within
/// its limits: a relay that lists ever more does not make one that cannot be loaded, because a list that
/// cannot be loaded is made anew, and then the chain begins where the relay likes.
pub(super) const MOST_WITHOUT_LETTERS: usize = 10_000;

impl Wire for State {
    const LIMITS: Limits = Limits { bytes: 8 * 1024 * 1024, depth: 5, items: 1 << 20 };
    const START: Start = Start::VersionAndSuite;
}

impl Inbox {
    /// Takes what was stored: the records [`names::INBOX`], [`names::SUMMARY`]… and
    /// [`names::FILING`]…; others are passed over.
    ///
    /// # Errors
    /// [`InboxError`]: begin with [`Inbox::new`]; the relay and its archive have everything.
    pub fn load(enrolled: &Enrolled, records: &[Record]) -> Result<Self, InboxError> {
        let state =
            records.iter().find(|record| record.name == names::INBOX).ok_or(InboxError::Incomplete)?;
        let state = State::from_bytes(state.content.as_ref())?;
        if state.mailbox != enrolled.mailbox() || state.owner != enrolled.directory_id() {
            return Err(InboxError::OtherMailbox);
        }
        let mut inbox = Self {
            position: state.position,
            unopened: gathered(state.unopened.into_iter().map(|deposit| (deposit.sequence, deposit))),
            hidden: gathered(state.hidden.into_iter().map(|deposit| (deposit.sequence, deposit))),
            change: state.change,
            ..Self::new(enrolled)
        };
        for Record { name, content } in records {
            if let Some(id) = names::object(name, names::SUMMARY) {
                inbox.load_letter(id, Held::from_bytes(content.as_ref())?)?;
            } else if let Some(id) = names::object(name, names::FILING) {
                let filing = Filing::stored(content.as_ref())?;
                if filing.id() != id {
                    return Err(InboxError::Incomplete);
                }
                inbox.filings.insert(id, filing);
            }
        }
        let waiting = inbox.letters.iter().filter(|(_, held)| !held.is_filed).map(|(id, _)| id);
        if inbox.letters.len() as u64 == state.letters && waiting.eq(inbox.filings.keys()) {
            Ok(inbox)
        } else {
            Err(InboxError::Incomplete)
        }
    }

    fn load_letter(&mut self, id: ObjectId, held: Held) -> Result<(), InboxError> {
        let number = (held.body.clone(), held.letter);
        if !held.is_duplicate && self.shown.insert(number, id).is_some() {
            return Err(InboxError::Incomplete);
        }
        self.sequences.insert(held.sequence);
        self.letters.insert(id, held);
        Ok(())
    }

    /// Where the inbox stands, to be stored with everything that changes it. None in a session, of which
    /// nothing is stored.
    pub(super) fn record(&self) -> Option<Record> {
        let state = State {
            version: Version,
            suite: Suite,
            mailbox: self.mailbox?,
            owner: self.owner,
            position: self.position.clone(),
            letters: self.letters.len() as u64,
            change: self.change,
            unopened: self.unopened.values().cloned().collect(),
            hidden: self.hidden.values().cloned().collect(),
        };
        Some(Record::new(names::INBOX, state.to_bytes()))
    }

    /// What the list shows of a letter.
    pub(super) fn summary_record(&self, id: &ObjectId) -> Option<Record> {
        Some(Record::new(names::summary(id), self.letters.get(id)?.to_bytes()))
    }
}
