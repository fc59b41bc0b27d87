//! Attachments: sealed files, uploaded in parts on a permit and adopted by the deposit that spends it.
//!
//! The first part of an upload declares the length of the whole: so much is counted to the permit and
//! to the mailbox's uploads from then on, whether it comes or not. What no deposit adopted in time is
//! gone, and does not count any more. Adopting is part of [`MailStore::deposit`]; only then does a file
//! count to what the mailbox keeps, until a device deletes it.
//!
//! Nothing here knows who uploads.

pub mod shares;

use std::{fmt, sync::Arc};

use api::sessions::MOST_OPEN;
use relay_auth::{
    access::MOST_DEVICES,
    id::BlobId,
    permit::{LARGEST_BLOB_QUOTA, Permit},
    request_key::RequestKeyId,
    ticket::{TicketError, TicketKeys},
};
use tokio::{
    io::AsyncRead,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use self::shares::{Share, Shares};
use crate::{
    mailboxes::requests::{Admitted, Proven},
    store::{Denied, MailStore, StoreFailure},
};

/// The longest sealed file, in bytes: all that a permit may allow (`LBX-ATT-1`).
pub const LARGEST_BLOB: u64 = LARGEST_BLOB_QUOTA;

/// How long an upload waits for the deposit that adopts it, in seconds from its first part: a day, as
/// long as the permits are that may adopt it (`LBX-PERMIT-2`).
pub const UPLOAD_LIFE: u64 = 24 * 60 * 60;

/// How long it waits after the last part that came on its permit, in seconds: an hour (`LBX-BLOB-5`).
pub const UPLOAD_PAUSE: u64 = 60 * 60;

/// The most downloads of one mailbox at a time: two for each device that it may have. Each takes a
/// connection and an open file for as long as its device likes to read.
pub const MOST_DOWNLOADS: usize = 2 * MOST_DEVICES;

/// The most downloads of one session at a time. One that reads slowly, or not at all, takes no more than that
/// from the other sessions.
pub const MOST_DOWNLOADS_OF_A_SESSION: usize = 2;

/// The most downloads of all sessions of one mailbox at a time: as many as those that may be open can have.
/// They are counted apart: whoever has got hold of a session's key keeps no device from its files. Those of a
/// session that is over count until they break off, so that no row of sessions has ever more.
pub const MOST_SESSION_DOWNLOADS: usize = MOST_DOWNLOADS_OF_A_SESSION * MOST_OPEN;

/// The most parts for one mailbox that may be in memory at a time, or on their way there. A sender has one
/// for each letter; who sends none to its end keeps only so much room from everybody else.
pub const MOST_PARTS: usize = 8;

/// How much a mailbox may hold. Apart, so that what somebody uploads and never deposits takes nothing
/// from what lasts (`LBX-BLOB-3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobQuota {
    /// Bytes of adopted files.
    pub bytes: u64,
    /// Bytes of uploads, as declared.
    pub upload_bytes: u64,
}

/// A part of an upload.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// The id that the sealed file will have.
    pub blob: BlobId,
    /// The length of the whole sealed file in bytes.
    pub length: u64,
    /// How many of its bytes come before this part.
    pub offset: u64,
    /// The part.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Part({} bytes)", self.bytes.len())
    }
}

/// A part to be stored, with what it is stored on.
#[derive(Clone, Debug)]
pub struct NewPart {
    /// The permit. It is opened, and nothing else was looked at.
    pub permit: Permit,
    /// The part, which lies within its file.
    pub part: Part,
    /// What the mailbox may hold.
    pub quota: BlobQuota,
}

/// How storing a part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartOutcome {
    /// Stored and durable.
    Stored {
        /// How many bytes from the start there are now.
        received: u64,
    },
    /// The part does not begin where the upload stands; nothing was stored.
    OutOfTurn {
        /// How many bytes from the start there are.
        received: u64,
    },
    /// The id is that of another upload or of an adopted file, or another length was declared.
    Taken,
    /// The permit takes no more.
    PermitFull,
    /// The adopted files leave no room for what the permit allows.
    MailboxFull,
    /// The uploads of others leave no room for what the permit allows.
    Crowded,
    /// The permit was spent.
    PermitSpent,
    /// The permit's time is over.
    Expired,
    /// The mailbox does not accept the permit's inbox key (or is not open).
    KeyNotAccepted,
}

/// How far an upload has come, now that a part was taken or was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// How many bytes from the start there are.
    pub received: u64,
    /// How many of them this part brought.
    pub brought: u64,
}

/// Which files to compare with the rows that name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// Those of uploads.
    Uploads,
    /// Those of adopted files as well, of which there are many. None of them is removed, unless a
    /// device deleted it.
    Everything,
}

/// An adopted file, open for reading.
pub struct StoredBlob {
    /// The length of the whole sealed file in bytes.
    pub length: u64,
    /// Its bytes from where the reader asked for.
    pub content: Box<dyn AsyncRead + Send + Unpin>,
}

impl fmt::Debug for StoredBlob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoredBlob({} bytes)", self.length)
    }
}

/// Why a part was not stored.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The permit was not taken.
    #[error(transparent)]
    Permit(#[from] TicketError),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(&'static str),
    /// The permit was spent.
    #[error("the permit was used: upload the attachments of another letter with another permit")]
    PermitSpent,
    /// The inbox key is not accepted (any more).
    #[error("the recipient's key has changed: look the recipient up again and seal the letter anew")]
    KeyNotAccepted,
    /// The id is that of another upload, or another length was declared.
    #[error(
        "the attachment's number is that of another upload: seal the file anew under a new random number"
    )]
    Taken,
    /// The permit takes no more.
    #[error("the permit takes no more attachments, or no more bytes of them: send fewer or smaller ones")]
    PermitFull,
    /// The mailbox takes no more.
    #[error("the mailbox has no room for attachments: send the letter without, or send them another way")]
    MailboxFull,
    /// Others upload to the mailbox.
    #[error("too many attachments are on their way to the mailbox: try again in an hour")]
    Crowded,
    /// As many parts arrive as there is room for in memory.
    #[error("too many parts of attachments arrive at this moment: send it again")]
    Busy,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Takes uploads in and gives adopted files out.
