//! The command as its users see it: a process with arguments, an exit code and two outputs, against a
//! directory and a relay that run in the test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

#[path = "../../sender-sdk/tests/cases.rs"]
mod cases;
mod desk;
#[path = "../../crypto-core/tests/fake_directory.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod fake_directory;
mod keeping;
mod sending;
#[path = "../../sender-sdk/tests/services.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod services;
#[path = "../../crypto-core/tests/test_keys.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod test_keys;
#[path = "../../sender-sdk/tests/town.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod town;
#[path = "../../crypto-core/tests/world.rs"]
#[allow(dead_code, unused_imports, reason = "shared with other tests")]
mod world;
