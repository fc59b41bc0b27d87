//! `/v1/lookups`.

use std::sync::Arc;

use api::{Octets, Problem, directory::LookupRequest, media};
use axum::extract::{Request, State};
use crypto_core::person::Attributes;
use relay_auth::cbor::{Limits, Wire as _};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
    signed::Received,
};

use super::{known, read};
use crate::{app::App, lookups::Question};

/// Attributes of at most 2,048 bytes, a pin and a number.
const LOOKUP: Limits = Limits { bytes: 2200, depth: 2, items: 6 };

/// Look a person up.
///
/// The answer is proven: that nobody has these details, that several people do, that a mailbox waits
/// for its owner, or whose key it is. It brings permits to deposit letters where there is a key to
/// seal to. Nobody but an active public body gets an answer.
#[utoipa::path(
    post,
    path = "/v1/lookups",
    tag = "lookups",
    security(("body" = [])),
    request_body(content = LookupRequest, content_type = "application/cbor"),
    responses(
        (status = 200, description = "The answer (`LBX-DIR-7`).", body = Octets, content_type = "application/cbor"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "unknown-log", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "lookups-used-up, too-many-requests", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn look_up(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (parts, content) = read(&app, request, media::CBOR, LOOKUP.bytes).await?;
    let now = app.clock.now();
    let proven = app.requests.prove(&Received::new(&parts, &content), now)?;
    let asked: LookupRequest = body::decode(&content, LOOKUP)?;
    let question = Question {
        person: Attributes::from_bytes(asked.attributes.as_ref())?,
        known: known::pin(asked.known),
        permits: asked.permits,
    };
    app.requests.admit(&proven, now).await?;
    let (answer, outcome) = app.lookups.answer(&question, now).await?;
    metrics::counter!("letterbox_lookups_total", "outcome" => outcome.as_str()).increment(1);
    Ok(Cbor::encoded(answer.to_bytes()))
}
