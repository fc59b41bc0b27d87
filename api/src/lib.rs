//! What goes over the wire between the services and those who call them.
//!
//! JSON for control ([`problem`], [`events`]), deterministic CBOR (RFC 8949 §4.2) for what carries
//! signed or sealed bytes. Types and their encodings only: no logic, no cryptography. Signed and
//! sealed objects are byte strings here ([`Octets`]); `relay-auth` and `crypto-core` read them.
//!
//! Whoever decodes a CBOR type from a stranger checks the bytes first (`relay_auth::cbor::check`,
//! with limits of its own) and compares what the value encodes to with what came in.

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

pub mod archive;
pub mod blobs;
pub mod directory;
pub mod events;
pub mod letters;
pub mod mailboxes;
mod octets;
pub mod problem;
pub mod recovery;
pub mod sessions;

pub use octets::{Octets, Octets16, Octets32};
pub use problem::{Code, Problem};

/// Media types of bodies.
pub mod media {
    /// Signed objects and lists that carry them (RFC 8949).
    pub const CBOR: &str = "application/cbor";
    /// Sealed bytes.
    pub const OCTETS: &str = "application/octet-stream";
    /// Errors (RFC 9457).
    pub const PROBLEM: &str = "application/problem+json";
    /// One JSON value a line.
    pub const JSON_LINES: &str = "application/x-ndjson";
}

/// Names of header fields of our own.
pub mod header {
    /// A permit in base64url without padding.
    pub const PERMIT: &str = "letterbox-permit";
    /// The ids of a letter's attachments in the letter's order: 32 lower-case hexadecimal digits
    /// each, separated by commas.
    pub const BLOBS: &str = "letterbox-blobs";
}
