//! The stand-in as relying parties and browsers see it: through its routers, with real keys.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod attributes;
mod authorizing;
mod controlling;
mod logging_out;
mod mailboxes;
mod pages;
mod redeeming;
mod relying_party;
mod rotating;
mod support;
mod wire;
