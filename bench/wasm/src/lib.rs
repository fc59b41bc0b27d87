//! What is measured natively and in a browser: the same work on the same bytes.
//!
//! ```text
//! letterbox-bench ─ writes ─▶ Sample ─ read and checked ─▶ Work ─ timed natively, and in Chromium
//! ```
//!
//! A [`Sample`] is one answer of a directory, one sealed letter, and the keys that belong to them, made
//! up for one run. [`Work`] does with it what senders and devices do. No part of a release.

#![forbid(unsafe_code)]

#[cfg(target_family = "wasm")]
pub mod browser;
mod sample;
mod work;

pub use crate::{
    sample::Sample,
    work::{TEXT_BYTES, Work, WorkError, letter},
};

/// As in the vault, which wipes all that is freed: that takes time as well.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
