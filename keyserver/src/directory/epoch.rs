//! One epoch: made in memory, then written whole.

use akd::{AkdLabel, AkdValue, AzksParallelismConfig, EpochHash, errors::AkdError, storage::StorageManager};
use crypto_core::directory::{Epoch, leaf_hash};
use relay_auth::cbor::Wire as _;
use store::Engine;

use crate::directory::{
    Core, DirectoryError, RowWrite,
    head::Present,
    log::{self, Stored},
    rows,
    tree_store::{Rows, Tree, TreeStore},
    vrf::Vrf,
};

/// Labels, and the values to put under them.
pub(super) type Updates = Vec<(Vec<u8>, Vec<u8>)>;

/// An epoch that nobody sees yet.
pub(super) struct NextEpoch {
    present: Present,
    rows: Rows,
}

impl NextEpoch {
    /// Makes the epoch after the first `size` ones; `None` if every value stands there already.
    ///
    /// The tree object is made for this epoch alone: akd keeps what it has changed in it, so one that
    /// failed half-way must not be used again.
    pub(super) async fn make(
        core: &Core,
        size: u64,
        updates: Updates,
    ) -> Result<Option<Self>, DirectoryError> {
        let store = TreeStore::staging(core);
        let inserted = insert(&store, core.vrf.clone(), updates).await;
        let EpochHash(number, root) =
            inserted.map_err(|_| store.failure("the tree did not take the values"))?;
        if number == size {
            return Ok(None);
        }
        if number != size + 1 {
            return Err(DirectoryError::Inconsistent("the tree is at another epoch than the log"));
        }
        let epoch = Epoch::new(number, root, &core.vrf_key);
        let stored = Stored(&core.engine);
        let grown = log::append(&stored, size, leaf_hash(&epoch.leaf()))?;
        let mut rows = store.take();
        rows.extend(
            grown.added().iter().map(|(level, index, hash)| (rows::hash(*level, *index), hash.to_vec())),
        );
        rows.insert(rows::epoch(number), epoch.to_bytes());
        let present = Present::of(&grown, epoch)?;
        Ok(Some(Self { present, rows }))
    }

    /// A row of our own that belongs to this epoch.
    pub(super) fn add(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.rows.insert(key, value);
    }

    /// Writes everything in one transaction, and says what the present is then.
    pub(super) async fn write(self, engine: &Engine, also: Vec<RowWrite>) -> Result<Present, DirectoryError> {
        let Self { present, rows } = self;
        let number = present.size();
        engine
            .write(move |view| {
                // Two directories on one store would tell two histories of one log.
                if view.get(&rows::epoch(number))?.is_some() {
                    return Err(DirectoryError::Inconsistent("somebody else published an epoch"));
                }
                for (key, value) in &rows {
                    view.insert(key, value)?;
                }
                for write in also {
                    write.apply(view)?;
                }
                Ok(())
            })
            .await?;
        Ok(present)
    }
}

async fn insert(store: &TreeStore, vrf: Vrf, updates: Updates) -> Result<EpochHash, AkdError> {
    // Without a cache: akd fills it before it writes, and leaves it so when the write fails.
    let storage = StorageManager::new_no_cache(store.clone());
    let tree = Tree::new(storage, vrf, AzksParallelismConfig::disabled()).await?;
    let updates = updates.into_iter().map(|(label, value)| (AkdLabel(label), AkdValue(value))).collect();
    tree.publish(updates).await
}

#[cfg(test)]
mod tests {
    use akd::storage::memory::AsyncInMemoryDatabase;
    use crypto_core::directory::TreeConfiguration;
    use store::StoreError;

    use super::*;
    use crate::directory::fixture;

    fn updates(round: u8) -> Updates {
        // Some labels are new in each round, some change, some are set to what they are.
        (0..20_u8)
            .filter(|label| label % 5 <= round % 7)
            .map(|label| (vec![label, round / 4 * (label % 3)], vec![label, round / 2]))
            .collect()
    }

    #[tokio::test]
    async fn every_epoch_has_the_root_that_akd_comes_to_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let storage = StorageManager::new_no_cache(AsyncInMemoryDatabase::new());
        type Oracle = akd::Directory<TreeConfiguration, AsyncInMemoryDatabase, Vrf>;
        let oracle = Oracle::new(storage, core.vrf.clone(), AzksParallelismConfig::disabled()).await.unwrap();
        let mut size = 0;
        for round in 0..24 {
            let pairs = updates(round).into_iter().map(|(label, value)| (AkdLabel(label), AkdValue(value)));
            let expected = oracle.publish(pairs.collect()).await.unwrap();
            if let Some(next) = NextEpoch::make(&core, size, updates(round)).await.unwrap() {
                let present = next.write(&core.engine, Vec::new()).await.unwrap();
                size = present.size();
            }
            assert_eq!(TreeStore::reading(&core).head().unwrap(), Some((expected.epoch(), expected.hash())));
            assert_eq!(size, expected.epoch());
        }
        assert!(size > 10);
    }

    #[tokio::test]
    async fn an_epoch_that_was_made_and_not_written_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let dropped = NextEpoch::make(&core, 0, updates(0)).await.unwrap();
        assert!(dropped.is_some());
        assert!(core.engine.scan(b"", None, 9).unwrap().is_empty());
        let refused = dropped.unwrap().write(&core.engine, vec![RowWrite::Put(vec![0x10], vec![0; 4096])]);
        assert!(matches!(refused.await, Err(DirectoryError::Store(StoreError::TooLarge { .. }))));
        assert!(core.engine.scan(b"", None, 9).unwrap().is_empty());
        assert_eq!(core.engine.get_long(&[0x10]).unwrap(), None);
    }

    #[tokio::test]
    async fn of_two_epochs_with_one_number_the_second_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let one = NextEpoch::make(&core, 0, updates(0)).await.unwrap().unwrap();
        let other = NextEpoch::make(&core, 0, updates(1)).await.unwrap().unwrap();
        one.write(&core.engine, Vec::new()).await.unwrap();
        let before = TreeStore::reading(&core).head().unwrap();
        let refused = other.write(&core.engine, Vec::new()).await;
        assert!(matches!(refused, Err(DirectoryError::Inconsistent(_))));
        assert_eq!(TreeStore::reading(&core).head().unwrap(), before);
    }

    #[tokio::test]
    async fn the_fullest_epoch_leaves_room_for_the_callers_rows() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let full = |round: u8| -> Updates {
            let labels = 0..u8::try_from(crate::directory::MOST_UPDATES).unwrap();
            labels.map(|label| (vec![label], vec![round; crate::directory::LONGEST_VALUE])).collect()
        };
        for (size, round) in (0..).zip(1..=3) {
            let next = NextEpoch::make(&core, size, full(round)).await.unwrap().unwrap();
            let bytes: usize = next.rows.iter().map(|(key, value)| key.len() + value.len()).sum();
            assert!(bytes < store::TRANSACTION_LIMIT / 4, "{bytes} in a small tree");
            next.write(&core.engine, Vec::new()).await.unwrap();
        }
    }
}
