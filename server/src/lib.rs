//! The relay: one queue of sealed letters with sealed attachments, and one archive of sealed objects,
//! for each mailbox.
//!
//! It knows a mailbox by its number and by the keys that may ask for it. It cannot read a letter,
//! because it holds no key that opens one and links nothing that could parse one; it does not know
//! whose a mailbox is, nor who deposits, because a permit says neither.
//!
//! - [`http`] has one file for each resource: take the request apart, call the domain, turn the
//!   outcome into an answer. No rules there.
//! - [`mailboxes`], [`deposits`], [`blobs`], [`archive`], [`recovery`] and [`sessions`] are the domain. No
//!   HTTP there.
//! - [`store`] keeps what the domain says. Each of its calls is one transaction, and answers when
//!   the disk has it. No policy there.
//! - [`upkeep`] is what the program does besides serving, with a store that no relay runs on.
//!
//! Nothing is acknowledged before it is durable; see [`store::MailStore`] for the promises.

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

pub mod app;
pub mod archive;
pub mod blobs;
pub mod config;
pub mod deposits;
pub mod http;
pub mod mailboxes;
pub mod recovery;
pub mod sessions;
pub mod store;
pub mod upkeep;
