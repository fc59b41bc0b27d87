//! A voucher: leave to open one mailbox, once (`LBX-VOUCHER-1`).
//!
//! The directory gives it to the citizen whose entry it published. It carries the mailbox access
//! key, so that whoever steals a voucher opens the mailbox for nobody but its owner.

use minicbor::{Decode, Encode};

use crate::{
    cbor::{Limits, Start, Suite, Version, Wire},
    id::{MailboxId, VoucherId},
    label::{self, Label},
    signing::VerifyingKey,
    ticket::Ticket,
};

/// Leave to open one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Voucher {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The mailbox to open.
    #[n(2)]
    pub mailbox: MailboxId,
    /// The key that will govern it: it signs the access lists.
    #[n(3)]
    pub access_key: VerifyingKey,
    /// The last second (Unix time) at which the voucher is taken.
    #[n(4)]
    pub not_after: u64,
    /// Spent by opening.
    #[n(5)]
    pub id: VoucherId,
}

impl Wire for Voucher {
    const LIMITS: Limits = Limits { bytes: 112, depth: 1, items: 7 };
    const START: Start = Start::VersionAndSuite;
}

impl Ticket for Voucher {
    const LABEL: Label = label::VOUCHER;

    fn not_after(&self) -> u64 {
        self.not_after
    }
}
