//! Deposits: a permit is spent, a sealed letter stored, its attachments adopted, all or nothing.
//!
//! Nothing here knows who deposits.

pub mod arrivals;
mod signer;

use std::sync::Arc;

use relay_auth::{
    id::{BlobId, InboxKeyId, MailboxId, PermitId},
    permit::{LONGEST_LIFE, Permit},
    receipt::{ChainHead, Deposit, Receipt, SignedReceipt, envelope_digest},
    request::WINDOW,
    ticket::{TicketError, TicketKeys},
};

pub use self::signer::ReceiptSigner;

use self::arrivals::Arrivals;
use crate::{
    blobs::BlobQuota,
    mailboxes::requests::Admitted,
    store::{MailStore, StoreFailure},
};

/// The longest envelope, in bytes. It is what one long value of the store can hold.
pub const LARGEST_ENVELOPE: usize = 64 * 1024;

/// How long a spent permit is remembered after it expired, in seconds: a week. So long its deposit
/// can be repeated for the receipt, and so far the relay's clock may be set back.
pub const SPENT_PERMIT_LIFE: u64 = 7 * 24 * 60 * 60;

/// A letter to be stored.
#[derive(Debug)]
pub struct NewDeposit {
    /// Where it goes.
    pub mailbox: MailboxId,
    /// The permit that is spent by it.
    pub permit: PermitId,
    /// The inbox key that the permit is for.
    pub inbox_key: InboxKeyId,
    /// The last second (Unix time) at which a permit that is not spent is taken.
    pub not_after: u64,
    /// [`envelope_digest`].
    pub digest: [u8; 32],
    /// The sealed letter.
    pub envelope: Vec<u8>,
    /// The attachments that come with it, each once, uploaded whole on the same permit.
    pub blobs: Vec<BlobId>,
    /// What the mailbox may hold.
    pub quota: LetterQuota,
    /// What attachments it may hold.
    pub blob_quota: BlobQuota,
}

/// How much may wait in a mailbox. Letters that were filed and acknowledged do not count, so that
/// whoever fetches their post is never full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterQuota {
    /// Letters.
    pub letters: u64,
    /// Bytes of sealed letters.
    pub bytes: u64,
}

/// How a deposit ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Deposited {
    /// Stored and durable.
    Stored(Receipt),
    /// Stored before, with the same permit, bytes and attachments: the first receipt.
    Repeated(Receipt),
    /// The permit was spent for other bytes or with other attachments.
    PermitSpent,
    /// The permit's time is over.
    Expired,
    /// The mailbox does not accept the permit's inbox key (or is not open).
    KeyNotAccepted,
    /// The mailbox holds as much as it may.
    Full,
    /// An attachment was not uploaded whole on this permit, or too long ago.
    BlobMissing,
    /// The mailbox has no room for the attachments.
    BlobsFull,
}

/// A letter as a device lists it.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredLetter {
    /// As the chain covers it.
    pub deposit: Deposit,
    /// The sealed letter; `None` once it is acknowledged.
    pub envelope: Option<Vec<u8>>,
    /// The receipt that the sender got, to be signed again.
    pub receipt: Receipt,
}

/// A part of a mailbox's deposits.
#[derive(Debug, PartialEq, Eq)]
pub struct Letters {
    /// In the order of their sequence numbers.
    pub letters: Vec<StoredLetter>,
    /// The sequence number of the mailbox's last deposit; 0 for none.
    pub last: u64,
    /// The chain's head after that deposit.
    pub head: ChainHead,
}

/// How much one answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimits {
    /// Entries.
    pub entries: usize,
    /// Bytes of sealed letters; the first one is always given.
    pub bytes: usize,
}

