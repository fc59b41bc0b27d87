//! Accounts: one for each name that ScotAccount has for a person, found by a keyed hash of it.
//!
//! An account begins when ScotAccount has a mailbox provided, without any key, or when its owner
//! publishes a first entry. The first published entry wins; further ones follow it by the rules of
//! the chain (`LBX-ENTRY-5`): changes by a device, and recoveries by the owner, who has signed in. An
//! account, its entries and its evidence are never removed.

mod changes;
mod enrolment;
mod published;
mod recovery;
mod sessions;
pub mod vouchers;

use std::sync::Arc;

use crypto_core::{
    citizen::{DirectoryId, Entry, EntryStatus, HistoryError, SignedEntry, VerifiedEntry},
    directory::{Pin, Presence},
    evidence::{AddressEvidence, EvidenceError},
    person::Attributes,
};
use minicbor::{Decode, Encode};
use relay_auth::{cbor::DecodeError, id::MailboxId, signing::VerifyingKey};

use self::vouchers::Vouchers;
use crate::{
    directory::{Directory, DirectoryError},
    evidence::OtherTokens,
    matching::MatchingError,
    sign_ins::{SignInError, SignIns, provider::ProviderError, session::Handle},
    store::{Records, StoreFailure, UnknownLog},
};

/// How long senders may use an inbox key (`LBX-ENTRY-3`), in seconds: 400 days, and a day for clocks.
const LONGEST_KEY_LIFE: u64 = 401 * 24 * 60 * 60;

relay_auth::identifier! {
    /// What ScotAccount is told of a mailbox that it had provided. Random: neither the number of the
    /// mailbox nor the citizen's id in the directory.
    ProvisioningId
}

/// What is kept about a citizen, beside entries and evidence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Account {
    /// The citizen's id in the directory.
    #[n(0)]
    pub citizen: DirectoryId,
    /// What ScotAccount was told, if it had the mailbox provided.
    #[n(1)]
    pub provisioned: Option<ProvisioningId>,
    /// The mailbox, once there is an entry.
    #[n(2)]
    pub enrolled: Option<Enrolled>,
    /// Under whose details a mailbox that was provided is listed, until there is an entry.
    #[n(3)]
    pub listed: Option<Attributes>,
}

/// A citizen with an entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Enrolled {
    /// The number of the mailbox at the relay.
    #[n(0)]
    pub mailbox: MailboxId,
    /// The key that governs the mailbox. No entry has it: who knows it is one of the owner's devices.
    #[n(1)]
    pub access_key: VerifyingKey,
    /// Under whose details the citizen is listed.
    #[n(2)]
    pub person: Attributes,
    /// How many entries there are.
    #[n(3)]
    pub entries: u32,
}

/// An entry that is to be published.
pub struct Publication {
    /// The sign-in that admits a first entry, or a recovery.
    pub sign_in: Option<Handle>,
    /// The entry.
    pub entry: SignedEntry,
    /// The evidence, as it came; of use with the same.
    pub evidence: Vec<u8>,
    /// The confirmed address; of use with the same.
    pub address: Option<AddressEvidence>,
    /// The key that is to govern the mailbox.
    pub access_key: VerifyingKey,
    /// The log as the vault remembers it.
    pub known: Option<Pin>,
}

/// A published entry, as its owner is shown it.
pub struct Published {
    /// The directory's head.
    pub head: Vec<u8>,
    /// That the newest entry is the newest.
    pub presence: Presence,
    /// That name and birth date lead to the citizen.
    pub without_postcode: Presence,
    /// That these and the postcode do; where the address was confirmed.
    pub with_postcode: Option<Presence>,
    /// The number of the mailbox.
    pub mailbox: MailboxId,
    /// The voucher that opens it.
    pub voucher: Vec<u8>,
}

