//! Permits: leave to deposit letters for a person who was found (`LBX-PERMIT-1`, `LBX-PERMIT-2`).

use std::sync::Arc;

use crypto_core::citizen::InboxKey;
use relay_auth::{
    cbor::{Bytes, Suite, Version},
    id::{MailboxId, PermitId},
    permit::{LARGEST_BLOB_QUOTA, LONGEST_LIFE, Permit},
    ticket::TicketKeys,
};

use crate::randomness;

/// The most permits of one answer.
pub const MOST: u8 = 8;

/// Makes permits.
#[derive(Debug)]
pub struct Permits {
    pub(crate) tickets: Arc<TicketKeys>,
    /// How long they are taken, in seconds; at most 24 hours.
    pub(crate) life: u64,
}

impl Permits {
    /// Permits for letters sealed to a key; never for longer than the key itself is valid.
    #[must_use]
    pub fn make(&self, mailbox: MailboxId, key: &InboxKey, wanted: u8, now: u64) -> Vec<Bytes> {
        let mut rng = randomness::system();
        let not_after = now.saturating_add(self.life.min(LONGEST_LIFE)).min(key.not_after);
        let inbox_key = key.key.id();
        (0..wanted.min(MOST))
            .map(|_| {
                let permit = Permit {
                    version: Version,
                    suite: Suite,
                    mailbox,
                    inbox_key,
                    not_after,
                    id: PermitId::generate(&mut rng),
                    blob_quota: LARGEST_BLOB_QUOTA,
                };
                self.tickets.seal(&permit, &mut rng).into()
            })
            .collect()
    }
}
