//! What a transaction sees and does.

use std::{cell::RefCell, mem, sync::Arc};

use crate::{
    Row, StoreError, TRANSACTION_LIMIT, VALUE_LIMIT,
    chunks::{self, Header, MOST_CHUNKS},
    keys,
    layers::{self, Writes},
};

/// The store as one transaction sees it: what is on the disk, what the group before wrote, what earlier
/// transactions of the same group wrote, and its own writes so far.
///
/// Nothing that is read here is known outside before it is durable: the answers of a whole group
/// are held back until the group is, and the group before it is by then.
pub struct View {
    db: sled::Db,
    before: Arc<Writes>,
    /// What was read from the tree itself, in stored keys.
    read: RefCell<Writes>,
    /// Whether the disk has room for more than its reserve.
    room: bool,
    /// Whether it has at least half of its reserve.
    half_reserve: bool,
    /// Whether this transaction may go into the reserve.
    makes_room: bool,
    group: Writes,
    group_bytes: usize,
    own: Writes,
    own_bytes: usize,
}

impl View {
    /// `before` is what the group before wrote, of which some may not be in the tree yet.
    pub(crate) fn new(db: sled::Db, before: Arc<Writes>, room: bool, half_reserve: bool) -> Self {
        let (group, own) = (Writes::new(), Writes::new());
        Self {
            db,
            before,
            read: RefCell::default(),
            room,
            half_reserve,
            makes_room: false,
            group,
            group_bytes: 0,
            own,
            own_bytes: 0,
        }
    }

    /// The value of a row.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a key over [`crate::KEY_LIMIT`]; [`StoreError::Io`] or
    /// [`StoreError::Corrupt`] if the disk fails.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        keys::check(key)?;
        self.lookup(&keys::row(key))
    }

    /// Writes a row, whether or not one was there.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a key over [`crate::KEY_LIMIT`], a value over [`VALUE_LIMIT`] or a
    /// transaction over [`TRANSACTION_LIMIT`]; [`StoreError::Full`] when the disk is down to its
    /// reserve. Nothing is written then.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        keys::check(key)?;
        if value.len() > VALUE_LIMIT {
            return Err(StoreError::TooLarge { what: "a value", length: value.len(), limit: VALUE_LIMIT });
        }
        self.make_room(key.len() + value.len())?;
        self.own.insert(keys::row(key), Some(value.to_vec()));
        Ok(())
    }

    /// [`View::insert`] for a row that is removed again soon, such as a nonce. Allowed on a full disk, as
    /// long as half of the reserve is left: who only reads is served on.
    ///
    /// # Errors
    /// As [`View::insert`].
    pub fn insert_passing(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let room = self.room;
        self.room |= self.half_reserve;
        let inserted = self.insert(key, value);
        self.room = room;
        inserted
    }

    /// Lets all that this transaction writes go into the reserve, as long as half of it is left. For one
    /// that makes room on the disk, and has to write for that.
    pub fn use_reserve(&mut self) {
        self.makes_room = true;
    }

    /// Removes a row, if it is there. Allowed on a full disk.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a key over [`crate::KEY_LIMIT`] or a transaction over
    /// [`TRANSACTION_LIMIT`].
    pub fn remove(&mut self, key: &[u8]) -> Result<(), StoreError> {
        keys::check(key)?;
        self.count(key.len())?;
        self.own.insert(keys::row(key), None);
        Ok(())
    }

    /// The first `limit` rows whose keys start with `prefix` and come after `after`, in the order
    /// of their keys. Long values are not among them.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::Corrupt`] if the disk fails.
    pub fn scan_prefix(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        scan_rows(&self.db, &[&self.before, &self.group, &self.own], prefix, after, limit)
    }

    /// Writes a long value, whether or not one was there. It is apart from a row with the same key.
    ///
    /// # Errors
    /// As [`View::insert`], with [`crate::LONG_LIMIT`] for the value.
    pub fn insert_long(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        keys::check(key)?;
        let rows = chunks::split(key, value)?;
        self.make_room(rows.iter().map(|(key, value)| key.len() + value.len()).sum())?;
        // What the value before had beyond the new one's end.
        self.remove_parts(key)?;
        self.own.extend(rows.into_iter().map(|(key, value)| (key, Some(value))));
        Ok(())
    }

    /// A long value.
    ///
    /// # Errors
    /// As [`View::get`]; [`StoreError::Corrupt`] also if a part is missing or damaged.
    pub fn get_long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        keys::check(key)?;
        chunks::join(key, |stored| self.lookup(stored))
    }

    /// Removes a long value, if it is there. Allowed on a full disk, and for a damaged value.
    ///
    /// # Errors
    /// As [`View::remove`].
    pub fn remove_long(&mut self, key: &[u8]) -> Result<(), StoreError> {
        keys::check(key)?;
        self.remove_parts(key)
    }

    fn remove_parts(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let chunks = match self.lookup(&keys::part(key, 0))? {
            None => return Ok(()),
            // A damaged header must not make its value impossible to remove.
            Some(header) => Header::parse(&header).map_or(MOST_CHUNKS, Header::chunks),
        };
        self.count((usize::from(chunks) + 1) * key.len())?;
        self.own.extend((0..=chunks).map(|index| (keys::part(key, index), None)));
        Ok(())
    }

    fn lookup(&self, stored: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut read = self.read.borrow_mut();
        let layers = [&*read, &self.before, &self.group, &self.own];
        if let Some(laid) = layers::laid(&layers, stored) {
            return Ok(laid.clone());
        }
        let value = layers::lookup(&self.db, &[], stored)?;
        read.insert(stored.to_vec(), value.clone());
        Ok(value)
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), StoreError> {
        if !(self.room || (self.makes_room && self.half_reserve)) {
            return Err(StoreError::Full);
        }
        self.count(bytes)
    }

    fn count(&mut self, bytes: usize) -> Result<(), StoreError> {
        let length = self.own_bytes + bytes;
        if length > TRANSACTION_LIMIT {
            return Err(StoreError::TooLarge { what: "a transaction", length, limit: TRANSACTION_LIMIT });
        }
        self.own_bytes = length;
        Ok(())
    }

    /// Makes the transaction's writes part of its group.
    pub(crate) fn keep(&mut self) {
        // Not `append`: up to Rust 1.95 it builds the whole group anew, for each transaction.
        self.group.extend(mem::take(&mut self.own));
        self.group_bytes += mem::take(&mut self.own_bytes);
        self.makes_room = false;
    }

    /// Forgets the transaction's writes.
    pub(crate) fn discard(&mut self) {
        self.own.clear();
        self.own_bytes = 0;
        self.makes_room = false;
    }

    /// How much the group's transactions have written, in bytes.
    pub(crate) fn group_bytes(&self) -> usize {
        self.group_bytes
    }

    /// The writes of the group, and the rows that it read of the tree, which are those before it.
    pub(crate) fn into_parts(self) -> (Writes, Writes) {
        (self.group, self.read.into_inner())
    }
}

