//! How many of something each mailbox has at a time: what there is for all must not go to one of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_auth::id::MailboxId;

/// What is taken at the moment, for each mailbox.
#[derive(Clone, Debug)]
pub struct Shares {
    most: usize,
    taken: Arc<Mutex<HashMap<MailboxId, usize>>>,
}

impl Shares {
    /// Of which each mailbox has that many at most.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Takes one from now on. `None` if the mailbox has as many as it may.
    #[must_use]
    pub fn begin(&self, mailbox: MailboxId) -> Option<Share> {
        let mut taken = self.lock();
        let number = taken.get(&mailbox).copied().unwrap_or_default();
        if number >= self.most {
            return None;
        }
        taken.insert(mailbox, number + 1);
        Some(Share { shares: self.clone(), mailbox })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, usize>> {
        // Nothing panics while it is held, and a map of numbers cannot be half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them. Counted until it is dropped.
#[derive(Debug)]
pub struct Share {
    shares: Shares,
    mailbox: MailboxId,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        if let Some(number) = taken.get_mut(&self.mailbox) {
            *number = number.saturating_sub(1);
            if *number == 0 {
                taken.remove(&self.mailbox);
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
