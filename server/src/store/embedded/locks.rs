//! One at a time for each attachment: what is done to its file and what is done to its row belong
//! together, and no transaction covers both.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_auth::id::BlobId;
use tokio::sync::OwnedMutexGuard;

type Busy = HashMap<BlobId, Arc<tokio::sync::Mutex<()>>>;

/// The attachments that something is done to.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<Busy>);

/// One attachment, held until this is dropped.
pub(super) struct Held<'a> {
    locks: &'a Locks,
    id: BlobId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Locks {
    /// Waits until nobody else does anything to these attachments.
    pub(super) async fn hold(&self, ids: &[BlobId]) -> Vec<Held<'_>> {
        // Everybody takes them in the same order: so no two wait for each other.
        let ids: BTreeSet<BlobId> = ids.iter().copied().collect();
        let mut held = Vec::with_capacity(ids.len());
        for id in ids {
            let lock = Arc::clone(self.busy().entry(id).or_default());
            held.push(Held { locks: self, id, guard: Some(lock.lock_owned().await) });
        }
        held
    }

    fn busy(&self) -> MutexGuard<'_, Busy> {
        // Nothing panics while it is held, and a map of locks cannot be half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut busy = self.locks.busy();
        drop(self.guard.take());
        // Whoever waits has a share of it.
        if busy.get(&self.id).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            busy.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_held_waits_and_what_is_not_held_leaves_nothing_behind() {
        let locks = Locks::default();
        let (one, two, three) = (BlobId::from([1; 16]), BlobId::from([2; 16]), BlobId::from([3; 16]));
        let first = locks.hold(&[two, one, two]).await;
        assert_eq!(first.len(), 2);
        assert!(locks.hold(&[three]).now_or_never().is_some());
        let wanted = [one, three];
        let mut waiting = Box::pin(locks.hold(&wanted));
        assert!((&mut waiting).now_or_never().is_none());
        drop(first);
        let second = waiting.await;
        assert!(locks.hold(&[three]).now_or_never().is_none());
        drop(second);
        assert!(locks.hold(&[one, two, three]).now_or_never().is_some());
        assert!(locks.busy().is_empty());
    }
}
