//! `/v1/recovery/session`, `/v1/session` and `/v1/mailbox/sessions`.

use std::sync::Arc;

use api::{
    Code, Octets16, Problem, media,
    sessions::{OpenSession, SessionEntry, SessionList},
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
};
use relay_auth::{cbor::Limits, hex, request_key::RequestKeyId};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
};

use super::signed;
use crate::{app::App, sessions::StoredSession};

/// A ticket of at most 256 bytes, and its heads.
const OPENING: Limits = Limits { bytes: 272, depth: 1, items: 2 };

/// Open a session.
///
/// Whoever holds the recovery code and a ticket of the directory reads the mailbox for a while with the
/// key that the ticket names: letters, the archive, attachments, and nothing else. The session ends
/// fifteen minutes after the last request that it signed, four hours after it was opened at the latest,
/// and when the mailbox is restarted. The devices of the mailbox are told of it. Asked again while it is
/// open, the answer is the same, and it lasts no longer for that.
#[utoipa::path(
    post,
    path = "/v1/recovery/session",
    tag = "sessions",
    security(("recovery" = [])),
    request_body(content = OpenSession, content_type = "application/cbor"),
    responses(
        (status = 204, description = "The session is open."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "session-ticket-invalid, session-ticket-expired", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "session-over, request-key-taken", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "too-many-sessions, too-many-requests", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn open(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    body::check_type(request.headers(), media::CBOR)?;
    let now = app.clock.now();
    let (by, content) = signed::prove(&app, request, OPENING.bytes, now).await?;
    let opening: OpenSession = body::decode(&content, OPENING)?;
    if app.sessions.open(by, opening.ticket.as_ref(), now).await? {
        metrics::counter!("letterbox_sessions_opened_total").increment(1);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End the session that asks.
///
/// Its key may ask for nothing any more.
#[utoipa::path(
    delete,
    path = "/v1/session",
    tag = "sessions",
    security(("session" = [])),
    responses(
        (status = 204, description = "The session is over."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed; also where it is over", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_own(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    let now = app.clock.now();
    let (by, _) = signed::prove(&app, request, 0, now).await?;
    app.sessions.end_own(by, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the sessions that were opened.
///
/// For ninety days each, also those from before the mailbox was restarted.
#[utoipa::path(
    get,
    path = "/v1/mailbox/sessions",
    tag = "sessions",
    security(("device" = [])),
    responses(
        (status = 200, description = "The sessions, in the order in which they were opened.", body = SessionList, content_type = "application/cbor"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let by = signed::admit(&app, request).await?;
    let now = app.clock.now();
    let entry = |session: StoredSession| {
        let (ends, end) = session.ends(now);
        let id = Octets16(*session.key.as_bytes());
        SessionEntry { id, opened: session.opened, asked: session.asked, ends, end }
    };
    let sessions = app.sessions.remembered(&by).await?;
    Ok(Cbor::of(&SessionList { sessions: sessions.into_iter().map(entry).collect() }))
}

/// End a session.
///
/// As a device of the mailbox asks. One that is over stays as it ended.
#[utoipa::path(
    delete,
    path = "/v1/mailbox/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "The session's number: 32 lower-case hexadecimal digits.")),
    security(("device" = [])),
    responses(
        (status = 204, description = "The session is over."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no-such-session", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let now = app.clock.now();
    let (by, _) = signed::prove(&app, request, 0, now).await?;
    let missing = || Refusal::new(Code::NoSuchSession, "List the sessions to see which there were.");
    let id = RequestKeyId::from(hex::decode(&id).ok_or_else(missing)?);
    if app.sessions.end(by, id, now).await? { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}
