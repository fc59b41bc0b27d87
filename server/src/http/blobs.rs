//! `/v1/blobs` and `/v1/mailbox/blobs`.

use std::{io, sync::Arc};

use api::{
    Code, Octets, Problem,
    blobs::{DownloadQuery, LARGEST_PART, UploadQuery, UploadState},
    media,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use relay_auth::{hex, id::BlobId, permit::Permit};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
    signed::query,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::Instant,
};

use super::{deposits::permit, signed};
use crate::{
    app::App,
    blobs::{Part, Room, Running, UploadError},
    mailboxes::requests::Admitted,
    store::StoreFailure,
};

/// How much of a file is read at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// After so many pieces it is looked whether a session that asked is still open: half a mebibyte.
const PIECES_BETWEEN_LOOKS: usize = 8;

/// Upload a part of a sealed attachment.
///
/// The answer says how many bytes from the start are stored and durable: there the next part begins. A
/// part that begins elsewhere is not stored; so a part whose answer was lost can be sent again. The
/// permit is not spent: the deposit that spends it names the attachment. What no deposit named within
/// an hour of the last part on its permit, or a day of its own first part, is gone.
#[utoipa::path(
    put,
    path = "/v1/blobs/{blob}",
    tag = "deposits",
    params(
        ("blob" = String, Path, description = "A random id: 32 lower-case hexadecimal digits."),
        UploadQuery,
        ("Letterbox-Permit" = String, Header, description = "The sealed permit in base64url without padding."),
    ),
    request_body(content = Octets, content_type = "application/octet-stream", description = "The part, 1 byte to 1 MiB."),
    responses(
        (status = 200, description = "How far the upload has come.", body = UploadState, content_type = "application/cbor"),
        (status = 403, description = "permit-invalid, permit-expired", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "blob-taken, permit-spent, recipient-key-changed", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "permit-blobs-full, mailbox-blobs-full, blobs-full, service-full", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Path(blob): Path<String>,
    request: Request,
) -> Result<Cbor, Refusal> {
    let (parts, content) = request.into_parts();
    body::check_type(&parts.headers, media::OCTETS)?;
    let (permit, room) = admitted(&app, &permit(&parts.headers)?).await.inspect_err(count)?;
    let UploadQuery { length, offset } = query(&parts.uri)?;
    let blob = hex::decode(&blob).map(BlobId::from).ok_or_else(|| {
        Refusal::new(Code::Malformed, "An attachment's number is 32 lower-case hexadecimal digits.")
    })?;
    let bytes = body::read(content, LARGEST_PART, app.limits.body).await?;
    let part = Part { blob, length, offset, bytes: bytes.into() };
    let stored = app.blobs.upload(permit, part, room, app.clock.now()).await.inspect_err(count)?;
    let outcome = if stored.brought == 0 { "out-of-turn" } else { "stored" };
    metrics::counter!("letterbox_blob_parts_total", "outcome" => outcome).increment(1);
    metrics::counter!("letterbox_blob_bytes_total").increment(stored.brought);
    Ok(Cbor::of(&UploadState { received: stored.received }))
}

/// What has to be right before a part is read.
async fn admitted(app: &App, permit: &[u8]) -> Result<(Permit, Room), UploadError> {
    let permit = app.blobs.open_permit(permit, app.clock.now()).await?;
    let room = app.blobs.make_room(&permit)?;
    Ok((permit, room))
}

/// Fetch a sealed attachment.
///
/// Gives the octets from `offset` to the end, so that a download that broke off can go on. What a session
/// asked for breaks off when the session is over.
#[utoipa::path(
    get,
    path = "/v1/mailbox/blobs/{blob}",
    tag = "mailbox",
    params(
        ("blob" = String, Path, description = "The id, as the letter's deposit names it: 32 lower-case hexadecimal digits."),
        DownloadQuery,
    ),
    security(("device" = []), ("session" = [])),
    responses(
        (status = 200, description = "The octets; Content-Length says how many.", body = Octets, content_type = "application/octet-stream"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no-such-blob", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "too-many-streams, too-many-requests", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Path(blob): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let DownloadQuery { offset } = query(request.uri())?;
    let by = signed::admit_reader(&app, request).await?;
    // A key that no device has is a session's: of one that is a device's no more, nothing is sent.
    let is_session = app.store.request_key(by.key()).await?.is_none();
    let running = app.blobs.begin_download(&by, is_session).ok_or_else(|| {
        let detail = "There are as many downloads as there may be: end one, or wait until one has ended.";
        Refusal::new(Code::TooManyStreams, detail).retry_after(10)
    })?;
    let blob = BlobId::from(hex::decode(&blob).ok_or_else(missing)?);
    let found = app.blobs.open(&by, blob, offset).await?.ok_or_else(missing)?;
    let left = found.length.checked_sub(offset).ok_or_else(|| {
        Refusal::new(Code::Malformed, "The attachment ends before that place: begin within it.")
    })?;
    let ends = Instant::now() + app.limits.stream;
    let sending = Sending { app, by, is_session, content: found.content, ends, pieces: 0, _running: running };
    let content = stream::try_unfold(sending, |mut sending| async move {
        let piece = sending.next().await?;
        Ok::<_, io::Error>((!piece.is_empty()).then_some((piece, sending)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media::OCTETS)),
        (header::CONTENT_LENGTH, HeaderValue::from(left)),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

/// A file on its way to who asked for it: read as the other side takes it, beyond the time that a request
/// may take, and counted until its end or the connection's.
struct Sending {
    app: Arc<App>,
    by: Admitted,
    is_session: bool,
    content: Box<dyn AsyncRead + Send + Unpin>,
    ends: Instant,
    /// How many pieces were read.
    pieces: usize,
    _running: Running,
}

impl Sending {
    /// The next piece; an empty one at the end.
    async fn next(&mut self) -> io::Result<Bytes> {
        if Instant::now() >= self.ends {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // LBX-SESSION-6: whoever is over gets no more, whatever it began before.
        if self.is_session && self.pieces.is_multiple_of(PIECES_BETWEEN_LOOKS) {
            let is_open = self.app.sessions.is_open(&self.by, self.app.clock.now()).await;
            if !is_open.map_err(io::Error::other)? {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
        }
        self.pieces += 1;
        let mut piece = vec![0; PIECE];
        let read = self.content.read(&mut piece).await?;
        piece.truncate(read);
        Ok(piece.into())
    }
}

/// Delete a sealed attachment.
///
/// Its letter stays; the room is free again. Asked again, there is no such attachment: whoever lost the
/// answer takes that for a success.
#[utoipa::path(
    delete,
    path = "/v1/mailbox/blobs/{blob}",
    tag = "mailbox",
    params(
        ("blob" = String, Path, description = "The id, as the letter's deposit names it: 32 lower-case hexadecimal digits."),
    ),
    security(("device" = [])),
    responses(
        (status = 204, description = "No device gets it any more."),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no-such-blob", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "service-full", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(blob): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let now = app.clock.now();
    let (by, _) = signed::prove(&app, request, 0, now).await?;
    let blob = BlobId::from(hex::decode(&blob).ok_or_else(missing)?);
    if app.blobs.delete(by, blob, now).await? { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

fn missing() -> Refusal {
    Refusal::new(Code::NoSuchBlob, "List the letters to see which attachments there are.")
}

/// Counts a part that was not stored.
fn count(error: &UploadError) {
    metrics::counter!("letterbox_blob_parts_total", "outcome" => label(error)).increment(1);
}

fn label(error: &UploadError) -> &'static str {
    match error {
        UploadError::Permit(_) => "permit",
        UploadError::Invalid(_) => "malformed",
        UploadError::PermitSpent => "permit-spent",
        UploadError::KeyNotAccepted => "recipient-key-changed",
        UploadError::Taken => "blob-taken",
        UploadError::PermitFull => "permit-blobs-full",
        UploadError::MailboxFull => "mailbox-blobs-full",
        UploadError::Crowded => "blobs-full",
        UploadError::Busy => "busy",
        UploadError::Store(StoreFailure::Full) => "service-full",
        UploadError::Store(StoreFailure::Unavailable(_)) => "unavailable",
    }
}
