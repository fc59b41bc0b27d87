//! Looking at everything in a relay's rows and files, while no relay runs on them.
//!
//! What is counted is what would be refused, lost or told to a device as the truth and is not. Nothing
//! is changed, and nothing that is found is named.

use std::collections::HashMap;

use ::store::{BlobFile, Engine, Owner, Reader, StoreError};
use minicbor::Decode;
use relay_auth::{
    id::{BlobId, MailboxId},
    receipt::envelope_digest,
    request_key::RequestKeyId,
};

use super::{
    ATTACHMENTS, access, blobs, due, keys,
    rows::{
        Access, Blob, Chain, Changed, KnownKey, Object, RecoveryKeys, Session, SpentPermit, StoredDeposit,
        Uploads, read,
    },
};
use crate::archive::ObjectId;

/// Whose store a relay's is. The number grows with a form of rows that earlier versions cannot read.
pub const OWNER: Owner = Owner { service: "relay", rows: 1, blobs: Some(ATTACHMENTS) };

/// How many rows are read at a time.
const PAGE: usize = 1024;

/// What a check found, in numbers: they name no mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Findings {
    /// Mailboxes that are open.
    pub mailboxes: u64,
    /// Deposits, acknowledged ones included.
    pub letters: u64,
    /// Objects in archives.
    pub objects: u64,
    /// Files of attachments and of uploads.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// Rows that cannot be read, contradict others, or lack others.
    pub damaged: u64,
    /// Mailboxes whose chain of deposits does not follow (`LBX-RECEIPT-2`).
    pub broken_chains: u64,
    /// Rows whose file is missing or has another length.
    pub missing_files: u64,
    /// Files of attachments that no row names.
    pub unnamed_files: u64,
    /// Files of uploads that no row names. The next start removes them.
    pub ended_uploads: u64,
}

impl Findings {
    /// Whether nothing is lost, and nothing too much.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.lacks_nothing() && self.unnamed_files == 0
    }

    /// The same, but for files that are there and that no row names: nobody gets them, and nobody misses
    /// them.
    #[must_use]
    pub const fn lacks_nothing(&self) -> bool {
        self.damaged == 0 && self.broken_chains == 0 && self.missing_files == 0
    }
}

/// Looks at every row and every file. `now` is Unix seconds.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::Corrupt`] or [`StoreError::Stopped`] if the rows cannot be read at all.
pub fn check(rows: &Engine, files: &[BlobFile], now: u64) -> Result<Findings, StoreError> {
    rows.read(|reader| {
        let mut check = Check::new(reader, files, now);
        check.rows()?;
        check.files(files)?;
        Ok(check.found)
    })
}

/// The lengths of a file under its two names.
#[derive(Clone, Copy, Default)]
struct Lengths {
    shelved: Option<u64>,
    upload: Option<u64>,
}

struct Check<'a, 'r> {
    reader: &'a Reader<'r>,
    lengths: HashMap<[u8; 16], Lengths>,
    now: u64,
    found: Findings,
}

/// What the rows of one mailbox come to, in the order in which they lie.
struct Mailbox {
    id: MailboxId,
    access: Option<Access>,
    chain: Option<Chain>,
    /// As it is computed from the deposits.
    counted: Chain,
    change_rows: u64,
    follows: bool,
}

impl Mailbox {
    fn new(id: MailboxId) -> Self {
        Self { id, access: None, chain: None, counted: Chain::start(id), change_rows: 0, follows: true }
    }
}

impl<'a, 'r> Check<'a, 'r> {
    fn new(reader: &'a Reader<'r>, files: &[BlobFile], now: u64) -> Self {
        let mut lengths: HashMap<[u8; 16], Lengths> = HashMap::new();
        for file in files {
            let known = lengths.entry(*file.id.bytes()).or_default();
            if file.is_upload {
                known.upload = Some(file.length);
            } else {
                known.shelved = Some(file.length);
            }
        }
        Self { reader, lengths, now, found: Findings::default() }
    }

