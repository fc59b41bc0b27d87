//! What the relay keeps, in the words of its domain.
//!
//! Each call of [`MailStore`] that writes is one transaction: kept whole or not at all, and durable
//! when it answers. (A part of an attachment is the bytes first, then the row that counts them.) The
//! store holds no policy: limits and times come in as arguments, it compares them where nothing can come
//! between. `conformance` holds an engine to all of this.

#[cfg(test)]
mod conformance;
mod embedded;

use async_trait::async_trait;
use relay_auth::{
    id::{BlobId, MailboxId, PermitId},
    request_key::RequestKeyId,
    signing::VerifyingKey,
};

pub use self::embedded::{Embedded, Findings, OWNER, Options, check};
use crate::{
    archive::{Changes, ObjectId, Put, Putting, StoredObject},
    blobs::{Collection, NewPart, PartOutcome, StoredBlob},
    deposits::{Deposited, Letters, NewDeposit, PageLimits},
    mailboxes::{
        AccessChange, NewMailbox, Opening, Replacement,
        requests::{ByReader, ByRecoveryKey, BySession, Proven, RequestKey},
    },
    recovery::{NewRecoveryKey, Registering, StoredBundle},
    sessions::{SessionOpening, StoredSession},
};

/// The service's side failed; the caller did nothing wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// The disk is down to its reserve. Nothing was written.
    #[error("the relay has no room left")]
    Full,
    /// The store does not answer, or is damaged. The text is for the operator; it names no mailbox.
    #[error("the relay's store does not answer: {0}")]
    Unavailable(String),
}

