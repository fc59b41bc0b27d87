//! The directory's resources. One file each: take the request apart, call the domain, turn the
//! outcome into an answer.
//!
//! Bodies are read here, with a limit and a deadline, before anything looks at them; errors become
//! `application/problem+json` in `problem.rs` and nowhere else.

mod bodies;
mod entries;
mod head;
mod known;
mod lookups;
mod problem;
mod provisioning;
mod registry;
mod sign_ins;
mod token;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::{HeaderValue, request::Parts},
};
use service::{
    body,
    public::{self, Guard},
    refusal::Refusal,
};
use utoipa::{
    OpenApi,
    openapi::{
        Components,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Letterbox key directory",
        description = "Says which keys are whose, with proofs. CBOR bodies are deterministic (RFC 8949 §4.2) arrays of the fields of their schema, in its order. Errors are problem+json (RFC 9457) with stable codes."
    ),
    modifiers(&Schemes)
)]
struct Document;

struct Schemes;

impl utoipa::Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let description = "HTTP Message Signature (RFC 9421) with Ed25519 over @method, @authority, \
                           @path, @query and content-digest; parameters created, nonce, keyid, tag in \
                           this order; keyid names a key of an active public body. The fields \
                           Signature-Input and Content-Digest (SHA-256, RFC 9530) go with it.";
        let signature =
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Signature", description)));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token from /oauth/token."))
            .build();
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("body", signature);
        components.add_security_scheme("scotaccount", SecurityScheme::Http(bearer));
    }
}

fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(sign_ins::redeem))
        .routes(routes!(sign_ins::collect))
        .routes(routes!(sign_ins::entries))
        .routes(routes!(sign_ins::session_ticket))
        .routes(routes!(entries::publish))
        .routes(routes!(lookups::look_up))
        .routes(routes!(registry::list))
        .routes(routes!(head::show))
        .routes(routes!(bodies::register))
        .routes(routes!(token::give))
        .routes(routes!(provisioning::provide))
}

/// The description of the interface (OpenAPI), as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// Everything that the public may ask. `origins` are the clients' and nobody else's.
pub fn router(app: &Arc<App>, origins: &[HeaderValue]) -> Router {
    let (router, document) = described().split_for_parts();
    // What serialises once serialises always; an empty document would show in the tests.
    let description = serde_json::to_string(&document).unwrap_or_default();
    let guard = Guard {
        origins: origins.to_vec(),
        addresses: Arc::clone(&app.addresses),
        request: app.limits.request,
    };
    public::guard(router.with_state(Arc::clone(app)), description, guard)
}

/// Reads a request whose content is declared as `media_type`.
async fn read(
    app: &App,
    request: Request,
    media_type: &'static str,
    most: usize,
) -> Result<(Parts, Bytes), Refusal> {
    body::check_type(request.headers(), media_type)?;
    let (parts, content) = request.into_parts();
    let content = body::read(content, most, app.limits.body).await?;
    Ok((parts, content))
}
