//! Requests and answers as values. Somebody else sends them.
//!
//! The addresses of the services come from the signed trust file and are origins: scheme, host and
//! port. What a device signs (RFC 9421) names the host, so that a request to one relay does not work
//! at another.

use core::fmt;

use api::{Code, Problem, media};
use crypto_core::trust::authority_of;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{DecodeError, Limits, check, encode},
    request::{self, Parameters, Request, RequestError},
    request_key::RequestKeyId,
    signing::SigningKey,
};

/// A request that is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// In capitals.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The content; empty for none.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither address nor content: both can stand for a person.
        write!(formatter, "HttpRequest({}, {} bytes)", self.method, self.body.len())
    }
}

/// An answer that came.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The whole content.
    pub body: Vec<u8>,
    /// In how many seconds to ask again, where the service said so (`Retry-After`, RFC 9110 §10.2.3).
    pub retry_after: Option<u32>,
}

/// Reads `Retry-After` in the one form that our services give it: seconds.
#[must_use]
pub fn retry_after(field: &str) -> Option<u32> {
    // A sign is no digit.
    if field.bytes().all(|sign| sign.is_ascii_digit()) { field.parse().ok() } else { None }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HttpResponse({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why a request could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// The trust file names a service by something that is not an origin.
    #[error("the trust file names a service by an address that is not scheme, host and port")]
    Address,
    /// The request has a part that cannot be signed.
    #[error(transparent)]
    Unsignable(#[from] RequestError),
}

/// A service said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service answered with status {status}")]
pub struct Refused {
    /// The status.
    pub status: u16,
    /// The kind of problem ([`Problem::code`]); empty where the answer was not one of our services'.
    pub code: String,
}

impl Refused {
    /// Whether it is a problem of this kind.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        self.code == code.as_str()
    }

    /// Whether the same request, signed anew, can work later. A browser whose connection broke sends a
    /// request a second time by itself; the first may have spent the nonce.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500..=599) || self.is(Code::RequestReplayed)
    }
}

/// Why an answer was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The service said no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The service said yes, and something that is not in its format.
    #[error("a service answered in a form that it does not have: {0}")]
    Malformed(#[from] DecodeError),
}

impl HttpResponse {
    /// An answer that does not say when to ask again.
    #[must_use]
    pub const fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, retry_after: None }
    }

    /// The content of an answer that is a success.
    ///
    /// # Errors
    /// [`AnswerError::Refused`].
    pub fn content(&self) -> Result<&[u8], AnswerError> {
        if matches!(self.status, 200..=299) { Ok(&self.body) } else { Err(self.refused().into()) }
    }

    /// That the answer is a success without content.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn done(&self) -> Result<(), AnswerError> {
        if self.content()?.is_empty() { Ok(()) } else { Err(DecodeError::Trailing.into()) }
    }

    /// The one CBOR value that the answer holds.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn decoded<T>(&self, limits: Limits) -> Result<T, AnswerError>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        Ok(decode(self.content()?, limits)?)
    }

    fn refused(&self) -> Refused {
        let problem: Option<Problem> = serde_json::from_slice(&self.body).ok();
        Refused { status: self.status, code: problem.map(|problem| problem.code).unwrap_or_default() }
    }
}

/// Decodes the one encoding of a value (`LBX-ENC-2`).
pub(crate) fn decode<T>(bytes: &[u8], limits: Limits) -> Result<T, DecodeError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    check(bytes, limits)?;
    let value: T = minicbor::decode(bytes).map_err(|_| DecodeError::Shape)?;
    // Catches what the derived decoder lets pass: unknown fields, explicit nulls.
    if encode(&value) == bytes { Ok(value) } else { Err(DecodeError::Shape) }
}

