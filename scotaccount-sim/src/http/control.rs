//! What tests and developers do to the stand-in while it runs. Only from this machine, and not from
//! a page: a page that somebody happens to look at could post here otherwise.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};
use serde_json::{Map, Value, json};

use super::refusal::{answer, refusal};
use crate::{
    mailboxes::{self, MailboxError},
    parameters::Parameters,
    people,
    sim::Sim,
    switches::Switches,
};

pub(super) async fn this_machine_only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let is_local = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let is_page =
        request.headers().contains_key(header::ORIGIN) || request.headers().contains_key("sec-fetch-site");
    if is_local && !is_page {
        next.run(request).await
    } else {
        refusal(StatusCode::FORBIDDEN, "access_denied", "Only from this machine, and not from a page")
    }
}

/// Makes new keys. The old ones go on verifying.
pub(super) async fn rotate_keys(State(sim): State<Arc<Sim>>) -> Response {
    // Seconds of computing must not stop those who wait for answers.
    match tokio::task::spawn_blocking(move || sim.rotate_keys()).await {
        Ok(Ok((login, attributes))) => {
            answer(StatusCode::OK, &json!({ "login": login, "attributes": attributes }))
        }
        Ok(Err(error)) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &error.to_string()),
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The keys were not made"),
    }
}

/// Gives a person a mailbox without a journey: `person` and `client_id`.
pub(super) async fn provision(State(sim): State<Arc<Sim>>, body: Bytes) -> Response {
    let parameters = Parameters::parse(&body);
    let field = |name| parameters.one(name).ok().flatten().unwrap_or_default();
    let (Some(person), Some(client)) = (people::find(field("person")), sim.clients.find(field("client_id")))
    else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "No such person or client_id");
    };
    match mailboxes::provision(&sim, client, person).await {
        Ok(number) => answer(StatusCode::OK, &json!({ "mailbox_id": number })),
        Err(error @ (MailboxError::NotNamed | MailboxError::NotConfirmed)) => {
            refusal(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string())
        }
        Err(error) => refusal(StatusCode::BAD_GATEWAY, "bad_gateway", &error.to_string()),
    }
}

/// Sets switches, `name=value` each, all or none. Answers what they are then.
pub(super) async fn switch(State(sim): State<Arc<Sim>>, body: Bytes) -> Response {
    let parameters = Parameters::parse(&body);
    let mut tried = Switches::default();
    for (name, value) in parameters.all() {
        if let Err(error) = tried.set(name, value) {
            return refusal(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string());
        }
    }
    for (name, value) in parameters.all() {
        // It was possible a moment ago, and what is possible does not change.
        let _ = sim.set(name, value);
    }
    let settings: Map<String, Value> =
        sim.switches().settings().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    answer(StatusCode::OK, &Value::Object(settings))
}
