//! The token endpoint.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::refusal::{answer, is_form, refusal};
use crate::{
    parameters::Parameters,
    sim::Sim,
    tokens::{self, TokenError},
};

pub(super) async fn token(State(sim): State<Arc<Sim>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_form(&headers) {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "The content is not a form");
    }
    match tokens::exchange(&sim, &Parameters::parse(&body)) {
        Ok(tokens) => answer(StatusCode::OK, &tokens),
        Err(error) => refused(&error),
    }
}

fn refused(error: &TokenError) -> Response {
    let (status, code) = match error {
        TokenError::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
        TokenError::InvalidClient(_) => (StatusCode::UNAUTHORIZED, "invalid_client"),
        TokenError::InvalidGrant(_) => (StatusCode::BAD_REQUEST, "invalid_grant"),
        TokenError::UnauthorizedClient => (StatusCode::BAD_REQUEST, "unauthorized_client"),
        TokenError::UnsupportedGrant => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        TokenError::InvalidScope => (StatusCode::BAD_REQUEST, "invalid_scope"),
        TokenError::SessionEnded => (StatusCode::UNAUTHORIZED, "invalid_session_id"),
        TokenError::Key(_) => {
            tracing::error!("no tokens: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error")
        }
    };
    refusal(status, code, &error.to_string())
}
