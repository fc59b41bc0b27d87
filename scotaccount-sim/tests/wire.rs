//! What goes to the stand-in, and what comes back.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::support::REDIRECT;

pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-standard";

/// Parameters that tests change before they send them.
pub(crate) struct Asked(pub(crate) Vec<(&'static str, String)>);

impl Asked {
    /// What a relying party should ask at `/authorize`.
    pub(crate) fn new() -> Self {
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER));
        let pairs = [
            ("client_id", "letterbox"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "the state"),
            ("nonce", "the nonce"),
        ];
        Self(pairs.map(|(name, value)| (name, value.to_owned())).to_vec())
    }

    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        let Self(mut pairs) = self.without(name);
        pairs.push((name, value.to_owned()));
        Self(pairs)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(found, _)| *found != name);
        self
    }
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The code of an OAuth error.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap().to_owned())
    }

    /// Where the browser is sent, and with which parameters.
    pub(crate) fn location(&self) -> (String, BTreeMap<String, String>) {
        let location = self.headers[header::LOCATION].to_str().unwrap();
        let (address, query) = location.split_once('?').unwrap_or((location, ""));
        (address.to_owned(), form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter with which the browser is sent back.
    pub(crate) fn returned(&self, name: &str) -> String {
        let (address, mut parameters) = self.location();
        assert_eq!(address, REDIRECT);
        assert_eq!(parameters["state"], "the state");
        parameters.remove(name).unwrap_or_else(|| panic!("no {name} among {parameters:?}"))
    }

    /// The cookie that is set, as the browser sends it.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// The number of the journey on the page.
    pub(crate) fn journey(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"request\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

pub(crate) fn form<V: AsRef<str>>(pairs: &[(&str, V)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
