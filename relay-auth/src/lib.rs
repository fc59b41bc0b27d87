//! What a sender, the directory, a device and the relay share without knowing letters.
//!
//! The relay stores sealed bytes for mailboxes. It must know *that* somebody may deposit, open a
//! mailbox or read its queue, and must be able to prove what it accepted; it must not know who.
//!
//! - A [`permit`] lets its holder deposit one letter. The directory seals it for the relay, so that
//!   bodies cannot compare permits and the relay cannot tell which body presents one.
//! - A [`voucher`] opens one mailbox, once, and carries the key that governs it.
//! - A [`session`] ticket lets whoever has the recovery code as well read one mailbox for a while.
//! - An [`access`] list, signed with that key, names the devices' request keys and the accepted
//!   inbox keys.
//! - A [`request`] is an HTTP request signed by such a key (RFC 9421, a strict subset).
//! - A [`request_key`] name tells the relay which key signed.
//! - A [`receipt`] is the relay's signed word for what it stored, chained for each mailbox.
//!
//! Everything is deterministic CBOR ([`cbor`]) and every hash, signature and key derivation starts
//! with a label of its own ([`label`]). Nothing here reads a clock, draws randomness by itself or
//! touches a network. Nothing here can parse a letter.
//!
//! ```
//! use relay_auth::{cbor::{Suite, Version}, id::{InboxKeyId, MailboxId, PermitId}, permit::Permit, ticket::TicketKeys};
//! # struct Fixed(u8);
//! # impl rand_core::TryRng for Fixed {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(7) }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(7) }
//! #     fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> { out.fill(self.0); self.0 += 1; Ok(()) }
//! # }
//! # impl rand_core::TryCryptoRng for Fixed {}
//! # let mut rng = Fixed(1);
//! // The directory and the relay share the keys; a body carries the sealed permit between them.
//! let keys = TicketKeys::new(1, vec![(1, [9; 32].into())])?;
//! let permit = Permit {
//!     version: Version,
//!     suite: Suite,
//!     mailbox: MailboxId::from([1; 16]),
//!     inbox_key: InboxKeyId::from([2; 16]),
//!     not_after: 1_800_000_000,
//!     id: PermitId::from([3; 16]),
//!     blob_quota: 26_214_400,
//! };
//! let sealed = keys.seal(&permit, &mut rng);
//! assert_eq!(keys.open::<Permit>(&sealed)?, permit);
//! # Ok::<(), relay_auth::ticket::TicketError>(())
//! ```

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

pub mod access;
pub mod cbor;
pub mod hex;
#[cfg(feature = "hostile")]
pub mod hostile;
pub mod id;
pub mod label;
pub mod permit;
pub mod receipt;
pub mod request;
pub mod request_key;
pub mod secret;
pub mod session;
pub mod signing;
pub mod ticket;
pub mod voucher;

/// The version of every object of this protocol (`LBX-ENC-1`).
pub const VERSION: u8 = 1;

/// The one cryptographic suite of version 1 (`LBX-ENC-1`). There is no negotiation.
pub const SUITE: u8 = 1;
