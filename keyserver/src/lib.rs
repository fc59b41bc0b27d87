//! The key directory.

#![forbid(unsafe_code)]

pub mod directory;
