//! Entries after the first (`LBX-ENTRY-5`). An ordinary change is signed by a device of the entry
//! before; it needs no sign-in and no evidence, because the identity key stays. What a recovery needs
//! besides is in `recovery.rs`.

use crypto_core::citizen::{ChangeKind, DirectoryId, Entry, History, HistoryError, SignedEntry};

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
        follow(account.citizen, self.records.chain(account).await?, &publication.entry, now)
    }
}

/// The chain with an entry behind it, if it holds.
fn follow(
    citizen: DirectoryId,
    mut chain: Vec<SignedEntry>,
    next: &SignedEntry,
    now: u64,
) -> Result<History, PublishError> {
    let entry = next.unverified()?;
    let is_by_device = entry.change == ChangeKind::ByDevice;
    if is_by_device && chain.len() >= MOST_BY_DEVICE {
        return Err(PublishError::Refused("devices have changed this entry as often as they may"));
    }
    if chain.len() >= MOST_ENTRIES {
        return Err(PublishError::Refused("this entry has been changed as often as it may be"));
    }
    let before = chain.last().ok_or_else(missing)?.unverified()?;
    chain.push(next.clone());
    let history = History::verify(citizen, &chain).map_err(|error| match error {
        HistoryError::Broken => PublishError::OutOfTurn,
        other => PublishError::Entry(other),
    })?;
    // LBX-RECOVER-6: whoever has somebody's opened device must not make their code worthless.
    let is_same_code = (entry.recovery_key, entry.archive_head) == (before.recovery_key, before.archive_head);
    if is_by_device && !is_same_code {
        return Err(PublishError::Refused("what belongs to the recovery code changes by a recovery"));
    }
    check_usable(history.last(), now)?;
    Ok(history)
}

fn missing() -> StoreFailure {
    StoreFailure::damaged("an account is missing")
}

#[cfg(test)]
mod tests {
    use crypto_core::{
        citizen::{DeviceOpening, EntryStatus, InboxKey, device_commitment},
        inbox_key::InboxPrivateKey,
    };
    use relay_auth::{
        cbor::{Bytes32, Suite, Version},
        secret::Secret,
        signing::SigningKey,
    };

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const SALT: [u8; 32] = [9; 32];

    fn key(number: u8) -> SigningKey {
        SigningKey::from_seed(&Secret::from([number; 32]))
    }

    fn device() -> SigningKey {
        key(250)
    }

    /// The chain of a citizen who stays with one device, and its newest entry.
    struct Chain {
        entries: Vec<SignedEntry>,
        newest: Entry,
        /// Of the seed of the identity key, and of the evidence for it.
        number: u8,
    }

    impl Chain {
        fn begin() -> Self {
            let opening = DeviceOpening { device: device().verifying_key(), salt: Bytes32(SALT) };
            let mut devices: Vec<Bytes32> = (0..3).map(|filler| Bytes32([filler; 32])).collect();
            devices.push(device_commitment(&opening).into());
            devices.sort_unstable();
            let inbox_key = InboxPrivateKey::from_seed(&Secret::from([8; 32])).unwrap();
            let newest = Entry {
                version: Version,
                suite: Suite,
                directory_id: DirectoryId::from([7; 16]),
                status: EntryStatus::Active,
                change: ChangeKind::First,
                previous: None,
                identity_key: key(1).verifying_key(),
                evidence: Bytes32([1; 32]),
                inbox_keys: vec![InboxKey {
                    key: inbox_key.public_key().clone(),
                    rotate_after: NOW,
                    not_after: NOW,
                }],
                devices,
                recovery_key: Bytes32([6; 32]),
                archive_head: None,
                salt: Bytes32([5; 32]),
            };
            Self { entries: vec![SignedEntry::by_identity(&newest, &key(1))], newest, number: 1 }
        }

        /// An entry that follows the newest one, not signed.
        fn next(&self, change: ChangeKind) -> Entry {
            let previous = self.entries.last().map(|entry| entry.hash().into());
            Entry { change, previous, ..self.newest.clone() }
        }

        fn by_device(&self) -> SignedEntry {
            SignedEntry::by_device(&self.next(ChangeKind::ByDevice), &device(), SALT)
        }

        fn recovery(&self) -> (SignedEntry, Entry) {
            let identity = key(self.number + 1);
            let entry = Entry {
                identity_key: identity.verifying_key(),
                evidence: Bytes32([self.number + 1; 32]),
                ..self.next(ChangeKind::Recovery)
            };
            (SignedEntry::by_recovery(&entry, &identity, &key(self.number)), entry)
        }

        /// Goes on by a device until there are so many entries.
        fn grown_to(mut self, length: usize) -> Self {
            while self.entries.len() < length {
                self.entries.push(self.by_device());
            }
            self
        }

        /// Goes on by recoveries until there are so many entries.
        fn recovered_to(mut self, length: usize) -> Self {
            while self.entries.len() < length {
                let (signed, entry) = self.recovery();
                self.entries.push(signed);
                self.newest = entry;
                self.number += 1;
            }
            self
        }

        fn with(&self, next: &SignedEntry) -> Result<History, PublishError> {
            follow(self.newest.directory_id, self.entries.clone(), next, NOW)
        }
    }

    /// What a chain's length refuses, and nothing else does.
    fn refusal(outcome: Result<History, PublishError>) -> &'static str {
        match outcome {
            Err(PublishError::Refused(why)) => why,
            Err(other) => panic!("{other}"),
            Ok(history) => panic!("taken as number {}", history.changes().len()),
        }
    }

    #[test]
    fn a_device_makes_entry_224_and_none_after_it() {
        let chain = Chain::begin().grown_to(223);
        assert_eq!(chain.with(&chain.by_device()).unwrap().changes().len(), 224);
        let chain = chain.grown_to(224);
        let why = refusal(chain.with(&chain.by_device()));
        assert_eq!(why, "devices have changed this entry as often as they may");
        // Nor by saying that it is the owner who comes back.
        let pretended = SignedEntry::by_device(&chain.next(ChangeKind::Recovery), &device(), SALT);
        let refused = chain.with(&pretended);
        assert!(matches!(refused, Err(PublishError::Entry(HistoryError::NotSigned))));
    }

    #[test]
    fn the_owner_comes_back_after_that_up_to_entry_256_and_the_device_adds_nothing_between() {
        let chain = Chain::begin().grown_to(224).recovered_to(225);
        let why = refusal(chain.with(&chain.by_device()));
        assert_eq!(why, "devices have changed this entry as often as they may");
        let chain = chain.recovered_to(255);
        assert_eq!(chain.with(&chain.recovery().0).unwrap().changes().len(), 256);
        let chain = chain.recovered_to(256);
        let why = refusal(chain.with(&chain.recovery().0));
        assert_eq!(why, "this entry has been changed as often as it may be");
    }
}
