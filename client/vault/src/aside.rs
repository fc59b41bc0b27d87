//! What was stored before a recovery was begun: set aside under other names, never deleted.
//!
//! A recovery begins with new keys where old ones may still lie, of a mailbox whose passphrase is
//! forgotten or whose records are damaged. They are renamed, unread, in the write that stores the
//! begun recovery. If that one is given up before anything was signed, they are put back; once there
//! is a mailbox again, they stay where they are.

use client_mailbox::local::names;

use crate::{
    failure::Failure,
    storage::{Change, Shelf, Storage},
    trust,
};

/// In front of a number, a slash and the name that a record had. The greatest number is the newest.
const ASIDE: &str = "aside/";

/// The same for an enrolment whose record is damaged. It is never put back: nobody can go on with it.
const DAMAGED: &str = "damaged/";

/// Sets everything aside but the trust file: which deployment this is stays known.
pub(crate) async fn set_aside(storage: &Storage) -> Result<Vec<Change>, Failure> {
    put_away(storage, ASIDE).await
}

/// Does the same for good, with what is damaged.
pub(crate) async fn set_apart(storage: &Storage) -> Result<Vec<Change>, Failure> {
    put_away(storage, DAMAGED).await
}

async fn put_away(storage: &Storage, place: &str) -> Result<Vec<Change>, Failure> {
    let number = newest(storage, place).await?.unwrap_or(0).saturating_add(1);
    let mut changes = Vec::new();
    // An alarm is not over for that: what cannot be opened any more counts as one (`LBX-GAP-2`).
    let stays = [(Shelf::Open, trust::RECORD), (Shelf::Sealed, names::DOUBT)];
    for shelf in Shelf::ALL {
        let mut keys = storage.keys(shelf, "").await?;
        keys.retain(|key| {
            let is_away = key.starts_with(ASIDE) || key.starts_with(DAMAGED);
            !is_away && !stays.contains(&(shelf, key.as_str()))
        });
        for record in storage.unread(shelf, keys).await? {
            let to = format!("{place}{number}/{}", record.key());
            changes.push(Change::Move(record, to));
        }
    }
    Ok(changes)
}

/// Puts back what was set aside last, if anything was.
pub(crate) async fn put_back(storage: &Storage) -> Result<Vec<Change>, Failure> {
    let Some(number) = newest(storage, ASIDE).await? else { return Ok(Vec::new()) };
    let prefix = format!("{ASIDE}{number}/");
    let mut changes = Vec::new();
    for shelf in Shelf::ALL {
        let keys = storage.keys(shelf, &prefix).await?;
        for record in storage.unread(shelf, keys).await? {
            let to = record.key().strip_prefix(&prefix).map(str::to_owned);
            changes.extend(to.map(|to| Change::Move(record, to)));
        }
    }
    Ok(changes)
}

/// The number of what was put there last.
async fn newest(storage: &Storage, place: &str) -> Result<Option<u64>, Failure> {
    let mut newest: Option<u64> = None;
    for shelf in Shelf::ALL {
        let keys = storage.keys(shelf, place).await?;
        newest = newest.max(keys.iter().filter_map(|key| number(key, place)).max());
    }
    Ok(newest)
}

fn number(key: &str, place: &str) -> Option<u64> {
    key.strip_prefix(place)?.split_once('/')?.0.parse().ok()
}
