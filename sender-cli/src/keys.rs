//! `letterbox keys`.

use std::path::absolute;

use sender_sdk::{KeysFile, KeysFileError};

use crate::{arguments::Keys, exit, report::Report};

pub(crate) fn run(command: &Keys) -> Report {
    match keys_file(command) {
        Ok(file) => Report::text(file.public_key()),
        Err(error @ KeysFileError::Given { .. }) => Report::failure(exit::USAGE, error.to_string()),
        Err(error) => Report::failure(exit::KEYS, error.to_string()),
    }
}

fn keys_file(command: &Keys) -> Result<KeysFile, KeysFileError> {
    match command {
        Keys::New { file, body, trust, deployment_key } => {
            KeysFile::create(file, body, &place(trust), deployment_key)
        }
        Keys::Public { file } => KeysFile::read(file),
    }
}

/// A path is written as it is seen from here; from the folder of the keys file it may be another one.
fn place(trust: &str) -> String {
    if trust.is_empty() || trust.starts_with("https://") || trust.starts_with("http://") {
        return trust.to_owned();
    }
    absolute(trust)
        .ok()
        .and_then(|path| path.into_os_string().into_string().ok())
        .unwrap_or_else(|| trust.to_owned())
}
