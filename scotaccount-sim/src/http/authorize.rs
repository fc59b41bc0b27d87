//! The beginning of a journey: who asks for what, then a page.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    page,
    refusal::{redirect, refusal},
    session,
};
use crate::{
    authorize::{self, AuthorizeError},
    parameters::Parameters,
    sim::Sim,
};

pub(super) async fn authorize(
    State(sim): State<Arc<Sim>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let request = match authorize::check(&parameters, &sim.clients, &sim.switches()) {
        Ok(request) => request,
        Err(AuthorizeError::Nowhere(description)) => {
            return refusal(StatusCode::BAD_REQUEST, "invalid_request", description);
        }
        Err(AuthorizeError::Refused(refused)) => return redirect(StatusCode::FOUND, &refused.location()),
    };
    let now = sim.clock.now();
    let number = sim.flows.begin(request, now);
    let signed_in = session::cookie(&headers).and_then(|cookie| sim.sessions.find(cookie, now));
    match (sim.flows.find(&number, now), signed_in) {
        (Some(request), Some(session)) => page::consent(&request, &number, session.person),
        (Some(request), None) => page::sign_in(&request, &number),
        (None, _) => page::ended(),
    }
}

/// The page of a journey again, in whatever browser and for whomever: how a journey goes on
/// elsewhere, and how somebody else signs in here.
pub(super) async fn resume(State(sim): State<Arc<Sim>>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let number = parameters.one("request").ok().flatten().unwrap_or_default();
    match sim.flows.find(number, sim.clock.now()) {
        Some(request) => page::sign_in(&request, number),
        None => page::ended(),
    }
}
