//! akd's storage on our engine.
//!
//! Two views of the same rows. One is for *reading*: what the disk has, and nothing may be set. The
//! other is for *staging*: akd publishes into it, and sees what it set; but nothing goes to the disk
//! before [`TreeStore::take`] hands the rows over, to be written together with all that belongs to
//! the epoch. A failed publish is a staging view that is dropped.
//!
//! akd takes "not found" for "not there", in places for an empty subtree. So that answer is given
//! only where the disk has no row; whatever else goes wrong is an error, which is kept for
//! [`TreeStore::failure`], because akd replaces some errors by others.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    ops::Bound::{self, Included, Unbounded},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use akd::{
    AkdLabel, AkdValue, Azks, Configuration as _, NodeLabel,
    errors::StorageError,
    storage::{
        Database, DbSetState, Storable,
        types::{DbRecord, KeyData, StorageType, ValueState, ValueStateKey, ValueStateRetrievalFlag},
    },
    tree_node::{NodeKey, TreeNodeWithPreviousValue},
};
use async_trait::async_trait;
use crypto_core::directory::TreeConfiguration;
use store::{Engine, Row, StoreError};

use crate::directory::{Core, DirectoryError, encoding, names::Names, rows, vrf::Vrf};

/// akd's directory over this storage.
pub(super) type Tree = akd::Directory<TreeConfiguration, TreeStore, Vrf>;

/// Rows by their keys.
pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// A view of the tree's rows. Clones are the same view.
#[derive(Clone)]
pub(super) struct TreeStore(Arc<Inner>);

struct Inner {
    engine: Engine,
    names: Names,
    staged: Option<Mutex<Rows>>,
    failure: Mutex<Option<StoreError>>,
}

impl TreeStore {
    /// What the disk has.
    pub(super) fn reading(core: &Core) -> Self {
        Self::over(core, None)
    }

    /// What the disk has, and over it what is set here.
    pub(super) fn staging(core: &Core) -> Self {
        Self::over(core, Some(Mutex::default()))
    }

    fn over(core: &Core, staged: Option<Mutex<Rows>>) -> Self {
        Self(Arc::new(Inner {
            engine: core.engine.clone(),
            names: core.names.clone(),
            staged,
            failure: Mutex::default(),
        }))
    }

    /// The rows that were set, to be written.
    pub(super) fn take(&self) -> Rows {
        self.0.staged.as_ref().map(|staged| mem::take(&mut *lock(staged))).unwrap_or_default()
    }

    /// Why a call of akd failed that went through here: what the store said, or `otherwise`.
    pub(super) fn failure(&self, otherwise: &'static str) -> DirectoryError {
        lock(&self.0.failure).take().map_or(DirectoryError::Inconsistent(otherwise), DirectoryError::Store)
    }

    /// The newest state of a label.
    pub(super) fn latest(&self, label: &[u8]) -> Result<Option<ValueState>, DirectoryError> {
        let states = self.states(&AkdLabel(label.to_vec()), u64::MAX, 1);
        Ok(states.map_err(|_| self.failure("a value cannot be read"))?.pop())
    }

    /// The tree's epoch and the hash of its root; `None` if there is no tree.
    pub(super) fn head(&self) -> Result<Option<(u64, [u8; 32])>, DirectoryError> {
        let read = || -> Result<_, StorageError> { Ok((self.tree()?, self.node(NodeLabel::root())?)) };
        match read().map_err(|_| self.failure("the tree cannot be read"))? {
            (Some(tree), Some(root)) => {
                let hash = TreeConfiguration::compute_root_hash_from_val(&root.latest_node.hash);
                Ok(Some((tree.latest_epoch, hash)))
            }
            (None, None) => Ok(None),
            _ => Err(DirectoryError::Inconsistent("the tree has no root")),
        }
    }

    fn tree(&self) -> Result<Option<Azks>, StorageError> {
        let bytes = self.get_row(&rows::tree())?;
        bytes.map(|bytes| self.parsed(encoding::parse_tree(&bytes))).transpose()
    }

    fn node(&self, label: NodeLabel) -> Result<Option<TreeNodeWithPreviousValue>, StorageError> {
        let bytes = self.get_row(&rows::node(&label).ok_or_else(unstorable)?)?;
        bytes.map(|bytes| self.parsed(encoding::parse_node(label, &bytes))).transpose()
    }

    fn state(&self, label: &AkdLabel, epoch: u64) -> Result<Option<ValueState>, StorageError> {
        let bytes = self.get_row(&rows::state(&self.0.names.name(label), epoch))?;
        bytes.map(|bytes| self.parsed(encoding::parse_state(label, epoch, &bytes))).transpose()
    }

    /// The first `limit` states of a label up to an epoch, the newest first.
    fn states(&self, label: &AkdLabel, up_to: u64, limit: usize) -> Result<Vec<ValueState>, StorageError> {
        let prefix = rows::states(&self.0.names.name(label));
        let found = self.scan(&prefix, rows::after_later(&prefix, up_to).as_deref(), limit)?;
        let parse = |(key, bytes): Row| {
            let epoch = rows::number_of(&key);
            self.parsed(epoch.and_then(|epoch| encoding::parse_state(label, epoch, &bytes)))
        };
        found.into_iter().map(parse).collect()
    }

