//! What the owner of a mailbox takes to the relay: vouchers, which open it (`LBX-VOUCHER-1`), and session
//! tickets, with which it is read for a while (`LBX-SESSION-3`).

use std::sync::Arc;

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Suite, Version},
    id::{MailboxId, VoucherId},
    session::SessionTicket,
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

/// Makes vouchers and session tickets.
#[derive(Debug)]
pub struct Vouchers {
    pub(crate) tickets: Arc<TicketKeys>,
    /// How long a voucher is taken, in seconds.
    pub(crate) life: u64,
}

impl Vouchers {
    /// Whether the relay would take a voucher that was kept: not if its time is over, if it names another
    /// key, or if the ticket key that it was sealed with was taken out.
    #[must_use]
    pub fn is_good(&self, kept: &KeptVoucher, access_key: VerifyingKey, now: u64) -> bool {
        now <= kept.not_after
            && kept.access_key == access_key
            && self.tickets.open::<Voucher>(kept.sealed.as_ref()).is_ok()
    }

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

    /// A ticket for a session of this key. It is not kept: who lost it gets another one for the same key,
    /// which opens one session all the same.
    #[must_use]
    pub fn session(&self, mailbox: MailboxId, session_key: VerifyingKey, not_after: u64) -> Vec<u8> {
        let ticket = SessionTicket { version: Version, suite: Suite, mailbox, session_key, not_after };
        self.tickets.seal(&ticket, &mut randomness::system())
    }
}

#[cfg(test)]
mod tests {
    use relay_auth::{secret::Secret, signing::SigningKey};

    use super::*;

    fn vouchers(sealing: u8, keys: &[(u8, u8)]) -> Vouchers {
        let keys = keys.iter().map(|(number, byte)| (*number, Secret::from([*byte; 32]))).collect();
        Vouchers { tickets: Arc::new(TicketKeys::new(sealing, keys).unwrap()), life: 10 }
    }

    #[test]
    fn a_voucher_is_kept_for_as_long_as_the_relay_would_take_it() {
        let [access_key, other] =
            [1, 2].map(|byte| SigningKey::from_seed(&Secret::from([byte; 32])).verifying_key());
        let former = vouchers(1, &[(1, 7)]);
        let kept = former.make(MailboxId::from([5; 16]), access_key, 1000);
        assert!(former.is_good(&kept, access_key, 1010));
        assert!(!former.is_good(&kept, access_key, 1011));
        assert!(!former.is_good(&kept, other, 1010));
        // While a key is replaced, both are known.
        assert!(vouchers(2, &[(1, 7), (2, 8)]).is_good(&kept, access_key, 1010));
        assert!(!vouchers(2, &[(2, 8)]).is_good(&kept, access_key, 1010));
        assert!(!vouchers(1, &[(1, 8)]).is_good(&kept, access_key, 1010));
    }
}