/// A request that carries an object and is not signed: what is in it is leave enough.
pub(crate) fn post<T: Encode<()>>(
    origin: &str,
    path: &str,
    content: &T,
) -> Result<HttpRequest, RequestFailure> {
    authority(origin)?;
    Ok(HttpRequest {
        method: "POST",
        url: format!("{origin}{path}"),
        headers: vec![("content-type", media::CBOR.to_owned())],
        body: encode(content),
    })
}

/// A request that anybody may make.
pub(crate) fn get(origin: &str, path: &str) -> Result<HttpRequest, RequestFailure> {
    authority(origin)?;
    Ok(HttpRequest { method: "GET", url: format!("{origin}{path}"), headers: Vec::new(), body: Vec::new() })
}

/// A request of a device, before it is signed.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'static str,
    /// From the first slash.
    pub(crate) path: &'a str,
    /// Without the question mark.
    pub(crate) query: Option<&'a str>,
    /// CBOR; empty for none.
    pub(crate) body: &'a [u8],
}

/// Signs a device's request (`LBX-REQUEST-1`). `now` is Unix seconds.
pub(crate) fn signed(
    origin: &str,
    call: Call<'_>,
    key: &SigningKey,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let Call { method, path, query, body } = call;
    let request = Request { method, authority: authority(origin)?, path, query, body };
    let key_id = RequestKeyId::of(&key.verifying_key()).to_text();
    let fields = request::sign(&request, &Parameters::generate(now, &key_id, rng), key)?;
    let mut headers = vec![
        ("content-digest", fields.content_digest),
        ("signature-input", fields.signature_input),
        ("signature", fields.signature),
    ];
    if !body.is_empty() {
        headers.push(("content-type", media::CBOR.to_owned()));
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(HttpRequest { method, url: format!("{origin}{path}{query}"), headers, body: body.to_vec() })
}

/// What a signed request names as its host: what a browser sends as `Host`.
fn authority(origin: &str) -> Result<&str, RequestFailure> {
    authority_of(origin).ok_or(RequestFailure::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_by_an_origin_and_nothing_more() {
        assert_eq!(get("https://relay.example", "/v1").unwrap().url, "https://relay.example/v1");
        for hostile in ["https://relay.example/", "https://user@relay.example", "ftp://relay.example", ""] {
            assert_eq!(get(hostile, "/v1"), Err(RequestFailure::Address), "{hostile}");
        }
    }

    #[test]
    fn a_refusal_keeps_its_kind_and_one_from_elsewhere_has_none() {
        let problem = Problem::new(Code::TooManyStreams, "Close one.");
        let body = serde_json::to_vec(&problem).unwrap();
        let refused = HttpResponse::new(429, body).refused();
        assert!(refused.is(Code::TooManyStreams) && refused.is_temporary());
        let elsewhere = HttpResponse::new(404, b"<html>".to_vec()).refused();
        assert_eq!((elsewhere.code.as_str(), elsewhere.is_temporary()), ("", false));
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_and_in_no_other_form() {
        assert_eq!(["0", "7", "3600"].map(retry_after), [Some(0), Some(7), Some(3600)]);
        for other in ["", "-1", "+1", "1.5", " 1", "4294967296", "Wed, 01 Apr 2026 07:28:00 GMT"] {
            assert_eq!(retry_after(other), None, "{other}");
        }
    }

    #[test]
    fn a_request_that_the_browser_sent_twice_is_no_reason_to_give_up() {
        let of = |code: Code| Refused { status: 401, code: code.as_str().to_owned() }.is_temporary();
        assert_eq!([Code::RequestReplayed, Code::SignatureInvalid].map(of), [true, false]);
    }

    #[test]
    fn requests_and_answers_do_not_show_in_logs() {
        let request = get("https://relay.example", "/v1/secret").unwrap();
        assert_eq!(format!("{request:?}"), "HttpRequest(GET, 0 bytes)");
        let answer = HttpResponse::new(200, vec![0xab; 3]);
        assert_eq!(format!("{answer:?}"), "HttpResponse(200, 3 bytes)");
    }
}
