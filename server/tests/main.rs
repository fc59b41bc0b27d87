//! The relay as its users see it: through its router, with real keys and a real store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod archiving;
mod blobs;
mod blobs_bounded;
mod blobs_kept;
mod depositing;
mod following;
mod limits;
mod listing;
mod opening;
mod operations;
mod recovery;
mod sessions;
mod signing;
mod support;
mod upkeep;
