//! What readers see: only what is on the disk.
//!
//! sled shows a batch to readers as soon as it is applied, long before it is durable. A reader
//! could then act on a letter that a power cut takes away again: hand out a cursor beyond it, or
//! sign a directory head that never was.
//!
//! So the writer first lays the *old* values of every row that it is about to change over the
//! tree, then applies, flushes and syncs, and takes them away again when the disk has answered.
//! Readers look through that layer and see the state before the group, whole, until the state after
//! it is durable, whole. The lock around the layer is held for a write only while the layer is put
//! on or taken off, never during input or output: no reader ever waits for an fsync, which matters
//! because readers run on the threads that serve everybody. (A plain lock held from apply to sync
//! would be equally correct, and would stop all readers for as long as the disk takes.) The price
//! is one look-up of the old value for every row written.

use std::{
    mem,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    Row, StoreError, chunks,
    folder::Folder,
    keys,
    layers::{self, Writes},
    view::scan_rows,
};

/// The tree, and the values before the group in flight.
pub(crate) struct Durable {
    before: RwLock<Writes>,
    folder: Folder,
}

impl Durable {
    pub(crate) fn new(folder: Folder) -> Self {
        Self { before: RwLock::new(Writes::new()), folder }
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        // The layer is replaced whole, so a panic elsewhere cannot leave half of one.
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        Reader { db: &self.folder.db, before }
    }

    /// Writes a group and shows it to readers once it is durable. After an error it stays hidden:
    /// whether the disk has it is not known. `read` are rows as they are in the tree, which need not be read
    /// again.
    pub(crate) fn commit(&self, writes: &Writes, read: &Writes) -> Result<(), StoreError> {
        self.apply(writes, read)?;
        self.folder.disk.sync()?;
        self.reveal();
        Ok(())
    }

    /// Writes a group to sled and has it flushed, hidden from readers.
    fn apply(&self, writes: &Writes, read: &Writes) -> Result<(), StoreError> {
        let db = &self.folder.db;
        let mut batch = sled::Batch::default();
        let mut before = Writes::new();
        for (key, value) in writes {
            let old = layers::lookup(db, &[read], key)?;
            if old == *value {
                continue;
            }
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
            before.insert(key.clone(), old);
        }
        if before.is_empty() {
            return Ok(());
        }
        *self.layer() = before;
        db.apply_batch(batch).map_err(|error| StoreError::sled("write to the store", error))?;
        db.flush().map_err(|error| StoreError::sled("flush the store", error))?;
        Ok(())
    }

    /// Shows readers what is in the tree.
    fn reveal(&self) {
        let past = mem::take(&mut *self.layer());
        // Up to some megabytes: freed here, after the lock is.
        drop(past);
    }

    fn layer(&self) -> RwLockWriteGuard<'_, Writes> {
        self.before.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps sled from closing when the last handle goes: closing would flush and sync again, and
    /// that must not be tried after a failure. The process is about to end anyway.
    pub(crate) fn abandon(&self) {
        self.folder.closing.fail();
        mem::forget(self.folder.db.clone());
    }
}

/// The store as it is on the disk, standing still for as long as this lives. While it does, no
/// commit completes: look, copy, let go.
pub struct Reader<'a> {
    db: &'a sled::Db,
    before: RwLockReadGuard<'a, Writes>,
}

impl Reader<'_> {
    /// The value of a row.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a key over [`crate::KEY_LIMIT`]; [`StoreError::Io`] or
    /// [`StoreError::Corrupt`] if the disk fails.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        keys::check(key)?;
        layers::lookup(self.db, &[&self.before], &keys::row(key))
    }

    /// The first `limit` rows whose keys start with `prefix` and come after `after`, in the order
    /// of their keys. Long values are not among them.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::Corrupt`] if the disk fails.
    pub fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, StoreError> {
        scan_rows(self.db, &[&self.before], prefix, after, limit)
    }

    /// A long value.
    ///
    /// # Errors
    /// As [`Reader::get`]; [`StoreError::Corrupt`] also if a part is missing or damaged.
    pub fn get_long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        keys::check(key)?;
        chunks::join(key, |stored| layers::lookup(self.db, &[&self.before], stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(rows: &[(&[u8], Option<&[u8]>)]) -> Writes {
        rows.iter().map(|(key, value)| (keys::row(key), value.map(<[u8]>::to_vec))).collect()
    }

    fn seen(durable: &Durable) -> Vec<Row> {
        durable.reader().scan(b"", None, usize::MAX).unwrap()
    }

    fn row(key: &str, value: &str) -> Row {
        (key.as_bytes().to_vec(), value.as_bytes().to_vec())
    }

    #[test]
    fn readers_see_the_state_before_a_group_until_it_is_durable() {
        let folder = tempfile::tempdir().unwrap();
        let durable = Durable::new(Folder::open(folder.path(), 16 << 20).unwrap());
        durable.commit(&writes(&[(b"a", Some(b"old")), (b"b", Some(b"old"))]), &Writes::new()).unwrap();
        let before = [row("a", "old"), row("b", "old")];
        assert_eq!(seen(&durable), before);

        // Changed, removed, new: in the tree, and hidden.
        durable
            .apply(&writes(&[(b"a", Some(b"new")), (b"b", None), (b"c", Some(b"new"))]), &Writes::new())
            .unwrap();
        assert_eq!(durable.folder.db.get(keys::row(b"a")).unwrap().as_deref(), Some(&b"new"[..]));
        assert_eq!(seen(&durable), before);
        let reader = durable.reader();
        assert_eq!(reader.get(b"a").unwrap(), Some(b"old".to_vec()));
        assert_eq!(reader.get(b"b").unwrap(), Some(b"old".to_vec()));
        assert_eq!(reader.get(b"c").unwrap(), None);
        drop(reader);

        durable.folder.disk.sync().unwrap();
        durable.reveal();
        assert_eq!(seen(&durable), [row("a", "new"), row("c", "new")]);
    }
}
