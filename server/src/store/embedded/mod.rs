//! [`MailStore`] on the embedded engine.
//!
//! # Rows
//!
//! Every key starts with 16 bytes that say where it belongs, nearly always the mailbox's number,
//! then one letter that says what it is:
//!
//! | key | value |
//! |---|---|
//! | mailbox `a` | access: the key that signs the next list, the counter, accepted inbox keys, names of request keys; and, as a long value, the list as signed |
//! | mailbox `b` blob | an attachment or an upload: permit, length, how much is there, whether it is adopted, when it began, when it is looked at otherwise |
//! | mailbox `c` | chain: last sequence number, head, what waits, last change, what the archive holds, bytes of attachments, bytes of uploads |
//! | mailbox `d` sequence | a deposit, and whether it is acknowledged |
//! | mailbox `e` sequence | long: its envelope |
//! | mailbox `g` change | an object that changed: id, counter, length |
//! | mailbox `o` object | its counter, change, length; and, as long values with a part number, its bytes |
//! | mailbox `p` permit | spent: the receipt |
//! | mailbox `r` | names of its recovery keys |
//! | mailbox `s` session key | a session: when it was opened, when it last asked, when and by what it was ended |
//! | mailbox `u` permit | how many uploads there are on it, their bytes, when the last part came |
//! | mailbox `v` voucher | long: the list that it opened the mailbox with |
//! | mailbox `x` time, kind, what | what can go at that time: a nonce (the row itself), a permit, a hidden letter, an upload, a session |
//! | blob `f` | the mailbox that the file belongs to; without a row `b` beside it, that the file was deleted |
//! | request key `k` | the mailbox and the public key |
//! | recovery key `w` | the mailbox and the public key; and, as a long value, the bundle that the key opens |
//! | session key `y` | the mailbox and the public key |
//!
//! Only the last four do not start with a mailbox: they are how the mailbox is found. Numbers are
//! big-endian, so that rows lie in their order.
//!
//! Nothing sweeps: each write to a mailbox takes away a few rows of that mailbox whose time has come
//! ([`due`]), more than it adds.
//!
//! # Files
//!
//! Attachments are files in the folder `attachments` beside the rows, named by their ids
//! ([`::store::Blobs`]). An export of the rows has none of them. So rows and files can be of different
//! times, or one of them missing: what no row names is therefore kept, and told to the operator.

mod access;
mod archive;
mod blobs;
mod check;
mod deposits;
mod due;
mod keys;
mod locks;
mod recovery;
mod rows;
mod sessions;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use ::store::Engine;
pub use ::store::Options;
use async_trait::async_trait;
use relay_auth::{
    id::{BlobId, MailboxId, PermitId},
    request_key::RequestKeyId,
    signing::VerifyingKey,
};

pub use self::check::{Findings, OWNER, check};
use self::locks::Locks;
use super::{Denied, MailStore, StoreFailure};
use crate::{
    archive::{Changes, ObjectId, Put, Putting, StoredObject},
    blobs::{Collection, NewPart, PartOutcome, StoredBlob},
    deposits::{Deposited, Letters, NewDeposit, PageLimits},
    mailboxes::{
        AccessChange, NewMailbox, Opening, Replacement,
        requests::{ByReader, ByRecoveryKey, BySession, Proven, RequestKey},
    },
    recovery::{NewRecoveryKey, Registering, StoredBundle},
    sessions::{SessionOpening, StoredSession},
};

/// The folder of the attachments. Not `blobs`, which is sled's own.
const ATTACHMENTS: &str = "attachments";

/// The relay's rows and files in one folder.
#[derive(Clone, Debug)]
pub struct Embedded {
    rows: Engine,
    files: ::store::Blobs,
    locks: Arc<Locks>,
    /// Files that no row names, as of the last time that all were looked at.
    unnamed: Arc<AtomicU64>,
}

