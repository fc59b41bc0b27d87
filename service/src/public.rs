//! What stands in front of everything that the public may ask: how often, from which pages, how
//! long, and what no answer goes without.

use std::{sync::Arc, time::Duration, time::Instant};

use api::Code;
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::cors::CorsLayer;

use crate::{
    addresses::{self, Addresses},
    refusal::Refusal,
    telemetry,
};

/// Who may ask, and how much.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The origins of the client: the only ones whose pages may ask.
    pub origins: Vec<HeaderValue>,
    /// Counts requests by address.
    pub addresses: Arc<Addresses>,
    /// How long a request may take in all, the content of a streamed answer aside.
    pub request: Duration,
}

/// Puts the guard in front of a service's resources, and serves their description (OpenAPI).
pub fn guard(resources: Router, description: String, guard: Guard) -> Router {
    telemetry::prometheus();
    let description: Arc<str> = description.into();
    let describe = move || {
        let description = Arc::clone(&description);
        async move { ([(header::CONTENT_TYPE, "application/json")], description.to_string()) }
    };
    resources
        .route("/openapi.json", get(describe))
        .fallback(|| async { Refusal::new(Code::NotFound, "See /openapi.json for what there is.") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(Code::MethodNotAllowed, "See /openapi.json for what this address takes.")
        })
        .layer(middleware::from_fn_with_state(guard.request, in_time))
        .layer(middleware::from_fn_with_state(guard.addresses, addresses::limit))
        .layer(cors(guard.origins))
        .layer(middleware::map_response(with_headers))
        .layer(middleware::from_fn(observe))
}

/// Exactly the clients' origins, the fields that a signed request needs, and nothing shown beyond
/// what browsers always show and when to ask again. No credentials: there are no cookies here.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::CONTENT_TYPE,
            HeaderName::from_static("content-digest"),
            HeaderName::from_static("signature-input"),
            HeaderName::from_static("signature"),
            HeaderName::from_static(api::header::PERMIT),
        ])
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(60 * 60))
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Answers when a request takes too long. A write that is on its way is not undone by this; asking
/// again is safe, because every write can be repeated.
async fn in_time(State(most): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(most, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(Code::Unavailable, "The service is too slow at the moment: try again later.")
            .retry_after(10)
            .into_response(),
    }
}

/// Counts and times requests by route, never by what was asked for or by whom.
async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let response = next.run(request).await;
    let status = response.status().as_u16();
    metrics::counter!(
        "letterbox_requests_total", "route" => route.clone(), "method" => method, "status" => status.to_string()
    )
    .increment(1);
    metrics::histogram!("letterbox_request_seconds", "route" => route.clone()).record(started.elapsed());
    tracing::debug!(route, method, status, "answered");
    response
}
