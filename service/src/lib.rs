//! What the relay and the key directory have in common around their domains: how connections come
//! and end, how bodies are read, how errors are answered, who may ask how often, where keys are.
//!
//! Nothing here knows what a service is about. A service brings its resources as a [`axum::Router`]
//! and puts them behind [`public::guard`]; the operator's resources come from [`operations`].

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

pub mod addresses;
pub mod body;
pub mod clock;
pub mod keys;
pub mod operations;
pub mod public;
pub mod refusal;
pub mod run;
pub mod serve;
pub mod settings;
pub mod signed;
pub mod telemetry;
mod write_timeout;
