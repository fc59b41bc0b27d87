//! Public bodies.

use crypto_core::body::{BodyId, SignedBodyEntry};
use relay_auth::cbor::{Wire as _, encode};

use super::{Embedded, keys, read};
use crate::{directory::RowWrite, store::StoreFailure};

/// How many bodies are read at a time.
const PAGE: usize = 256;

pub(super) fn all(store: &Embedded) -> Result<Vec<(BodyId, Vec<SignedBodyEntry>)>, StoreFailure> {
    let damaged = || StoreFailure::damaged("a public body cannot be read");
    let mut bodies = Vec::new();
    let mut last: Option<Vec<u8>> = None;
    loop {
        let rows = store.engine.scan(&[keys::BODY], last.as_deref(), PAGE)?;
        let is_end = rows.len() < PAGE;
        for (row, value) in rows {
            let id = row.get(1..).and_then(|id| core::str::from_utf8(id).ok()).ok_or_else(damaged)?;
            let id = BodyId::new(id).map_err(|_| damaged())?;
            let count: u32 = read(&value)?;
            let entries = (0..count)
                .map(|number| {
                    let entry = store.engine.get_long(&keys::body_entry(&id, number))?.ok_or_else(damaged)?;
                    SignedBodyEntry::from_bytes(&entry).map_err(|_| damaged())
                })
                .collect::<Result<Vec<_>, StoreFailure>>()?;
            bodies.push((id, entries));
            last = Some(row);
        }
        if is_end {
            return Ok(bodies);
        }
    }
}

pub(super) fn further_entry(
    id: &BodyId,
    entries: u32,
    entry: &SignedBodyEntry,
) -> Result<Vec<RowWrite>, StoreFailure> {
    let number = entries.checked_sub(1).ok_or_else(|| StoreFailure::damaged("an entry has no number"))?;
    Ok(vec![
        RowWrite::Put(keys::body(id), encode(&entries)),
        RowWrite::PutLong(keys::body_entry(id, number), entry.to_bytes()),
    ])
}
