//! The key directory: which keys are whose, and the proof of it.
//!
//! A citizen signs in with ScotAccount and publishes an entry with their keys. A public body names a
//! person by name, birth date and, if it has to, postcode, and gets those keys with proofs, so that
//! it need not believe the directory, and permits to deposit letters. The directory never sees a
//! letter, and holds no key that opens one.
//!
//! - [`http`] has one file for each resource: take the request apart, call the domain, turn the
//!   outcome into an answer. No rules there.
//! - [`sign_ins`], [`evidence`], [`accounts`], [`matching`], [`lookups`], [`bodies`] and
//!   [`provisioning`] are the domain. No HTTP there, but for the one [`transport`] with which
//!   [`sign_ins`] asks ScotAccount.
//! - [`directory`] is the tree, the log and its heads. It knows labels and values, and no accounts.
//! - [`store`] keeps what the domain says, sealed where it is about a person. No policy there.
//! - [`commands`] is what the program does besides serving: keys, public bodies, the trust file,
//!   looking after the store.
//!
//! What an epoch of the directory shows and what the store keeps about it are written in one
//! transaction ([`directory::Publisher::publish`]), so that neither is ever ahead of the other.

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

pub mod accounts;
pub mod app;
pub mod bodies;
pub mod commands;
pub mod config;
pub mod directory;
pub mod evidence;
mod hash_text;
pub mod http;
pub mod lookups;
pub mod matching;
pub mod provisioning;
mod randomness;
pub mod sign_ins;
pub mod store;
pub mod transport;
