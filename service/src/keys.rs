//! Key files: 32 secret bytes as 43 characters of base64url, readable by their owner alone.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{
    secret::{Secret, ZeroizeOnDrop, is_wiped},
    signing::SigningKey,
};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot {action} the key file {}: {cause}", .file.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Others than its owner can read the file.
    #[error("others can read the key file {}: run chmod 600 on it, and replace the key if they may have", .0.display())]
    Open(PathBuf),
    /// Not 43 characters of base64url.
    #[error("{0} is not a key: a key is 43 characters of base64url, as the command `keys new` makes them")]
    NotAKey(String),
    /// The system gives no randomness.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

/// Where a key is: in a file (`file:` and its path), or written out where the file is named, as
/// container platforms hand secrets to processes.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub enum KeySource {
    /// In a file of its own.
    File(PathBuf),
    /// Written out.
    Inline(Secret),
}

impl ZeroizeOnDrop for KeySource {}

const _: fn(&KeySource) = |source| match source {
    KeySource::File(_) => {}
    KeySource::Inline(secret) => is_wiped(secret),
};

impl KeySource {
    /// The key.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(&self) -> Result<Secret, KeyError> {
        match self {
            Self::File(file) => read(file),
            Self::Inline(secret) => Ok(secret.duplicate()),
        }
    }

    /// Where an operator finds it, in words. Nothing of the key itself.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::File(file) => file.display().to_string(),
            Self::Inline(_) => "written out in the settings".to_owned(),
        }
    }
}

impl TryFrom<String> for KeySource {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let text = Zeroizing::new(text);
        match text.strip_prefix("file:") {
            Some(path) => Ok(Self::File(path.into())),
            None => parse(&text).map(Self::Inline).ok_or_else(|| KeyError::NotAKey("a setting".to_owned())),
        }
    }
}

impl Serialize for KeySource {
    /// Shows the path, never the key.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File(path) => serializer.collect_str(&format_args!("file:{}", path.display())),
            Self::Inline(_) => serializer.serialize_str("[redacted]"),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Inline(_) => formatter.write_str("[redacted]"),
        }
    }
}

/// The path of a file in PEM, with `file:` before it or without. What is written out instead is refused,
/// and not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PemFile(pub PathBuf);

impl TryFrom<String> for PemFile {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = Zeroizing::new(text);
        if text.contains("-----") || text.contains('\n') {
            return Err("this setting is a file: write the PEM to one, and set it to \"file:FILE\"");
        }
        Ok(Self(text.strip_prefix("file:").unwrap_or(&text).into()))
    }
}

impl Serialize for PemFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("file:{}", self.0.display()))
    }
}

impl fmt::Debug for PemFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "file:{}", self.0.display())
    }
}

/// A random key.
///
/// # Errors
/// [`KeyError::NoRandomness`].
pub fn generate() -> Result<Secret, KeyError> {
    let mut secret = Secret::from([0; Secret::LENGTH]);
    getrandom::fill(secret.expose_mut()).map_err(KeyError::NoRandomness)?;
    Ok(secret)
}

/// Reads a key file.
///
/// # Errors
/// [`KeyError::File`], [`KeyError::Open`] or [`KeyError::NotAKey`].
pub fn read(file: &Path) -> Result<Secret, KeyError> {
    let reading = |cause| KeyError::File { action: "read", file: file.to_owned(), cause };
    let mut text = Zeroizing::new(String::with_capacity(64));
    // Longer than any key: a wrong file must not be read whole.
    open_own(file)?.take(64).read_to_string(&mut text).map_err(reading)?;
    parse(text.trim_end()).ok_or_else(|| KeyError::NotAKey(format!("the file {}", file.display())))
}

/// Opens a file with a secret, which has to be its owner's alone.
pub(crate) fn open_own(file: &Path) -> Result<File, KeyError> {
    let reading = |cause| KeyError::File { action: "read", file: file.to_owned(), cause };
    let opened = File::open(file).map_err(reading)?;
    if opened.metadata().map_err(reading)?.mode() & 0o077 != 0 {
        return Err(KeyError::Open(file.to_owned()));
    }
    Ok(opened)
}

/// Writes a new key file, for its owner alone. A file that exists is left as it is.
///
/// # Errors
/// [`KeyError::File`].
pub fn write(file: &Path, secret: &Secret) -> Result<(), KeyError> {
    let writing = |cause| KeyError::File { action: "write", file: file.to_owned(), cause };
    let mut opened =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(writing)?;
    opened.write_all(to_text(secret).as_bytes()).map_err(writing)?;
    opened.write_all(b"\n").map_err(writing)?;
    opened.sync_all().map_err(writing)
}

/// The key as text.
#[must_use]
pub fn to_text(secret: &Secret) -> Zeroizing<String> {
    Zeroizing::new(Base64UrlUnpadded::encode_string(secret.expose()))
}

/// The public half of an Ed25519 key, as the trust file names it.
#[must_use]
pub fn public_text(secret: &Secret) -> String {
    Base64UrlUnpadded::encode_string(SigningKey::from_seed(secret).verifying_key().as_bytes())
}

fn parse(text: &str) -> Option<Secret> {
    let mut secret = Secret::from([0; Secret::LENGTH]);
    match Base64UrlUnpadded::decode(text, secret.expose_mut()) {
        Ok(decoded) if decoded.len() == Secret::LENGTH => Some(secret),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_key_file_is_its_owners_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("receipt.key");
        let secret = generate().unwrap();
        write(&file, &secret).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&file).unwrap(), secret);
        assert!(matches!(write(&file, &generate().unwrap()), Err(KeyError::File { .. })));
        assert_eq!(read(&file).unwrap(), secret);
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("receipt.key");
        write(&file, &generate().unwrap()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&file), Err(KeyError::Open(_))));
    }

    #[test]
    fn a_key_in_a_setting_is_taken_and_not_shown() {
        let secret = generate().unwrap();
        let source = KeySource::try_from(to_text(&secret).to_string()).unwrap();
        assert_eq!(source.read().unwrap(), secret);
        assert_eq!(format!("{source:?}"), "[redacted]");
        assert_eq!(serde_json::to_string(&source).unwrap(), "\"[redacted]\"");
        for hostile in ["", "short", &"A".repeat(44), "file"] {
            assert!(KeySource::try_from(hostile.to_owned()).is_err(), "{hostile}");
        }
    }
}
