//! From a page of the relay's listing to letters.

use api::letters::LetterPage;
use crypto_core::{
    archive::{ArchiveError, FiledLetter, Item, ObjectId, Place},
    body::VerifiedBody,
    envelope::{Envelope, OpenError},
    inbox_key::InboxPrivateKey,
    letter::{LetterError, OpenedLetter, VerifiedLetter},
};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{DecodeError, Wire as _},
    receipt::{Deposit, SignedReceipt},
};

use crate::{
    inbox::{
        Alarm, Filing, Inbox, Kept, Reader, Received, RelayLie, Unopenable,
        chain::{Arrived, Followed},
        held::Held,
        stored::MOST_WITHOUT_LETTERS,
    },
    local::{Record, names},
};

/// The version of an object that is filed for the first time.
pub(super) const FIRST: u64 = 1;

/// A letter that was opened and verified, and what of it is kept.
struct Opened<'a> {
    letter: VerifiedLetter,
    sender: &'a VerifiedBody,
    item: Item,
}

impl Inbox {
    /// Takes a page that was listed after [`Inbox::last`]. If it does not continue the chain of
    /// deposits, nothing of it is taken. Letters that cannot be opened or verified are not shown and
    /// stay at the relay.
    ///
    /// # Errors
    /// [`RelayLie`]; nothing changed.
    pub fn listed(
        &mut self,
        page: &LetterPage,
        reader: &Reader<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Received, RelayLie> {
        let relay = reader.trust.receipt_keys();
        let Followed { position, arrived, is_complete } = self.position.follow(self.mailbox, page, relay)?;
        if self.unopened.len() + self.hidden.len() + arrived.len() > MOST_WITHOUT_LETTERS {
            return Err(DecodeError::TooLarge.into());
        }
        self.position = position;
        let mut received = Received { is_complete, ..Received::default() };
        self.take(arrived, reader, &mut received, rng);
        Ok(received)
    }

    pub(super) fn take(
        &mut self,
        arrived: Vec<Arrived>,
        reader: &Reader<'_>,
        received: &mut Received,
        rng: &mut impl CryptoRng,
    ) {
        let keys = reader.keys.inbox_keys();
        for Arrived { deposit, envelope, receipt } in arrived {
            let sequence = deposit.sequence;
            let Some(envelope) = envelope else {
                if !self.sequences.contains(&sequence) {
                    self.hidden.insert(sequence, deposit);
                }
                continue;
            };
            let alarm = match self.open(&envelope, &deposit, receipt, reader, &keys) {
                Ok(opened) => self.file(opened, &deposit, reader, received, rng),
                Err(why) => Some(Alarm::Unopenable { sequence, why }),
            };
            if let Some(alarm) = alarm {
                received.alarms.push(alarm);
                self.unopened.insert(sequence, deposit);
            }
        }
        received.writes.put.extend(self.record());
    }

    /// Opens a letter and verifies it against the entry that it names of the body that it names.
    fn open<'a>(
        &self,
        envelope: &[u8],
        deposit: &Deposit,
        receipt: SignedReceipt,
        reader: &Reader<'a>,
        keys: &[InboxPrivateKey],
    ) -> Result<Opened<'a>, Unopenable> {
        let envelope =
            Envelope::from_bytes(envelope).map_err(|error| LetterError::Open(OpenError::Malformed(error)))?;
        let key = keys.iter().find(|key| key.public_key().id() == envelope.inbox_key());
        let opened = OpenedLetter::open(&envelope, self.owner, key.ok_or(Unopenable::NoKey)?)?;
        let operators = &reader.trust.trust().operators;
        let (body, entry) = (opened.claimed_body(), opened.claimed_entry());
        let sender = reader.registry.sender(body, entry, deposit.time, operators)?;
        let letter = opened.verify(sender.verified, deposit.time)?;
        // LBX-ATT-5: the chain of deposits covers the files that the letter names, and no others.
        if !letter.names_blobs(&deposit.blobs) {
            return Err(Unopenable::OtherFiles);
        }
        let filed = FiledLetter {
            signed: letter.signed().clone(),
            sender: sender.signed.clone(),
            deposit: deposit.clone(),
            receipt,
        };
        Ok(Opened { letter, sender: sender.verified, item: Item::Letter(filed) })
    }

    /// Keeps a letter, and makes what files it at the relay, unless a session reads. An identical one that
    /// came before is filed as well, so that every number that is acknowledged is in the archive.
    fn file(
        &mut self,
        opened: Opened<'_>,
        deposit: &Deposit,
        reader: &Reader<'_>,
        received: &mut Received,
        rng: &mut impl CryptoRng,
    ) -> Option<Alarm> {
        let sequence = deposit.sequence;
        let Opened { letter, sender, item } = opened;
        let id = ObjectId::generate(rng);
        let filing = match self.filing(id, &item, sequence, reader, rng) {
            Ok(filing) => filing,
            Err(why) => return Some(Alarm::Unopenable { sequence, why: Unopenable::Filing(why) }),
        };
        match self.keep(id, Held::new(&letter, sender, deposit, FIRST)) {
            Kept::Differs => return Some(Alarm::TwoLettersOfOneNumber { sequence }),
            Kept::New => {
                received.new += 1;
                received.writes.put.push(Record::new(names::letter(&id), item.to_bytes()));
            }
            Kept::Duplicate => {}
        }
        received.writes.put.extend(self.summary_record(&id));
        if let Some(filing) = filing {
            received.writes.put.push(Record::new(names::filing(&id), filing.content().to_vec()));
            self.filings.insert(id, filing);
        }
        None
    }

    /// What files a letter at a new place of the archive. None where nothing is filed (`LBX-SESSION-1`).
    pub(super) fn filing(
        &self,
        id: ObjectId,
        item: &Item,
        sequence: u64,
        reader: &Reader<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Filing>, ArchiveError> {
        let Some((generation, root)) = reader.keys.files_under() else { return Ok(None) };
        let place = Place { owner: self.owner, generation, id, counter: FIRST };
        Filing::seal(item, sequence, &place, root, rng).map(Some)
    }
}
