//! What is wrong with what the relay gives, and what a person is told of it.

use crypto_core::{
    archive::{ArchiveError, ObjectId},
    letter::LetterError,
};
use relay_auth::{
    cbor::DecodeError,
    receipt::{ListingError, ReceiptError},
};

use crate::registry::SenderError;

/// A listing that contradicts itself, the relay's own receipts, or what it listed before. Nothing of
/// it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayLie {
    /// A part of it is not in its format.
    #[error("the relay listed something that is not a letter: {0}")]
    Malformed(#[from] DecodeError),
    /// Letters are out of order.
    #[error(transparent)]
    OutOfOrder(#[from] ListingError),
    /// The sealed letter is not the one of the deposit.
    #[error("the relay gave another sealed letter than the one it listed")]
    OtherEnvelope,
    /// A letter has no valid receipt.
    #[error("the relay cannot show its receipt for a letter: {0}")]
    Receipt(#[from] ReceiptError),
    /// The chain of deposits is not the one that the relay signed: a letter was dropped, altered or
    /// put in.
    #[error("the relay's list of letters is not the one that it signed: a letter is missing or altered")]
    OtherChain,
    /// It lists less than it did.
    #[error("the relay's list of letters is older than one that it gave before")]
    RolledBack,
    /// It says that there is more and does not give it.
    #[error("the relay does not give letters that it says it has")]
    Withheld,
    /// Asked for one letter again, it gave another deposit under the same number.
    #[error("the relay gave another letter under the number of one that it listed before")]
    OtherDeposit,
}

impl RelayLie {
    /// What is wrong with a receipt, if it is that: for [`crate::inbox::Renewals`].
    #[must_use]
    pub const fn receipt(&self) -> Option<ReceiptError> {
        match self {
            Self::Receipt(error) => Some(*error),
            _ => None,
        }
    }
}

/// What is wrong with the archive as the relay gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveLie {
    /// Its list is out of order, or says that there is more and does not give it.
    #[error("the relay's list of the archive contradicts itself")]
    Listing,
    /// The archive, or an object of it, is older than before.
    #[error("the relay gave an older archive than it had before")]
    RolledBack,
    /// An object holds another letter than before.
    #[error("an object of the archive holds another letter than it held before")]
    OtherLetter,
    /// An object is none, or not of this archive, or its letter does not hold.
    #[error("an object of the archive does not hold: {0}")]
    Object(#[from] ArchiveError),
}

impl ArchiveLie {
    /// What is wrong with a receipt, if it is that: for [`crate::inbox::Renewals`].
    #[must_use]
    pub const fn receipt(&self) -> Option<ReceiptError> {
        match self {
            Self::Object(ArchiveError::Arrival(error)) => Some(*error),
            _ => None,
        }
    }
}

/// Why a letter was not opened. It stays at the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopenable {
    /// It is sealed to a key that this device does not have.
    #[error("the letter is sealed to a key that this device does not have")]
    NoKey,
    /// Opening or verifying failed.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// Its sender is not registered.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// It names other files than those that came with it (`LBX-ATT-5`).
    #[error("the letter names other files than those that came with it")]
    OtherFiles,
    /// It cannot be filed.
    #[error("the letter cannot be filed: {0}")]
    Filing(ArchiveError),
}

/// Something that must not be, and that the person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A letter cannot be opened, or its sender cannot be verified. It is not shown and stays at the
    /// relay.
    Unopenable {
        /// Its number at the relay.
        sequence: u64,
        /// Why.
        why: Unopenable,
    },
    /// A body sent two different letters under one id, or one letter with different files. The first is shown; the second stays at the
    /// relay (`LBX-LETTER-5`).
    TwoLettersOfOneNumber {
        /// The number of the second at the relay.
        sequence: u64,
    },
    /// An object of the archive is not there any more.
    ObjectMissing {
        /// The object.
        id: ObjectId,
    },
    /// A letter was acknowledged, and the archive does not have it.
    LetterLost {
        /// Its number at the relay.
        sequence: u64,
    },
}

/// Why the stored inbox was not taken. It can be built anew from the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// A record is none.
    #[error("the stored list of letters cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// It is of another mailbox.
    #[error("the stored list of letters is of another mailbox")]
    OtherMailbox,
    /// Records are missing, or there are some that do not belong here.
    #[error("the stored list of letters is not complete")]
    Incomplete,
}

/// Why a letter is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// There is none of this id.
    #[error("there is no such letter")]
    NoSuchLetter,
    /// What is stored is not the letter that was filed, or does not verify any more.
    #[error("the stored letter does not hold: {0}")]
    Letter(#[from] ArchiveError),
    /// Another letter is stored in its place.
    #[error("another letter is stored in this one's place")]
    OtherLetter,
    /// The letter has fewer attachments.
    #[error("the letter has no such attachment")]
    NoSuchAttachment,
    /// The device has no room for a file.
    #[error("this device has too little free memory for the file")]
    NoMemory,
}
