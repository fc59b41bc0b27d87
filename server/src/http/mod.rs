//! The relay's resources. One file each: take the request apart, call the domain, turn the outcome
//! into an answer.
//!
//! Bodies are read here, with a limit and a deadline, before anything looks at them; errors become
//! `application/problem+json` in `problem.rs` and nowhere else.

pub mod addresses;
mod archive;
mod body;
mod deposits;
mod events;
mod letters;
mod mailboxes;
pub mod operations;
mod problem;
mod signed;

use std::{sync::Arc, time::Instant};

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
use utoipa::{
    OpenApi,
    openapi::{
        Components,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::problem::Refusal;
use crate::{app::App, telemetry};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Letterbox relay",
        description = "Keeps sealed letters for mailboxes. CBOR bodies are deterministic (RFC 8949 §4.2) arrays of the fields of their schema, in its order. Errors are problem+json (RFC 9457) with stable codes."
    ),
    modifiers(&Signatures)
)]
struct Document;

struct Signatures;

impl utoipa::Modify for Signatures {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let description = "HTTP Message Signature (RFC 9421) with Ed25519 over @method, @authority, \
                           @path, @query and content-digest; parameters created, nonce, keyid, tag in \
                           this order; keyid names a request key of the mailbox's access list. The \
                           fields Signature-Input and Content-Digest (SHA-256, RFC 9530) go with it, \
                           also where there is no content.";
        let scheme =
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Signature", description)));
        document.components.get_or_insert_with(Components::new).add_security_scheme("device", scheme);
    }
}

fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(mailboxes::open))
        .routes(routes!(mailboxes::replace_access))
        .routes(routes!(deposits::deposit))
        .routes(routes!(letters::list))
        .routes(routes!(archive::put, archive::list))
        .routes(routes!(archive::object))
        .routes(routes!(events::follow))
}

/// The description of the interface (OpenAPI), as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// Everything that the public may ask. `origins` are the clients' and nobody else's.
pub fn router(app: &Arc<App>, origins: &[HeaderValue]) -> Router {
    telemetry::prometheus();
    let (router, document) = described().split_for_parts();
    // What serialises once serialises always; an empty document would show in the tests.
    let document: Arc<str> = serde_json::to_string(&document).unwrap_or_default().into();
    let serve_document = move || {
        let document = Arc::clone(&document);
        async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) }
    };
    router
        .route("/openapi.json", get(serve_document))
        .fallback(|| async { Refusal::new(Code::NotFound, "See /openapi.json for what there is.") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(Code::MethodNotAllowed, "See /openapi.json for what this address takes.")
        })
        .with_state(Arc::clone(app))
        .layer(middleware::from_fn_with_state(Arc::clone(app), in_time))
        .layer(middleware::from_fn_with_state(Arc::clone(app), addresses::limit))
        .layer(cors(origins))
        .layer(middleware::map_response(with_headers))
        .layer(middleware::from_fn(observe))
}

/// Exactly the clients' origins, the fields that a signed request needs, and nothing shown beyond
/// what browsers always show. No credentials: there are no cookies here.
fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers([
            header::CONTENT_TYPE,
            HeaderName::from_static("content-digest"),
            HeaderName::from_static("signature-input"),
            HeaderName::from_static("signature"),
            HeaderName::from_static(api::header::PERMIT),
        ])
        .max_age(std::time::Duration::from_secs(60 * 60))
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Answers when a request takes too long. A write that is on its way is not undone by this; asking
/// again is safe, because every write can be repeated.
async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(Code::Unavailable, "The relay is too slow at the moment: try again later.")
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
