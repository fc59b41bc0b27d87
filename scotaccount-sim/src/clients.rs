//! The relying parties that may ask, as somebody registered them by hand. Their file is read once,
//! at the start:
//!
//! ```json
//! [{
//!   "client_id": "letterbox",
//!   "name": "Letterbox",
//!   "redirect_uris": ["http://localhost:8080/signed-in"],
//!   "post_logout_redirect_uris": ["http://localhost:8080/"],
//!   "backchannel_logout_uri": "http://localhost:8082/logout/backchannel",
//!   "scopes": ["openid", "scotaccount.gpg45.medium", "scotaccount.address"],
//!   "jwks": { "keys": [{ "kty": "EC", "crv": "P-256", "x": "…", "y": "…", "kid": "…" }] },
//!   "mailbox": true
//! }]
//! ```
//!
//! `mailbox` marks the relying party that is the mailbox service; all others leave it out.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::Uri;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use jsonwebtoken::{Algorithm, DecodingKey, jwk::Jwk};
use serde::Deserialize;
use serde_json::Value;

use crate::{jose, scopes::Scope, switches::ScopeName};

/// The fewest bytes in the modulus of an RSA key: 2048 bits.
const SHORTEST_MODULUS: usize = 256;

/// Why registrations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file cannot be read.
    #[error("cannot read the registrations in {}: {cause}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Not a list of registrations.
    #[error("the registrations cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A registration that makes no sense.
    #[error("the registration of {client} cannot be used: {reason}")]
    Registration {
        /// Whose.
        client: String,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    client_id: String,
    name: String,
    redirect_uris: Vec<String>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    scopes: Vec<String>,
    jwks: KeySet,
    #[serde(default)]
    mailbox: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// A key that signs a relying party's assertions.
pub(crate) struct ClientKey {
    /// Its thumbprint (RFC 7638).
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// A relying party.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) backchannel_logout_uri: Option<String>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) keys: Vec<ClientKey>,
    is_mailbox: bool,
}

/// All relying parties.
pub struct Clients(BTreeMap<String, Arc<Client>>);

impl Clients {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn read(file: &Path) -> Result<Self, ClientError> {
        let json = fs::read(file).map_err(|cause| ClientError::File { file: file.to_owned(), cause })?;
        Self::from_json(&json)
    }

    /// Reads a JSON list.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn from_json(json: &[u8]) -> Result<Self, ClientError> {
        let registrations: Vec<Registration> = serde_json::from_slice(json)?;
        let mut clients = BTreeMap::new();
        for registration in registrations {
            let id = registration.client_id.clone();
            let refused = |reason| ClientError::Registration { client: id.clone(), reason };
            let client = Client::new(registration).map_err(refused)?;
            if clients.insert(id.clone(), Arc::new(client)).is_some() {
                return Err(refused("it stands in the list twice".to_owned()));
            }
        }
        Ok(Self(clients))
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Arc<Client>> {
        self.0.get(id)
    }

    /// The mailbox service, if one of them is it.
    pub(crate) fn mailbox(&self) -> Option<&Arc<Client>> {
        self.0.values().find(|client| client.is_mailbox)
    }
}

impl Client {
    fn new(registration: Registration) -> Result<Self, String> {
        let Registration { client_id, name, redirect_uris, post_logout_redirect_uris, .. } = registration;
        if client_id.is_empty() || !client_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a client_id is made of visible ASCII signs".to_owned());
        }
        if redirect_uris.is_empty() {
            return Err("it has no redirect_uris".to_owned());
        }
        let addresses = redirect_uris
            .iter()
            .chain(&post_logout_redirect_uris)
            .chain(&registration.backchannel_logout_uri);
        for address in addresses {
            origin(address).ok_or_else(|| {
                format!("{address} is not an address like https://service.example/signed-in")
            })?;
        }
        let scopes = registration.scopes.iter().map(|name| {
            Scope::read(name, ScopeName::Dotted).ok_or_else(|| format!("there is no scope {name}"))
        });
        let keys: Vec<_> = registration.jwks.keys.iter().map(ClientKey::read).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err("it has no keys".to_owned());
        }
        Ok(Self {
            scopes: scopes.collect::<Result<_, _>>()?,
            keys,
            id: client_id,
            name,
            redirect_uris,
            post_logout_redirect_uris,
            backchannel_logout_uri: registration.backchannel_logout_uri,
            is_mailbox: registration.mailbox,
        })
    }
}

