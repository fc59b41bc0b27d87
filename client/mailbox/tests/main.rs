//! A device against services that are honest, and against services that lie.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

#[cfg(not(target_family = "wasm"))]
mod archive;
#[cfg(not(target_family = "wasm"))]
mod attachments;
#[cfg(not(target_family = "wasm"))]
mod attachments_lies;
#[cfg(not(target_family = "wasm"))]
mod device;
#[cfg(not(target_family = "wasm"))]
mod enrolment;
#[cfg(not(target_family = "wasm"))]
mod enrolment_lies;
#[cfg(not(target_family = "wasm"))]
mod fake_relay;
#[cfg(not(target_family = "wasm"))]
mod inbox;
#[cfg(not(target_family = "wasm"))]
mod inbox_lies;
#[cfg(not(target_family = "wasm"))]
mod journey;
mod keys;
#[cfg(not(target_family = "wasm"))]
mod reading;
#[cfg(not(target_family = "wasm"))]
mod recovered;
#[cfg(not(target_family = "wasm"))]
mod recovery;
#[cfg(not(target_family = "wasm"))]
mod recovery_lies;
#[cfg(not(target_family = "wasm"))]
mod registry;
#[cfg(not(target_family = "wasm"))]
mod relay;
#[cfg(not(target_family = "wasm"))]
mod session;

// The world, the directory and the keys on which the protocol itself is tried.
#[cfg(not(target_family = "wasm"))]
#[allow(dead_code, reason = "the protocol's own tests use the rest")]
#[path = "../../../crypto-core/tests/fake_directory.rs"]
mod fake_directory;
#[allow(dead_code, reason = "the protocol's own tests use the rest")]
#[path = "../../../crypto-core/tests/test_keys.rs"]
mod test_keys;
#[allow(dead_code, reason = "the protocol's own tests use the rest")]
#[path = "../../../crypto-core/tests/world.rs"]
mod world;

/// Tests that wasm runs in Node as well.
#[cfg(not(target_family = "wasm"))]
pub(crate) use core::prelude::v1::test as portable_test;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as portable_test;