    fn rows(&mut self) -> Result<(), StoreError> {
        let mut last: Option<Vec<u8>> = None;
        let mut mailbox: Option<Mailbox> = None;
        loop {
            let page = self.reader.scan(b"", last.as_deref(), PAGE)?;
            let is_end = page.len() < PAGE;
            for (key, value) in &page {
                let Some((place, kind, rest)) = parse(key) else {
                    if key != keys::PROBE {
                        self.found.damaged += 1;
                    }
                    continue;
                };
                if self.leads_to_mailbox(place, kind, rest, value)? {
                    continue;
                }
                let id = MailboxId::from(place);
                let mut current = match mailbox.take() {
                    Some(current) if current.id == id => current,
                    former => {
                        self.end(former)?;
                        Mailbox::new(id)
                    }
                };
                self.row(&mut current, kind, rest, value)?;
                mailbox = Some(current);
            }
            last = page.into_iter().next_back().map(|(key, _)| key).or(last);
            if is_end {
                return self.end(mailbox);
            }
        }
    }

    /// The rows by which a mailbox is found.
    fn leads_to_mailbox(
        &mut self,
        place: [u8; 16],
        kind: u8,
        rest: &[u8],
        value: &[u8],
    ) -> Result<bool, StoreError> {
        let holds = match kind {
            // Without a row beside it, it says that the file was deleted.
            b'f' => read::<MailboxId>(value).is_ok(),
            b'k' => {
                let id = RequestKeyId::from(place);
                match self.known_key(value) {
                    Some(mailbox) => {
                        let access: Option<Access> = self.other(&keys::access(mailbox))?;
                        access.is_some_and(|access| access.request_keys.contains(&id))
                    }
                    None => false,
                }
            }
            b'w' => {
                let id = RequestKeyId::from(place);
                match self.known_key(value) {
                    Some(mailbox) => {
                        let names: Option<RecoveryKeys> = self.other(&keys::recovery_keys(mailbox))?;
                        names.is_some_and(|keys| keys.names.contains(&id))
                            && self.long(&keys::recovery_key(id))?.is_some()
                    }
                    None => false,
                }
            }
            b'y' => match self.known_key(value) {
                Some(mailbox) => {
                    let row = keys::session(mailbox, RequestKeyId::from(place));
                    self.other::<Session>(&row)?.is_some()
                }
                None => false,
            },
            _ => return Ok(false),
        };
        self.expect(holds && rest.is_empty());
        Ok(true)
    }

    fn row(&mut self, mailbox: &mut Mailbox, kind: u8, rest: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match kind {
            b'a' => {
                mailbox.access = self.decoded(value);
                self.access(mailbox)?;
            }
            b'b' => self.blob(mailbox, rest, value)?,
            b'c' => mailbox.chain = self.decoded(value),
            b'd' => self.deposit(mailbox, rest, value)?,
            b'g' => self.change(mailbox, rest, value)?,
            b'o' => self.object(mailbox, rest, value)?,
            b'p' => self.expect(read::<SpentPermit>(value).is_ok()),
            b'r' => self.recovery_keys(mailbox, value)?,
            b's' => self.session(mailbox, rest, value)?,
            b'u' => self.expect(read::<Uploads>(value).is_ok()),
            b'x' => self.expect(rest.get(8).is_some_and(|kind| due::KINDS.contains(kind))),
            _ => self.found.damaged += 1,
        }
        Ok(())
    }

    fn access(&mut self, mailbox: &Mailbox) -> Result<(), StoreError> {
        let Some(access) = &mailbox.access else { return Ok(()) };
        let mut holds = access::verifying_key(&access.next_access_key.0).is_ok();
        holds &= self.long(&keys::access(mailbox.id))?.is_some();
        for id in &access.request_keys {
            let known: Option<KnownKey> = self.other(&keys::request_key(*id))?;
            holds &= known.is_some_and(|known| known.mailbox == mailbox.id);
        }
        self.expect(holds);
        Ok(())
    }

