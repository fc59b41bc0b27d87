//! What the relay, the key directory and, for its connections, the server of the client's files have in
//! common around their domains: how connections come and end, in the clear or by TLS, how bodies are read,
//! how errors are answered, who may ask how often, where keys are.
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
mod places;
pub mod public;
pub mod refusal;
pub mod run;
pub mod serve;
pub mod settings;
pub mod signed;
pub mod telemetry;
pub mod tls;
mod transport;
mod write_timeout;
