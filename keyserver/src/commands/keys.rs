//! `keys`: the directory's keys, the operators', the deployment's, and the one for ScotAccount.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Subcommand, ValueEnum};
use p256::{
    SecretKey,
    pkcs8::{EncodePrivateKey as _, LineEnding},
};
use service::keys::{self, KeyError};
use zeroize::Zeroizing;

use super::{CommandError, say};
use crate::{randomness, sign_ins::client_key::ClientKey};

/// `keys`.
#[derive(Subcommand)]
pub enum Keys {
    /// Make a key, in a file for its owner alone that is never replaced. Prints the public half, where
    /// there is one.
    New {
        /// What the key is for.
        kind: Kind,
        /// The file to write.
        file: PathBuf,
    },
    /// Print the public half of a key.
    Public {
        /// What the key is for.
        kind: Kind,
        /// The key's file.
        file: PathBuf,
    },
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Signs the log's heads.
    Log,
    /// Hides labels in the tree.
    Vrf,
    /// Names rows about people in the store.
    Index,
    /// Seals rows about people in the store.
    Sealing,
    /// Approves public bodies. Kept offline, by one person.
    Operator,
    /// Signs the trust file. Kept offline.
    Deployment,
    /// Shows ScotAccount who the directory is.
    Provider,
}

/// Does what `keys` is asked to.
///
/// # Errors
/// See [`CommandError`].
pub fn run(command: &Keys) -> Result<(), CommandError> {
    match command {
        Keys::New { kind: Kind::Provider, file } => {
            write_client_key(file)?;
            say(&public_jwk(file)?)
        }
        Keys::New { kind, file } => {
            let secret = keys::generate()?;
            keys::write(file, &secret)?;
            match kind {
                Kind::Index | Kind::Sealing => Ok(()),
                _ => say(&keys::public_text(&secret)),
            }
        }
        Keys::Public { kind: Kind::Provider, file } => say(&public_jwk(file)?),
        Keys::Public { kind: Kind::Index | Kind::Sealing, .. } => {
            Err(CommandError::Usage("this kind of key has no public half".to_owned()))
        }
        // The VRF's key pair is an Ed25519 one (RFC 9381 §5.5).
        Keys::Public { file, .. } => say(&keys::public_text(&keys::read(file)?)),
    }
}

/// A new key on P-256, in PKCS#8 PEM.
fn write_client_key(file: &Path) -> Result<(), CommandError> {
    let pem = loop {
        let random = Zeroizing::new(randomness::bytes::<32>());
        // One in 2^32 is not below the order of the curve.
        if let Ok(key) = SecretKey::from_slice(&random[..]) {
            let unusable = |_| CommandError::Usage("the key cannot be written as PEM".to_owned());
            break key.to_pkcs8_pem(LineEnding::LF).map_err(unusable)?;
        }
    };
    let writing = |cause| KeyError::File { action: "write", file: file.to_owned(), cause };
    let mut opened =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(writing)?;
    opened.write_all(pem.as_bytes()).map_err(writing)?;
    Ok(opened.sync_all().map_err(writing)?)
}

fn public_jwk(file: &Path) -> Result<String, CommandError> {
    let jwk = ClientKey::read(file)?.public_jwk();
    jwk.map_err(|_| CommandError::Usage("the public half cannot be written as JSON".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_key_that_is_made_can_be_read_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("client.pem");
        write_client_key(&file).unwrap();
        let first = public_jwk(&file).unwrap();
        assert!(write_client_key(&file).is_err());
        assert_eq!(public_jwk(&file).unwrap(), first);
        assert!(std::fs::read_to_string(&file).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    }

    #[test]
    fn keys_without_a_public_half_say_so() {
        let folder = tempfile::tempdir().unwrap();
        for kind in [Kind::Index, Kind::Sealing] {
            let file = folder.path().join(format!("{kind:?}"));
            run(&Keys::New { kind, file: file.clone() }).unwrap();
            assert!(matches!(run(&Keys::Public { kind, file }), Err(CommandError::Usage(_))));
        }
    }
}
