//! Connections through a real socket, in the clear and by TLS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod serving;
mod tls;
