//! `/v1/mailboxes` and `/v1/mailbox/access`.

use std::sync::Arc;

use api::{Octets, Problem, mailboxes::OpenMailbox, media};
use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use relay_auth::cbor::Limits;
use service::{body, refusal::Refusal};

use super::signed;
use crate::app::App;

/// A voucher of at most 256 bytes, a signed list of at most 2,200, and their heads.
const OPENING: Limits = Limits { bytes: 2600, depth: 1, items: 3 };

/// The most bytes of a signed access list.
pub(super) const LARGEST_LIST: usize = 2200;

/// Open a mailbox.
///
/// A voucher works once. Asked again with the same voucher and the same list, the answer is the
/// same. The request is not signed: the voucher is leave enough, and the list is signed by the key
/// that the voucher names.
#[utoipa::path(
    post,
    path = "/v1/mailboxes",
    tag = "mailboxes",
    request_body(content = OpenMailbox, content_type = "application/cbor"),
    responses(
        (status = 204, description = "The mailbox is open."),
        (status = 403, description = "voucher-invalid, voucher-expired, access-list-refused", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "voucher-spent, mailbox-open, request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn open(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    let (parts, content) = request.into_parts();
    body::check_type(&parts.headers, media::CBOR)?;
    let content = body::read(content, OPENING.bytes, app.limits.body).await?;
    let opening: OpenMailbox = body::decode(&content, OPENING)?;
    app.mailboxes.open(opening.voucher.as_ref(), opening.access_list.as_ref(), app.clock.now()).await?;
    metrics::counter!("letterbox_mailboxes_opened_total").increment(1);
    Ok(StatusCode::NO_CONTENT)
}

/// Replace the access list by a newer one.
///
/// From then on, requests signed by keys that the new list does not name are refused, and letters
/// sealed to inbox keys that it does not name are refused.
#[utoipa::path(
    put,
    path = "/v1/mailbox/access",
    tag = "mailboxes",
    security(("device" = [])),
    request_body(content = Octets, content_type = "application/cbor", description = "The signed access list."),
    responses(
        (status = 204, description = "The list is in force."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "access-list-refused", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "access-list-stale, request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replace_access(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    body::check_type(request.headers(), media::CBOR)?;
    let now = app.clock.now();
    let (by, list) = signed::prove(&app, request, LARGEST_LIST, now).await?;
    app.mailboxes.replace_access(by, &list, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