/// Why an entry was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The entry or its evidence is none.
    #[error("the entry or its evidence cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// The entry does not hold.
    #[error("the entry does not hold: {0}")]
    Entry(HistoryError),
    /// The entry is of a kind that is not taken here.
    #[error("{0}")]
    Refused(&'static str),
    /// Another entry was published meanwhile.
    #[error("the entry does not follow the newest one: load that one and make the change again")]
    OutOfTurn,
    /// The person has an entry already.
    #[error("this person has a mailbox already: go on with the device that is in use")]
    AlreadyEnrolled,
    /// Another id is set aside for the person, or this one is taken.
    #[error(
        "the entry has another id than the one set aside for this person: sign in again and take the id from the answer"
    )]
    OtherId,
    /// The evidence does not hold.
    #[error("the evidence does not hold: {0}")]
    Evidence(#[from] EvidenceError),
    /// The evidence has other tokens than the sign-in brought.
    #[error(transparent)]
    OtherTokens(#[from] OtherTokens),
    /// The sign-in does not admit it.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The person cannot be listed.
    #[error(transparent)]
    Matching(#[from] MatchingError),
    /// What the vault remembers of the log is not a part of it.
    #[error(transparent)]
    UnknownLog(#[from] UnknownLog),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<DirectoryError> for PublishError {
    fn from(error: DirectoryError) -> Self {
        match UnknownLog::or_failure(error) {
            Ok(unknown) => unknown.into(),
            Err(failure) => failure.into(),
        }
    }
}

impl From<ProviderError> for PublishError {
    fn from(error: ProviderError) -> Self {
        Self::SignIn(error.into())
    }
}

/// Publishes entries.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) records: Arc<dyn Records>,
    pub(crate) directory: Directory,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) vouchers: Arc<Vouchers>,
}

impl Accounts {
    /// Publishes an entry. The same signed entry again, from whoever knows the mailbox's access key,
    /// is shown as it was published: who lost the answer asks once more.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn publish(&self, publication: &Publication, now: u64) -> Result<Published, PublishError> {
        let entry = publication.entry.unverified()?;
        if publication.known.is_some() {
            // Before anything is done for a vault that remembers another log.
            drop(self.directory.snapshot(publication.known).await?);
        }
        let citizen = entry.directory_id;
        let outcome = match self.records.account(citizen).await? {
            Some(Account { enrolled: Some(enrolled), .. }) => {
                self.further(citizen, &enrolled, &entry, publication, now).await
            }
            _ => self.first(&entry, publication, now).await,
        };
        match outcome {
            // The first try may have ended while this one was looked at: it used up the sign-in, and
            // the entry is there.
            Err(
                refused @ (PublishError::SignIn(SignInError::Unknown)
                | PublishError::OutOfTurn
                | PublishError::AlreadyEnrolled),
            ) => match self.records.account(citizen).await? {
                Some(account) => self.again(&account, publication, now).await?.ok_or(refused),
                None => Err(refused),
            },
            outcome => outcome,
        }
    }

    /// The signed entries of the person who signed in, first to newest: whoever comes back makes an
    /// entry that follows the newest. They hold no personal detail, so that the handle is enough, which
    /// lies open on the device.
    ///
    /// # Errors
    /// [`SignInError::Unknown`], also for somebody without an entry; [`SignInError::Store`].
    pub async fn own_entries(&self, handle: &Handle, now: u64) -> Result<Vec<SignedEntry>, SignInError> {
        let session = self.sign_ins.session(handle, now).await?;
        let own = self.records.account_of(&session.subject).await?;
        let own = own.filter(|own| own.enrolled.is_some()).ok_or(SignInError::Unknown)?;
        Ok(self.records.chain(&own).await?)
    }

    /// Shows an entry that is published, if it is the one that is asked about.
    async fn again(
        &self,
        account: &Account,
        publication: &Publication,
        now: u64,
    ) -> Result<Option<Published>, PublishError> {
        let Some(enrolled) = &account.enrolled else { return Ok(None) };
        // Bodies know the entries of those they write to, and must not learn the mailbox by asking.
        if enrolled.access_key != publication.access_key {
            return Ok(None);
        }
        let chain = self.records.chain(account).await?;
        if !chain.contains(&publication.entry) {
            return Ok(None);
        }
        Ok(Some(self.show(account.citizen, enrolled, publication.known, now).await?))
    }
}

/// Whether letters can be sealed to an entry now.
fn check_usable(entry: &VerifiedEntry, now: u64) -> Result<(), PublishError> {
    let Entry { status, .. } = entry.entry();
    if *status != EntryStatus::Active {
        return Err(PublishError::Refused("the entry closes the mailbox, which takes a sign-in of its own"));
    }
    let longest = now.saturating_add(LONGEST_KEY_LIFE);
    if entry.entry().inbox_keys.iter().any(|key| key.not_after > longest) {
        return Err(PublishError::Refused("an inbox key is to live for more than 400 days"));
    }
    if entry.inbox_key_at(now).is_none() {
        return Err(PublishError::Refused("the entry has no inbox key that is valid now: make a new one"));
    }
    Ok(())
}
