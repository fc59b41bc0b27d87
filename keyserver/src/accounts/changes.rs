//! Entries after the first (`LBX-ENTRY-5`). An ordinary change is signed by a device of the entry
//! before; it needs no sign-in and no evidence, because the identity key stays. What a recovery needs
//! besides is in `recovery.rs`.

use crypto_core::citizen::{ChangeKind, DirectoryId, Entry, History, HistoryError};

use super::{
    Account, Accounts, Enrolled, Publication, PublishError, Published, check_usable, recovery::Recovered,
};
use crate::{
    matching,
    store::{Change, StoreFailure},
};

/// The most entries of a chain: an answer to a lookup shows no more.
const MOST_ENTRIES: usize = 256;

/// The most entries of a chain to which a device may add. Some are left for the owner to come back
/// with, whatever a stolen device did.
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
            ChangeKind::Recovery => self.recover(citizen, publication, now).await,
            ChangeKind::Reset => Err(PublishError::Refused("this directory takes no reset")),
        }
    }

    async fn by_device(
        &self,
        citizen: DirectoryId,
        publication: &Publication,
        now: u64,
    ) -> Result<Published, PublishError> {
        let account = self.records.account(citizen).await?.ok_or_else(missing)?;
        // Before anybody has to wait for it: strangers can send what looks like a change.
        self.verified(&account, publication, now).await?;
        self.extend(citizen, publication, None, now).await
    }

    /// Publishes an entry that was checked before, unless the chain went on meanwhile; `recovered` is
    /// what admits one with a new identity key.
    pub(super) async fn extend(
        &self,
        citizen: DirectoryId,
        publication: &Publication,
        recovered: Option<&Recovered<'_>>,
        now: u64,
    ) -> Result<Published, PublishError> {
        let publisher = self.directory.publisher().await;
        // From here on nobody else changes it.
        let mut account = self.records.account(citizen).await?.ok_or_else(missing)?;
        // The same request twice at once.
        if let Some(published) = self.again(&account, publication, now).await? {
            return Ok(published);
        }
        let history = self.verified(&account, publication, now).await?;
        let mut updates = vec![(citizen.directory_label(), history.last().hash().to_vec())];
        let enrolled = account.enrolled.as_mut().ok_or_else(missing)?;
        enrolled.entries += 1;
        // The access key changes when a device is removed and when the owner comes back; only the
        // owner's devices can be here.
        enrolled.access_key = publication.access_key;
        if let Some(Recovered { person, .. }) = recovered {
            updates.extend(matching::listing(&publisher, person, Some(&enrolled.person), citizen).await?);
            enrolled.person = person.clone();
        }
        let enrolled = enrolled.clone();
        let (account, entry) = (&account, &publication.entry);
        let (change, label) = match recovered {
            None => (Change::Extended { account, entry }, "by-device"),
            Some(Recovered { kept, sign_in, .. }) => {
                (Change::Recovered { account, entry, kept, sign_in: *sign_in }, "recovery")
            }
        };
        let rows = self.records.rows(&change)?;
        publisher.publish(updates, rows).await?;
        metrics::counter!("letterbox_entries_published_total", "change" => label).increment(1);
        self.show(citizen, &enrolled, publication.known, now).await
    }

    /// The chain with the new entry, if it holds.
    pub(super) async fn verified(
        &self,
        account: &Account,
        publication: &Publication,
        now: u64,
    ) -> Result<History, PublishError> {
        let mut chain = self.records.chain(account).await?;
        let entry = publication.entry.unverified()?;
        let is_by_device = entry.change == ChangeKind::ByDevice;
        if is_by_device && chain.len() >= MOST_BY_DEVICE {
            return Err(PublishError::Refused("devices have changed this entry as often as they may"));
        }
        if chain.len() >= MOST_ENTRIES {
            return Err(PublishError::Refused("this entry has been changed as often as it may be"));
        }
        let before = chain.last().ok_or_else(missing)?.unverified()?;
        chain.push(publication.entry.clone());
        let history = History::verify(account.citizen, &chain).map_err(|error| match error {
            HistoryError::Broken => PublishError::OutOfTurn,
            other => PublishError::Entry(other),
        })?;
        // LBX-RECOVER-6: whoever has somebody's opened device must not make their code worthless.
        let is_same_code =
            (entry.recovery_key, entry.archive_head) == (before.recovery_key, before.archive_head);
        if is_by_device && !is_same_code {
            return Err(PublishError::Refused("what belongs to the recovery code changes by a recovery"));
        }
        check_usable(history.last(), now)?;
        Ok(history)
    }
}

fn missing() -> StoreFailure {
    StoreFailure::damaged("an account is missing")
}
