//! Entries after the first: an ordinary change, signed by a device of the entry before
//! (`LBX-ENTRY-5`). It needs no sign-in and no evidence: the identity key stays.

use crypto_core::citizen::{ChangeKind, DirectoryId, Entry, History, HistoryError};

use super::{Account, Accounts, Enrolled, Publication, PublishError, Published, check_usable};
use crate::store::{Change, StoreFailure};

/// The most entries that devices may make. An answer shows 256: some are left for the owner to recover
/// or close, whatever a stolen device did.
const MOST_BY_DEVICE: usize = 224;

impl Accounts {
    pub(super) async fn further(
        &self,
        citizen: DirectoryId,
        enrolled: &Enrolled,
        entry: &Entry,
        publication: &Publication,
        now: u64,
    ) -> Result<Published, PublishError> {
        let account = Account { citizen, provisioned: None, enrolled: Some(enrolled.clone()), listed: None };
        if let Some(published) = self.again(&account, publication, now).await? {
            return Ok(published);
        }
        match entry.change {
            ChangeKind::First => Err(PublishError::AlreadyEnrolled),
            ChangeKind::ByDevice => self.by_device(citizen, publication, now).await,
            ChangeKind::Recovery | ChangeKind::Reset => {
                Err(PublishError::Refused("this directory takes no recovery and no reset"))
            }
        }
    }

    async fn by_device(
        &self,
        citizen: DirectoryId,
        publication: &Publication,
        now: u64,
    ) -> Result<Published, PublishError> {
        let missing = || StoreFailure::damaged("an account is missing");
        let account = self.records.account(citizen).await?.ok_or_else(missing)?;
        // Before anybody has to wait for it: strangers can send what looks like a change.
        self.verified(&account, publication, now).await?;
        let publisher = self.directory.publisher().await;
        // From here on nobody else changes it.
        let mut account = self.records.account(citizen).await?.ok_or_else(missing)?;
        // The same request twice at once.
        if let Some(published) = self.again(&account, publication, now).await? {
            return Ok(published);
        }
        let history = self.verified(&account, publication, now).await?;
        let enrolled = account.enrolled.as_mut().ok_or_else(missing)?;
        enrolled.entries += 1;
        // The access key changes when a device is removed, and only the owner's devices can be here.
        enrolled.access_key = publication.access_key;
        let enrolled = enrolled.clone();
        let updates = vec![(citizen.directory_label(), history.last().hash().to_vec())];
        let rows = self.records.rows(&Change::Extended { account: &account, entry: &publication.entry })?;
        publisher.publish(updates, rows).await?;
        metrics::counter!("letterbox_entries_published_total", "change" => "by-device").increment(1);
        self.show(citizen, &enrolled, publication.known, now).await
    }

    /// The chain with the new entry, if it holds.
    async fn verified(
        &self,
        account: &Account,
        publication: &Publication,
        now: u64,
    ) -> Result<History, PublishError> {
        let mut chain = self.records.chain(account).await?;
        if chain.len() >= MOST_BY_DEVICE {
            return Err(PublishError::Refused("devices have changed this entry as often as they may"));
        }
        chain.push(publication.entry.clone());
        let history = History::verify(account.citizen, &chain).map_err(|error| match error {
            HistoryError::Broken => PublishError::OutOfTurn,
            other => PublishError::Entry(other),
        })?;
        check_usable(history.last(), now)?;
        Ok(history)
    }
}
