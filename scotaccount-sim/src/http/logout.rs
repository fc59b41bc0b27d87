//! Signing out, when a relying party sends the person here (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};

use super::{
    page,
    refusal::{redirect, refusal},
    session,
};
use crate::{
    clients::Client,
    logout,
    parameters::{Parameters, with_query},
    sim::Sim,
    switches::LogoutPath,
};

/// What the relying party wants.
struct Asked {
    /// Where the person goes then.
    location: Option<String>,
    /// The number of the session that the hint names.
    sid: Option<String>,
}

pub(super) async fn logout(
    State(sim): State<Arc<Sim>>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let path = match sim.switches().logout_path {
        LogoutPath::Authorize => "/authorize/logout",
        LogoutPath::Root => "/logout",
    };
    if uri.path() != path {
        return refusal(StatusCode::NOT_FOUND, "not_found", "There is nothing here");
    }
    let asked = match asked(&sim, &Parameters::parse(query.unwrap_or_default().as_bytes())) {
        Ok(asked) => asked,
        Err(description) => return refusal(StatusCode::BAD_REQUEST, "invalid_request", description),
    };
    let ended = sim.sessions.end(session::cookie(&headers), asked.sid.as_deref(), sim.clock.now());
    if let Some(ended) = &ended {
        logout::tell(&sim, ended);
    }
    // Without a session ScotAccount shows a page of its own, wherever the relying party would have
    // the person go.
    let mut response = match asked.location.filter(|_| ended.is_some()) {
        Some(location) => redirect(StatusCode::FOUND, &location),
        None => page::signed_out(),
    };
    session::clear(response.headers_mut());
    response
}

fn asked(sim: &Sim, parameters: &Parameters) -> Result<Asked, &'static str> {
    let one = |name| parameters.one(name).map_err(|_| "A parameter came twice");
    let (mut client, mut sid) = (None, None);
    if let Some(hint) = one("id_token_hint")? {
        let found;
        (found, sid) = hinted(sim, hint).ok_or("Invalid id_token_hint parameter")?;
        client = Some(found);
    }
    let location = match one("post_logout_redirect_uri")? {
        None => None,
        Some(address) => {
            let client: Arc<Client> = client.ok_or("Missing id_token_hint parameter")?;
            if !client.post_logout_redirect_uris.iter().any(|registered| registered == address) {
                return Err("Invalid post_logout_redirect_uri parameter");
            }
            let state = one("state")?.map(|state| ("state", state));
            Some(with_query(address, state.as_slice()))
        }
    };
    Ok(Asked { location, sid })
}

/// For whom an ID token was made, and in which session. It may have expired long ago.
fn hinted(sim: &Sim, hint: &str) -> Option<(Arc<Client>, Option<String>)> {
    let (header, claims) = sim.id_keys.verify(hint)?;
    if header.typ.as_deref() != Some("JWT") || claims["iss"] != sim.issuer.as_str() {
        return None;
    }
    let client = sim.clients.find(claims["aud"].as_str()?)?;
    Some((Arc::clone(client), claims["sid"].as_str().map(str::to_owned)))
}
