//! Reading the tree with other rows laid over it.
//!
//! Both sides of the engine need this. A transaction sees what is on the disk with the writes of
//! its group laid over it; a reader sees the tree with the values *before* the group in flight laid
//! over it ([`crate::durable`]).

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    mem,
    ops::Bound::{self, Excluded, Included, Unbounded},
};

use sled::IVec;

use crate::{Row, StoreError};

/// Stored keys with the values laid over the tree's; `None` hides the tree's row.
pub(crate) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

const READING: &str = "read from the store";

/// The value under a stored key, with `layers` over the tree, the last one on top.
pub(crate) fn lookup(db: &sled::Db, layers: &[&Writes], key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match laid(layers, key) {
        Some(value) => Ok(value.clone()),
        None => match db.get(key) {
            Ok(value) => Ok(value.map(|value| value.to_vec())),
            Err(error) => Err(StoreError::sled(READING, error)),
        },
    }
}

/// What `layers` say of a stored key, the last one first.
pub(crate) fn laid<'a>(layers: &[&'a Writes], key: &[u8]) -> Option<&'a Option<Vec<u8>>> {
    layers.iter().rev().find_map(|layer| layer.get(key))
}

/// The first `limit` rows, in the order of their stored keys, that start with `prefix` and come
/// after `after`, with `layers` over the tree, the last one on top.
pub(crate) fn scan(
    db: &sled::Db,
    layers: &[&Writes],
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let from: Bound<&[u8]> = match after {
        Some(after) if after >= prefix => Excluded(after),
        _ => Included(prefix),
    };
    let until: Bound<&[u8]> = Unbounded;

    let mut laid: BTreeMap<&[u8], Option<&[u8]>> = BTreeMap::new();
    for layer in layers {
        let rows = layer.range::<[u8], _>((from, until)).take_while(|(key, _)| key.starts_with(prefix));
        laid.extend(rows.map(|(key, value)| (key.as_slice(), value.as_deref())));
    }
    let mut laid = laid.into_iter().peekable();
    let mut tree = db.range::<&[u8], _>((from, until));
    let mut stored = next(&mut tree, prefix)?;

    let mut found = Vec::new();
    while found.len() < limit {
        let order = match (&stored, laid.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((key, _)), Some((over, _))) => key[..].cmp(over),
        };
        // A row of the tree with one laid over it is passed by.
        let below = if order.is_le() { mem::replace(&mut stored, next(&mut tree, prefix)?) } else { None };
        let above = if order.is_ge() { laid.next() } else { None };
        match (above, below) {
            (Some((key, Some(value))), _) => found.push((key.to_vec(), value.to_vec())),
            (None, Some((key, value))) => found.push((key.to_vec(), value.to_vec())),
            (Some((_, None)), _) | (None, None) => {}
        }
    }
    Ok(found)
}

/// The next row of the tree, if it still starts with `prefix`.
fn next(rows: &mut sled::Iter, prefix: &[u8]) -> Result<Option<(IVec, IVec)>, StoreError> {
    match rows.next() {
        Some(Ok((key, value))) if key.starts_with(prefix) => Ok(Some((key, value))),
        Some(Ok(_)) | None => Ok(None),
        Some(Err(error)) => Err(StoreError::sled(READING, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(rows: &[(&str, Option<&str>)]) -> Writes {
        rows.iter()
            .map(|(key, value)| (key.as_bytes().to_vec(), value.map(|v| v.as_bytes().to_vec())))
            .collect()
    }

    fn shown(rows: Vec<Row>) -> Vec<String> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        rows.into_iter().map(|(key, value)| format!("{}={}", text(key), text(value))).collect()
    }

    #[test]
    fn layers_replace_hide_and_add_rows_in_order() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        for (key, value) in [("a1", "tree"), ("a2", "tree"), ("a3", "tree"), ("b1", "tree")] {
            db.insert(key, value).unwrap();
        }
        let lower = layer(&[("a0", Some("lower")), ("a2", None), ("a3", Some("lower"))]);
        let upper =
            layer(&[("a2", Some("upper")), ("a3", None), ("a4", Some("upper")), ("b0", Some("upper"))]);
        let layers = [&lower, &upper];
        let scan = |after: Option<&str>, limit| {
            shown(scan(&db, &layers, b"a", after.map(str::as_bytes), limit).unwrap())
        };

        assert_eq!(scan(None, 9), ["a0=lower", "a1=tree", "a2=upper", "a4=upper"]);
        assert_eq!(scan(None, 2), ["a0=lower", "a1=tree"]);
        assert_eq!(scan(Some("a1"), 9), ["a2=upper", "a4=upper"]);
        assert_eq!(scan(Some("a1x"), 1), ["a2=upper"]);
        assert_eq!(scan(Some("A"), 1), ["a0=lower"]);
        assert!(scan(Some("a4"), 9).is_empty());
        assert!(scan(Some("c"), 9).is_empty());
        assert!(scan(None, 0).is_empty());

        let get = |key: &str| lookup(&db, &layers, key.as_bytes()).unwrap();
        assert_eq!(get("a1"), Some(b"tree".to_vec()));
        assert_eq!(get("a2"), Some(b"upper".to_vec()));
        assert_eq!(get("a3"), None);
        assert_eq!(get("a9"), None);
    }
}