impl From<::store::StoreError> for StoreFailure {
    fn from(error: ::store::StoreError) -> Self {
        match error {
            ::store::StoreError::Full => Self::Full,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// Why a signed request did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Its nonce was spent before.
    #[error("the request was received before: sign every request anew, with a fresh nonce")]
    Replayed,
    /// Its key is not in the access list any more, is no recovery key any more, or its session is over.
    #[error("the key that signed the request may not ask for the mailbox any more")]
    KeyGone,
    /// The store did not do it.
    #[error(transparent)]
    Failure(#[from] StoreFailure),
}

impl From<::store::StoreError> for Denied {
    fn from(error: ::store::StoreError) -> Self {
        Self::Failure(error.into())
    }
}

/// Keeps mailboxes.
///
/// # Promises
///
/// - What is answered is durable: it survives a power cut. Nothing is shown that is not.
/// - Per mailbox, sequence numbers are strictly increasing and never used again; a deposit, its
///   sequence number, the chain's new head and the spent permit are one transaction.
/// - A spent permit stays spent: its row is kept until
///   [`SPENT_PERMIT_LIFE`](crate::deposits::SPENT_PERMIT_LIFE) after the permit's end, and an
///   expired permit that has no row is refused.
/// - A nonce is spent in the transaction of the request that bears it, also when that request comes
///   to nothing; it is kept until [`Proven::remembered_until`].
/// - A letter that was not acknowledged is never removed. One that was is hidden at once and removed
///   [`HIDDEN_LIFE`](crate::archive::HIDDEN_LIFE) later; its deposit stays, so that the chain can be
///   followed for ever.
/// - An attachment is of one mailbox and one permit. Nobody reads it before the deposit that names it
///   is stored; from then on it stays until a device deletes it: nothing else takes it away, whatever
///   the rows say or lack. An upload that no deposit adopted within
///   [`UPLOAD_PAUSE`](crate::blobs::UPLOAD_PAUSE) of the last part on its permit, or
///   [`UPLOAD_LIFE`](crate::blobs::UPLOAD_LIFE) of its own first part, cannot be adopted any more and
///   does not count.
/// - What an upload was declared to have counts from its first part on, to its permit and to the
///   uploads of its mailbox, until it ends; from its adoption on it counts to what the mailbox keeps.
/// - A key that signs requests is of one mailbox and of one kind: in its access list, a recovery key,
///   or a session's. A mailbox has two recovery keys at most, each with its bundle; of one that goes
///   nothing stays.
/// - A key opens one session. A session is remembered for
///   [`REMEMBERED`](api::sessions::REMEMBERED), also where the mailbox is restarted meanwhile; one that
///   is over stays over.
/// - No lock, sequence or transaction spans two mailboxes.
///
/// `now` is Unix seconds.
#[async_trait]
pub trait MailStore: std::fmt::Debug + Send + Sync + 'static {
    /// Opens a mailbox and spends its voucher. The same voucher with the same list is
    /// [`Opening::Open`] again, whatever the time.
    async fn open_mailbox(&self, new: NewMailbox, now: u64) -> Result<Opening, StoreFailure>;

    /// Puts an access list in force if it follows the one in force (`LBX-ACCESS-1`), and spends the
    /// nonce.
    async fn replace_access(&self, by: Proven, change: AccessChange, now: u64)
    -> Result<Replacement, Denied>;

    /// The request key of this name, if an access list in force names it.
    async fn request_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure>;

    /// Spends the nonce of a request that does nothing else.
    async fn spend(&self, by: Proven, now: u64) -> Result<(), Denied>;

    /// Whether a permit is spent, so far as it is remembered.
    async fn is_spent(&self, mailbox: MailboxId, permit: PermitId) -> Result<bool, StoreFailure>;

    /// Stores a part of an upload if it begins where the upload stands. An upload whose bytes were lost
    /// ends there, and its id is [`PartOutcome::Taken`].
    async fn store_part(&self, new: NewPart, now: u64) -> Result<PartOutcome, StoreFailure>;

    /// An adopted attachment of a mailbox, from `offset` on.
    async fn open_blob(
        &self,
        mailbox: MailboxId,
        blob: BlobId,
        offset: u64,
    ) -> Result<Option<StoredBlob>, StoreFailure>;

    /// Deletes an adopted attachment, and spends the nonce. `false` if the mailbox has none of this id.
    /// Done also where the disk is down to its reserve, as long as half of that is left.
    async fn delete_blob(&self, by: Proven, blob: BlobId, now: u64) -> Result<bool, Denied>;

    /// Frees the room of uploads that no deposit can adopt any more, and ends what a crash interrupted.
    /// Adopted attachments that no row names are left alone, and told by [`MailStore::alarms`]. To be
    /// called at every start with [`Collection::Everything`], then now and then with
    /// [`Collection::Uploads`]. An error is of the first file that could not be looked at; all others were.
    async fn collect_blobs(&self, what: Collection, now: u64) -> Result<(), StoreFailure>;

    /// Spends a permit, stores a letter and adopts its attachments.
    async fn deposit(&self, new: NewDeposit, now: u64) -> Result<Deposited, StoreFailure>;

    /// The deposits after a sequence number, and the chain's head, as of one moment.
    async fn letters_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limits: PageLimits,
    ) -> Result<Letters, StoreFailure>;

    /// The sequence numbers of the deposits after one, at most `limit`, oldest first.
    async fn sequences_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreFailure>;

    /// Stores one version of an object if the stored one is the one expected, hides the letters that
    /// it files, and spends the nonce. The version that is stored already, put again with the same
    /// bytes, is [`Putting::Done`].
    async fn put_archive(&self, by: Proven, put: Put, now: u64) -> Result<Putting, Denied>;

    /// The stored version of an object.
    async fn archive_object(
        &self,
        mailbox: MailboxId,
        id: ObjectId,
    ) -> Result<Option<StoredObject>, StoreFailure>;

    /// The objects whose latest change comes after one, in the order of their changes.
    async fn archive_after(
        &self,
        mailbox: MailboxId,
        after: u64,
        limit: usize,
    ) -> Result<Changes, StoreFailure>;

    /// The recovery key of this name, if it is registered.
    async fn recovery_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure>;

    /// Registers the first recovery key of a mailbox with its bundle, and spends the nonce. Where there
    /// is one, the same again is [`Registering::Done`], and anything else [`Registering::KeyTaken`].
    async fn keep_recovery_key(
        &self,
        by: Proven,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Registering, Denied>;

    /// Registers a recovery key with its bundle beside the one that asks and the one that a device or
    /// a restart left, in place of any other, and spends the nonce. Those two stay as they are: each
    /// of them is [`Registering::KeyTaken`].
    async fn announce_recovery_key(
        &self,
        by: Proven<ByRecoveryKey>,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Registering, Denied>;

    /// The bundle of the recovery key that asks. Spends the nonce.
    async fn recovery_bundle(&self, by: Proven<ByRecoveryKey>, now: u64) -> Result<StoredBundle, Denied>;

    /// Puts an access list in force if it is signed by the recovery key that comes with it and follows
    /// the one in force (`LBX-ACCESS-2`), makes that key the mailbox's only one, and spends the nonce of
    /// the one that asks. The list that is in force already is [`Replacement::InForce`] again, and
    /// changes nothing.
    async fn restart(
        &self,
        by: Proven<ByRecoveryKey>,
        change: AccessChange,
        new: NewRecoveryKey,
        now: u64,
    ) -> Result<Replacement, Denied>;

    /// The key of this name, if a session of it is remembered, be it open or over.
    async fn session_key(&self, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure>;

    /// Opens a session for a key ([`SessionOpening::New`]), and spends the nonce. The same again while it is
    /// open is [`SessionOpening::Open`], and changes nothing.
    async fn open_session(
        &self,
        by: Proven<ByRecoveryKey>,
        key: VerifyingKey,
        now: u64,
    ) -> Result<SessionOpening, Denied>;

    /// Spends the nonce of a request that reads, a device's or an open session's; writes down when the
    /// session asked.
    async fn spend_reading(&self, by: Proven<ByReader>, now: u64) -> Result<(), Denied>;

    /// Ends the session that asks, and spends the nonce.
    async fn end_own_session(&self, by: Proven<BySession>, now: u64) -> Result<(), Denied>;

    /// Ends a session as a device asks, and spends the nonce. `false` if the mailbox remembers none of
    /// this name.
    async fn end_session(&self, by: Proven, session: RequestKeyId, now: u64) -> Result<bool, Denied>;

    /// The sessions of a mailbox that are remembered, in no particular order.
    async fn sessions(&self, mailbox: MailboxId) -> Result<Vec<StoredSession>, StoreFailure>;

    /// Writes something and reads it back.
    async fn probe(&self) -> Result<(), StoreFailure>;

    /// Completes, with the reason, when the store has stopped for good. The service should end then.
    async fn until_failed(&self) -> String;

    /// What the operator should know although the store goes on.
    fn alarms(&self) -> Vec<String>;
}
