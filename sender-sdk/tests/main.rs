//! The SDK against a directory and a relay that run in the test, made of real trees, proofs and
//! signatures: honest ones, and ones that lie.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod answering;
mod cases;
mod delivering;
#[path = "../../crypto-core/tests/fake_directory.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod fake_directory;
mod files;
mod lying;
mod remembering;
mod services;
#[path = "../../crypto-core/tests/test_keys.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod test_keys;
#[allow(dead_code, reason = "shared with other tests")]
mod town;
mod trusting;
#[path = "../../crypto-core/tests/world.rs"]
#[allow(dead_code, unused_imports, reason = "shared with other tests")]
mod world;
