//! `/v1/head`.

use std::sync::Arc;

use api::{Octets, Problem};
use axum::{extract::State, http::Uri};
use relay_auth::cbor::Wire as _;
use service::{body::Cbor, refusal::Refusal};

use super::known::{self, KnownQuery};
use crate::{app::App, lookups::LookupFailure};

/// Show the directory's head.
///
/// The newest epoch in the log, with a proof that the log extends what the caller remembers of it.
#[utoipa::path(
    get,
    path = "/v1/head",
    tag = "log",
    params(KnownQuery),
    responses(
        (status = 200, description = "The head (`LBX-LOG-5`).", body = Octets, content_type = "application/cbor"),
        (status = 409, description = "unknown-log", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(State(app): State<Arc<App>>, uri: Uri) -> Result<Cbor, Refusal> {
    let known = known::from_query(&uri)?;
    let snapshot = app.directory.snapshot(known).await.map_err(LookupFailure::from)?;
    Ok(Cbor::encoded(snapshot.head().to_bytes()))
}
