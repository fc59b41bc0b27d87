//! How many of something each mailbox, or each session, has at a time: what there is for all must not go to one
//! of them.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_auth::id::MailboxId;

/// What is taken at the moment, for each that may have some.
#[derive(Clone, Debug)]
pub struct Shares<Of: Copy + Eq + Hash = MailboxId> {
    most: usize,
    taken: Arc<Mutex<HashMap<Of, usize>>>,
}

impl<Of: Copy + Eq + Hash> Shares<Of> {
    /// Of which each has that many at most.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Takes one from now on. `None` if `whose` has as many as it may.
    #[must_use]
    pub fn begin(&self, whose: Of) -> Option<Share<Of>> {
        let mut taken = self.lock();
        let number = taken.get(&whose).copied().unwrap_or_default();
        if number >= self.most {
            return None;
        }
        taken.insert(whose, number + 1);
        Some(Share { shares: self.clone(), whose })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Of, usize>> {
        // Nothing panics while it is held, and a map of numbers cannot be half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them. Counted until it is dropped.
#[derive(Debug)]
pub struct Share<Of: Copy + Eq + Hash = MailboxId> {
    shares: Shares<Of>,
    whose: Of,
}

impl<Of: Copy + Eq + Hash> Drop for Share<Of> {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        if let Some(number) = taken.get_mut(&self.whose) {
            *number = number.saturating_sub(1);
            if *number == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_has_a_bounded_number_and_leaves_nothing_behind() {
        let shares = Shares::of(3);
        let (mine, other) = (MailboxId::from([1; 16]), MailboxId::from([2; 16]));
        let mut taken: Vec<_> = (0..3).filter_map(|_| shares.begin(mine)).collect();
        assert_eq!(taken.len(), 3);
        assert!(shares.begin(mine).is_none());
        assert!(shares.begin(other).is_some());
        taken.pop();
        taken.extend(shares.begin(mine));
        assert_eq!(taken.len(), 3);
        taken.clear();
        assert!(shares.lock().is_empty());
    }
}
