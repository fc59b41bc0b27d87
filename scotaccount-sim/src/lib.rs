//! A stand-in for ScotAccount, Scotland's identity provider, for development and tests only.
//!
//! It speaks what the public material about ScotAccount documents: OpenID Connect with the code
//! flow, PKCE and `private_key_jwt`; a second service with keys of its own that hands out verified
//! attributes; logout in both directions; the call that gives a person a mailbox once their
//! identity is checked. Where the documents contradict each other, a [switch](switches) chooses,
//! and the default is what the newest says.
//!
//! **Its people are invented and it checks nobody's identity**: whoever reaches it can be any of
//! [`people`]. It is linked into nothing else, and depends on nothing else of this workspace, so
//! that a mistake in a shared crate cannot hide on both sides at once.
//!
//! It is strict where a provider can be strict, because what passes here should pass there:
//! redirect addresses match exactly, a code works once and its second use revokes what the first
//! gave, client assertions name exactly the address that they are sent to and work once. All that
//! lives for minutes (codes, tokens, sessions, journeys) is kept in memory and ends with the
//! process; signing keys and the numbers of mailboxes are kept on the disk.
//!
//! - [`sim`] holds the parts; [`clients`] is who may ask, [`people`] who can sign in.
//! - [`keys`] signs, [`mailboxes`] calls the mailbox service.
//! - [`http`] has one file for each resource: take the request apart, ask, answer. No rules there.

#![forbid(unsafe_code)]

mod assertions;
mod authorize;
mod claims;
pub mod clients;
pub mod clock;
mod durable;
mod flows;
mod grants;
pub mod http;
mod ids;
mod jose;
pub mod keys;
mod logout;
pub mod mailboxes;
pub mod outgoing;
mod parameters;
pub mod people;
pub mod scopes;
mod sessions;
pub mod sim;
pub mod switches;
mod tokens;
