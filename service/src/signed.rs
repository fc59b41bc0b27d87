//! The parts of a signed request (RFC 9421), as they came in.

use axum::{
    extract::Query,
    http::{HeaderMap, Uri, request},
};
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// What a signature covers, and the signature. Absent fields are empty, which is never valid.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// In capitals.
    pub method: &'a str,
    /// As sent, from the first slash.
    pub path: &'a str,
    /// As sent, without the question mark.
    pub query: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
    /// `Content-Digest`.
    pub content_digest: &'a str,
    /// `Signature-Input`.
    pub signature_input: &'a str,
    /// `Signature`.
    pub signature: &'a str,
}

impl<'a> Received<'a> {
    /// The parts of a request with its body.
    #[must_use]
    pub fn new(parts: &'a request::Parts, body: &'a [u8]) -> Self {
        let field = |name| only(&parts.headers, name).unwrap_or_default();
        Self {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query(),
            body,
            content_digest: field("content-digest"),
            signature_input: field("signature-input"),
            signature: field("signature"),
        }
    }
}

/// The value of a field that stands there once. Twice would be read by some as the first, by others
/// as the last.
#[must_use]
pub fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

/// What the part after the question mark says.
///
/// # Errors
/// [`api::Code::Malformed`].
pub fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    let malformed = "The part after the question mark cannot be read: see /openapi.json for what it may say.";
    match Query::try_from_uri(uri) {
        Ok(Query(query)) => Ok(query),
        Err(_) => Err(Refusal::new(api::Code::Malformed, malformed)),
    }
}