/// Why a letter was not stored.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    /// The permit was not taken.
    #[error(transparent)]
    Permit(#[from] TicketError),
    /// The permit holds for longer than any (`LBX-PERMIT-2`): it was made in what is the future here.
    #[error("the clock of this relay is behind that of the directory: try again later")]
    ClockBehind,
    /// There is no envelope.
    #[error("the request has no content: send the sealed letter as its body")]
    Empty,
    /// The permit was spent for other bytes or with other attachments.
    #[error("the permit was used for another letter: ask the directory for a new one")]
    PermitSpent,
    /// The inbox key is not accepted (any more).
    #[error("the recipient's key has changed: look the recipient up again and seal the letter anew")]
    KeyNotAccepted,
    /// The mailbox holds as much as it may.
    #[error("the mailbox is full: try again in a few days, or send the letter another way")]
    MailboxFull,
    /// An attachment was not uploaded whole on this permit, or too long ago.
    #[error(
        "an attachment of the letter is not there whole: upload it with the letter's permit, within the hour before the letter"
    )]
    BlobMissing,
    /// The mailbox has no room for the attachments.
    #[error("the mailbox has no room for the attachments: send the letter without, or send them another way")]
    BlobsFull,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Takes letters in and lists them.
#[derive(Debug)]
pub struct Deposits {
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) tickets: Arc<TicketKeys>,
    pub(crate) receipts: ReceiptSigner,
    pub(crate) arrivals: Arrivals,
    pub(crate) quota: LetterQuota,
    pub(crate) blob_quota: BlobQuota,
}

impl Deposits {
    /// Spends a permit, stores a sealed letter and adopts its attachments. The same permit with the
    /// same bytes and attachments gives the first receipt again.
    ///
    /// # Errors
    /// See [`DepositError`].
    pub async fn deposit(
        &self,
        permit: &[u8],
        envelope: Vec<u8>,
        blobs: Vec<BlobId>,
        now: u64,
    ) -> Result<SignedReceipt, DepositError> {
        let permit: Permit = self.tickets.open(permit)?;
        // The receipt would say that the letter came before it was written: no reader believes that.
        if permit.not_after > now.saturating_add(LONGEST_LIFE + WINDOW) {
            return Err(DepositError::ClockBehind);
        }
        if envelope.is_empty() {
            return Err(DepositError::Empty);
        }
        let new = NewDeposit {
            mailbox: permit.mailbox,
            permit: permit.id,
            inbox_key: permit.inbox_key,
            not_after: permit.not_after,
            digest: envelope_digest(&envelope),
            envelope,
            blobs,
            quota: self.quota,
            blob_quota: self.blob_quota,
        };
        let receipt = match self.store.deposit(new, now).await? {
            Deposited::Stored(receipt) => {
                self.arrivals.announce(permit.mailbox);
                receipt
            }
            Deposited::Repeated(receipt) => receipt,
            Deposited::PermitSpent => return Err(DepositError::PermitSpent),
            Deposited::Expired => return Err(TicketError::Expired.into()),
            Deposited::KeyNotAccepted => return Err(DepositError::KeyNotAccepted),
            Deposited::Full => return Err(DepositError::MailboxFull),
            Deposited::BlobMissing => return Err(DepositError::BlobMissing),
            Deposited::BlobsFull => return Err(DepositError::BlobsFull),
        };
        Ok(self.sign(&receipt))
    }

    /// Signs the receipt of a deposit that is durable: a signature over what a power cut could undo
    /// must not exist. Ed25519 gives the same signature each time, and the key is that of the receipt's
    /// time (`LBX-RECEIPT-5`), so a receipt that is repeated, or given to a device with the letter, has
    /// the bytes of the first.
    #[must_use]
    pub fn sign(&self, receipt: &Receipt) -> SignedReceipt {
        self.receipts.sign(receipt)
    }

    /// The deposits after a sequence number, with what is needed to follow the chain.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn letters_after(
        &self,
        by: &Admitted,
        after: u64,
        limits: PageLimits,
    ) -> Result<Letters, StoreFailure> {
        self.store.letters_after(by.mailbox(), after, limits).await
    }
}
