//! What a sender needs to know before it asks anybody.

mod error;
mod keys_file;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use crypto_core::body::BodyId;
use relay_auth::signing::{SigningKey, VerifyingKey};

pub use self::{
    error::{KeysFileError, SettingsError},
    keys_file::KeysFile,
};
use crate::{
    state::{FileState, State},
    transport::Patience,
};

/// Where the trust file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustSource {
    /// In a file.
    File(PathBuf),
    /// At an address: `https`, or `http` on this computer.
    Address(String),
}

/// What a sender needs.
#[derive(Debug)]
pub struct Settings {
    /// The body, as the registry names it.
    pub body: BodyId,
    /// Where the trust file is.
    pub trust: TrustSource,
    /// The key of the deployment, which signs the trust file. Compare it with the published one.
    pub deployment_key: VerifyingKey,
    /// The body's signing key.
    pub signing_key: SigningKey,
    /// What is remembered between runs.
    pub state: Arc<dyn State>,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

impl Settings {
    /// Reads a keys file; the state is in the folder beside it, whose name ends in `.state`.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(keys_file: impl AsRef<Path>) -> Result<Self, SettingsError> {
        let keys_file = keys_file.as_ref();
        let mut state = OsString::from(keys_file);
        state.push(".state");
        Self::read_with_state(keys_file, state)
    }

    /// Reads a keys file; the state is in a folder of its own.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read_with_state(
        keys_file: impl AsRef<Path>,
        state: impl Into<PathBuf>,
    ) -> Result<Self, SettingsError> {
        let KeysFile { body, trust, deployment_key, signing_key } = KeysFile::read(keys_file.as_ref())?;
        let state = Arc::new(FileState::open(state)?);
        Ok(Self { body, trust, deployment_key, signing_key, state, patience: Patience::default() })
    }
}
