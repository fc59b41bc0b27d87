//! `/v1/recovery` and `/v1/mailbox/recovery`.

use std::sync::Arc;

use api::{
    Problem, media,
    recovery::{RecoveryBundle, RecoveryPut, RecoveryRestart},
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use relay_auth::cbor::Limits;
use service::{
    body::{self, Cbor},
    refusal::Refusal,
};

use super::{mailboxes::LARGEST_LIST, signed};
use crate::{app::App, recovery::LARGEST_BUNDLE};

/// A key, a bundle, and their heads.
const PUT: Limits = Limits { bytes: LARGEST_BUNDLE + 64, depth: 1, items: 3 };

/// A list, a key, a bundle, and their heads.
const RESTART: Limits = Limits { bytes: LARGEST_LIST + LARGEST_BUNDLE + 64, depth: 1, items: 4 };

/// Keep a recovery bundle.
///
/// A device registers the first recovery key of the mailbox with the bundle that it opens. Asked
/// again, the answer is the same; another one is refused, because only a restart replaces it.
#[utoipa::path(
    put,
    path = "/v1/mailbox/recovery",
    tag = "recovery",
    security(("device" = [])),
    request_body(content = RecoveryPut, content_type = "application/cbor"),
    responses(
        (status = 204, description = "The key is registered."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn keep(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    body::check_type(request.headers(), media::CBOR)?;
    let now = app.clock.now();
    let (by, content) = signed::prove(&app, request, PUT.bytes, now).await?;
    let put: RecoveryPut = body::decode(&content, PUT)?;
    app.recovery.keep(by, put, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetch a recovery bundle.
///
/// Gives the bundle of the recovery key that signed the request.
#[utoipa::path(
    get,
    path = "/v1/recovery",
    tag = "recovery",
    security(("recovery" = [])),
    responses(
        (status = 200, description = "The bundle.", body = RecoveryBundle, content_type = "application/cbor"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn bundle(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let now = app.clock.now();
    let (by, _) = signed::prove(&app, request, 0, now).await?;
    let stored = app.recovery.bundle(by, now).await?;
    Ok(Cbor::of(&RecoveryBundle { access_counter: stored.access_counter, bundle: stored.bundle.into() }))
}

/// Announce the next recovery key.
///
/// Registers a recovery key with its bundle beside the one that signed the request and the one that a
/// device or a restart left; any other goes. Until the mailbox is restarted all of them work. Asked
/// again, the answer is the same.
#[utoipa::path(
    put,
    path = "/v1/recovery",
    tag = "recovery",
    security(("recovery" = [])),
    request_body(content = RecoveryPut, content_type = "application/cbor"),
    responses(
        (status = 204, description = "The key is registered beside the one that asked."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn announce(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    body::check_type(request.headers(), media::CBOR)?;
    let now = app.clock.now();
    let (by, content) = signed::prove(&app, request, PUT.bytes, now).await?;
    let put: RecoveryPut = body::decode(&content, PUT)?;
    app.recovery.announce(by, put, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restart the mailbox.
///
/// Any recovery key of the mailbox may ask. The access list is signed by the recovery key that comes
/// with it, which is the mailbox's only one from then on. Requests signed by keys that the list does
/// not name are refused from then on, and so are letters sealed to inbox keys that it does not name.
/// The list in force, sent again, is a success.
#[utoipa::path(
    post,
    path = "/v1/recovery/restart",
    tag = "recovery",
    security(("recovery" = [])),
    request_body(content = RecoveryRestart, content_type = "application/cbor", description = "The list's counter is one more than that of the list in force."),
    responses(
        (status = 204, description = "The list is in force."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "access-list-refused", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "access-list-stale, request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn restart(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    body::check_type(request.headers(), media::CBOR)?;
    let now = app.clock.now();
    let (by, content) = signed::prove(&app, request, RESTART.bytes, now).await?;
    let restart: RecoveryRestart = body::decode(&content, RESTART)?;
    app.recovery.restart(by, restart, now).await?;
    metrics::counter!("letterbox_recovery_restarts_total").increment(1);
    Ok(StatusCode::NO_CONTENT)
}