impl Embedded {
    /// Opens the store in a folder, or creates it. Blocks while it recovers.
    ///
    /// # Errors
    /// What [`Engine::open`] and [`::store::Blobs::open`] say.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, ::store::StoreError> {
        // Attachments are refused first, so that letters still find room.
        let reserve = options.reserve_bytes.saturating_mul(2);
        let rows = Engine::open(&folder, options)?;
        let files = ::store::Blobs::open(folder.as_ref().join(ATTACHMENTS), reserve)?;
        Ok(Self { rows, files, locks: Arc::default(), unnamed: Arc::default() })
    }

    /// Does what must not end half way: a request whose client is gone is dropped wherever it waits,
    /// and would give up what it holds while a file is still being written.
    async fn to_the_end<T, E, F>(&self, work: impl FnOnce(Self) -> F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreFailure> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let ended = tokio::spawn(work(self.clone())).await;
        ended.unwrap_or_else(|_| Err(StoreFailure::Unavailable("its work broke off".to_owned()).into()))
    }
}

#[async_trait]
impl MailStore for Embedded {
    async fn open_mailbox(&self, new: NewMailbox, now: u64) -> Result<Opening, StoreFailure> {
        self.rows.write(move |view| access::open(view, &new, now)).await
    }

    async fn replace_access(
        &self,
        by: Proven,
        change: AccessChange,
        now: u64,
    ) -> Result<Replacement, Denied> {
        self.rows.write(move |view| access::replace(view, &by, &change, now)).await
    }

