//! `/v1/registry`.

use std::sync::Arc;

use api::{
    Problem,
    directory::{RegisteredBody, Registry},
};
use axum::{extract::State, http::Uri};
use crypto_core::body::SignedBodyEntry;
use relay_auth::cbor::Wire as _;
use service::{body::Cbor, refusal::Refusal};

use super::known::{self, KnownQuery};
use crate::{app::App, bodies::Listed};

/// List every public body.
///
/// The whole registry, each body with all its entries and the proof that the newest is the newest.
/// There is no way to ask for one body: nobody is to learn whose letters somebody reads.
#[utoipa::path(
    get,
    path = "/v1/registry",
    tag = "bodies",
    params(KnownQuery),
    responses(
        (status = 200, description = "The registry, and the head under which it is proven.", body = Registry, content_type = "application/cbor"),
        (status = 409, description = "unknown-log", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Cbor, Refusal> {
    let (head, bodies) = app.bodies.list(known::from_query(&uri)?).await?;
    let bodies = bodies.iter().map(on_the_wire).collect();
    Ok(Cbor::of(&Registry { head: head.to_bytes().into(), bodies }))
}

/// A body as it is sent.
pub(super) fn on_the_wire(body: &Listed) -> RegisteredBody {
    let entry = |entry: &SignedBodyEntry| entry.to_bytes().into();
    RegisteredBody {
        entries: body.entries.iter().map(entry).collect(),
        presence: body.presence.to_bytes().into(),
    }
}
