//! The archive: what the relay keeps for this mailbox, looked through once at each unlock, and what is new in
//! it whenever somebody else has filed a letter since.
//!
//! A device that has lost its storage gets its letters back from here; one that has not finds out
//! whether something is gone or has been put back to an older version. Every letter is verified again
//! (`LBX-ARCH-4`): nothing is believed for being in the archive.

use std::collections::{BTreeMap, BTreeSet};

use api::archive::{ArchiveObject, ArchivePage};
use crypto_core::archive::{ArchiveError, Item, ObjectId, Place, SealedObject};
use rand_core::CryptoRng;
use relay_auth::cbor::Wire as _;

use crate::{
    inbox::{Alarm, ArchiveLie, Inbox, Kept, Opens, Reader, Received, ViewError, held::Held, receive::FIRST},
    local::{Record, names},
    small::gathered,
};

/// How often an object that did not hold is fetched once more, until the next unlock.
const MOST_TIMES: u8 = 3;

/// How many objects that did not hold are remembered for that.
const MOST_REFUSED: usize = 1_024;

/// One look through the archive, page by page: through the whole of it, and then everything that was filed
/// before it began has to come by, or through what is new there.
#[derive(Debug)]
pub struct ArchivePass {
    after: u64,
    last: u64,
    is_complete: bool,
    /// What has not come by yet.
    expected: BTreeSet<ObjectId>,
    /// Letters that have to be found in the archive.
    hidden: BTreeSet<u64>,
}

impl ArchivePass {
    /// The last change that was listed: list what comes after it.
    #[must_use]
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// Whether all of it was listed.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Takes a page that was listed after [`ArchivePass::after`]. Gives the objects that are to be
    /// fetched, for [`Inbox::archived`].
    ///
    /// # Errors
    /// [`ArchiveLie`]; begin anew later.
    pub fn listed(&mut self, inbox: &Inbox, page: &ArchivePage) -> Result<Vec<ObjectId>, ArchiveLie> {
        if page.last < inbox.change || page.last < self.last {
            return Err(ArchiveLie::RolledBack);
        }
        let mut unknown = BTreeMap::new();
        for entry in &page.objects {
            if entry.change <= self.after || entry.change > page.last {
                return Err(ArchiveLie::Listing);
            }
            let id = ObjectId::from(entry.id.0);
            let held = inbox.letters.get(&id).filter(|held| held.is_filed);
            if held.is_some_and(|held| entry.counter < held.counter) {
                return Err(ArchiveLie::RolledBack);
            }
            if held.is_none_or(|held| entry.counter > held.counter) {
                unknown.insert(entry.change, id);
            }
            self.expected.remove(&id);
            self.after = entry.change;
        }
        self.last = page.last;
        self.is_complete = self.after == page.last;
        if page.objects.is_empty() && !self.is_complete {
            return Err(ArchiveLie::Listing);
        }
        Ok(unknown.into_values().collect())
    }
}

impl Inbox {
    /// Begins to look through the archive. After the letters were listed to their end: what is
    /// acknowledged there has to be found here.
    #[must_use]
    pub fn archive_pass(&self) -> ArchivePass {
        let filed = self.letters.iter().filter(|(_, held)| held.is_filed);
        ArchivePass { after: 0, expected: gathered(filed.map(|(id, _)| *id)), ..self.archive_news() }
    }

    /// The same, through what changed since the last look that came to its end: what was acknowledged since is
    /// there. With each such letter no more is listed than is new, however much is filed.
    #[must_use]
    pub fn archive_news(&self) -> ArchivePass {
        ArchivePass {
            after: self.change,
            last: 0,
            is_complete: false,
            expected: BTreeSet::new(),
            hidden: gathered(self.hidden.keys().copied()),
        }
    }

