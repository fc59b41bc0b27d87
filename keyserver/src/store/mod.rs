//! What the directory keeps beside its tree, in the words of its domain.
//!
//! What an epoch shows and what is kept about it belong together: [`Records::rows`] says which rows a
//! change needs, and the directory writes them with the epoch, in one transaction. Everything else is
//! a transaction of its own. The store holds no policy: limits and times come in as arguments.

mod embedded;
mod index;
mod sealing;

use std::fmt;

use async_trait::async_trait;
use crypto_core::{
    body::{BodyId, SignedBodyEntry},
    citizen::{DirectoryId, SignedEntry},
    evidence::{AddressEvidence, Evidence},
};

pub use self::embedded::{Embedded, RecordFindings, RecordKeys};
use crate::{
    accounts::{Account, vouchers::KeptVoucher},
    bodies::requests::Proven,
    directory::{DirectoryError, RowWrite},
    sign_ins::session::{Handle, Session},
};

/// The service's side failed; the caller did nothing wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// The disk is down to its reserve. Nothing was written.
    #[error("the directory has no room left")]
    Full,
    /// The store does not answer, or is damaged. The text is for the operator; it names nobody.
    #[error("the directory's store does not answer: {0}")]
    Unavailable(String),
}

impl StoreFailure {
    /// What was stored contradicts itself.
    pub(crate) fn damaged(what: &str) -> Self {
        Self::Unavailable(format!("the directory's rows are damaged: {what}. Restore a backup"))
    }
}

impl From<::store::StoreError> for StoreFailure {
    fn from(error: ::store::StoreError) -> Self {
        match error {
            ::store::StoreError::Full => Self::Full,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<DirectoryError> for StoreFailure {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Store(error) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// What somebody remembers of the log is longer than it, or another history. One of the two lost its
/// memory, or somebody tells two histories: worth an alarm on their side, whatever the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is remembered of the directory's log is not a part of it")]
pub struct UnknownLog;

impl UnknownLog {
    /// Tells the one error of the directory that is its reader's affair from those that are ours.
    ///
    /// # Errors
    /// Every other error, as a failure of the service.
    pub(crate) fn or_failure(error: DirectoryError) -> Result<Self, StoreFailure> {
        match error {
            DirectoryError::UnknownPin => Ok(Self),
            other => Err(other.into()),
        }
    }
}

/// Why a body's signed request did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Its nonce was spent before.
    #[error("the request was received before: sign every request anew, with a fresh nonce")]
    Replayed,
    /// The body has used up what it may ask today.
    #[error(
        "the public body has looked up as many people today as it may: go on tomorrow, or ask the operator"
    )]
    OverQuota,
    /// The store did not do it.
    #[error(transparent)]
    Failure(#[from] StoreFailure),
}

impl From<::store::StoreError> for Denied {
    fn from(error: ::store::StoreError) -> Self {
        Self::Failure(error.into())
    }
}

/// What was kept of a sign-in, so that others can check it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvidence {
    /// The evidence that an entry names.
    pub evidence: Evidence,
    /// The confirmed address to which it commits.
    pub address: Option<AddressEvidence>,
}

/// Something that is kept together with an epoch of the directory.
pub enum Change<'a> {
    /// An account without an entry: set aside at a sign-in, or provided because ScotAccount asked.
    Begun {
        /// ScotAccount's name for the person.
        subject: &'a str,
        /// The account, without an entry.
        account: &'a Account,
    },
    /// A first entry.
    Enrolled {
        /// ScotAccount's name for the person.
        subject: &'a str,
        /// The account, with its first entry counted.
        account: &'a Account,
        /// The entry.
        entry: &'a SignedEntry,
        /// Its evidence.
        kept: &'a KeptEvidence,
        /// The voucher that opens the mailbox.
        voucher: &'a KeptVoucher,
        /// The sign-in that is used up by it.
        sign_in: (&'a Handle, &'a Session),
    },
    /// A further entry that keeps the identity key.
    Extended {
        /// The account, with the entry counted.
        account: &'a Account,
        /// The entry.
        entry: &'a SignedEntry,
    },
    /// A further entry with a new identity key, made by an owner who came back.
    Recovered {
        /// The account, with the entry counted and the new details.
        account: &'a Account,
        /// The entry.
        entry: &'a SignedEntry,
        /// Its evidence. That of earlier entries stays.
        kept: &'a KeptEvidence,
        /// The sign-in that is used up by it.
        sign_in: (&'a Handle, &'a Session),
    },
    /// An entry of a public body.
    Body {
        /// The body.
        id: &'a BodyId,
        /// How many entries it has with this one.
        entries: u32,
        /// The entry.
        entry: &'a SignedBodyEntry,
    },
}

