//! Publishing: who may, what, and that it runs to its end.

use std::collections::BTreeSet;

use store::{StoreError, View};
use tokio::sync::OwnedMutexGuard;

use crate::directory::{
    Directory, DirectoryError,
    epoch::{NextEpoch, Updates},
    rows,
    tree_store::TreeStore,
};

/// The most labels that one epoch sets.
///
/// An epoch is one transaction of the store, which takes 2 MiB. A changed label adds two leaves to the
/// tree, and each leaf rewrites the nodes above it, of at most 343 bytes with their keys. In a tree of
/// 2^28 leaves 64 changes touch some 3,200 nodes: 1.1 MiB. With 0.1 MiB for new nodes and 0.1 MiB for
/// values, more than 0.6 MiB are left for the rows that come along.
pub const MOST_UPDATES: usize = 64;

/// The longest value under a label, in bytes: what readers take.
pub const LONGEST_VALUE: usize = 1024;

/// A change to a row that is not the directory's own, made in the same transaction as an epoch. Keys
/// start with the byte 0x10 or a higher one.
#[derive(Clone)]
pub enum RowWrite {
    /// Writes a row: key and value.
    Put(Vec<u8>, Vec<u8>),
    /// Writes a long value: key and value.
    PutLong(Vec<u8>, Vec<u8>),
    /// Removes a row.
    Remove(Vec<u8>),
    /// Removes a long value.
    RemoveLong(Vec<u8>),
}

impl RowWrite {
    fn key(&self) -> &[u8] {
        let (Self::Put(key, _) | Self::PutLong(key, _) | Self::Remove(key) | Self::RemoveLong(key)) = self;
        key
    }

    pub(super) fn apply(&self, view: &mut View) -> Result<(), StoreError> {
        match self {
            Self::Put(key, value) => view.insert(key, value),
            Self::PutLong(key, value) => view.insert_long(key, value),
            Self::Remove(key) => view.remove(key),
            Self::RemoveLong(key) => view.remove_long(key),
        }
    }
}

/// Leave to publish once. While it lives nobody else publishes, so what it reads is what its epoch
/// will follow.
pub struct Publisher {
    directory: Directory,
    _alone: OwnedMutexGuard<()>,
}

impl Publisher {
    pub(super) fn new(directory: Directory, alone: OwnedMutexGuard<()>) -> Self {
        Self { directory, _alone: alone }
    }

    /// What stands under a label, and how often it was set; `None` if it never was.
    ///
    /// # Errors
    /// [`DirectoryError::Store`].
    pub async fn value(&self, label: &[u8]) -> Result<Option<(Vec<u8>, u64)>, DirectoryError> {
        let latest = TreeStore::reading(&self.directory.core).latest(label)?;
        Ok(latest.map(|state| (state.value.0, state.version)))
    }

    /// Publishes values under labels as the next epoch, in one transaction with `rows`, and answers
    /// with the number of the epoch when all of it is durable. A value that stands there already
    /// changes nothing; if none changes anything, the rows are written and the number is that of the
    /// newest epoch.
    ///
    /// Once begun it runs to its end, also if the answer is not waited for. It waits until all
    /// [`Snapshot`](crate::directory::Snapshot)s of the moment are gone: do not hold one.
    ///
    /// # Errors
    /// [`DirectoryError::NotPublishable`] for more than [`MOST_UPDATES`] labels, a label twice, a value
    /// that is empty or longer than [`LONGEST_VALUE`], or a row that is not the caller's;
    /// [`DirectoryError::Store`] if the store does not take it (too much for one transaction, no room).
    /// Nothing was published then. [`DirectoryError::Interrupted`] if the program failed inside.
    pub async fn publish(
        self,
        updates: Vec<(Vec<u8>, Vec<u8>)>,
        rows: Vec<RowWrite>,
    ) -> Result<u64, DirectoryError> {
        check(&updates, &rows)?;
        // In a task of its own: akd's publish must not be cancelled half-way, and what was written has
        // to be known here as well.
        tokio::spawn(self.run(updates, rows)).await.map_err(|_| DirectoryError::Interrupted)?
    }

    async fn run(self, updates: Updates, rows: Vec<RowWrite>) -> Result<u64, DirectoryError> {
        let Directory { core, present, .. } = &self.directory;
        let size = present.read().await.size();
        let Some(next) = NextEpoch::make(core, size, updates).await? else {
            write(&self.directory, rows).await?;
            return Ok(size);
        };
        // Nobody reads between the commit and the moment when it is known here.
        let mut present = present.write().await;
        *present = next.write(&core.engine, rows).await?;
        Ok(present.size())
    }
}

async fn write(directory: &Directory, rows: Vec<RowWrite>) -> Result<(), DirectoryError> {
    directory.core.engine.write(move |view| rows.iter().try_for_each(|row| row.apply(view))).await?;
    Ok(())
}

fn check(updates: &[(Vec<u8>, Vec<u8>)], rows: &[RowWrite]) -> Result<(), DirectoryError> {
    if updates.len() > MOST_UPDATES {
        return Err(DirectoryError::NotPublishable("too many labels for one epoch"));
    }
    if updates.iter().map(|(label, _)| label).collect::<BTreeSet<_>>().len() < updates.len() {
        return Err(DirectoryError::NotPublishable("a label comes twice"));
    }
    // An empty value is akd's mark for an erased one.
    if updates.iter().any(|(label, value)| label.is_empty() || !(1..=LONGEST_VALUE).contains(&value.len())) {
        return Err(DirectoryError::NotPublishable("a label is empty, or a value empty or too long"));
    }
    if rows.iter().any(|row| rows::is_own(row.key())) {
        return Err(DirectoryError::NotPublishable("a row belongs to the directory itself"));
    }
    Ok(())
}
