//! The keys that sign tokens: 2048-bit RSA, kept as PKCS#8 files that outlive the process.
//!
//! A ring has one key that signs, the newest, and keeps the older ones, so that what they signed
//! can still be checked. Relying parties see all of them, the newest first.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use getrandom::SysRng;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rand_core::UnwrapErr;
use rsa::{
    RsaPrivateKey,
    pkcs1::EncodeRsaPrivateKey as _,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding},
    traits::PublicKeyParts as _,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{durable, jose};

const BITS: usize = 2048;

/// The most keys in a ring. Relying parties refuse longer lists than they can expect.
const MOST_KEYS: usize = 16;

/// Why a key could not be had or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or a file cannot be read or written.
    #[error("cannot {action} {}: {cause}", .path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Others than its owner can read the file.
    #[error("others can read the key file {}: run chmod 600 on it", .0.display())]
    Open(PathBuf),
    /// Not a key that can sign here.
    #[error("{what} is no RSA key in PKCS#8: {reason}")]
    NotAKey {
        /// Which.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// Rotated too often.
    #[error("there are {MOST_KEYS} keys already: remove the oldest files from the store's folder")]
    TooMany,
    /// The library did not sign.
    #[error("a token could not be signed: {0}")]
    NotSigned(#[from] jsonwebtoken::errors::Error),
}

/// A ring of keys.
pub struct KeyRing {
    folder: PathBuf,
    name: &'static str,
    /// The newest first, never empty.
    keys: RwLock<Vec<Key>>,
    /// Held while a new key is made, which takes a while.
    rotating: Mutex<()>,
}

struct Key {
    number: u32,
    id: String,
    private: EncodingKey,
    public: DecodingKey,
    jwk: Value,
}

impl KeyRing {
    /// Reads the ring of this name from its folder. Makes its first key if there is none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(folder: &Path, name: &'static str) -> Result<Self, KeyError> {
        let failed = |cause| KeyError::File { action: "open the folder", path: folder.to_owned(), cause };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let mut keys = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let file = entry.map_err(failed)?.path();
            if let Some(number) = number(&file, name) {
                keys.push(load(&file, number)?);
            }
        }
        keys.sort_by_key(|key: &Key| std::cmp::Reverse(key.number));
        let ring =
            Self { folder: folder.to_owned(), name, keys: RwLock::new(keys), rotating: Mutex::new(()) };
        if ring.keys().is_empty() {
            ring.rotate()?;
        }
        Ok(ring)
    }

    /// Makes a key that signs from now on. Takes a second or so of computing. Returns its id.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rotate(&self) -> Result<String, KeyError> {
        let _alone = self.rotating.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, newest) = {
            let keys = self.keys();
            (keys.len(), keys.first().map_or(0, |key| key.number))
        };
        if count >= MOST_KEYS {
            return Err(KeyError::TooMany);
        }
        let number = newest + 1;
        let not_made = |reason: String| KeyError::NotAKey { what: "the new key".to_owned(), reason };
        let private =
            RsaPrivateKey::new(&mut UnwrapErr(SysRng), BITS).map_err(|error| not_made(error.to_string()))?;
        let pem = private.to_pkcs8_pem(LineEnding::LF).map_err(|error| not_made(error.to_string()))?;
        let key = Key::new(&private, number).map_err(not_made)?;
        let file = self.folder.join(format!("{}-{number:04}.pem", self.name));
        durable::write(&file, pem.as_bytes()).map_err(|cause| KeyError::File {
            action: "write the key file",
            path: file,
            cause,
        })?;
        let id = key.id.clone();
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(0, key);
        Ok(id)
    }

    /// The public halves, the newest first (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.keys().iter().map(|key| key.jwk.clone()).collect::<Vec<_>>() })
    }

    pub(crate) fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, KeyError> {
        let keys = self.keys();
        let key = keys.first().ok_or_else(|| KeyError::NotAKey {
            what: self.name.to_owned(),
            reason: "the ring is empty".to_owned(),
        })?;
        Ok(jose::sign(typ, &key.id, claims, &key.private)?)
    }

    /// Header and claims of a token that a key of this ring signed, also if that is long ago.
    pub(crate) fn verify(&self, token: &str) -> Option<(Header, Value)> {
        let header = jose::header(token).filter(|header| header.alg == Algorithm::RS256)?;
        let keys = self.keys();
        let key = keys.iter().find(|key| header.kid.as_ref() == Some(&key.id))?;
        let claims = jose::verified(token, &key.public, Algorithm::RS256)?;
        Some((header, claims))
    }

    fn keys(&self) -> RwLockReadGuard<'_, Vec<Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn new(private: &RsaPrivateKey, number: u32) -> Result<Self, String> {
        let (modulus, exponent) = (private.n_bytes(), private.e_bytes());
        let mut jwk = json!({
            "kty": "RSA", "use": "sig", "alg": "RS256",
            "n": Base64UrlUnpadded::encode_string(&modulus),
            "e": Base64UrlUnpadded::encode_string(&exponent),
        });
        let id = jose::thumbprint(&jwk).ok_or("it has no thumbprint")?;
        jwk["kid"] = Value::from(id.as_str());
        let der = private.to_pkcs1_der().map_err(|error| error.to_string())?;
        Ok(Self {
            number,
            id,
            private: EncodingKey::from_rsa_der(der.as_bytes()),
            public: DecodingKey::from_rsa_raw_components(&modulus, &exponent),
            jwk,
        })
    }
}

/// The number in `name-0001.pem`; none for a file of another name.
fn number(file: &Path, name: &str) -> Option<u32> {
    let file = file.file_name()?.to_str()?;
    file.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(".pem")?.parse().ok()
}

fn load(file: &Path, number: u32) -> Result<Key, KeyError> {
    let failed = |cause| KeyError::File { action: "read the key file", path: file.to_owned(), cause };
    if fs::metadata(file).map_err(failed)?.mode() & 0o077 != 0 {
        return Err(KeyError::Open(file.to_owned()));
    }
    let unusable = |reason: String| KeyError::NotAKey { what: file.display().to_string(), reason };
    let pem = fs::read_to_string(file).map_err(failed)?;
    let private = RsaPrivateKey::from_pkcs8_pem(&pem).map_err(|error| unusable(error.to_string()))?;
    Key::new(&private, number).map_err(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rings_own_files_are_its_keys() {
        for (file, found) in [
            ("/store/login-0001.pem", Some(1)),
            ("/store/login-0012.pem", Some(12)),
            ("/store/login-0001.pem.new", None),
            ("/store/attributes-0001.pem", None),
            ("/store/login-one.pem", None),
            ("/store/login.pem", None),
        ] {
            assert_eq!(number(Path::new(file), "login"), found, "{file}");
        }
    }
}
