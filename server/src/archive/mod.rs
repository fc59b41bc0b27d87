//! The archive: sealed objects, replaced by compare-and-swap. Filing a letter and acknowledging it
//! is one transaction, so that a letter is never without a copy.

use std::sync::Arc;

use relay_auth::identifier;

use crate::{
    mailboxes::requests::{Admitted, Proven},
    store::{Denied, MailStore, StoreFailure},
};

identifier! {
    /// The id of an archive object, chosen at random by a device.
    ObjectId
}

/// The largest sealed object in bytes; the protocol's own limit (`LBX-ARCH-1`).
pub const LARGEST_OBJECT: usize = 96 * 1024;

/// The most letters that one request can acknowledge.
pub const MOST_ACKNOWLEDGED: usize = 256;

/// How long an acknowledged letter is kept hidden, in seconds: 30 days.
pub const HIDDEN_LIFE: u64 = 30 * 24 * 60 * 60;

/// How much an archive may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveQuota {
    /// Objects.
    pub objects: u64,
    /// Bytes of sealed objects.
    pub bytes: u64,
}

/// One version of an object, and the letters that it files.
#[derive(Debug)]
pub struct Put {
    /// The object.
    pub id: ObjectId,
    /// The version that this is.
    pub counter: u64,
    /// The version that it replaces; 0 for a new object.
    pub expected: u64,
    /// The sealed object.
    pub object: Vec<u8>,
    /// The letters to acknowledge, ascending.
    pub acknowledge: Vec<u64>,
    /// What the archive may hold.
    pub quota: ArchiveQuota,
}

/// How a put ended. Anything but the first leaves all as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Putting {
    /// Stored and acknowledged, by this call or by the same one before.
    Done,
    /// Another version is stored than the one expected.
    Conflict,
    /// A letter to be acknowledged was never deposited.
    NoSuchLetter,
    /// The archive holds as much as it may.
    Full,
}

/// One version of an object.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its version.
    pub counter: u64,
    /// The sealed object.
    pub object: Vec<u8>,
}

/// An object's latest change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Counts the changes of the whole archive.
    pub change: u64,
    /// The object.
    pub id: ObjectId,
    /// Its version.
    pub counter: u64,
    /// The length of the sealed object in bytes.
    pub length: u64,
}

/// A part of an archive's objects, in the order of their latest change.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes {
    /// The objects.
    pub objects: Vec<Change>,
    /// The last change of the archive; 0 for none.
    pub last: u64,
}

/// Why an object was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(&'static str),
    /// Another version is stored than the one expected.
    #[error("another device has changed the object: read it, merge, and put it with the next counter")]
    Conflict,
    /// A letter to be acknowledged was never deposited.
    #[error("a letter that is to be acknowledged was never deposited: list the letters again")]
    NoSuchLetter,
    /// The archive holds as much as it may.
    #[error("the archive is full: remove what is not needed any more")]
    Full,
    /// The request was not admitted, or the store did not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Keeps sealed objects.
#[derive(Debug)]
pub struct Archive {
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) quota: ArchiveQuota,
}

impl Archive {
    /// Stores one version of an object and acknowledges letters, both or neither.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn put(&self, by: Proven, put: api::archive::ArchivePut, now: u64) -> Result<(), PutError> {
        let put = Put {
            id: ObjectId::from(put.id.0),
            counter: put.counter,
            expected: put.expected_counter,
            object: put.object.0,
            acknowledge: put.acknowledge,
            quota: self.quota,
        };
        if put.counter <= put.expected {
            return Err(PutError::Invalid("the new counter must be above the expected one"));
        }
        if put.object.is_empty() || put.object.len() > LARGEST_OBJECT {
            return Err(PutError::Invalid("a sealed object has between 1 byte and 96 KiB"));
        }
        if put.acknowledge.len() > MOST_ACKNOWLEDGED {
            return Err(PutError::Invalid("at most 256 letters can be acknowledged at once"));
        }
        if !put.acknowledge.is_sorted_by(|one, next| one < next) {
            return Err(PutError::Invalid(
                "the letters to acknowledge must be in ascending order, each once",
            ));
        }
        match self.store.put_archive(by, put, now).await? {
            Putting::Done => Ok(()),
            Putting::Conflict => Err(PutError::Conflict),
            Putting::NoSuchLetter => Err(PutError::NoSuchLetter),
            Putting::Full => Err(PutError::Full),
        }
    }

    /// The stored version of an object.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn object(&self, by: &Admitted, id: ObjectId) -> Result<Option<StoredObject>, StoreFailure> {
        self.store.archive_object(by.mailbox(), id).await
    }

    /// The objects that changed after a change.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn changes_after(
        &self,
        by: &Admitted,
        after: u64,
        limit: usize,
    ) -> Result<Changes, StoreFailure> {
        self.store.archive_after(by.mailbox(), after, limit).await
    }
}