/// [`layers::scan`] over rows alone, in the caller's keys.
pub(crate) fn scan_rows(
    db: &sled::Db,
    layers: &[&Writes],
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let after = after.map(keys::row);
    let mut rows = layers::scan(db, layers, &keys::row(prefix), after.as_deref(), limit)?;
    for (key, _) in &mut rows {
        // The mark that keys::row() put before it.
        key.remove(0);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KEY_LIMIT, LONG_LIMIT};

    fn view(room: bool) -> View {
        View::new(sled::Config::new().temporary(true).open().unwrap(), Arc::default(), room, true)
    }

    #[test]
    fn what_the_group_before_wrote_hides_what_the_tree_has() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        for key in [b"k1", b"k2", b"k4"] {
            db.insert(keys::row(key), b"tree").unwrap();
        }
        let before = [(keys::row(b"k1"), None), (keys::row(b"k2"), Some(b"before".to_vec()))];
        let mut view = View::new(db, Arc::new(before.into()), true, true);
        view.insert(b"k3", b"own").unwrap();
        let [k2, k3, k4] = [("k2", "before"), ("k3", "own"), ("k4", "tree")]
            .map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()));
        assert_eq!(view.get(b"k1").unwrap(), None);
        assert_eq!(view.get(b"k2").unwrap().as_ref(), Some(&k2.1));
        // Twice: the second time it is not read from the tree.
        assert_eq!(
            [view.get(b"k4").unwrap(), view.get(b"k4").unwrap()],
            [Some(k4.1.clone()), Some(k4.1.clone())]
        );
        assert_eq!(view.scan_prefix(b"k", None, 9).unwrap(), [k2, k3, k4.clone()]);
        // Of the rows that were read the writer gets those that are the tree's, and no others.
        assert_eq!(view.into_parts().1, [(keys::row(&k4.0), Some(k4.1))].into());
    }

    #[test]
    fn a_transaction_sees_its_own_writes_and_those_before_it_in_the_group() {
        let mut view = view(true);
        view.insert(b"k1", b"first").unwrap();
        view.keep();
        view.insert(b"k2", b"second").unwrap();
        assert_eq!(view.get(b"k1").unwrap(), Some(b"first".to_vec()));
        assert_eq!(view.get(b"k2").unwrap(), Some(b"second".to_vec()));
        view.remove(b"k1").unwrap();
        assert_eq!(view.scan_prefix(b"k", None, 9).unwrap(), [(b"k2".to_vec(), b"second".to_vec())]);
        view.discard();
        assert_eq!(view.scan_prefix(b"k", None, 9).unwrap(), [(b"k1".to_vec(), b"first".to_vec())]);
    }

    #[test]
    fn a_shorter_long_value_leaves_no_chunk_of_the_longer_one_before() {
        let mut view = view(true);
        view.insert_long(b"k", &[1; LONG_LIMIT]).unwrap();
        view.keep();
        view.insert_long(b"k", &[2; 5]).unwrap();
        assert_eq!(view.get_long(b"k").unwrap(), Some(vec![2; 5]));
        view.keep();
        assert_eq!(view.into_parts().0.values().filter(|value| value.is_some()).count(), 2);
    }

    #[test]
    fn a_removed_long_value_is_gone_and_a_row_with_its_key_stays() {
        let mut view = view(true);
        view.insert(b"k", b"row").unwrap();
        view.insert_long(b"k", &[1; 5000]).unwrap();
        view.remove_long(b"k").unwrap();
        assert_eq!(view.get_long(b"k").unwrap(), None);
        assert_eq!(view.get(b"k").unwrap(), Some(b"row".to_vec()));
    }

    #[test]
    fn what_is_too_large_is_refused_and_writes_nothing() {
        let mut view = view(true);
        assert!(matches!(view.insert(&[0; KEY_LIMIT + 1], b""), Err(StoreError::TooLarge { .. })));
        assert!(matches!(view.insert(b"k", &[0; VALUE_LIMIT + 1]), Err(StoreError::TooLarge { .. })));
        assert!(matches!(view.insert_long(b"k", &[0; LONG_LIMIT + 1]), Err(StoreError::TooLarge { .. })));
        view.keep();
        assert!(view.into_parts().0.is_empty());
    }

    #[test]
    fn a_transaction_has_a_limit_of_its_own() {
        let mut view = view(true);
        let refused = (0_u8..=255).find_map(|n| view.insert_long(&[n], &[0; LONG_LIMIT]).err());
        assert!(matches!(refused, Some(StoreError::TooLarge { what: "a transaction", .. })));
        assert!(view.own_bytes <= TRANSACTION_LIMIT);
    }

    #[test]
    fn without_room_one_can_remove_and_nothing_else() {
        let mut view = view(false);
        assert!(matches!(view.insert(b"k", b""), Err(StoreError::Full)));
        assert!(matches!(view.insert_long(b"k", b""), Err(StoreError::Full)));
        view.insert_passing(b"nonce", b"").unwrap();
        assert!(matches!(view.insert(b"k", b""), Err(StoreError::Full)));
        view.half_reserve = false;
        assert!(matches!(view.insert_passing(b"nonce", b""), Err(StoreError::Full)));
        view.remove(b"k").unwrap();
        view.remove_long(b"k").unwrap();
    }

    #[test]
    fn a_transaction_that_makes_room_goes_into_the_reserve_and_no_other_does() {
        let ends: [fn(&mut View); 2] = [View::keep, View::discard];
        for end in ends {
            let mut view = view(false);
            view.use_reserve();
            view.insert(b"k", b"row").unwrap();
            view.insert_long(b"k", b"long").unwrap();
            end(&mut view);
            assert!(matches!(view.insert(b"k", b""), Err(StoreError::Full)));
        }
        let mut view = view(false);
        view.half_reserve = false;
        view.use_reserve();
        assert!(matches!(view.insert(b"k", b""), Err(StoreError::Full)));
    }
}
