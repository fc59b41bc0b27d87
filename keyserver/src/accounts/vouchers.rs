//! Vouchers: leave to open the mailbox at the relay (`LBX-VOUCHER-1`).

use std::sync::Arc;

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Suite, Version},
    id::{MailboxId, VoucherId},
    signing::VerifyingKey,
    ticket::TicketKeys,
    voucher::Voucher,
};

use crate::randomness;

/// A voucher as it is kept, so that whoever lost it gets the same one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeptVoucher {
    /// The sealed ticket.
    #[n(0)]
    pub sealed: Bytes,
    /// The last second (Unix time) at which the relay takes it.
    #[n(1)]
    pub not_after: u64,
    /// The key that it names: when another one is to govern the mailbox, another voucher is due.
    #[n(2)]
    pub access_key: VerifyingKey,
}

/// Makes vouchers.
#[derive(Debug)]
pub struct Vouchers {
    pub(crate) tickets: Arc<TicketKeys>,
    /// How long a voucher is taken, in seconds.
    pub(crate) life: u64,
}

impl Vouchers {
    /// A new voucher. If the mailbox was opened with an earlier one, the relay refuses it.
    #[must_use]
    pub fn make(&self, mailbox: MailboxId, access_key: VerifyingKey, now: u64) -> KeptVoucher {
        let mut rng = randomness::system();
        let voucher = Voucher {
            version: Version,
            suite: Suite,
            mailbox,
            access_key,
            not_after: now.saturating_add(self.life),
            id: VoucherId::generate(&mut rng),
        };
        KeptVoucher {
            sealed: self.tickets.seal(&voucher, &mut rng).into(),
            not_after: voucher.not_after,
            access_key,
        }
    }
}