#[derive(Debug)]
pub struct Blobs {
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) tickets: Arc<TicketKeys>,
    pub(crate) quota: BlobQuota,
    /// How many more parts may be in memory.
    pub(crate) room: Arc<Semaphore>,
    /// Parts for which there is room already.
    pub(crate) arriving: Shares,
    /// Of devices.
    pub(crate) downloads: Shares,
    /// Of each session.
    pub(crate) own_downloads: Shares<RequestKeyId>,
    /// Of all sessions of a mailbox.
    pub(crate) session_downloads: Shares,
}

/// Room in memory for one part.
#[derive(Debug)]
pub struct Room {
    _place: OwnedSemaphorePermit,
    _share: Share,
}

/// A download that is counted until this is dropped.
#[derive(Debug)]
pub struct Running {
    _of_session: Option<Share<RequestKeyId>>,
    _of_mailbox: Share,
}

impl Blobs {
    /// Opens a permit that is in time and not spent. To be called before a part is read, which takes
    /// room: nobody has it read on a permit that is worth nothing. Both are looked at again with the
    /// part, where nothing can come between.
    ///
    /// # Errors
    /// [`UploadError::Permit`], [`UploadError::PermitSpent`] or [`UploadError::Store`].
    pub async fn open_permit(&self, permit: &[u8], now: u64) -> Result<Permit, UploadError> {
        let permit: Permit = self.tickets.open(permit)?;
        if self.store.is_spent(permit.mailbox, permit.id).await? {
            return Err(UploadError::PermitSpent);
        }
        if now > permit.not_after {
            return Err(TicketError::Expired.into());
        }
        Ok(permit)
    }

    /// Takes room for a part, before it is read. A permit stays good for as long as its letter has not
    /// come: nobody takes all the room with one, or with those for one mailbox.
    ///
    /// # Errors
    /// [`UploadError::Busy`].
    pub fn make_room(&self, permit: &Permit) -> Result<Room, UploadError> {
        let share = self.arriving.begin(permit.mailbox).ok_or(UploadError::Busy)?;
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| UploadError::Busy)?;
        Ok(Room { _place: place, _share: share })
    }

    /// Stores a part of an upload. The permit is not spent by it.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn upload(
        &self,
        permit: Permit,
        part: Part,
        room: Room,
        now: u64,
    ) -> Result<Uploaded, UploadError> {
        if part.bytes.is_empty() {
            return Err(UploadError::Invalid("the request has no content: send the next part as its body"));
        }
        if part.length == 0 || part.length > LARGEST_BLOB {
            return Err(UploadError::Invalid("a sealed attachment has between 1 byte and 32 MiB"));
        }
        if part.offset.checked_add(part.bytes.len() as u64).is_none_or(|end| end > part.length) {
            return Err(UploadError::Invalid("the part reaches beyond the length that is declared"));
        }
        let brought = part.bytes.len() as u64;
        let (store, quota) = (Arc::clone(&self.store), self.quota);
        // The part is in memory until the store has done with it, also when nobody waits any more.
        let storing = tokio::spawn(async move {
            let outcome = store.store_part(NewPart { permit, part, quota }, now).await;
            drop(room);
            outcome
        });
        let broken = || StoreFailure::Unavailable("storing a part broke off".to_owned());
        match storing.await.unwrap_or_else(|_| Err(broken()))? {
            PartOutcome::Stored { received } => Ok(Uploaded { received, brought }),
            PartOutcome::OutOfTurn { received } => Ok(Uploaded { received, brought: 0 }),
            PartOutcome::Taken => Err(UploadError::Taken),
            PartOutcome::PermitFull => Err(UploadError::PermitFull),
            PartOutcome::MailboxFull => Err(UploadError::MailboxFull),
            PartOutcome::Crowded => Err(UploadError::Crowded),
            PartOutcome::PermitSpent => Err(UploadError::PermitSpent),
            PartOutcome::Expired => Err(TicketError::Expired.into()),
            PartOutcome::KeyNotAccepted => Err(UploadError::KeyNotAccepted),
        }
    }

    /// Counts a download from now on. `None` if the mailbox, or the session that asks, has as many as it may.
    #[must_use]
    pub fn begin_download(&self, by: &Admitted, is_session: bool) -> Option<Running> {
        if !is_session {
            return Some(Running { _of_session: None, _of_mailbox: self.downloads.begin(by.mailbox())? });
        }
        let own = self.own_downloads.begin(by.key())?;
        let of_mailbox = self.session_downloads.begin(by.mailbox())?;
        Some(Running { _of_session: Some(own), _of_mailbox: of_mailbox })
    }

    /// An adopted file of the device's own mailbox, from `offset` on.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn open(
        &self,
        by: &Admitted,
        blob: BlobId,
        offset: u64,
    ) -> Result<Option<StoredBlob>, StoreFailure> {
        self.store.open_blob(by.mailbox(), blob, offset).await
    }

    /// Deletes an adopted file of the device's own mailbox. `false` if there is none.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn delete(&self, by: Proven, blob: BlobId, now: u64) -> Result<bool, Denied> {
        self.store.delete_blob(by, blob, now).await
    }
}
