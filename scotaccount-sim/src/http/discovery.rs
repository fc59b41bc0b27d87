//! What the provider says of itself, and its keys.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde_json::json;

use super::refusal::answer;
use crate::{authorize::CLAIMS, scopes::Scope, sim::Sim};

/// The discovery document as it is documented: without `userinfo_endpoint`, `acr_values_supported`
/// and `end_session_endpoint`.
pub(super) async fn document(State(sim): State<Arc<Sim>>) -> Response {
    let issuer = &sim.issuer;
    let naming = sim.switches().scope_name;
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": sim.token_endpoint(),
        "jwks_uri": format!("{issuer}/jwks.json"),
        // Named there, but relying parties are registered by hand: there is nothing behind it.
        "registration_endpoint": format!("{issuer}/register"),
        "scopes_supported": Scope::ALL.map(|scope| scope.name(naming)),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"],
        "claims_supported": CLAIMS,
    });
    answer(StatusCode::OK, &document)
}

/// The keys that sign ID tokens, access tokens and logout tokens.
pub(super) async fn id_keys(State(sim): State<Arc<Sim>>) -> Response {
    answer(StatusCode::OK, &sim.id_keys.jwks())
}

/// The keys that sign attributes.
pub(super) async fn attribute_keys(State(sim): State<Arc<Sim>>) -> Response {
    answer(StatusCode::OK, &sim.attribute_keys.jwks())
}
