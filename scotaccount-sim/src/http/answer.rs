//! The end of a journey: what the person chose.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    page,
    refusal::{is_form, redirect, refusal},
    session,
};
use crate::{
    authorize::AuthorizeRequest,
    claims,
    grants::Grant,
    mailboxes::{self, MailboxError},
    parameters::Parameters,
    people::{self, Fate, Person},
    scopes::Scope,
    sim::Sim,
    switches::FailedIdentity,
};

pub(super) async fn answer(State(sim): State<Arc<Sim>>, headers: HeaderMap, body: Bytes) -> Response {
    let parameters = Parameters::parse(&body);
    let field = |name| parameters.one(name).ok().flatten().unwrap_or_default();
    if !is_form(&headers) || !matches!(field("outcome"), "continue" | "cancel") {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "This is not the form of the page");
    }
    let now = sim.clock.now();
    let number = field("request");
    let Some(request) = sim.flows.find(number, now) else { return page::ended() };
    let cookie = session::cookie(&headers);
    let signed_in = cookie.and_then(|cookie| sim.sessions.find(cookie, now));

    let chosen = match field("outcome") {
        "continue" => match people::find(field("person")) {
            Some(person) => Some(person),
            // Nobody was chosen: the page again, and the journey stays open.
            None => return page::sign_in(&request, number),
        },
        _ => None,
    };
    // Of two answers to one journey, one counts.
    if !sim.flows.end(number, now) {
        return page::ended();
    }
    let Some(person) = chosen else {
        // Who is signed in and goes no further refuses; who is not, made no account.
        let location = if signed_in.is_some() { request.denied() } else { request.sign_up_cancelled() };
        return redirect(StatusCode::SEE_OTHER, &location);
    };
    if person.fate == Fate::GivesUp {
        return redirect(StatusCode::SEE_OTHER, &request.sign_up_cancelled());
    }

    let kept = cookie.filter(|_| signed_in.is_some_and(|session| session.person.id == person.id));
    let cookie = kept.map_or_else(|| sim.sessions.begin(person, now), str::to_owned);
    let location = granted(&sim, &request, person, &cookie).await;
    let mut response = redirect(StatusCode::SEE_OTHER, &location);
    session::set(response.headers_mut(), &cookie);
    response
}

/// Where the browser goes once the person agreed.
async fn granted(sim: &Sim, request: &AuthorizeRequest, person: &'static Person, cookie: &str) -> String {
    let asks_for_identity = request.scopes.contains(&Scope::Identity);
    let refuses = sim.switches().failed_identity == FailedIdentity::Denied;
    if asks_for_identity && refuses && person.fate == Fate::Fails {
        return request.denied();
    }
    if asks_for_identity && claims::is_confirmed(person) {
        // Before the person goes on, as ScotAccount sees to it that there is a mailbox; whether it
        // works does not hold the journey up for more than some seconds.
        match mailboxes::provision(sim, &request.client, person).await {
            Ok(_) => tracing::info!("the mailbox service has a mailbox for the person"),
            Err(MailboxError::NotNamed) => {}
            Err(error) => tracing::warn!("no mailbox was made, the next journey tries again: {error}"),
        }
    }
    let now = sim.clock.now();
    let Some(sid) = sim.sessions.visit(cookie, &request.client.id, now) else { return request.denied() };
    let grant = Grant {
        client_id: request.client.id.clone(),
        person,
        subject: sim.subject(&request.client, person),
        scopes: request.scopes.clone(),
        nonce: request.nonce.clone(),
        sid,
    };
    request.granted(&sim.grants.grant(grant, &request.redirect_uri, &request.challenge, now))
}
