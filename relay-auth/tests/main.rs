//! Properties and hostile inputs of everything that the relay shares with others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod access;
mod receipts;
mod requests;
mod support;
mod tickets;

#[cfg(not(target_family = "wasm"))]
pub(crate) use core::prelude::v1::test as portable_test;
/// Tests that wasm runs in Node as well.
#[cfg(target_family = "wasm")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as portable_test;
