//! Why there are no settings.

use std::{io, path::PathBuf};

use crate::state::StateError;

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The keys file cannot be used.
    #[error(transparent)]
    KeysFile(#[from] KeysFileError),
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a keys file cannot be used. Its content is never repeated: it holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeysFileError {
    /// The operating system refused.
    #[error("cannot {action} the keys file {}: {cause}", .path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Others than its owner can read it.
    #[error(
        "others can read the keys file {}: run chmod 600 on it, and replace the key if they may have",
        .0.display()
    )]
    Open(PathBuf),
    /// No TOML, or fields that do not belong there.
    #[error(
        "line {line} of the keys file {} cannot be read: it has the fields body, trust, deployment_key and signing_key, each a text in quotes",
        .path.display()
    )]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A field is missing or makes no sense.
    #[error("the keys file {} has no usable {field}: {expected}", .path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// What was given for a new file makes no sense.
    #[error("{field} cannot be used: {expected}")]
    Given {
        /// The field.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A key could not be made.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}
