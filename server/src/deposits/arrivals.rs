//! Wakes those who wait for something to happen in a mailbox.
//!
//! It says that something happened, not what: a waiter looks in the store, so nothing is lost when
//! several things happen at once, and nothing is told that is not durable.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_auth::id::MailboxId;
use tokio::sync::watch;

/// The most waiters of one mailbox: two for each device that it may have.
pub const MOST_WAITERS: usize = 2 * relay_auth::access::MOST_DEVICES;

/// Where waiters and news meet.
#[derive(Clone, Debug, Default)]
pub struct Arrivals(Arc<Mutex<HashMap<MailboxId, watch::Sender<()>>>>);

impl Arrivals {
    /// Waits for news of a mailbox from now on. `None` if too many wait already.
    #[must_use]
    pub fn subscribe(&self, mailbox: MailboxId) -> Option<Subscription> {
        let mut waited_for = self.lock();
        let news = waited_for.entry(mailbox).or_insert_with(|| watch::Sender::new(()));
        if news.receiver_count() >= MOST_WAITERS {
            return None;
        }
        Some(Subscription { news: news.subscribe(), arrivals: self.clone(), mailbox })
    }

    /// Wakes everybody who waits for this mailbox.
    pub fn announce(&self, mailbox: MailboxId) {
        if let Some(news) = self.lock().get(&mailbox) {
            news.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, watch::Sender<()>>> {
        // Nothing panics while it is held, and a map of senders cannot be half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One waiter. Forgotten when dropped.
#[derive(Debug)]
pub struct Subscription {
    news: watch::Receiver<()>,
    arrivals: Arrivals,
    mailbox: MailboxId,
}

impl Subscription {
    /// Completes when something happened since the last call.
    pub async fn news(&mut self) {
        // The sender lives in the map for as long as this does.
        let _ = self.news.changed().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut waited_for = self.arrivals.lock();
        // This one still counts.
        if waited_for.get(&self.mailbox).is_some_and(|news| news.receiver_count() <= 1) {
            waited_for.remove(&self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_waiter_is_woken_by_its_own_mailbox_and_leaves_nothing_behind() {
        let arrivals = Arrivals::default();
        let (mine, other) = (MailboxId::from([1; 16]), MailboxId::from([2; 16]));
        let mut subscription = arrivals.subscribe(mine).unwrap();
        arrivals.announce(other);
        assert!(!subscription.news.has_changed().unwrap());
        arrivals.announce(mine);
        subscription.news().await;
        drop(subscription);
        assert!(arrivals.lock().is_empty());
    }

    #[test]
    fn a_mailbox_has_a_bounded_number_of_waiters() {
        let arrivals = Arrivals::default();
        let mailbox = MailboxId::from([1; 16]);
        let mut waiters: Vec<_> = (0..MOST_WAITERS).filter_map(|_| arrivals.subscribe(mailbox)).collect();
        assert!(arrivals.subscribe(mailbox).is_none());
        waiters.pop();
        assert!(arrivals.subscribe(mailbox).is_some());
    }
}
