//! Sign-ins under way.

use super::{Embedded, keys};
use crate::{
    directory::RowWrite,
    sign_ins::session::{Handle, Session},
    store::StoreFailure,
};

/// How many sign-ins one transaction takes away.
const MOST_REMOVED: usize = 64;

pub(super) async fn keep(
    store: &Embedded,
    handle: &Handle,
    session: &Session,
    is_new: bool,
) -> Result<bool, StoreFailure> {
    let name = handle.name();
    let row = keys::sign_in(&name);
    let value = store.sealed(&row, session)?;
    let due = keys::sign_in_due(session.ends(), &name);
    store
        .engine
        .write(move |view| {
            // It may have been used up while ScotAccount was asked.
            if !is_new && view.get_long(&row)?.is_none() {
                return Ok(false);
            }
            view.insert_long(&row, &value)?;
            view.insert(&due, b"")?;
            Ok::<_, StoreFailure>(true)
        })
        .await
}

/// What takes a sign-in away.
pub(super) fn used_up((handle, session): (&Handle, &Session)) -> [RowWrite; 2] {
    let name = handle.name();
    [RowWrite::RemoveLong(keys::sign_in(&name)), RowWrite::Remove(keys::sign_in_due(session.ends(), &name))]
}

/// Takes away what has ended. Works on a full disk.
pub(super) async fn forget(store: &Embedded, now: u64) -> Result<(), StoreFailure> {
    loop {
        let removed = store
            .engine
            .write(move |view| {
                let mut removed = 0;
                for (due, _) in view.scan_prefix(&[keys::SIGN_IN_DUE], None, MOST_REMOVED)? {
                    let damaged = || StoreFailure::damaged("a row says that something unknown has ended");
                    if keys::time_of(&due).ok_or_else(damaged)? >= now {
                        break;
                    }
                    let name = keys::after_time(&due).and_then(|name| name.try_into().ok());
                    view.remove_long(&keys::sign_in(name.ok_or_else(damaged)?))?;
                    view.remove(&due)?;
                    removed += 1;
                }
                Ok::<_, StoreFailure>(removed)
            })
            .await?;
        if removed < MOST_REMOVED {
            return Ok(());
        }
    }
}