    fn recovery_keys(&mut self, mailbox: &Mailbox, value: &[u8]) -> Result<(), StoreError> {
        let Some(names) = self.decoded::<RecoveryKeys>(value) else { return Ok(()) };
        let mut holds = true;
        for id in names.names {
            let known: Option<KnownKey> = self.other(&keys::recovery_key(id))?;
            holds &= known.is_some_and(|known| known.mailbox == mailbox.id);
        }
        self.expect(holds);
        Ok(())
    }

    fn session(&mut self, mailbox: &Mailbox, rest: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let id: Option<[u8; 16]> = rest.try_into().ok();
        let (Some(id), Ok(session)) = (id.map(RequestKeyId::from), read::<Session>(value)) else {
            self.expect(false);
            return Ok(());
        };
        let known: Option<KnownKey> = self.other(&keys::session_key(id))?;
        let is_found = known.is_some_and(|known| known.mailbox == mailbox.id);
        let is_due = self.reader.get(&due::session(mailbox.id, &session.of(id)))?.is_some();
        self.expect(is_found && is_due);
        Ok(())
    }

    fn blob(&mut self, mailbox: &mut Mailbox, rest: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let id: Option<[u8; 16]> = rest.try_into().ok();
        let (Some(id), Some(blob)) = (id, self.decoded::<Blob>(value)) else {
            self.expect(id.is_some());
            return Ok(());
        };
        let named: Option<MailboxId> = self.other(&keys::blob_mailbox(BlobId::from(id)))?;
        self.expect(named == Some(mailbox.id));
        let Lengths { shelved, upload } = self.lengths.get(&id).copied().unwrap_or_default();
        let is_there = if blob.adopted {
            mailbox.counted.blob_bytes = mailbox.counted.blob_bytes.saturating_add(blob.length);
            // Where the files were copied before the rows, the next start puts it on its shelf.
            shelved.or(upload) == Some(blob.length)
        } else {
            mailbox.counted.upload_bytes = mailbox.counted.upload_bytes.saturating_add(blob.length);
            // One that nobody can go on with loses its file first and its row later.
            let is_waiting = blobs::is_waiting(self.reader, mailbox.id, &blob, self.now).unwrap_or(false);
            blob.received == 0 || !is_waiting || upload.is_some_and(|length| length >= blob.received)
        };
        if !is_there {
            self.found.missing_files += 1;
        }
        Ok(())
    }

    fn deposit(&mut self, mailbox: &mut Mailbox, rest: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.found.letters += 1;
        let Some(stored) = self.decoded::<StoredDeposit>(value) else {
            mailbox.follows = false;
            return Ok(());
        };
        let (deposit, counted) = (&stored.deposit, &mut mailbox.counted);
        let is_next = deposit.sequence == counted.last.saturating_add(1) && deposit.time >= counted.time;
        counted.head = counted.head.after(mailbox.id, deposit);
        mailbox.follows &= is_next && counted.head == stored.head && rest == deposit.sequence.to_be_bytes();
        // Each break is one: what comes after it is followed from there.
        (counted.last, counted.time, counted.head) = (deposit.sequence, deposit.time, stored.head);
        let envelope = self.long(&keys::envelope(mailbox.id, deposit.sequence))?;
        if !stored.acknowledged {
            counted.waiting += 1;
            counted.waiting_bytes = counted.waiting_bytes.saturating_add(stored.length);
        }
        self.expect(match envelope {
            Some(envelope) => {
                envelope.len() as u64 == stored.length && envelope_digest(&envelope) == deposit.digest.0
            }
            // One that was acknowledged goes after a while.
            None => stored.acknowledged,
        });
        Ok(())
    }

    fn change(&mut self, mailbox: &mut Mailbox, rest: &[u8], value: &[u8]) -> Result<(), StoreError> {
        mailbox.change_rows += 1;
        let number: Option<[u8; 8]> = rest.try_into().ok();
        let (Some(number), Some(changed)) = (number, self.decoded::<Changed>(value)) else {
            self.expect(number.is_some());
            return Ok(());
        };
        let number = u64::from_be_bytes(number);
        mailbox.counted.change = number;
        let object: Option<Object> = self.other(&keys::object(mailbox.id, changed.id))?;
        self.expect(object.is_some_and(|object| {
            (object.change, object.counter, object.length) == (number, changed.counter, changed.length)
        }));
        Ok(())
    }

