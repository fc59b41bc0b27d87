//! The key directory's promises, each tried from outside.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod directory;
