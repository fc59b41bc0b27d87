//! A voucher: leave to open one mailbox, once (`LBX-VOUCHER-1`).
//!
//! The directory gives it to the citizen whose entry it published. It carries the mailbox access
//! key, so that whoever steals a voucher opens the mailbox for nobody but its owner.

use minicbor::{Decode, Encode};

use crate::{
    cbor::{Limits, Version, Wire},
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
    /// The mailbox to open.
    #[n(1)]
    pub mailbox: MailboxId,
    /// The key that will govern it: it signs the access lists.
    #[n(2)]
    pub access_key: VerifyingKey,
    /// The last second (Unix time) at which the voucher is taken.
    #[n(3)]
    pub not_after: u64,
    /// Spent by opening.
    #[n(4)]
    pub id: VoucherId,
}

impl Wire for Voucher {
    const LIMITS: Limits = Limits { bytes: 96, depth: 1, items: 6 };
}

impl Ticket for Voucher {
    const LABEL: Label = label::VOUCHER;

    fn not_after(&self) -> u64 {
        self.not_after
    }
}
