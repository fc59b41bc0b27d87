//! `/v1/bodies`.

use std::sync::Arc;

use api::{Octets, Problem, directory::RegisteredBody, media};
use axum::extract::{Request, State};
use crypto_core::body::SignedBodyEntry;
use relay_auth::cbor::Wire as _;
use service::{body::Cbor, refusal::Refusal};

use super::{read, registry::on_the_wire};
use crate::app::App;

/// Register a public body, or change its entry.
///
/// An entry is taken from anybody if two operators approved it and it follows the newest entry of the
/// body. The newest one again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/bodies",
    tag = "bodies",
    request_body(content = Octets, content_type = "application/cbor", description = "The signed entry (`LBX-BODY-1`)."),
    responses(
        (status = 200, description = "The entry is published and durable.", body = RegisteredBody, content_type = "application/cbor"),
        (status = 403, description = "body-not-approved", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "body-out-of-turn, request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (_, content) = read(&app, request, media::CBOR, SignedBodyEntry::LIMITS.bytes).await?;
    let signed = SignedBodyEntry::from_bytes(&content)?;
    let listed = Arc::clone(&app.bodies).register(signed).await?;
    Ok(Cbor::of(&on_the_wire(&listed)))
}
