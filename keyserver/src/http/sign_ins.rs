//! `/v1/sign-ins`.

use std::{mem::take, sync::Arc};

use api::{
    Octets, Octets16, Octets32, Problem,
    directory::{
        CollectRequest, Collected, OwnEntries, OwnEntriesRequest, SessionTicketAnswer, SessionTicketRequest,
        SignInAnswer, SignInRequest,
    },
    media,
};
use axum::extract::{Request, State};
use crypto_core::citizen::SignIn;
use relay_auth::{
    cbor::{DecodeError, Limits, Wire as _},
    signing::Signature,
};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
};
use zeroize::Zeroizing;

use super::read;
use crate::{
    app::App,
    sign_ins::{Redemption, session::Handle},
};

/// A code of at most 2,048 bytes, a verifier of at most 128, an id and a handle.
const REDEMPTION: Limits = Limits { bytes: 2400, depth: 1, items: 6 };

/// A handle, to what it was bound, a signature.
const COLLECTION: Limits = Limits { bytes: 320, depth: 1, items: 4 };

/// A handle.
const OWN_ENTRIES: Limits = Limits { bytes: 48, depth: 1, items: 2 };

/// Redeem a code of ScotAccount.
///
/// The vault sends its browser to ScotAccount and hands on the code that comes back, with the
/// verifier of its challenge. The first stage begins a sign-in, the others go on with it. It lasts an
/// hour. Whether the ID token is bound to the vault's own key is for the vault to see.
#[utoipa::path(
    post,
    path = "/v1/sign-ins",
    tag = "enrolment",
    request_body(content = SignInRequest, content_type = "application/cbor"),
    responses(
        (status = 200, description = "What came of the code.", body = SignInAnswer, content_type = "application/cbor"),
        (status = 403, description = "sign-in-refused, sign-in-unknown, sign-in-of-another", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "identity-provider-fault", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error, such as too-many-requests", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn redeem(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (_, content) = read(&app, request, media::CBOR, REDEMPTION.bytes).await?;
    let asked: SignInRequest = body::decode(&content, REDEMPTION)?;
    let stage = asked.stage;
    let redemption = Redemption {
        stage,
        code: Zeroizing::new(asked.code),
        verifier: Zeroizing::new(asked.code_verifier),
        proposed: asked.directory_id.0.into(),
        handle: asked.sign_in.map(|handle| Handle::from(handle.0)),
    };
    let mut redeemed = app.sign_ins.redeem(redemption, app.clock.now()).await?;
    let outcome = if redeemed.confirmed { "confirmed" } else { "not-confirmed" };
    metrics::counter!("letterbox_sign_ins_total", "stage" => format!("{stage:?}"), "outcome" => outcome)
        .increment(1);
    Ok(Cbor::of(&SignInAnswer {
        sign_in: Octets32(*redeemed.handle.expose()),
        id_token: take(&mut *redeemed.id_token),
        directory_id: Octets16(*redeemed.citizen.as_bytes()),
        enrolled: redeemed.enrolled,
        confirmed: redeemed.confirmed,
    }))
}

/// Collect what a sign-in has brought.
///
/// The tokens of which the evidence is made, for the holder of the identity key to which the sign-in
/// was bound. They can be collected again until the sign-in is over or used up.
#[utoipa::path(
    post,
    path = "/v1/sign-ins/collect",
    tag = "enrolment",
    request_body(content = CollectRequest, content_type = "application/cbor"),
    responses(
        (status = 200, description = "The tokens.", body = Collected, content_type = "application/cbor"),
        (status = 403, description = "sign-in-unknown", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "sign-in-incomplete", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn collect(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (_, content) = read(&app, request, media::CBOR, COLLECTION.bytes).await?;
    let asked: CollectRequest = body::decode(&content, COLLECTION)?;
    let handle = Handle::from(asked.sign_in.0);
    let bound = SignIn::from_bytes(asked.bound.as_ref())?;
    let signature = read_signature(asked.signature)?;
    let (mut tokens, address_token) =
        app.sign_ins.collect(&handle, &bound, &signature, app.clock.now()).await?;
    let (id_token, claims_token) = (take(&mut tokens.id_token), take(&mut tokens.claims_token));
    Ok(Cbor::of(&Collected { id_token, claims_token, address_token }))
}

/// Show the entries of the person who signed in.
///
/// For a vault that comes back with the recovery code: its sign-in is bound to the newest entry, and
/// its own entry follows that one. The sign-in is not used up.
#[utoipa::path(
    post,
    path = "/v1/sign-ins/entries",
    tag = "enrolment",
    request_body(content = OwnEntriesRequest, content_type = "application/cbor"),
    responses(
        (status = 200, description = "The signed entries, from the first to the newest.", body = OwnEntries, content_type = "application/cbor"),
        (status = 403, description = "sign-in-unknown; also where the person has no entry", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn entries(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (_, content) = read(&app, request, media::CBOR, OWN_ENTRIES.bytes).await?;
    let asked: OwnEntriesRequest = body::decode(&content, OWN_ENTRIES)?;
    let chain = app.accounts.own_entries(&Handle::from(asked.sign_in.0), app.clock.now()).await?;
    Ok(Cbor::of(&OwnEntries { entries: chain.iter().map(|entry| entry.to_bytes().into()).collect() }))
}

/// Get leave to read one's own mailbox.
///
/// For the holder of the key to which the first stage of the sign-in was bound, for the purpose
/// *session*. The relay takes the ticket from whoever has the recovery code of the same mailbox, and
/// opens a session for that key. The sign-in is not used up: asked again, there is another ticket for the
/// same key. A key has one session.
#[utoipa::path(
    post,
    path = "/v1/sign-ins/session",
    tag = "sessions",
    request_body(content = SessionTicketRequest, content_type = "application/cbor"),
    responses(
        (status = 200, description = "The sealed ticket.", body = SessionTicketAnswer, content_type = "application/cbor"),
        (status = 403, description = "sign-in-unknown; also where it is of another person, for something else, or the person has no entry", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn session_ticket(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (_, content) = read(&app, request, media::CBOR, COLLECTION.bytes).await?;
    let asked: SessionTicketRequest = body::decode(&content, COLLECTION)?;
    let handle = Handle::from(asked.sign_in.0);
    let bound = SignIn::from_bytes(asked.bound.as_ref())?;
    let signature = read_signature(asked.signature)?;
    let ticket = app.accounts.session_ticket(&handle, &bound, &signature, app.clock.now()).await?;
    metrics::counter!("letterbox_session_tickets_total").increment(1);
    Ok(Cbor::of(&SessionTicketAnswer { ticket: ticket.into() }))
}

fn read_signature(bytes: Octets) -> Result<Signature, DecodeError> {
    let bytes: [u8; 64] = bytes.0.try_into().map_err(|_| DecodeError::Value("a signature has 64 bytes"))?;
    Ok(bytes.into())
}
