//! The relay's resources. One file each: take the request apart, call the domain, turn the outcome
//! into an answer.
//!
//! Bodies are read here, with a limit and a deadline, before anything looks at them; errors become
//! `application/problem+json` in `problem.rs` and nowhere else.

mod archive;
mod blobs;
mod deposits;
mod events;
mod letters;
mod mailboxes;
mod problem;
mod recovery;
mod sessions;
mod signed;

use std::sync::Arc;

use axum::{Router, http::HeaderValue};
use service::public::{self, Guard};
use utoipa::{
    OpenApi,
    openapi::{
        Components,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

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
        let components = document.components.get_or_insert_with(Components::new);
        for (name, key) in [
            ("device", "a request key of the mailbox's access list"),
            ("recovery", "a recovery key that is registered for the mailbox"),
            ("session", "the key of a session that is open"),
        ] {
            let description = format!(
                "HTTP Message Signature (RFC 9421) with Ed25519 over @method, @authority, @path, @query and \
                 content-digest; parameters created, nonce, keyid, tag in this order; keyid names {key}. The \
                 fields Signature-Input and Content-Digest (SHA-256, RFC 9530) go with it, also where there \
                 is no content."
            );
            let value = ApiKeyValue::with_description("Signature", description.as_str());
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Header(value)));
        }
    }
}

fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(mailboxes::open))
        .routes(routes!(mailboxes::replace_access))
        .routes(routes!(blobs::upload))
        .routes(routes!(deposits::deposit))
        .routes(routes!(letters::list))
        .routes(routes!(blobs::download, blobs::delete))
        .routes(routes!(archive::put, archive::list))
        .routes(routes!(archive::object))
        .routes(routes!(events::follow))
        .routes(routes!(recovery::keep))
        .routes(routes!(recovery::bundle, recovery::announce))
        .routes(routes!(recovery::restart))
        .routes(routes!(sessions::open))
        .routes(routes!(sessions::end_own))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
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
