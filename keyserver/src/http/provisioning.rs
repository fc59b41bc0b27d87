//! `/v1/mailboxes`.

use std::sync::Arc;

use api::Problem;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use crypto_core::jwt::LONGEST_TOKEN;
use relay_auth::hex;
use serde::{Deserialize, Serialize};
use service::{refusal::Refusal, signed::only};
use utoipa::ToSchema;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    problem::{ProvideRefusal, json_malformed},
    read,
};
use crate::app::App;

/// A token of at most 16 KiB, and a name.
const LONGEST: usize = LONGEST_TOKEN + 1024;

/// Asks for a mailbox for a person whose identity was confirmed.
#[derive(Deserialize, ToSchema, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct ProvideRequest {
    /// ScotAccount's name for the person, as our client knows it.
    sub: String,
    /// The token with the person's confirmed name and birth date.
    claims_token: String,
}

/// A mailbox that was provided.
#[derive(Serialize, ToSchema)]
struct ProvideAnswer {
    /// By which ScotAccount knows it: 32 hexadecimal digits.
    mailbox_id: String,
}

/// Provide a mailbox.
///
/// For ScotAccount, after it has confirmed a person's identity. The mailbox has no key until its owner
/// enrols. Asked again for the same person, the answer is the same.
#[utoipa::path(
    post,
    path = "/v1/mailboxes",
    tag = "provisioning",
    security(("scotaccount" = [])),
    request_body(content = ProvideRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "The mailbox is provided and durable.", body = ProvideAnswer, content_type = "application/json"),
        (status = 401, description = "token-invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "evidence-refused", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "too-many-namesakes", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "identity-provider-fault", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn provide(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ProvideRefusal> {
    let now = app.clock.now();
    // Before anything of the body is read.
    if !bearer(request.headers()).is_some_and(|token| app.access.admits(token, now)) {
        return Err(ProvideRefusal::NotAdmitted);
    }
    let answer = provided(&app, request).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

async fn provided(app: &App, request: Request) -> Result<Vec<u8>, Refusal> {
    let (_, content) = read(app, request, "application/json", LONGEST).await?;
    let asked: ProvideRequest = serde_json::from_slice(&content).map_err(|_| json_malformed())?;
    let id = app.provisioning.provide(&asked.sub, &asked.claims_token).await?;
    let answer = ProvideAnswer { mailbox_id: hex::encode(id.as_bytes()) };
    Ok(serde_json::to_vec(&answer).unwrap_or_default())
}

/// The access token (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = only(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
