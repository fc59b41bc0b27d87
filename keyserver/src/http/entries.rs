//! `/v1/entries`.

use std::sync::Arc;

use api::{
    Octets16, Problem,
    directory::{PublishRequest, Published},
    media,
};
use axum::extract::{Request, State};
use crypto_core::{citizen::SignedEntry, evidence::AddressEvidence, jwt::LONGEST_TOKEN};
use relay_auth::{
    cbor::{Limits, Wire as _},
    signing::VerifyingKey,
};
use service::{
    body::{self, Cbor},
    refusal::Refusal,
};

use super::{known, read};
use crate::{accounts::Publication, app::App, sign_ins::session::Handle};

/// A signed entry of at most 9 KiB, evidence of at most 34, an address of at most 16, and little
/// beside.
const PUBLICATION: Limits = Limits { bytes: 60 * 1024, depth: 2, items: 10 };

/// A token and its salt.
const ADDRESS: Limits = Limits { bytes: LONGEST_TOKEN + 64, depth: 1, items: 3 };

/// Publish an entry.
///
/// A first entry is admitted by a sign-in and published if its evidence holds; the first one
/// published wins. A further one is admitted by the signature of a device of the entry before; or, if
/// it brings a new identity key, by that key's and the one before's, and a sign-in of the same person
/// with evidence for it (recovery). The answer shows the entry as the directory now proves it. The same
/// signed entry with the same access key, asked again, gives the same mailbox and voucher; that needs
/// no sign-in.
#[utoipa::path(
    post,
    path = "/v1/entries",
    tag = "enrolment",
    request_body(content = PublishRequest, content_type = "application/cbor"),
    responses(
        (status = 200, description = "The entry is published and durable.", body = Published, content_type = "application/cbor"),
        (status = 403, description = "sign-in-unknown, entry-refused, evidence-refused", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "already-enrolled, sign-in-incomplete, other-directory-id, entry-out-of-turn, too-many-namesakes, unknown-log", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "identity-provider-fault", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "service-full, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn publish(State(app): State<Arc<App>>, request: Request) -> Result<Cbor, Refusal> {
    let (_, content) = read(&app, request, media::CBOR, PUBLICATION.bytes).await?;
    let asked: PublishRequest = body::decode(&content, PUBLICATION)?;
    let address =
        asked.address.as_ref().map(|address| body::decode::<AddressEvidence>(address.as_ref(), ADDRESS));
    let publication = Publication {
        sign_in: asked.sign_in.map(|handle| Handle::from(handle.0)),
        entry: SignedEntry::from_bytes(asked.entry.as_ref())?,
        evidence: asked.evidence.0,
        address: address.transpose()?,
        access_key: VerifyingKey::from_bytes(&asked.access_key.0)?,
        known: known::pin(asked.known),
    };
    let published = app.accounts.publish(&publication, app.clock.now()).await?;
    Ok(Cbor::of(&Published {
        head: published.head.into(),
        presence: published.presence.to_bytes().into(),
        without_postcode: published.without_postcode.to_bytes().into(),
        with_postcode: published.with_postcode.map(|presence| presence.to_bytes().into()),
        mailbox: Octets16(*published.mailbox.as_bytes()),
        voucher: published.voucher.into(),
    }))
}
