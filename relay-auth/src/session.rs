//! A session ticket: leave to read one mailbox for a while (`LBX-SESSION-3`).
//!
//! The directory gives it to a citizen who has just signed in for this. It carries the key of the
//! session, to which the sign-in was bound, so that it is of no use to anybody else. It is half of what
//! is needed: the relay takes it from whoever holds the recovery code of the same mailbox.

use minicbor::{Decode, Encode};

use crate::{
    cbor::{Limits, Start, Suite, Version, Wire},
    id::MailboxId,
    label::{self, Label},
    signing::VerifyingKey,
    ticket::Ticket,
};

/// Leave to read one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionTicket {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The mailbox to read. Nobody but directory and relay sees it: with the recovery code, whoever
    /// knows it could restart the mailbox.
    #[n(2)]
    pub mailbox: MailboxId,
    /// The key that signs the session's requests. It opens one session.
    #[n(3)]
    pub session_key: VerifyingKey,
    /// The last second (Unix time) at which a session is opened with it.
    #[n(4)]
    pub not_after: u64,
}

impl Wire for SessionTicket {
    const LIMITS: Limits = Limits { bytes: 96, depth: 1, items: 6 };
    const START: Start = Start::VersionAndSuite;
}

impl Ticket for SessionTicket {
    const LABEL: Label = label::SESSION_TICKET;

    fn not_after(&self) -> u64 {
        self.not_after
    }
}
