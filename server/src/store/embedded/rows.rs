//! What stands in rows: CBOR arrays, written and read by this version alone.

use ::store::{Reader, StoreError, View};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes32, encode},
    id::{InboxKeyId, MailboxId, PermitId},
    receipt::{ChainHead, Deposit, Receipt},
    request_key::RequestKeyId,
};

use super::keys;
use crate::{
    archive::ObjectId,
    blobs::{UPLOAD_LIFE, UPLOAD_PAUSE},
    sessions::{SessionEnd, StoredSession},
    store::StoreFailure,
};

/// Who may do what with a mailbox. The key is not decoded here: the checks on it (`LBX-SIG-1`) cost
/// more than the rest of a deposit.
#[derive(Encode, Decode)]
pub(super) struct Access {
    #[n(0)]
    pub(super) next_access_key: Bytes32,
    #[n(1)]
    pub(super) counter: u64,
    #[n(2)]
    pub(super) inbox_keys: Vec<InboxKeyId>,
    #[n(3)]
    pub(super) request_keys: Vec<RequestKeyId>,
}

/// The numbers of a mailbox that change with most writes.
#[derive(Encode, Decode)]
pub(super) struct Chain {
    #[n(0)]
    pub(super) last: u64,
    #[n(1)]
    pub(super) head: ChainHead,
    #[n(2)]
    pub(super) waiting: u64,
    #[n(3)]
    pub(super) waiting_bytes: u64,
    #[n(4)]
    pub(super) change: u64,
    #[n(5)]
    pub(super) objects: u64,
    #[n(6)]
    pub(super) object_bytes: u64,
    /// Of the last deposit, Unix seconds.
    #[n(7)]
    pub(super) time: u64,
    /// Of attachments.
    #[cbor(n(8), default)]
    pub(super) blob_bytes: u64,
    /// Of what is being uploaded, as declared.
    #[cbor(n(9), default)]
    pub(super) upload_bytes: u64,
}

impl Chain {
    pub(super) fn start(mailbox: MailboxId) -> Self {
        Self {
            last: 0,
            head: ChainHead::start(mailbox),
            waiting: 0,
            waiting_bytes: 0,
            change: 0,
            objects: 0,
            object_bytes: 0,
            time: 0,
            blob_bytes: 0,
            upload_bytes: 0,
        }
    }
}

#[derive(Encode, Decode)]
pub(super) struct StoredDeposit {
    #[n(0)]
    pub(super) acknowledged: bool,
    #[n(1)]
    pub(super) length: u64,
    #[n(2)]
    pub(super) deposit: Deposit,
    /// With `head`, what the receipt says beyond the deposit.
    #[n(3)]
    pub(super) permit: PermitId,
    /// The chain after the deposit.
    #[n(4)]
    pub(super) head: ChainHead,
}

#[derive(Encode, Decode)]
pub(super) struct SpentPermit {
    #[n(0)]
    pub(super) receipt: Receipt,
}

/// An attachment, or the upload that is to become one.
#[derive(Encode, Decode)]
pub(super) struct Blob {
    /// On which it was uploaded.
    #[n(0)]
    pub(super) permit: PermitId,
    #[n(1)]
    pub(super) length: u64,
    /// How many bytes from the start are in the file, at least.
    #[n(2)]
    pub(super) received: u64,
    #[n(3)]
    pub(super) adopted: bool,
    /// When its first part came, Unix seconds.
    #[n(4)]
    pub(super) began: u64,
    /// Where its row among those that are due is. It may end later, never before.
    #[n(5)]
    pub(super) due: u64,
}

impl Blob {
    /// The last second (Unix time) at which it can be adopted (`LBX-BLOB-5`).
    pub(super) fn ends(&self, uploads: &Uploads) -> u64 {
        let paused = uploads.last.saturating_add(UPLOAD_PAUSE);
        paused.min(self.began.saturating_add(UPLOAD_LIFE))
    }
}

/// What is being uploaded on a permit.
#[derive(Default, Encode, Decode)]
pub(super) struct Uploads {
    #[n(0)]
    pub(super) number: u64,
    #[n(1)]
    pub(super) bytes: u64,
    /// When the last part came, Unix seconds. All uploads of a letter wait for it: the first of many
    /// files must not end while the others are on their way.
    #[n(2)]
    pub(super) last: u64,
}

#[derive(Encode, Decode)]
pub(super) struct Object {
    #[n(0)]
    pub(super) counter: u64,
    #[n(1)]
    pub(super) change: u64,
    #[n(2)]
    pub(super) length: u64,
}

#[derive(Encode, Decode)]
pub(super) struct Changed {
    #[n(0)]
    pub(super) id: ObjectId,
    #[n(1)]
    pub(super) counter: u64,
    #[n(2)]
    pub(super) length: u64,
}

#[derive(Encode, Decode)]
pub(super) struct KnownKey {
    #[n(0)]
    pub(super) mailbox: MailboxId,
    #[n(1)]
    pub(super) key: Bytes32,
}

/// The names of a mailbox's recovery keys.
#[derive(Default, Encode, Decode)]
pub(super) struct RecoveryKeys {
    #[n(0)]
    pub(super) names: Vec<RequestKeyId>,
}

/// A session. Its row is there for as long as it is remembered.
#[derive(Encode, Decode)]
pub(super) struct Session {
    #[n(0)]
    pub(super) opened: u64,
    #[n(1)]
    pub(super) asked: u64,
    #[n(2)]
    pub(super) ended: Option<(u64, SessionEnd)>,
}

impl Session {
    /// With the name of its key, which its row has.
    pub(super) const fn of(self, key: RequestKeyId) -> StoredSession {
        StoredSession { key, opened: self.opened, asked: self.asked, ended: self.ended }
    }
}

/// What transactions and readers have in common.
pub(super) trait Look {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    fn long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The decoded value of a row.
    fn find<T: for<'b> Decode<'b, ()>>(&self, key: &[u8]) -> Result<Option<T>, StoreFailure> {
        self.row(key)?.map(|bytes| read(&bytes)).transpose()
    }

    /// The numbers of an open mailbox.
    fn chain(&self, mailbox: MailboxId) -> Result<Option<Chain>, StoreFailure> {
        self.find(&keys::chain(mailbox))
    }
}

impl Look for View {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(key)
    }

    fn long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_long(key)
    }
}

impl Look for Reader<'_> {
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(key)
    }

    fn long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_long(key)
    }
}

/// Decodes what a row holds.
pub(super) fn read<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, StoreFailure> {
    minicbor::decode(bytes).map_err(|_| damaged("a row is not what this version of the relay writes"))
}

/// Writes a row.
pub(super) fn write<T: Encode<()>>(view: &mut View, key: &[u8], value: &T) -> Result<(), StoreFailure> {
    Ok(view.insert(key, &encode(value))?)
}

/// What was stored contradicts itself.
pub(super) fn damaged(what: &str) -> StoreFailure {
    StoreFailure::Unavailable(format!("the relay's rows are damaged: {what}. Restore a backup"))
}
