//! Signed requests.

use axum::{body::Bytes, extract::Request};
use service::{body, refusal::Refusal, signed::Received};

use crate::{
    app::App,
    mailboxes::requests::{Admitted, Proven, Signer},
};

/// Reads a request that writes: its body, and proof of who asks. The nonce is spent by what it does.
/// What it is given to decides which kind of key must have signed.
pub(crate) async fn prove<By: Signer>(
    app: &App,
    request: Request,
    most: usize,
    now: u64,
) -> Result<(Proven<By>, Bytes), Refusal> {
    let (parts, content) = request.into_parts();
    let content = body::read(content, most, app.limits.body).await?;
    let proven = app.requests.prove(&Received::new(&parts, &content), now).await?;
    Ok((proven, content))
}

/// Admits a request that reads letters, the archive or an attachment: a device's, or a session's. It has
/// no body; its nonce is spent here.
pub(crate) async fn admit_reader(app: &App, request: Request) -> Result<Admitted, Refusal> {
    let now = app.clock.now();
    let (proven, _) = prove(app, request, 0, now).await?;
    Ok(app.requests.admit_reader(proven, now).await?)
}

/// Admits a device's request that reads. It has no body; its nonce is spent here.
pub(crate) async fn admit(app: &App, request: Request) -> Result<Admitted, Refusal> {
    let now = app.clock.now();
    let (proven, _) = prove(app, request, 0, now).await?;
    Ok(app.requests.admit(proven, now).await?)
}
