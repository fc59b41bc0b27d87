//! What the page and the vault say to each other.
//!
//! The page (`client/app`) shows and asks; the vault (`client/vault`, a worker with its own wasm
//! program) holds every key and all plaintext that is not on the screen. They share this crate
//! and nothing else. Every message is one JavaScript value sent by `postMessage`: the page sends a
//! [`Request`], the vault sends a [`FromVault`]. An answer carries the number of its request.

#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// The version of this interface. Page and vault are built and served together; a mismatch means
/// that an old copy of one of them came out of a cache, and the page then asks to be loaded again.
pub const INTERFACE_VERSION: u32 = 1;

/// A command with the number under which its answer will come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the page, unique while it lives.
    pub number: u32,
    /// What the page asks for.
    pub command: Command,
}

/// What the page may ask of the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// In what state is the mailbox on this device?
    Status,
}

/// What the vault sends to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromVault {
    /// The worker runs and listens. Sent once, before anything else.
    Started {
        /// [`INTERFACE_VERSION`] as the vault was built with it.
        interface: u32,
    },
    /// The answer to one request.
    Answer {
        /// The number of the request.
        number: u32,
        /// What it came to.
        answer: Answer,
    },
    /// A message from the page that the vault could not read. It names no content.
    Unreadable,
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Command::Status`].
    Status(Status),
}

/// The state of the mailbox on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// No mailbox was set up on this device.
    NoMailbox,
}
