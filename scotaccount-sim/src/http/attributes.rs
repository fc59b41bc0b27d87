//! Verified attributes.
//!
//! What cannot be read or is over is answered with 401, what is genuine and not enough with 403,
//! and a person of whom there is nothing to say with 404.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde_json::json;

use super::refusal::{answer, refusal};
use crate::{
    assertions::AssertionError, claims, grants::Grant, jose, scopes::Scope, sim::Sim,
    switches::AccessTokenForm,
};

/// The field with the relying party's assertion.
const ASSERTION: &str = "dis-client-assertion";

pub(super) async fn values(State(sim): State<Arc<Sim>>, headers: HeaderMap) -> Response {
    let Some((grant, scopes)) = bearer(&headers).and_then(|token| granted(&sim, token)) else {
        let description = "The access token is missing, malformed, expired or revoked";
        return refusal(StatusCode::UNAUTHORIZED, "invalid_token", description);
    };
    let caller = match caller(&sim, &headers) {
        Ok(caller) => caller,
        Err(error) => {
            let (status, code) = match error {
                AssertionError::Missing | AssertionError::Malformed | AssertionError::OutOfTime => {
                    (StatusCode::UNAUTHORIZED, "invalid_client")
                }
                _ => (StatusCode::FORBIDDEN, "access_denied"),
            };
            return refusal(status, code, &error.to_string());
        }
    };
    if caller != grant.client_id {
        let description = "The access token belongs to another client";
        return refusal(StatusCode::FORBIDDEN, "access_denied", description);
    }
    if scopes.iter().all(|scope| *scope == Scope::OpenId) {
        let description = "The access token has no scope for attributes";
        return refusal(StatusCode::FORBIDDEN, "insufficient_scope", description);
    }
    match claims::token(&sim, &grant.subject, grant.person, &scopes) {
        Ok(Some(token)) => answer(StatusCode::OK, &json!({ "claimsToken": token })),
        Ok(None) => refusal(StatusCode::NOT_FOUND, "not_found", "There are no attributes of this person"),
        Err(error) => {
            tracing::error!("no attributes: {error}");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", "Unexpected server error")
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// What an access token is good for. A signed one is checked as the separate service that this
/// stands for would check it; both kinds must still stand in the books.
fn granted(sim: &Sim, token: &str) -> Option<(Arc<Grant>, Vec<Scope>)> {
    let now = sim.clock.now();
    if sim.switches().access_token == AccessTokenForm::Opaque {
        return sim.grants.access(token, now);
    }
    let (header, claims) = sim.id_keys.verify(token)?;
    let is_ours = header.typ.as_deref() == Some("at+jwt")
        && claims["iss"] == sim.issuer.as_str()
        && claims["exp"].as_u64().is_some_and(|expires| expires > now);
    sim.grants.access(claims["jti"].as_str().filter(|_| is_ours)?, now)
}

fn caller(sim: &Sim, headers: &HeaderMap) -> Result<String, AssertionError> {
    let assertion = headers.get(ASSERTION).ok_or(AssertionError::Missing)?;
    let assertion = assertion.to_str().ok().filter(|text| text.len() <= jose::LONGEST);
    let assertion = assertion.ok_or(AssertionError::Malformed)?;
    let (url, now) = (sim.attributes_endpoint(), sim.clock.now());
    let client = sim.assertions.verify(assertion, &url, &sim.clients, &sim.switches(), now)?;
    Ok(client.id.clone())
}
