//! The protocol's promises, each tried with honest and with hostile inputs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod archive;
mod attachments;
mod bodies;
#[cfg(not(target_family = "wasm"))]
mod directory;
#[cfg(not(target_family = "wasm"))]
mod directory_vector;
mod entries;
mod envelopes;
mod evidence;
#[cfg(not(target_family = "wasm"))]
mod fake_directory;
mod letters;
mod local;
mod passphrases;
#[cfg(not(target_family = "wasm"))]
mod properties;
mod recovery;
#[cfg(not(target_family = "wasm"))]
mod registry;
mod test_keys;
mod trust;
#[cfg(not(target_family = "wasm"))]
mod vector_set;
mod vectors;
mod world;

/// Tests that wasm runs in Node as well.
#[cfg(not(target_family = "wasm"))]
pub(crate) use core::prelude::v1::test as portable_test;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as portable_test;
