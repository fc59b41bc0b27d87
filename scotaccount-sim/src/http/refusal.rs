//! Errors as OAuth writes them (RFC 6749 §5.2).

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

/// What a form is sent as.
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn refusal(status: StatusCode, code: &str, description: &str) -> Response {
    answer(status, &json!({ "error": code, "error_description": description }))
}

pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Sends the browser on: 302 after a GET, 303 after a POST, so that it asks there with GET.
pub(super) fn redirect(status: StatusCode, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        // Registered addresses are visible ASCII, and so is what is added to them.
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Unexpected server error"),
    }
}

/// Whether the body is a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}