impl ClientKey {
    fn read(json: &Value) -> Result<Self, String> {
        let length = |part: &str| {
            let digits = json.get(part).and_then(Value::as_str).unwrap_or_default();
            Base64UrlUnpadded::decode_vec(digits).map_or(0, |bytes| bytes.len())
        };
        let text = |part: &str| json.get(part).and_then(Value::as_str);
        let algorithm = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) if length("x") == 32 && length("y") == 32 => Algorithm::ES256,
            (Some("RSA"), _) if length("n") >= SHORTEST_MODULUS => Algorithm::RS256,
            _ => return Err("a key is an EC key on P-256 or an RSA key of 2048 bits or more".to_owned()),
        };
        if json.get("d").is_some() {
            return Err("a key has its private half in it; replace it".to_owned());
        }
        let id = jose::thumbprint(json).ok_or("a key has no thumbprint")?;
        // Newer clients of ScotAccount register the thumbprint; another kid would never match.
        if text("kid").is_some_and(|kid| kid != id) {
            return Err(format!("the kid of a key is its RFC 7638 thumbprint, which is {id}"));
        }
        let jwk: Jwk = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|error| error.to_string())?;
        Ok(Self { id, algorithm, key })
    }
}

/// Scheme, host and port of an address; none for what cannot be one. What comes back can stand in a
/// Content-Security-Policy as it is.
pub(crate) fn origin(address: &str) -> Option<String> {
    let plain = |sign: u8| sign.is_ascii_graphic() && !matches!(sign, b'"' | b'<' | b'>' | b'\\' | b'#');
    if !address.bytes().all(plain) {
        return None;
    }
    let uri: Uri = address.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?.as_str();
    let is_host = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'.' | b'-' | b':' | b'[' | b']');
    authority.bytes().all(is_host).then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 7517 appendix A.1.
    const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    fn read(change: impl Fn(&mut Value)) -> Result<Clients, ClientError> {
        let mut registration = serde_json::json!({
            "client_id": "letterbox", "name": "Letterbox",
            "redirect_uris": ["http://localhost:8080/signed-in"],
            "scopes": ["openid", "scotaccount.gpg45.medium"],
            "jwks": { "keys": [serde_json::from_str::<Value>(KEY).unwrap()] },
        });
        change(&mut registration);
        Clients::from_json(&serde_json::to_vec(&[registration]).unwrap())
    }

    #[test]
    fn a_registration_is_found_and_its_key_is_named_by_its_thumbprint() {
        let clients = read(|_| {}).unwrap();
        let client = clients.find("letterbox").unwrap();
        assert_eq!(client.keys[0].id.len(), 43);
        assert_eq!(client.keys[0].algorithm, Algorithm::ES256);
        assert!(clients.find("other").is_none() && clients.mailbox().is_none());
        let id = client.keys[0].id.clone();
        assert!(read(|json| json["jwks"]["keys"][0]["kid"] = id.clone().into()).is_ok());
    }

    #[test]
    fn a_registration_that_could_never_work_is_refused_at_the_start() {
        type Change = fn(&mut Value);
        let hostile: [(&str, Change); 9] = [
            ("another kid", |json| json["jwks"]["keys"][0]["kid"] = "1".into()),
            ("a private key", |json| json["jwks"]["keys"][0]["d"] = "AA".into()),
            ("another curve", |json| json["jwks"]["keys"][0]["crv"] = "P-384".into()),
            ("no key", |json| json["jwks"]["keys"] = Value::Array(Vec::new())),
            ("no redirect", |json| json["redirect_uris"] = Value::Array(Vec::new())),
            ("a fragment", |json| json["redirect_uris"][0] = "http://localhost/#x".into()),
            ("another scheme", |json| json["redirect_uris"][0] = "javascript:alert(1)".into()),
            ("an unknown scope", |json| json["scopes"][0] = "profile".into()),
            ("an unknown field", |json| json["redirect_uri"] = "http://localhost/".into()),
        ];
        for (what, change) in hostile {
            assert!(read(change).is_err(), "{what}");
        }
    }

    #[test]
    fn an_origin_cannot_end_a_directive_of_the_policy() {
        assert_eq!(origin("http://localhost:8080/signed-in?a=b;c").as_deref(), Some("http://localhost:8080"));
        assert_eq!(origin("https://[::1]:8443/").as_deref(), Some("https://[::1]:8443"));
        for hostile in
            ["https://a.example;script-src/", "https://*.example/", "https://a@b.example/", "/x", "x y"]
        {
            assert!(origin(hostile).is_none(), "{hostile}");
        }
    }
}
