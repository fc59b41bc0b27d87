//! What the signed requests of public bodies spend: nonces and their daily allowance.

use relay_auth::cbor::encode;

use super::{Embedded, keys, read};
use crate::{
    bodies::requests::Proven,
    store::{Denied, StoreFailure},
};

/// How many rows one transaction takes away.
const MOST_REMOVED: usize = 512;

const DAY: u64 = 24 * 60 * 60;

pub(super) async fn spend(store: &Embedded, by: &Proven, most: u64, now: u64) -> Result<(), Denied> {
    let (nonce, counter) = (keys::nonce(by), keys::lookups(now / DAY, by.body()));
    store
        .engine
        .write(move |view| {
            if view.get(&nonce)?.is_some() {
                return Err(Denied::Replayed);
            }
            let count: u64 = match view.get(&counter)? {
                Some(bytes) => read(&bytes)?,
                None => 0,
            };
            if count >= most {
                return Err(Denied::OverQuota);
            }
            view.insert_passing(&nonce, b"")?;
            view.insert_passing(&counter, &encode(&(count + 1)))?;
            Ok::<_, Denied>(())
        })
        .await
}

/// Takes away what can go. Works on a full disk.
pub(super) async fn forget(store: &Embedded, now: u64) -> Result<(), StoreFailure> {
    // A count is of no use once its day is over; the clock may be a day off.
    let days = (now / DAY).saturating_sub(1);
    for (table, end) in [(keys::NONCE, now), (keys::LOOKUPS, days)] {
        while remove_some(store, table, end).await? == MOST_REMOVED {}
    }
    Ok(())
}

async fn remove_some(store: &Embedded, table: u8, end: u64) -> Result<usize, StoreFailure> {
    store
        .engine
        .write(move |view| {
            let mut removed = 0;
            for (row, _) in view.scan_prefix(&[table], None, MOST_REMOVED)? {
                let time = keys::time_of(&row);
                if time.ok_or_else(|| StoreFailure::damaged("a row has no time"))? >= end {
                    break;
                }
                view.remove(&row)?;
                removed += 1;
            }
            Ok::<_, StoreFailure>(removed)
        })
        .await
}