    async fn request_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        self.rows.read(|reader| access::known_key(reader, &keys::request_key(id)))
    }

    async fn spend(&self, by: Proven, now: u64) -> Result<(), Denied> {
        self.rows.write(move |view| access::spend(view, &by, now)).await
    }

    async fn deposit(&self, new: NewDeposit, now: u64) -> Result<Deposited, StoreFailure> {
        if new.blobs.is_empty() {
            return self.rows.write(move |view| deposits::deposit(view, &new, now)).await;
        }
        self.to_the_end(move |store| async move { blobs::deposit(&store, new, now).await }).await
    }

    async fn is_spent(&self, mailbox: MailboxId, permit: PermitId) -> Result<bool, StoreFailure> {
        Ok(self.rows.get(&keys::permit(mailbox, permit))?.is_some())
    }

    async fn store_part(&self, new: NewPart, now: u64) -> Result<PartOutcome, StoreFailure> {
        self.to_the_end(move |store| async move { blobs::store_part(&store, new, now).await }).await
    }

    async fn open_blob(
        &self,
        mailbox: MailboxId,
        blob: BlobId,
        offset: u64,
    ) -> Result<Option<StoredBlob>, StoreFailure> {
        blobs::open(self, mailbox, blob, offset).await
    }

    async fn delete_blob(&self, by: Proven, blob: BlobId, now: u64) -> Result<bool, Denied> {
        self.to_the_end(move |store| async move { blobs::delete(&store, by, blob, now).await }).await
    }

    async fn collect_blobs(&self, what: Collection, now: u64) -> Result<(), StoreFailure> {
        self.to_the_end(move |store| async move { blobs::collect(&store, what, now).await }).await
    }

    async fn letters_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limits: PageLimits,
    ) -> Result<Letters, StoreFailure> {
        self.rows.read(|reader| deposits::letters_after(reader, mailbox, after, limits))
    }

    async fn sequences_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreFailure> {
        self.rows.read(|reader| deposits::sequences_after(reader, mailbox, after, limit))
    }

    async fn put_archive(&self, by: Proven, put: Put, now: u64) -> Result<Putting, Denied> {
        self.rows.write(move |view| archive::put(view, &by, &put, now)).await
    }

    async fn archive_object(
        &self,
        mailbox: MailboxId,
        id: ObjectId,
    ) -> Result<Option<StoredObject>, StoreFailure> {
        self.rows.read(|reader| archive::object(reader, mailbox, id))
    }

    async fn archive_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limit: usize,
    ) -> Result<Changes, StoreFailure> {
        self.rows.read(|reader| archive::after(reader, mailbox, after, limit))
    }

    async fn recovery_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        self.rows.read(|reader| access::known_key(reader, &keys::recovery_key(id)))
    }

    async fn keep_recovery_key(
        &self,
        by: Proven,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Registering, Denied> {
        self.rows.write(move |view| recovery::keep(view, &by, &new, now)).await
    }

    async fn announce_recovery_key(
        &self,
        by: Proven<ByRecoveryKey>,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Registering, Denied> {
        self.rows.write(move |view| recovery::announce(view, &by, &new, now)).await
    }

    async fn recovery_bundle(&self, by: Proven<ByRecoveryKey>, now: u64) -> Result<StoredBundle, Denied> {
        self.rows.write(move |view| recovery::bundle(view, &by, now)).await
    }

    async fn restart(
        &self,
        by: Proven<ByRecoveryKey>,
        change: AccessChange,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Replacement, Denied> {
        self.rows.write(move |view| recovery::restart(view, &by, &change, &new, now)).await
    }

    async fn session_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        self.rows.read(|reader| access::known_key(reader, &keys::session_key(id)))
    }

    async fn open_session(
        &self,
        by: Proven<ByRecoveryKey>,
        key: VerifyingKey,
        now: u64,
    ) -> Result<SessionOpening, Denied> {
        self.rows.write(move |view| sessions::open(view, &by, &key, now)).await
    }

    async fn spend_reading(&self, by: Proven<ByReader>, now: u64) -> Result<(), Denied> {
        self.rows.write(move |view| sessions::spend_reading(view, &by, now)).await
    }

    async fn end_own_session(&self, by: Proven<BySession>, now: u64) -> Result<(), Denied> {
        self.rows.write(move |view| sessions::end_own(view, &by, now)).await
    }

    async fn end_session(&self, by: Proven, session: RequestKeyId, now: u64) -> Result<bool, Denied> {
        self.rows.write(move |view| sessions::end_by_device(view, &by, session, now)).await
    }

    async fn sessions(&self, mailbox: MailboxId) -> Result<Vec<StoredSession>, StoreFailure> {
        self.rows.read(|reader| sessions::remembered(reader, mailbox))
    }

    async fn probe(&self) -> Result<(), StoreFailure> {
        let written = self
            .rows
            .write(|view| {
                let last = view.get(keys::PROBE)?.and_then(|bytes| bytes.try_into().ok());
                let next = last.map_or(0, u64::from_be_bytes).wrapping_add(1).to_be_bytes();
                view.insert(keys::PROBE, &next)?;
                Ok::<_, StoreFailure>(next)
            })
            .await?;
        let read = self.rows.get(keys::PROBE)?;
        // Another probe may have come between; what counts is that the row is there.
        if read.is_some_and(|read| read.len() == written.len()) {
            Ok(())
        } else {
            Err(StoreFailure::Unavailable("a row that was written cannot be read".to_owned()))
        }
    }

    async fn until_failed(&self) -> String {
        self.rows.until_failed().await
    }

    fn alarms(&self) -> Vec<String> {
        let mut alarms: Vec<String> = self.rows.alarms().iter().map(ToString::to_string).collect();
        let unnamed = self.unnamed.load(Relaxed);
        if unnamed > 0 {
            alarms.push(format!(
                "files of attachments that no row names, and that are left alone: {unnamed}. A crash can leave one. If there are more, the rows are not those that belong to the files: stop the relay and put the right ones back"
            ));
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::conformance;

    #[tokio::test]
    async fn the_embedded_engine_keeps_the_stores_promises() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0, ..Options::default() };
        let store: Arc<dyn MailStore> = Arc::new(Embedded::open(folder.path(), options).unwrap());
        conformance::all(&store).await;
        store.probe().await.unwrap();
        store.probe().await.unwrap();
    }
}
