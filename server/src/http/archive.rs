//! `/v1/mailbox/archive`.

use std::sync::Arc;

use api::{
    Code, Octets16, Problem,
    archive::{ArchiveEntry, ArchiveObject, ArchivePage, ArchivePut, ArchiveQuery},
    media,
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
};
use relay_auth::{cbor::Limits, hex};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
};

use super::signed;
use crate::{
    app::App,
    archive::{LARGEST_OBJECT, MOST_ACKNOWLEDGED, ObjectId},
};

/// An object, its id and counters, and sequence numbers of at most nine bytes.
const PUT: Limits = Limits {
    bytes: LARGEST_OBJECT + 9 * MOST_ACKNOWLEDGED + 64,
    depth: 2,
    items: 8 + MOST_ACKNOWLEDGED as u32,
};

/// The most entries of one answer.
const MOST_OBJECTS: u16 = 1024;

/// Store an object and acknowledge letters.
///
/// Both or neither, if the stored version of the object is the one expected. Acknowledged letters
/// are hidden at once and removed after 30 days. The stored version, put again with the same bytes,
/// is a success.
#[utoipa::path(
    post,
    path = "/v1/mailbox/archive",
    tag = "archive",
    security(("device" = [])),
    request_body(content = ArchivePut, content_type = "application/cbor"),
    responses(
        (status = 204, description = "Stored and acknowledged."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "archive-conflict, no-such-letter", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "archive-full, service-full", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refusal> {
    body::check_type(request.headers(), media::CBOR)?;
    let now = app.clock.now();
    let (by, content) = signed::prove(&app, request, PUT.bytes, now).await?;
    let put: ArchivePut = body::decode(&content, PUT)?;
    app.archive.put(by, put, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List objects by their latest change.
#[utoipa::path(
    get,
    path = "/v1/mailbox/archive",
    tag = "archive",
    params(ArchiveQuery),
    security(("device" = []), ("session" = [])),
    responses(
        (status = 200, description = "Objects in the order of their changes.", body = ArchivePage, content_type = "application/cbor"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let query: ArchiveQuery = service::signed::query(request.uri())?;
    let by = signed::admit_reader(&app, request).await?;
    let limit = usize::from(query.limit.unwrap_or(MOST_OBJECTS).clamp(1, MOST_OBJECTS));
    let changes = app.archive.changes_after(&by, query.after, limit).await?;
    let entry = |change: crate::archive::Change| ArchiveEntry {
        change: change.change,
        id: Octets16(*change.id.as_bytes()),
        counter: change.counter,
        length: change.length,
    };
    Ok(Cbor::of(&ArchivePage {
        objects: changes.objects.into_iter().map(entry).collect(),
        last: changes.last,
    }))
}

/// Fetch an object.
#[utoipa::path(
    get,
    path = "/v1/mailbox/archive/{id}",
    tag = "archive",
    params(("id" = String, Path, description = "The object's id: 32 lower-case hexadecimal digits.")),
    security(("device" = []), ("session" = [])),
    responses(
        (status = 200, description = "The stored version.", body = ArchiveObject, content_type = "application/cbor"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no-such-object", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn object(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Cbor, Refusal> {
    let by = signed::admit_reader(&app, request).await?;
    let missing = || Refusal::new(Code::NoSuchObject, "List the archive to see what there is.");
    let id = ObjectId::from(hex::decode(&id).ok_or_else(missing)?);
    let stored = app.archive.object(&by, id).await?.ok_or_else(missing)?;
    Ok(Cbor::of(&ArchiveObject {
        id: Octets16(*id.as_bytes()),
        counter: stored.counter,
        object: stored.object.into(),
    }))
}
