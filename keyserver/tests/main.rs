//! The key directory as its users see it: through its router, with real keys, a real store, and an
//! identity provider on a port of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod bodies;
mod commands;
mod devices;
mod directory;
mod enrolling;
mod evidence;
mod hostile;
mod identity_provider;
mod looking_up;
mod operations;
mod provisioning;
mod recovering;
mod restarting;
mod sessions;
mod settings;
mod signing;
mod signing_in;
mod support;
mod upkeep;
mod vault;
