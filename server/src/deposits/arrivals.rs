//! Wakes those who wait for something to happen in a mailbox.
//!
//! It says that something happened, not what: a waiter looks in the store, so nothing is lost when
//! several things happen at once, and nothing is told that is not durable.
//!
//! A device waits once. One whose network went without a word asks again long before anybody notices that
//! its last question is still open: the newest waiter of a key ends those before it, and takes their place (LBX-EVENTS-1).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_auth::{id::MailboxId, request_key::RequestKeyId};
use tokio::sync::watch;

/// The most keys of one mailbox that wait: those of two whole access lists, because the waiters of a former
/// one take a moment to end.
pub const MOST_WAITERS: usize = 2 * relay_auth::access::MOST_DEVICES;

/// Where waiters and news meet.
#[derive(Clone, Debug, Default)]
pub struct Arrivals(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// The number of the last waiter of all.
    last: u64,
    mailboxes: HashMap<MailboxId, Waited>,
}

/// A mailbox for which somebody waits.
#[derive(Debug, Default)]
struct Waited {
    news: watch::Sender<()>,
    /// The number of each key's newest waiter.
    newest: HashMap<RequestKeyId, u64>,
}

impl Arrivals {
    /// Waits for news of a mailbox from now on, for the device with this key, in the place of those that
    /// waited for it before. `None` if too many others wait already.
    #[must_use]
    pub fn subscribe(&self, mailbox: MailboxId, key: RequestKeyId) -> Option<Subscription> {
        let mut waiting = self.lock();
        waiting.last += 1;
        let number = waiting.last;
        let waited = waiting.mailboxes.entry(mailbox).or_default();
        if waited.newest.len() >= MOST_WAITERS && !waited.newest.contains_key(&key) {
            return None;
        }
        if waited.newest.insert(key, number).is_some() {
            // Woken, the one before finds that it is not the newest any more.
            waited.news.send_replace(());
        }
        Some(Subscription { news: waited.news.subscribe(), arrivals: self.clone(), mailbox, key, number })
    }

    /// Wakes everybody who waits for this mailbox.
    pub fn announce(&self, mailbox: MailboxId) {
        if let Some(waited) = self.lock().mailboxes.get(&mailbox) {
            waited.news.send_replace(());
        }
    }

    /// Ends everybody who waits for this mailbox: woken, none finds that it is the newest.
    pub fn end(&self, mailbox: MailboxId) {
        if let Some(waited) = self.lock().mailboxes.get_mut(&mailbox) {
            waited.newest.clear();
            waited.news.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
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
    key: RequestKeyId,
    number: u64,
}

impl Subscription {
    /// Completes when something happened since the last call.
    pub async fn news(&mut self) {
        // The sender goes when nobody is the newest of its key any more: news as well.
        let _ = self.news.changed().await;
    }

    /// Whether no other waiter took its place.
    #[must_use]
    pub fn is_newest(&self) -> bool {
        let waiting = self.arrivals.lock();
        let waited = waiting.mailboxes.get(&self.mailbox);
        waited.is_some_and(|waited| waited.newest.get(&self.key) == Some(&self.number))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut waiting = self.arrivals.lock();
        let Some(waited) = waiting.mailboxes.get_mut(&self.mailbox) else { return };
        if waited.newest.get(&self.key) == Some(&self.number) {
            waited.newest.remove(&self.key);
        }
        if waited.newest.is_empty() {
            waiting.mailboxes.remove(&self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> RequestKeyId {
        RequestKeyId::from([number; 16])
    }

    #[tokio::test]
    async fn a_waiter_is_woken_by_its_own_mailbox_and_leaves_nothing_behind() {
        let arrivals = Arrivals::default();
        let (mine, other) = (MailboxId::from([1; 16]), MailboxId::from([2; 16]));
        let mut subscription = arrivals.subscribe(mine, key(1)).unwrap();
        arrivals.announce(other);
        assert!(!subscription.news.has_changed().unwrap());
        arrivals.announce(mine);
        subscription.news().await;
        drop(subscription);
        assert!(arrivals.lock().mailboxes.is_empty());
    }

    #[tokio::test]
    async fn the_newest_waiter_of_a_key_ends_those_before_it_and_no_others() {
        let arrivals = Arrivals::default();
        let mailbox = MailboxId::from([1; 16]);
        let other = arrivals.subscribe(mailbox, key(2)).unwrap();
        let mut older = arrivals.subscribe(mailbox, key(1)).unwrap();
        let newer = arrivals.subscribe(mailbox, key(1)).unwrap();
        older.news().await;
        assert_eq!([&other, &older, &newer].map(Subscription::is_newest), [true, false, true]);
        // Nor does the older one take the newer one with it when it goes.
        drop(older);
        assert!(newer.is_newest() && other.is_newest());
        drop((newer, other));
        assert!(arrivals.lock().mailboxes.is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_was_replaced_by_one_that_has_gone_is_woken_and_is_not_the_newest() {
        let arrivals = Arrivals::default();
        let mailbox = MailboxId::from([1; 16]);
        let mut older = arrivals.subscribe(mailbox, key(1)).unwrap();
        drop(arrivals.subscribe(mailbox, key(1)));
        older.news().await;
        let newest = arrivals.subscribe(mailbox, key(1)).unwrap();
        assert!(!older.is_newest() && newest.is_newest());
    }

    #[tokio::test]
    async fn those_who_are_ended_are_woken_and_are_not_the_newest_and_others_wait_on() {
        let arrivals = Arrivals::default();
        let (mine, theirs) = (MailboxId::from([1; 16]), MailboxId::from([2; 16]));
        let other = arrivals.subscribe(theirs, key(1)).unwrap();
        let mut waiters = [1, 2].map(|number| arrivals.subscribe(mine, key(number)).unwrap());
        arrivals.end(mine);
        for waiter in &mut waiters {
            waiter.news().await;
            assert!(!waiter.is_newest());
        }
        // Whoever asks again waits as before, also when those who were ended go.
        let again = arrivals.subscribe(mine, key(1)).unwrap();
        drop(waiters);
        assert!(again.is_newest() && other.is_newest());
        drop((again, other));
        assert!(arrivals.lock().mailboxes.is_empty());
    }

    #[test]
    fn a_mailbox_has_a_bounded_number_of_waiters_and_a_key_has_one_place() {
        let arrivals = Arrivals::default();
        let mailbox = MailboxId::from([1; 16]);
        let numbers = 0..u8::try_from(MOST_WAITERS).unwrap();
        let mut waiters: Vec<_> =
            numbers.filter_map(|number| arrivals.subscribe(mailbox, key(number))).collect();
        assert_eq!(waiters.len(), MOST_WAITERS);
        assert!(arrivals.subscribe(mailbox, key(0xff)).is_none());
        // As often as its network goes without a word.
        for _ in 0..3 {
            waiters.extend(arrivals.subscribe(mailbox, key(0)));
        }
        assert_eq!(waiters.len(), MOST_WAITERS + 3);
        waiters.remove(1);
        assert!(arrivals.subscribe(mailbox, key(0xff)).is_some());
    }
}
