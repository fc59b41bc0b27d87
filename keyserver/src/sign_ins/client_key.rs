//! The key with which this service shows ScotAccount who it is (`private_key_jwt`, OpenID Connect
//! Core §9; RFC 7523), with ES256. ScotAccount knows the public half by its thumbprint (RFC 7638).

use core::fmt;
use std::{
    fs::File,
    io::Read as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use serde::Serialize;
use service::keys::KeyError;
use zeroize::Zeroizing;

use crate::randomness;

/// How long an assertion holds, in seconds.
const LIFE: u64 = 60;

/// The longest key file that is read, in bytes.
const LONGEST: u64 = 4096;

/// The key is no private key for ES256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a private key on the curve P-256 in PKCS#8 PEM")]
pub struct NotAClientKey;

/// Why a client key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientKeyError {
    /// The file cannot be read, or others can read it.
    #[error(transparent)]
    File(#[from] KeyError),
    /// Something else is in it.
    #[error(
        "the file {} is not a private key on the curve P-256 in PKCS#8 PEM: make one with `letterbox-keyserver keys new provider FILE`",
        .0.display()
    )]
    NotAKey(PathBuf),
}

/// What ScotAccount checks of an assertion.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
}

/// This service's key at ScotAccount.
pub struct ClientKey {
    key: EncodingKey,
    header: Header,
    public: Jwk,
}

impl ClientKey {
    /// Reads the key from PEM.
    ///
    /// # Errors
    /// [`NotAClientKey`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, NotAClientKey> {
        let key = EncodingKey::from_ec_pem(pem).map_err(|_| NotAClientKey)?;
        // Refuses keys on other curves.
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(|_| NotAClientKey)?;
        let id = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| NotAClientKey)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { key, header: Header { kid: Some(id), ..Header::new(Algorithm::ES256) }, public })
    }

    /// Reads a key file, which has to be its owner's alone.
    ///
    /// # Errors
    /// [`ClientKeyError`].
    pub fn read(file: &Path) -> Result<Self, ClientKeyError> {
        let reading = |cause| KeyError::File { action: "read", file: file.to_owned(), cause };
        let opened = File::open(file).map_err(reading)?;
        if opened.metadata().map_err(reading)?.mode() & 0o077 != 0 {
            return Err(KeyError::Open(file.to_owned()).into());
        }
        let mut pem = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
        opened.take(LONGEST).read_to_end(&mut pem).map_err(reading)?;
        Self::from_pem(&pem).map_err(|_| ClientKeyError::NotAKey(file.to_owned()))
    }

    /// An assertion for one request to exactly the endpoint `audience`.
    ///
    /// # Errors
    /// Does not fail for a key that was read; the signature leaves nothing to a panic.
    pub fn assertion(&self, client_id: &str, audience: &str, now: u64) -> Result<String, NotAClientKey> {
        let claims = Claims {
            iss: client_id,
            sub: client_id,
            aud: audience,
            iat: now,
            exp: now.saturating_add(LIFE),
            jti: Base64UrlUnpadded::encode_string(&randomness::bytes::<16>()),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.key).map_err(|_| NotAClientKey)
    }

    /// The public half as a JWK (RFC 7517), to be registered with ScotAccount.
    ///
    /// # Errors
    /// Does not fail for a key that was read.
    pub fn public_jwk(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&self.public)
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_client_key_is_refused() {
        for hostile in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "secret"] {
            assert!(ClientKey::from_pem(hostile.as_bytes()).is_err(), "{hostile}");
        }
        let rsa = include_bytes!("../../tests/keys/id_tokens.pem");
        assert!(ClientKey::from_pem(rsa).is_err());
    }

    #[test]
    fn the_public_half_is_named_by_its_thumbprint_and_the_private_one_is_not_in_it() {
        let key = ClientKey::from_pem(include_bytes!("../../tests/keys/client.pem")).unwrap();
        let jwk: serde_json::Value = serde_json::from_str(&key.public_jwk().unwrap()).unwrap();
        assert_eq!((jwk["kty"].as_str(), jwk["crv"].as_str()), (Some("EC"), Some("P-256")));
        assert_eq!((jwk["use"].as_str(), jwk["alg"].as_str()), (Some("sig"), Some("ES256")));
        assert_eq!(jwk["kid"].as_str().unwrap().len(), 43);
        assert!(jwk.get("d").is_none());
        assert_eq!(format!("{key:?}"), "ClientKey([redacted])");
    }
}
