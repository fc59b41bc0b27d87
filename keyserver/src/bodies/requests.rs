//! Who asks: requests signed by a key that a body's entry names (RFC 9421, `LBX-REQUEST-1`).
//!
//! A request becomes [`Proven`] when its signature holds, its key is valid now and its time is right.
//! It is answered when its nonce is spent and its body's daily allowance is not used up. Nonces are
//! rows, so that a captured request does not work again after a restart; why they have to be is told
//! where the relay keeps its own.

use std::sync::Arc;

use crypto_core::body::BodyId;
use relay_auth::{
    request::{self, Parameters, Request, WINDOW},
    request_key::RequestKeyId,
    signing::VerifyingKey,
};
use service::signed::Received;

use super::Bodies;
use crate::store::{Denied, Records};

/// How long a nonce is remembered after its request was signed, in seconds. Twice the window: if the
/// directory's clock is set back by up to five minutes, nothing is taken a second time.
pub const NONCE_LIFE: u64 = 2 * WINDOW;

/// A request whose signature holds and whose time is right. Its nonce is still to be spent.
#[derive(Debug)]
pub struct Proven {
    body: BodyId,
    key: RequestKeyId,
    created: u64,
    nonce: String,
}

impl Proven {
    /// The body that asks.
    #[must_use]
    pub const fn body(&self) -> &BodyId {
        &self.body
    }

    /// The key that it signed with.
    #[must_use]
    pub const fn key(&self) -> RequestKeyId {
        self.key
    }

    /// The nonce, 22 characters.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Until when the nonce has to be remembered, Unix seconds.
    #[must_use]
    pub const fn remembered_until(&self) -> u64 {
        self.created.saturating_add(NONCE_LIFE)
    }
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefused {
    /// Not signed in the one form, signed by a key that is no active body's now, or signed wrongly.
    /// One answer for all: strangers learn nothing about which keys exist.
    #[error(
        "the request is not signed by a valid key of an active public body: sign it as RFC 9421 says, with the tag letterbox-v1 and for this directory's public host name"
    )]
    NotProven,
    /// The signature holds, but was made at another time.
    #[error(
        "the request was signed more than five minutes ago or ahead: set the clock of the machine, or sign again with the time of the Date header"
    )]
    OutOfTime,
}

/// Tells which body asks.
pub struct Requests {
    pub(crate) bodies: Arc<Bodies>,
    pub(crate) records: Arc<dyn Records>,
    /// The host name (and port) under which bodies know the directory. From the configuration, not
    /// from the request: a request for another directory must not work here.
    pub(crate) authority: String,
    /// Any public key: what unknown key names are verified against.
    pub(crate) decoy: VerifyingKey,
    /// How many people a body may look up in a day.
    pub(crate) lookups_a_day: u64,
}

impl Requests {
    /// Verifies a request's signature and time.
    ///
    /// # Errors
    /// See [`RequestRefused`].
    pub fn prove(&self, received: &Received<'_>, now: u64) -> Result<Proven, RequestRefused> {
        let parameters =
            Parameters::parse(received.signature_input).map_err(|_| RequestRefused::NotProven)?;
        let id = RequestKeyId::parse(&parameters.key_id);
        let known = id.and_then(|id| self.bodies.request_key(id, now));
        let request = Request {
            method: received.method,
            authority: &self.authority,
            path: received.path,
            query: received.query,
            body: received.body,
        };
        // An unknown key costs as much as a known one, so that not even the time tells which exist.
        let key = known.as_ref().map_or(&self.decoy, |(_, key)| key);
        let verified =
            request::verify(&request, &parameters, received.content_digest, received.signature, key);
        let (Some(key), Some((body, _)), Ok(())) = (id, known, verified) else {
            return Err(RequestRefused::NotProven);
        };
        parameters.in_time(now).map_err(|_| RequestRefused::OutOfTime)?;
        Ok(Proven { body, key, created: parameters.created, nonce: parameters.nonce })
    }

    /// Spends the nonce of a lookup, and counts it for its body.
    ///
    /// # Errors
    /// See [`Denied`].
    pub async fn admit(&self, proven: &Proven, now: u64) -> Result<(), Denied> {
        self.records.spend(proven, self.lookups_a_day, now).await
    }
}