/// Keeps accounts, evidence, sign-ins under way, public bodies, and what signed requests spend.
///
/// # Promises
///
/// - What is answered is durable: it survives a power cut. Nothing is shown that is not.
/// - Names, subjects, tokens and vouchers are sealed, and rows about a person are named by a keyed
///   hash. Entries lie open: they hold public keys and commitments, and a directory id.
/// - Entries, evidence and accounts are never removed.
/// - A nonce and the count of a body's lookups are one transaction; a nonce is kept until
///   [`Proven::remembered_until`].
///
/// `now` is Unix seconds.
#[async_trait]
pub trait Records: fmt::Debug + Send + Sync + 'static {
    /// The account of ScotAccount's name for a person.
    async fn account_of(&self, subject: &str) -> Result<Option<Account>, StoreFailure>;

    /// The account of a citizen.
    async fn account(&self, citizen: DirectoryId) -> Result<Option<Account>, StoreFailure>;

    /// The signed entries of an account, first to newest.
    async fn chain(&self, account: &Account) -> Result<Vec<SignedEntry>, StoreFailure>;

    /// The evidence of this hash.
    async fn evidence(
        &self,
        citizen: DirectoryId,
        hash: &[u8; 32],
    ) -> Result<Option<KeptEvidence>, StoreFailure>;

    /// The voucher for a citizen's mailbox.
    async fn voucher(&self, citizen: DirectoryId) -> Result<Option<KeptVoucher>, StoreFailure>;

    /// Puts a voucher in the place of the one that is there.
    async fn keep_voucher(&self, citizen: DirectoryId, voucher: &KeptVoucher) -> Result<(), StoreFailure>;

    /// A sign-in under way.
    async fn sign_in(&self, handle: &Handle) -> Result<Option<Session>, StoreFailure>;

    /// Keeps a sign-in: a new one, or one that goes on, in the place of what is there. Says whether it
    /// did: one that was used up meanwhile does not go on.
    async fn keep_sign_in(
        &self,
        handle: &Handle,
        session: &Session,
        is_new: bool,
    ) -> Result<bool, StoreFailure>;

    /// The signed entries of every public body, in the order of their ids, each first to newest.
    async fn bodies(&self) -> Result<Vec<(BodyId, Vec<SignedBodyEntry>)>, StoreFailure>;

    /// Spends the nonce of a lookup and counts it, if the body may ask `most` times in a day and has
    /// not yet.
    async fn spend(&self, by: &Proven, most: u64, now: u64) -> Result<(), Denied>;

    /// Removes sign-ins, nonces and counts whose time is over.
    async fn forget(&self, now: u64) -> Result<(), StoreFailure>;

    /// What is to be written with the epoch that shows a change.
    fn rows(&self, change: &Change<'_>) -> Result<Vec<RowWrite>, StoreFailure>;

    /// Writes something and reads it back.
    async fn probe(&self) -> Result<(), StoreFailure>;

    /// Completes, with the reason, when the store has stopped for good. The service should end then.
    async fn until_failed(&self) -> String;

    /// What the operator should know although the store goes on.
    fn alarms(&self) -> Vec<String>;
}
