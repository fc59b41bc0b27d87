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
//! | mailbox `c` | chain: last sequence number, head, what waits, last change, what the archive holds |
//! | mailbox `d` sequence | a deposit, and whether it is acknowledged |
//! | mailbox `e` sequence | long: its envelope |
//! | mailbox `g` change | an object that changed: id, counter, length |
//! | mailbox `o` object | its counter, change, length; and, as long values with a part number, its bytes |
//! | mailbox `p` permit | spent: the receipt |
//! | mailbox `r` | names of its recovery keys |
//! | mailbox `v` voucher | long: the list that it opened the mailbox with |
//! | mailbox `x` time, kind, what | what can go at that time: a nonce (the row itself), a permit, a hidden letter |
//! | request key `k` | the mailbox and the public key |
//! | recovery key `w` | the mailbox and the public key; and, as a long value, the bundle that the key opens |
//!
//! Only the last two do not start with a mailbox: they are how the mailbox is found. Numbers are
//! big-endian, so that rows lie in their order.
//!
//! Nothing sweeps: each write to a mailbox takes away a few rows of that mailbox whose time has come
//! ([`due`]), more than it adds.

mod access;
mod archive;
mod deposits;
mod due;
mod keys;
mod recovery;
mod rows;

use std::path::Path;

use ::store::Engine;
pub use ::store::Options;
use async_trait::async_trait;
use relay_auth::{id::MailboxId, request_key::RequestKeyId};

use super::{Denied, MailStore, StoreFailure};
use crate::{
    archive::{Changes, ObjectId, Put, Putting, StoredObject},
    deposits::{Deposited, Letters, NewDeposit, PageLimits},
    mailboxes::{
        AccessChange, NewMailbox, Opening, Replacement,
        requests::{ByRecoveryKey, Proven, RequestKey},
    },
    recovery::{NewRecoveryKey, Registering, StoredBundle},
};

/// The relay's rows in one folder.
#[derive(Clone, Debug)]
pub struct Embedded(Engine);

impl Embedded {
    /// Opens the store in a folder, or creates it. Blocks while it recovers.
    ///
    /// # Errors
    /// What [`Engine::open`] says.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, ::store::StoreError> {
        Engine::open(folder, options).map(Self)
    }
}

#[async_trait]
impl MailStore for Embedded {
    async fn open_mailbox(&self, new: NewMailbox, now: u64) -> Result<Opening, StoreFailure> {
        self.0.write(move |view| access::open(view, &new, now)).await
    }

    async fn replace_access(
        &self,
        by: Proven,
        change: AccessChange,
        now: u64,
    ) -> Result<Replacement, Denied> {
        self.0.write(move |view| access::replace(view, &by, &change, now)).await
    }

    async fn request_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        self.0.read(|reader| access::known_key(reader, &keys::request_key(id)))
    }

    async fn spend(&self, by: Proven, now: u64) -> Result<(), Denied> {
        self.0.write(move |view| access::spend(view, &by, now)).await
    }

    async fn deposit(&self, new: NewDeposit, now: u64) -> Result<Deposited, StoreFailure> {
        self.0.write(move |view| deposits::deposit(view, &new, now)).await
    }

    async fn letters_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limits: PageLimits,
    ) -> Result<Letters, StoreFailure> {
        self.0.read(|reader| deposits::letters_after(reader, mailbox, after, limits))
    }

    async fn sequences_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreFailure> {
        self.0.read(|reader| deposits::sequences_after(reader, mailbox, after, limit))
    }

    async fn put_archive(&self, by: Proven, put: Put, now: u64) -> Result<Putting, Denied> {
        self.0.write(move |view| archive::put(view, &by, &put, now)).await
    }

    async fn archive_object(
        &self,
        mailbox: MailboxId,
        id: ObjectId,
    ) -> Result<Option<StoredObject>, StoreFailure> {
        self.0.read(|reader| archive::object(reader, mailbox, id))
    }

    async fn archive_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limit: usize,
    ) -> Result<Changes, StoreFailure> {
        self.0.read(|reader| archive::after(reader, mailbox, after, limit))
    }

    async fn recovery_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        self.0.read(|reader| access::known_key(reader, &keys::recovery_key(id)))
    }

    async fn keep_recovery_key(
        &self,
        by: Proven,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Registering, Denied> {
        self.0.write(move |view| recovery::keep(view, &by, &new, now)).await
    }

    async fn announce_recovery_key(
        &self,
        by: Proven<ByRecoveryKey>,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Registering, Denied> {
        self.0.write(move |view| recovery::announce(view, &by, &new, now)).await
    }

    async fn recovery_bundle(&self, by: Proven<ByRecoveryKey>, now: u64) -> Result<StoredBundle, Denied> {
        self.0.write(move |view| recovery::bundle(view, &by, now)).await
    }

    async fn restart(
        &self,
        by: Proven<ByRecoveryKey>,
        change: AccessChange,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Replacement, Denied> {
        self.0.write(move |view| recovery::restart(view, &by, &change, &new, now)).await
    }

    async fn probe(&self) -> Result<(), StoreFailure> {
        let written = self
            .0
            .write(|view| {
                let last = view.get(keys::PROBE)?.and_then(|bytes| bytes.try_into().ok());
                let next = last.map_or(0, u64::from_be_bytes).wrapping_add(1).to_be_bytes();
                view.insert(keys::PROBE, &next)?;
                Ok::<_, StoreFailure>(next)
            })
            .await?;
        let read = self.0.get(keys::PROBE)?;
        // Another probe may have come between; what counts is that the row is there.
        if read.is_some_and(|read| read.len() == written.len()) {
            Ok(())
        } else {
            Err(StoreFailure::Unavailable("a row that was written cannot be read".to_owned()))
        }
    }

    async fn until_failed(&self) -> String {
        self.0.until_failed().await
    }

    fn alarms(&self) -> Vec<String> {
        self.0.alarms().iter().map(ToString::to_string).collect()
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
