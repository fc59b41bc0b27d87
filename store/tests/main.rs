//! The engine and the blob folder as their users see them: in a crowd, through crashes, on full
//! disks and when the power goes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "these are tests, helpers included"
)]

mod backup;
mod blobs;
mod crash;
mod full_disk;
mod power_cut;
mod resting;
mod support;
mod transactions;
mod whole;