    fn record<St: Storable>(&self, id: &St::StorageKey) -> Result<Option<DbRecord>, StorageError> {
        let id = St::get_full_binary_key_id(id);
        Ok(match St::data_type() {
            StorageType::Azks => self.tree()?.map(DbRecord::Azks),
            StorageType::TreeNode => {
                let NodeKey(label) =
                    TreeNodeWithPreviousValue::key_from_full_binary(&id).map_err(StorageError::Other)?;
                self.node(label)?.map(DbRecord::TreeNode)
            }
            StorageType::ValueState => {
                let ValueStateKey(label, epoch) =
                    ValueState::key_from_full_binary(&id).map_err(StorageError::Other)?;
                self.state(&AkdLabel(label), epoch)?.map(DbRecord::ValueState)
            }
        })
    }

    /// All or none of the records.
    fn stage(&self, records: &[DbRecord]) -> Result<(), StorageError> {
        let Some(staged) = &self.0.staged else {
            return Err(StorageError::Other("this view of the tree is for reading".to_owned()));
        };
        let new: Option<Vec<Row>> = records.iter().map(|record| self.row(record)).collect();
        lock(staged).extend(new.ok_or_else(unstorable)?);
        Ok(())
    }

    fn row(&self, record: &DbRecord) -> Option<Row> {
        Some(match record {
            DbRecord::Azks(tree) => (rows::tree(), encoding::tree(tree)),
            DbRecord::TreeNode(node) => (rows::node(&node.label)?, encoding::node(node)?),
            DbRecord::ValueState(state) => {
                let name = self.0.names.name(&state.username);
                (rows::state(&name, state.epoch), encoding::state(state)?)
            }
        })
    }

    fn get_row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let staged = self.0.staged.as_ref().and_then(|staged| lock(staged).get(key).cloned());
        match staged {
            Some(value) => Ok(Some(value)),
            None => self.0.engine.get(key).map_err(|error| self.fail(error)),
        }
    }

    /// As [`Engine::scan`], with the staged rows over the disk's.
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, StorageError> {
        let stored = self.0.engine.scan(prefix, after, limit).map_err(|error| self.fail(error))?;
        let Some(staged) = &self.0.staged else { return Ok(stored) };
        let mut found: Rows = stored.into_iter().collect();
        let until: Bound<&[u8]> = Unbounded;
        found.extend(
            lock(staged)
                .range::<[u8], _>((Included(prefix), until))
                .take_while(|(key, _)| key.starts_with(prefix))
                .filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after))
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        Ok(found.into_iter().take(limit).collect())
    }

    fn parsed<T>(&self, parsed: Option<T>) -> Result<T, StorageError> {
        let damaged = || StoreError::Corrupt { what: "a row of the directory's tree is not one".to_owned() };
        parsed.ok_or_else(|| self.fail(damaged()))
    }

    fn fail(&self, error: StoreError) -> StorageError {
        let told = StorageError::Other(error.to_string());
        *lock(&self.0.failure) = Some(error);
        told
    }
}

#[async_trait]
impl Database for TreeStore {
    async fn set(&self, record: DbRecord) -> Result<(), StorageError> {
        self.stage(&[record])
    }

    async fn batch_set(&self, records: Vec<DbRecord>, _state: DbSetState) -> Result<(), StorageError> {
        self.stage(&records)
    }

    async fn get<St: Storable>(&self, id: &St::StorageKey) -> Result<DbRecord, StorageError> {
        self.record::<St>(id)?.ok_or_else(not_there)
    }

    async fn batch_get<St: Storable>(&self, ids: &[St::StorageKey]) -> Result<Vec<DbRecord>, StorageError> {
        ids.iter().filter_map(|id| self.record::<St>(id).transpose()).collect()
    }

    async fn get_user_data(&self, username: &AkdLabel) -> Result<KeyData, StorageError> {
        let mut states = self.states(username, u64::MAX, usize::MAX)?;
        // The oldest first.
        states.reverse();
        if states.is_empty() { Err(not_there()) } else { Ok(KeyData { states }) }
    }

    async fn get_user_state(
        &self,
        username: &AkdLabel,
        flag: ValueStateRetrievalFlag,
    ) -> Result<ValueState, StorageError> {
        let found = match flag {
            ValueStateRetrievalFlag::MaxEpoch => self.states(username, u64::MAX, 1)?.pop(),
            ValueStateRetrievalFlag::LeqEpoch(epoch) => self.states(username, epoch, 1)?.pop(),
            ValueStateRetrievalFlag::SpecificEpoch(epoch) => self.state(username, epoch)?,
            ValueStateRetrievalFlag::MinEpoch => self.states(username, u64::MAX, usize::MAX)?.pop(),
            ValueStateRetrievalFlag::SpecificVersion(version) => {
                let states = self.states(username, u64::MAX, usize::MAX)?;
                states.into_iter().rfind(|state| state.version == version)
            }
        };
        found.ok_or_else(not_there)
    }

    async fn get_user_state_versions(
        &self,
        usernames: &[AkdLabel],
        flag: ValueStateRetrievalFlag,
    ) -> Result<HashMap<AkdLabel, (u64, AkdValue)>, StorageError> {
        let mut versions = HashMap::new();
        for username in usernames {
            match self.get_user_state(username, flag).await {
                Ok(state) => {
                    versions.insert(state.username, (state.version, state.value));
                }
                Err(StorageError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(versions)
    }
}

/// The texts name nothing: akd's own put labels there.
fn not_there() -> StorageError {
    StorageError::NotFound("the record".to_owned())
}

fn unstorable() -> StorageError {
    StorageError::Other("a record is not of the form that the tree has".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is replaced or extended whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
