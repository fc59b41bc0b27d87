//! The keys file of a public body: TOML that its owner alone can read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    body::BodyId,
    trust::{key_text, parse_key},
};
use relay_auth::{
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{TrustSource, error::KeysFileError};

/// The longest keys file that is looked at, in bytes.
const LONGEST: u64 = 16 * 1024;

const ID: &str = "2 to 63 lower-case letters, digits and hyphens, as the registry names the public body";
const TRUST: &str = "the path of trust.json, or its https address";
const KEY: &str = "43 characters of base64url";

/// What a keys file holds.
#[derive(Debug)]
pub struct KeysFile {
    /// The body, as the registry names it.
    pub body: BodyId,
    /// Where the trust file is. A path is seen from the folder of the keys file.
    pub trust: TrustSource,
    /// The key of the deployment.
    pub deployment_key: VerifyingKey,
    /// The body's signing key.
    pub signing_key: SigningKey,
}

relay_auth::wiped!(KeysFile { signing_key });

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    body: String,
    trust: String,
    deployment_key: String,
    signing_key: Zeroized,
}

/// A text that is wiped when dropped.
#[derive(Default, Deserialize)]
#[serde(from = "String")]
struct Zeroized(Zeroizing<String>);

impl From<String> for Zeroized {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl KeysFile {
    /// Reads a keys file.
    ///
    /// # Errors
    /// [`KeysFileError`].
    pub fn read(path: &Path) -> Result<Self, KeysFileError> {
        let reading = |cause| KeysFileError::File { action: "read", path: path.to_owned(), cause };
        let file = File::open(path).map_err(reading)?;
        if file.metadata().map_err(reading)?.mode() & 0o077 != 0 {
            return Err(KeysFileError::Open(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::with_capacity(1024));
        // A wrong file must not be read whole.
        file.take(LONGEST).read_to_string(&mut text).map_err(reading)?;
        let fields: Fields = toml::from_str(&text).map_err(|error| {
            // The error's own text quotes the line, and that line may hold the key.
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
            KeysFileError::Syntax { path: path.to_owned(), line }
        })?;
        let field = |field, expected| KeysFileError::Field { path: path.to_owned(), field, expected };
        let Fields { body, trust, deployment_key, signing_key } = fields;
        if trust.is_empty() {
            return Err(field("trust", TRUST));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            body: BodyId::new(&body).map_err(|_| field("body", ID))?,
            trust: trust_source(&trust, folder),
            deployment_key: parse_key(&deployment_key, "deployment key")
                .map_err(|_| field("deployment_key", KEY))?,
            signing_key: parse_seed(&signing_key.0).ok_or_else(|| field("signing_key", KEY))?,
        })
    }

    /// Makes a new key and writes it to a new keys file, for its owner alone. A file that exists is left
    /// as it is.
    ///
    /// # Errors
    /// [`KeysFileError`].
    pub fn create(path: &Path, body: &str, trust: &str, deployment_key: &str) -> Result<Self, KeysFileError> {
        let given = |field, expected| KeysFileError::Given { field, expected };
        let body = BodyId::new(body).map_err(|_| given("the id of the public body", ID))?;
        let deployment_key =
            parse_key(deployment_key, "deployment key").map_err(|_| given("the deployment key", KEY))?;
        if trust.is_empty() {
            return Err(given("the place of the trust file", TRUST));
        }
        let mut seed = Secret::from([0; Secret::LENGTH]);
        getrandom::fill(seed.expose_mut()).map_err(KeysFileError::NoRandomness)?;
        write(path, &body, trust, &deployment_key, &seed).map_err(|cause| KeysFileError::File {
            action: "write",
            path: path.to_owned(),
            cause,
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let trust = trust_source(trust, folder);
        Ok(Self { body, trust, deployment_key, signing_key: SigningKey::from_seed(&seed) })
    }

    /// The public half of the signing key, for the operators who register it.
    #[must_use]
    pub fn public_key(&self) -> String {
        key_text(&self.signing_key.verifying_key())
    }
}

fn write(
    path: &Path,
    body: &BodyId,
    trust: &str,
    deployment_key: &VerifyingKey,
    seed: &Secret,
) -> io::Result<()> {
    let seed = Zeroizing::new(Base64UrlUnpadded::encode_string(seed.expose()));
    let text = Zeroizing::new(format!(
        "# Who has this file can write letters in the name of the public body. Keep it, and tell nobody.\n\
         body = \"{}\"\ntrust = {}\ndeployment_key = \"{}\"\nsigning_key = \"{}\"\n",
        body.as_str(),
        toml::Value::String(trust.to_owned()),
        key_text(deployment_key),
        *seed,
    ));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn trust_source(text: &str, folder: &Path) -> TrustSource {
    if text.starts_with("https://") || text.starts_with("http://") {
        TrustSource::Address(text.to_owned())
    } else {
        TrustSource::File(folder.join(text))
    }
}

fn parse_seed(text: &str) -> Option<SigningKey> {
    let mut seed = Secret::from([0; Secret::LENGTH]);
    match Base64UrlUnpadded::decode(text, seed.expose_mut()) {
        Ok(decoded) if decoded.len() == Secret::LENGTH => Some(SigningKey::from_seed(&seed)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

    use super::*;

    const DEPLOYMENT: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"; // RFC 8032 §7.1, test 1

    fn written(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("keys.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    #[test]
    fn a_new_keys_file_is_its_owners_alone_and_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let made = KeysFile::create(&path, "example-council", "a \"strange\" path.json", DEPLOYMENT).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let shown = format!("{made:?}");
        assert!(shown.ends_with("signing_key: SigningKey([redacted]) }"), "{shown}");
        let read = KeysFile::read(&path).unwrap();
        assert_eq!((read.body.as_str(), read.public_key()), ("example-council", made.public_key()));
        assert_eq!(read.trust, TrustSource::File(folder.path().join("a \"strange\" path.json")));
        let again = KeysFile::create(&path, "example-council", "trust.json", DEPLOYMENT);
        assert!(matches!(again, Err(KeysFileError::File { .. })));
        assert_eq!(KeysFile::read(&path).unwrap().public_key(), made.public_key());
    }

    #[test]
    fn a_keys_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        KeysFile::create(&path, "example-council", "https://x.example/trust.json", DEPLOYMENT).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(KeysFile::read(&path), Err(KeysFileError::Open(_))));
    }

    #[test]
    fn a_keys_file_that_cannot_be_read_is_explained_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let secret = "A".repeat(43);
        for (text, told) in [
            (format!("body = \"example-council\"\nsigning_key = {secret}"), "line 2"),
            (format!("body = \"example-council\"\nsecret_key = \"{secret}\""), "cannot be read"),
            (format!("signing_key = \"{secret}\""), "no usable trust"),
            (format!("trust = \"t\"\nsigning_key = \"{secret}\""), "no usable body"),
            (
                format!("trust = \"t\"\nbody = \"b-1\"\nsigning_key = \"{secret}\""),
                "no usable deployment_key",
            ),
            (
                format!(
                    "trust = \"t\"\nbody = \"b-1\"\ndeployment_key = \"{DEPLOYMENT}\"\nsigning_key = \"{secret}A\""
                ),
                "no usable signing_key",
            ),
        ] {
            let refused = KeysFile::read(&written(folder.path(), &text)).unwrap_err().to_string();
            assert!(refused.contains(told), "{refused}");
            assert!(!refused.contains(&secret), "{refused}");
        }
    }
}
