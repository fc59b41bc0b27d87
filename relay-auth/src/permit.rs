//! A permit: leave to deposit one letter in one mailbox (`LBX-PERMIT-1`).
//!
//! The directory hands permits to a body that looked a person up. The body cannot read or compare
//! them; the relay reads the mailbox from it and cannot tell which body presents it. A permit is
//! spent by one deposit; the same permit with the same envelope returns the first receipt.

use minicbor::{Decode, Encode};

use crate::{
    cbor::{DecodeError, Limits, Start, Suite, Version, Wire},
    id::{InboxKeyId, MailboxId, PermitId},
    label::{self, Label},
    ticket::Ticket,
};

/// The longest that the directory makes a permit valid, in seconds (`LBX-PERMIT-2`).
pub const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// The most bytes of attachments that a permit allows: 25 MiB and its padding.
pub const LARGEST_BLOB_QUOTA: u64 = 32 * 1024 * 1024;

/// Leave to deposit one letter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Permit {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// Where the letter goes.
    #[n(2)]
    pub mailbox: MailboxId,
    /// The key to which it has to be sealed; the relay refuses one that is no longer accepted.
    #[n(3)]
    pub inbox_key: InboxKeyId,
    /// The last second (Unix time) at which the permit is taken.
    #[n(4)]
    pub not_after: u64,
    /// Spent by one deposit.
    #[n(5)]
    pub id: PermitId,
    /// The bytes of sealed attachments that may be uploaded with it.
    #[n(6)]
    pub blob_quota: u64,
}

impl Wire for Permit {
    const LIMITS: Limits = Limits { bytes: 112, depth: 1, items: 8 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.blob_quota > LARGEST_BLOB_QUOTA {
            return Err(DecodeError::Value("the permit allows more attachments than the protocol does"));
        }
        Ok(())
    }
}

impl Ticket for Permit {
    const LABEL: Label = label::PERMIT;

    fn not_after(&self) -> u64 {
        self.not_after
    }
}
