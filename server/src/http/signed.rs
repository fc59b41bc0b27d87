//! Requests that a device signed.

use api::Code;
use axum::{
    body::Bytes,
    extract::{Query, Request},
    http::{HeaderMap, Uri},
};
use serde::de::DeserializeOwned;

use super::{body, problem::Refusal};
use crate::{
    app::App,
    mailboxes::requests::{Admitted, Proven, Received, RequestRefused},
};

/// Reads a request that writes: its body, and proof of who asks. The nonce is spent by what it does.
pub(crate) async fn prove(
    app: &App,
    request: Request,
    most: usize,
    now: u64,
) -> Result<(Proven, Bytes), Refusal> {
    let (parts, content) = request.into_parts();
    let content = body::read(content, most, app.limits.body).await?;
    let field = |name| only(&parts.headers, name).ok_or(RequestRefused::NotProven);
    let received = Received {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        body: &content,
        content_digest: field("content-digest")?,
        signature_input: field("signature-input")?,
        signature: field("signature")?,
    };
    let proven = app.requests.prove(&received, now).await?;
    Ok((proven, content))
}

/// Admits a request that reads. It has no body; its nonce is spent here.
pub(crate) async fn admit(app: &App, request: Request) -> Result<Admitted, Refusal> {
    let now = app.clock.now();
    let (proven, _) = prove(app, request, 0, now).await?;
    Ok(app.requests.admit(proven, now).await?)
}

/// What the part after the question mark says.
pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    let malformed = "The part after the question mark cannot be read: see /openapi.json for what it may say.";
    match Query::try_from_uri(uri) {
        Ok(Query(query)) => Ok(query),
        Err(_) => Err(Refusal::new(Code::Malformed, malformed)),
    }
}

/// The value of a field that stands there once. Twice would be read by some as the first, by others
/// as the last.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}
