//! The stand-in's resources. One file each: take the request apart, ask the parts, answer.
//!
//! Browsers come to `/authorize` and below; relying parties' services come to the token endpoint,
//! the key sets and the attributes; tests come to `/sim`, from this machine alone.

mod answer;
mod attributes;
mod authorize;
mod control;
mod discovery;
mod logout;
mod page;
mod refusal;
mod session;
mod token;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};

use self::refusal::refusal;
use crate::{sim::Sim, switches::Fault};

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// The provider: the origin that is the issuer of ID tokens. Serve it with the addresses of those
/// who connect (`ConnectInfo`), or its control path refuses everybody.
pub fn provider(sim: &Arc<Sim>) -> Router {
    let services = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::document))
        .route("/jwks.json", get(discovery::id_keys))
        .route("/token", post(token::token))
        .layer(middleware::from_fn_with_state(Arc::clone(sim), failing));
    let control = Router::new()
        .route("/sim/rotate-keys", post(control::rotate_keys))
        .route("/sim/provision", post(control::provision))
        .route("/sim/switch", post(control::switch))
        .layer(middleware::from_fn(control::this_machine_only));
    let people = Router::new()
        .route("/authorize", get(authorize::authorize))
        .route("/authorize/resume", get(authorize::resume))
        .route("/authorize/answer", post(answer::answer))
        .route("/authorize/logout", get(logout::logout))
        .route("/logout", get(logout::logout))
        .route("/sim.css", get(page::style));
    finished(people.merge(services).merge(control), sim)
}

/// The service that releases attributes, on an origin of its own.
pub fn attributes(sim: &Arc<Sim>) -> Router {
    let services = Router::new()
        .route("/jwks.json", get(discovery::attribute_keys))
        .route("/attributes/values", get(attributes::values))
        .layer(middleware::from_fn_with_state(Arc::clone(sim), failing));
    finished(services, sim)
}

fn finished(router: Router<Arc<Sim>>, sim: &Arc<Sim>) -> Router {
    router
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "not_found", "There is nothing here") })
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::map_response(with_headers))
        .with_state(Arc::clone(sim))
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Pages bring a policy of their own; nothing else needs to load anything.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// Fails the relying party's services where a switch says so. Browsers are not on the list of
/// addresses in production either, so that their pages go on.
async fn failing(State(sim): State<Arc<Sim>>, request: Request, next: Next) -> Response {
    match sim.switches().fault {
        Fault::None => next.run(request).await,
        Fault::Internal => {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", "Unexpected server error")
        }
        Fault::BadGateway => refusal(StatusCode::BAD_GATEWAY, "bad_gateway", "A service did not answer"),
        Fault::Down => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", "Service unavailable")
        }
        Fault::NotListed => refusal(StatusCode::GATEWAY_TIMEOUT, "gateway_timeout", "Timeout"),
    }
}
