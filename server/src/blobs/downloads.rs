//! How many downloads a mailbox has at a time. Each takes a connection and an open file for as long as
//! its device likes to read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use relay_auth::{access::MOST_DEVICES, id::MailboxId};

/// The most downloads of one mailbox: two for each device that it may have.
pub const MOST_DOWNLOADS: usize = 2 * MOST_DEVICES;

/// The downloads that are going on.
#[derive(Clone, Debug, Default)]
pub struct Downloads(Arc<Mutex<HashMap<MailboxId, usize>>>);

impl Downloads {
    /// Counts a download from now on. `None` if there are too many already.
    #[must_use]
    pub fn begin(&self, mailbox: MailboxId) -> Option<Download> {
        let mut running = self.lock();
        let number = running.entry(mailbox).or_default();
        if *number >= MOST_DOWNLOADS {
            return None;
        }
        *number += 1;
        Some(Download { downloads: self.clone(), mailbox })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, usize>> {
        // Nothing panics while it is held, and a map of numbers cannot be half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One download. Counted until it is dropped.
#[derive(Debug)]
pub struct Download {
    downloads: Downloads,
    mailbox: MailboxId,
}

impl Drop for Download {
    fn drop(&mut self) {
        let mut running = self.downloads.lock();
        if let Some(number) = running.get_mut(&self.mailbox) {
            *number = number.saturating_sub(1);
            if *number == 0 {
                running.remove(&self.mailbox);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_has_a_bounded_number_of_downloads_and_leaves_nothing_behind() {
        let downloads = Downloads::default();
        let (mine, other) = (MailboxId::from([1; 16]), MailboxId::from([2; 16]));
        let mut running: Vec<_> = (0..MOST_DOWNLOADS).filter_map(|_| downloads.begin(mine)).collect();
        assert_eq!(running.len(), MOST_DOWNLOADS);
        assert!(downloads.begin(mine).is_none());
        assert!(downloads.begin(other).is_some());
        running.pop();
        running.extend(downloads.begin(mine));
        assert_eq!(running.len(), MOST_DOWNLOADS);
        running.clear();
        assert!(downloads.lock().is_empty());
    }
}
