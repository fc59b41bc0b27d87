//! `/v1/mailbox/letters`.

use std::sync::Arc;

use api::{
    Problem,
    letters::{Letter, LetterPage, LettersQuery},
};
use axum::extract::{Request, State};
use relay_auth::cbor::Wire as _;
use service::{body::Cbor, refusal::Refusal, signed::query};

use super::signed;
use crate::{
    app::App,
    deposits::{PageLimits, StoredLetter},
};

/// The most entries of one answer.
const MOST_LETTERS: u16 = 256;

/// List letters.
///
/// Gives the deposits after a sequence number, with what is needed to follow the chain of deposits
/// (`LBX-RECEIPT-3`): a relay that drops, alters or reorders one contradicts its receipts. Letters
/// that were acknowledged come without their envelope.
#[utoipa::path(
    get,
    path = "/v1/mailbox/letters",
    tag = "mailbox",
    params(LettersQuery),
    security(("device" = []), ("session" = [])),
    responses(
        (status = 200, description = "Deposits, oldest first.", body = LetterPage, content_type = "application/cbor"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let query: LettersQuery = query(request.uri())?;
    let by = signed::admit_reader(&app, request).await?;
    let entries = usize::from(query.limit.unwrap_or(MOST_LETTERS).clamp(1, MOST_LETTERS));
    let limits = PageLimits { entries, bytes: app.limits.page_bytes };
    let listed = app.deposits.letters_after(&by, query.after, limits).await?;
    let letter = |StoredLetter { deposit, envelope, receipt }: StoredLetter| Letter {
        deposit: deposit.to_bytes().into(),
        envelope: envelope.map(Into::into),
        receipt: app.deposits.sign(&receipt).to_bytes().into(),
    };
    Ok(Cbor::of(&LetterPage {
        letters: listed.letters.into_iter().map(letter).collect(),
        last: listed.last,
        head: (*listed.head.as_bytes()).into(),
    }))
}