    fn object(&mut self, mailbox: &mut Mailbox, rest: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.found.objects += 1;
        let id: Option<[u8; 16]> = rest.try_into().ok();
        let (Some(id), Some(object)) = (id, self.decoded::<Object>(value)) else {
            self.expect(id.is_some());
            return Ok(());
        };
        mailbox.counted.objects += 1;
        mailbox.counted.object_bytes = mailbox.counted.object_bytes.saturating_add(object.length);
        let mut length = 0;
        for part in 0..super::archive::MOST_PARTS {
            let part = self.long(&keys::object_part(mailbox.id, ObjectId::from(id), part))?;
            length += part.map_or(0, |part| part.len() as u64);
        }
        self.expect(length == object.length);
        Ok(())
    }

    /// Compares what a mailbox says of itself with what was counted.
    fn end(&mut self, mailbox: Option<Mailbox>) -> Result<(), StoreError> {
        let Some(Mailbox { access, chain, counted, change_rows, follows, .. }) = mailbox else {
            return Ok(());
        };
        self.found.mailboxes += 1;
        let Some(chain) = chain else {
            self.found.broken_chains += 1;
            return Ok(());
        };
        self.expect(access.is_some());
        let is_last = (chain.last, chain.head) == (counted.last, counted.head);
        if !(follows && is_last) {
            self.found.broken_chains += 1;
        }
        let said = |chain: &Chain| {
            let letters = (chain.waiting, chain.waiting_bytes);
            let archive = (chain.objects, chain.object_bytes);
            (letters, archive, (chain.blob_bytes, chain.upload_bytes))
        };
        self.expect(said(&chain) == said(&counted));
        self.expect(change_rows == counted.objects && counted.change <= chain.change);
        Ok(())
    }

    /// Counts the files, and those that no row names.
    fn files(&mut self, files: &[BlobFile]) -> Result<(), StoreError> {
        for file in files {
            self.found.files += 1;
            self.found.file_bytes = self.found.file_bytes.saturating_add(file.length);
            let is_named = self.reader.get(&keys::blob_mailbox(BlobId::from(*file.id.bytes())))?.is_some();
            match (is_named, file.is_upload) {
                (true, _) => {}
                (false, true) => self.found.ended_uploads += 1,
                (false, false) => self.found.unnamed_files += 1,
            }
        }
        Ok(())
    }

    fn expect(&mut self, holds: bool) {
        if !holds {
            self.found.damaged += 1;
        }
    }

    /// A value; one that cannot be decoded is counted.
    fn decoded<T: for<'b> Decode<'b, ()>>(&mut self, value: &[u8]) -> Option<T> {
        let decoded = read(value).ok();
        self.expect(decoded.is_some());
        decoded
    }

    /// The mailbox of a key, if the key is one.
    fn known_key(&self, value: &[u8]) -> Option<MailboxId> {
        let known: KnownKey = read(value).ok()?;
        access::verifying_key(&known.key.0).ok().map(|_| known.mailbox)
    }

    /// The value of another row. One that cannot be decoded is counted where it is met.
    fn other<T: for<'b> Decode<'b, ()>>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        Ok(self.reader.get(key)?.and_then(|value| read(&value).ok()))
    }

    /// A long value; a damaged one is as good as none.
    fn long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.reader.get_long(key) {
            Err(StoreError::Corrupt { .. }) => Ok(None),
            found => found,
        }
    }
}

/// Where a row belongs, of what kind it is, and the rest of its key.
fn parse(key: &[u8]) -> Option<([u8; 16], u8, &[u8])> {
    let (place, rest) = key.split_first_chunk()?;
    let (kind, rest) = rest.split_first()?;
    Some((*place, *kind, rest))
}
