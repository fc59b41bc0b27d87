//! Errors as they are answered.

use api::{Code, Problem};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use relay_auth::cbor::DecodeError;

/// An error as it is answered: `application/problem+json` (RFC 9457).
#[derive(Debug)]
pub struct Refusal {
    problem: Problem,
    retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal of a kind. `detail` is a sentence that says what to do.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { problem: Problem::new(code, detail), retry_after: None }
    }

    /// Says in how many seconds it is worth asking again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The store has no room left.
    #[must_use]
    pub fn store_full() -> Self {
        tracing::error!("the disk of the store is down to its reserve: nothing is taken any more");
        Self::new(Code::ServiceFull, "Nothing was stored: try again later.").retry_after(600)
    }

    /// The store does not answer, for a reason that is the operator's to read.
    #[must_use]
    pub fn store_unavailable(reason: &str) -> Self {
        tracing::error!(reason, "the store does not answer");
        Self::new(Code::Unavailable, "The service's store does not answer: try again later.").retry_after(30)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, api::media::PROBLEM)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 demands one. Browsers ask nobody for a scheme that they do not know.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature"));
        }
        response
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::new(Code::Malformed, format!("The content cannot be read: {error}."))
    }
}

/// The error's text as a sentence.
pub fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