    /// Takes an object that was fetched: a letter that this device does not have, or that it has
    /// lost.
    ///
    /// # Errors
    /// [`ArchiveLie`]; nothing changed. That nothing is known of the letter's sender is no lie of the relay,
    /// and such a letter is not lost ([`Alarm::LetterLost`]).
    pub fn archived(&mut self, object: &ArchiveObject, reader: &Reader<'_>) -> Result<Received, ArchiveLie> {
        let (id, counter) = (ObjectId::from(object.id.0), object.counter);
        let item = self.opened(object, reader.keys)?;
        let content = item.to_bytes();
        let Item::Letter(filed) = item;
        let operators = &reader.trust.trust().operators;
        let sender = match reader.registry.filed_sender(&filed.sender, operators) {
            Ok(sender) => sender,
            Err(error) => {
                // What is sealed here was sealed by a device of this mailbox.
                if self.hidden.get(&filed.deposit.sequence) == Some(&filed.deposit) {
                    self.unjudged.insert(filed.deposit.sequence);
                }
                return Err(ArchiveError::from(error).into());
            }
        };
        let deposit = filed.deposit.clone();
        let letter = filed.verify(self.owner, &sender, reader.trust.receipt_keys())?;
        let mut held = Held::new(&letter, &sender, &deposit, counter);
        held.is_filed = true;

        let mut received = Received { is_complete: true, ..Received::default() };
        if let Some(known) = self.letters.get_mut(&id) {
            if counter < known.counter {
                return Err(ArchiveLie::RolledBack);
            }
            if (held.sequence, held.fingerprint) != (known.sequence, known.fingerprint) {
                return Err(ArchiveLie::OtherLetter);
            }
            self.refused.remove(&id);
            held.is_duplicate = known.is_duplicate;
            *known = held;
            if self.filings.remove(&id).is_some() {
                received.writes.remove.push(names::filing(&id));
            }
        } else {
            self.refused.remove(&id);
            match self.keep(id, held) {
                Kept::New => received.new = 1,
                Kept::Duplicate => {}
                Kept::Differs => {
                    received.alarms.push(Alarm::TwoLettersOfOneNumber { sequence: deposit.sequence });
                    return Ok(received);
                }
            }
        }
        received.writes.put.push(Record::new(names::letter(&id), content));
        received.writes.put.extend(self.summary_record(&id));
        received.writes.put.extend(self.record());
        Ok(received)
    }

    /// An object that was fetched did not hold. It is among [`Inbox::refused`] for some more looks: a relay may
    /// have lied by a fault that is mended, and its list does not show that it was.
    pub fn refuse(&mut self, id: ObjectId) {
        if let Some(times) = self.refused.get_mut(&id) {
            *times = times.saturating_sub(1);
        } else if self.refused.len() < MOST_REFUSED {
            self.refused.insert(id, MOST_TIMES);
        }
    }

    /// Objects that did not hold, to be fetched once more with each look for news. A relay that goes on lying
    /// about one is asked for it a few times, and then at the next unlock.
    #[must_use]
    pub fn refused(&self) -> Vec<ObjectId> {
        self.refused.iter().filter(|(_, times)| **times > 0).map(|(id, _)| *id).collect()
    }

    /// Opens an object with the root under which it lies: the newest, or one of before a recovery.
    fn opened(&self, object: &ArchiveObject, keys: &dyn Opens) -> Result<Item, ArchiveError> {
        let sealed = SealedObject::from_bytes(object.object.as_ref())?;
        let (id, counter) = (ObjectId::from(object.id.0), object.counter);
        for (generation, root) in keys.archive_roots() {
            let place = Place { owner: self.owner, generation, id, counter };
            match sealed.open(&place, root) {
                Err(ArchiveError::NotOfThisArchiveOrAltered) => {}
                opened => return opened,
            }
        }
        Err(ArchiveError::NotOfThisArchiveOrAltered)
    }

    /// Files a letter again that the relay has lost ([`Alarm::ObjectMissing`]) and this device has.
    /// `record` is what lies under [`names::letter`]. It goes to the relay as a new filing of the same
    /// object, under the newest root.
    ///
    /// # Errors
    /// [`ViewError`]: this device does not have it either; nothing changed.
    pub fn refile(
        &mut self,
        id: &ObjectId,
        record: &[u8],
        reader: &Reader<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Received, ViewError> {
        let (held, item, _) = self.verified(id, record, reader)?;
        let mut received = Received { is_complete: true, ..Received::default() };
        if !held.is_filed {
            // It is on its way already.
            return Ok(received);
        }
        let Some(filing) = self.filing(*id, &item, held.sequence, reader, rng)? else {
            // Whoever reads in a session leaves that to the devices.
            return Ok(received);
        };
        if let Some(held) = self.letters.get_mut(id) {
            (held.is_filed, held.counter) = (false, FIRST);
        }
        received.writes.put.extend(self.summary_record(id));
        received.writes.put.push(Record::new(names::filing(id), filing.content().to_vec()));
        self.filings.insert(*id, filing);
        Ok(received)
    }

    /// Ends a look through the archive whose objects were all fetched. What did not come by is an
    /// alarm: the relay has lost it, or shows an older archive.
    pub fn passed(&mut self, pass: ArchivePass) -> Received {
        let mut received = Received { is_complete: pass.is_complete, ..Received::default() };
        if !pass.is_complete {
            return received;
        }
        received.alarms.extend(pass.expected.into_iter().map(|id| Alarm::ObjectMissing { id }));
        let is_lost =
            |sequence: &u64| self.hidden.contains_key(sequence) && !self.unjudged.contains(sequence);
        let lost = pass.hidden.into_iter().filter(is_lost);
        received.alarms.extend(lost.map(|sequence| Alarm::LetterLost { sequence }));
        self.change = self.change.max(pass.last);
        received.writes.put.extend(self.record());
        received
    }
}
