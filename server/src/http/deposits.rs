//! `/v1/deposits`.

use std::{collections::BTreeSet, sync::Arc};

use api::{Code, Octets, Problem, media};
use axum::{
    extract::{Request, State},
    http::HeaderMap,
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{cbor::Wire as _, hex, id::BlobId, receipt::MOST_BLOBS};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
    signed::only,
};

use crate::{
    app::App,
    deposits::{DepositError, LARGEST_ENVELOPE},
    store::StoreFailure,
};

/// The longest permit as text: a sealed ticket has at most 256 bytes.
const LONGEST_PERMIT: usize = 342;

/// Deposit a sealed letter.
///
/// A permit works for one letter. Its attachments are uploaded before it, on the same permit, and are
/// named here: they belong to the mailbox from then on. Asked again with the same permit, the same
/// bytes and the same attachments, the answer is the first receipt. Who deposits is not asked and not
/// known.
#[utoipa::path(
    post,
    path = "/v1/deposits",
    tag = "deposits",
    params(
        ("Letterbox-Permit" = String, Header, description = "The sealed permit in base64url without padding."),
        ("Letterbox-Blobs" = Option<String>, Header, description = "The ids of the letter's attachments in its order, each once, at most 32: 32 lower-case hexadecimal digits each, separated by commas. Left out where there are none."),
    ),
    request_body(content = Octets, content_type = "application/octet-stream", description = "The sealed letter, at most 64 KiB."),
    responses(
        (status = 200, description = "The relay's signed receipt: the letter is stored and durable.", body = Octets, content_type = "application/cbor"),
        (status = 403, description = "permit-invalid, permit-expired", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "permit-spent, recipient-key-changed, blob-missing", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "mailbox-full, mailbox-blobs-full, service-full", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn deposit(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (parts, content) = request.into_parts();
    body::check_type(&parts.headers, media::OCTETS)?;
    let permit = permit(&parts.headers)?;
    let blobs = blobs(&parts.headers)?;
    let envelope = body::read(content, LARGEST_ENVELOPE, app.limits.body).await?;
    let outcome = app.deposits.deposit(&permit, envelope.into(), blobs, app.clock.now()).await;
    metrics::counter!("letterbox_deposits_total", "outcome" => label(&outcome)).increment(1);
    Ok(Cbor::encoded(outcome?.to_bytes()))
}

/// The sealed permit that a request bears.
pub(super) fn permit(headers: &HeaderMap) -> Result<Vec<u8>, Refusal> {
    only(headers, api::header::PERMIT)
        .filter(|permit| permit.len() <= LONGEST_PERMIT)
        .and_then(|permit| Base64UrlUnpadded::decode_vec(permit).ok())
        .ok_or_else(|| {
            let detail = "Send the permit that the directory gave you as Letterbox-Permit, in base64url.";
            Refusal::new(Code::PermitInvalid, detail)
        })
}

/// The attachments that a deposit names.
fn blobs(headers: &HeaderMap) -> Result<Vec<BlobId>, Refusal> {
    if !headers.contains_key(api::header::BLOBS) {
        return Ok(Vec::new());
    }
    only(headers, api::header::BLOBS).and_then(listed).ok_or_else(|| {
        let detail = "Name each attachment once in Letterbox-Blobs, at most 32: 32 lower-case hexadecimal digits each, separated by commas.";
        Refusal::new(Code::Malformed, detail)
    })
}

fn listed(text: &str) -> Option<Vec<BlobId>> {
    let ids: Vec<BlobId> =
        text.split(',').map(|id| hex::decode(id.trim()).map(BlobId::from)).collect::<Option<_>>()?;
    let distinct: BTreeSet<BlobId> = ids.iter().copied().collect();
    (ids.len() <= MOST_BLOBS && distinct.len() == ids.len()).then_some(ids)
}

fn label<T>(outcome: &Result<T, DepositError>) -> &'static str {
    match outcome {
        Ok(_) => "receipt",
        Err(DepositError::Permit(_)) => "permit",
        Err(DepositError::ClockBehind) => "clock",
        Err(DepositError::Empty) => "empty",
        Err(DepositError::PermitSpent) => "permit-spent",
        Err(DepositError::KeyNotAccepted) => "recipient-key-changed",
        Err(DepositError::MailboxFull) => "mailbox-full",
        Err(DepositError::BlobMissing) => "blob-missing",
        Err(DepositError::BlobsFull) => "mailbox-blobs-full",
        Err(DepositError::Store(StoreFailure::Full)) => "service-full",
        Err(DepositError::Store(StoreFailure::Unavailable(_))) => "unavailable",
    }
}
