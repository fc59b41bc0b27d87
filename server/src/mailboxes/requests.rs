//! Who asks: signed requests (RFC 9421) of the devices that an access list names, of whoever holds a
//! recovery code, and of sessions that were opened with one.
//!
//! A request becomes [`Proven`] when its signature holds and its time is right; it is [`Admitted`],
//! or has done what it asked for, when its nonce is spent as well. Each step is a type of its own,
//! so that none can be left out: what only reads takes an [`Admitted`], what writes takes a
//! [`Proven`] by value and spends the nonce in its own transaction. Whose key signed is part of the
//! type: what a device may do, a recovery key may not, and the reverse.
//!
//! # Why nonces are durable
//!
//! A request must not work twice, not even across a restart. Remembering nonces in memory and
//! refusing what was signed before the process started is not enough: a device whose clock runs
//! fast signs up to [`WINDOW`] in the future, so a request that the relay took just before it
//! stopped can bear a time after the start. Refusing those too would lock every device out for ten
//! minutes after each restart. So a nonce is a row, written with what the request does, and kept
//! until its request is too old to be taken. Reads pay for it with a share of a commit.

use std::{marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use relay_auth::{
    id::MailboxId,
    request::{self, Parameters, Request, WINDOW},
    request_key::RequestKeyId,
    signing::VerifyingKey,
};
use service::signed::Received;

use crate::store::{Denied, MailStore, StoreFailure};

/// How long a nonce is remembered after its request was signed, in seconds. Twice the window: if
/// the relay's clock is set back by up to five minutes, nothing is taken a second time.
pub const NONCE_LIFE: u64 = 2 * WINDOW;

/// A kind of key that signs requests. No key is of two kinds.
#[async_trait]
pub trait Signer {
    /// The key of this kind and name, if there is one.
    async fn find(store: &dyn MailStore, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure>;
}

/// Signed by a device that the access list names.
#[derive(Debug)]
pub enum ByDevice {}

#[async_trait]
impl Signer for ByDevice {
    async fn find(store: &dyn MailStore, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        store.request_key(id).await
    }
}

/// Signed by a recovery key, which whoever holds the recovery code has.
#[derive(Debug)]
pub enum ByRecoveryKey {}

#[async_trait]
impl Signer for ByRecoveryKey {
    async fn find(store: &dyn MailStore, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        store.recovery_key(id).await
    }
}

/// Signed by the key of a session (`LBX-SESSION-1`). Whether it is over is looked at when the nonce is
/// spent.
#[derive(Debug)]
pub enum BySession {}

#[async_trait]
impl Signer for BySession {
    async fn find(store: &dyn MailStore, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        store.session_key(id).await
    }
}

/// Signed by who may read letters, the archive and attachments: a device or a session.
#[derive(Debug)]
pub enum ByReader {}

#[async_trait]
impl Signer for ByReader {
    async fn find(store: &dyn MailStore, id: RequestKeyId) -> Result<Option<RequestKey>, StoreFailure> {
        match store.request_key(id).await? {
            Some(device) => Ok(Some(device)),
            None => store.session_key(id).await,
        }
    }
}

/// A request whose signature holds and whose time is right. Its nonce is still to be spent.
#[derive(Debug)]
pub struct Proven<By = ByDevice> {
    mailbox: MailboxId,
    key: RequestKeyId,
    created: u64,
    nonce: String,
    by: PhantomData<By>,
}

impl<By> Proven<By> {
    /// The mailbox that is asked for.
    #[must_use]
    pub const fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// The key that signed.
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

    /// For the tests of stores.
    #[cfg(test)]
    pub(crate) fn for_test(mailbox: MailboxId, key: RequestKeyId, created: u64, nonce: &str) -> Self {
        Self { mailbox, key, created, nonce: nonce.to_owned(), by: PhantomData }
    }
}

/// A request whose nonce is spent: it may read.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    mailbox: MailboxId,
    key: RequestKeyId,
}

impl Admitted {
    /// The mailbox that is asked for.
    #[must_use]
    pub const fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// The key that signed.
    #[must_use]
    pub const fn key(&self) -> RequestKeyId {
        self.key
    }
}

/// A key that signs requests, and the mailbox that it may ask for.
#[derive(Clone, Copy, Debug)]
pub struct RequestKey {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The key.
    pub key: VerifyingKey,
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RequestRefused {
    /// Not signed in the one form, signed by a key that may not ask this, or signed wrongly. One
    /// answer for all: strangers learn nothing about which keys exist.
    #[error(
        "the request is not signed by a key that may ask this: sign it as RFC 9421 says, with the tag letterbox-v1 and for this relay's public host name"
    )]
    NotProven,
    /// The signature holds, but was made at another time.
    #[error(
        "the request was signed more than five minutes ago or ahead: set the clock of the device, or sign again with the time of the Date header"
    )]
    OutOfTime,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Tells who asks.
#[derive(Debug)]
pub struct Requests {
    pub(crate) store: Arc<dyn MailStore>,
    /// The host name (and port) under which devices know the relay. From the configuration, not
    /// from the request: a request for another relay must not work here.
    pub(crate) authority: String,
    /// Any public key: what unknown key names are verified against.
    pub(crate) decoy: VerifyingKey,
}

impl Requests {
    /// Verifies a request's signature, by a key of the kind that the caller asks for, and its time.
    ///
    /// # Errors
    /// See [`RequestRefused`].
    pub async fn prove<By: Signer>(
        &self,
        received: &Received<'_>,
        now: u64,
    ) -> Result<Proven<By>, RequestRefused> {
        let parameters =
            Parameters::parse(received.signature_input).map_err(|_| RequestRefused::NotProven)?;
        let id = RequestKeyId::parse(&parameters.key_id);
        let known = match id {
            Some(id) => By::find(self.store.as_ref(), id).await?,
            None => None,
        };
        let request = Request {
            method: received.method,
            authority: &self.authority,
            path: received.path,
            query: received.query,
            body: received.body,
        };
        // An unknown key costs as much as a known one, so that not even the time tells which exist.
        let key = known.as_ref().map_or(&self.decoy, |known| &known.key);
        let verified =
            request::verify(&request, &parameters, received.content_digest, received.signature, key);
        let (Some(key), Some(RequestKey { mailbox, .. }), Ok(())) = (id, known, verified) else {
            return Err(RequestRefused::NotProven);
        };
        parameters.in_time(now).map_err(|_| RequestRefused::OutOfTime)?;
        Ok(Proven { mailbox, key, created: parameters.created, nonce: parameters.nonce, by: PhantomData })
    }

    /// Spends the nonce of a request that only reads.
    ///
    /// On a full disk no nonce can be written; reading goes on all the same, because people must
    /// get at their letters. Until there is room again a captured read could be repeated, which
    /// gives sealed bytes to somebody who was inside TLS already.
    ///
    /// # Errors
    /// [`Denied::Replayed`], [`Denied::KeyGone`] or [`Denied::Failure`].
    pub async fn admit(&self, proven: Proven, now: u64) -> Result<Admitted, Denied> {
        let admitted = Admitted { mailbox: proven.mailbox, key: proven.key };
        match self.store.spend(proven, now).await {
            Ok(()) | Err(Denied::Failure(StoreFailure::Full)) => Ok(admitted),
            Err(denied) => Err(denied),
        }
    }

    /// Spends the nonce of a request that reads letters, the archive or an attachment. On a full disk a
    /// device reads on, as above. A session does not: when it last asked is written down with the
    /// nonce, because its owner is told so (`LBX-SESSION-7`) and it ends by that.
    ///
    /// # Errors
    /// [`Denied::Replayed`], [`Denied::KeyGone`] or [`Denied::Failure`].
    pub async fn admit_reader(&self, proven: Proven<ByReader>, now: u64) -> Result<Admitted, Denied> {
        let admitted = Admitted { mailbox: proven.mailbox, key: proven.key };
        match self.store.spend_reading(proven, now).await {
            Ok(()) => Ok(admitted),
            Err(Denied::Failure(StoreFailure::Full)) => {
                let device = self.store.request_key(admitted.key).await?;
                let is_device = device.is_some_and(|device| device.mailbox == admitted.mailbox);
                if is_device { Ok(admitted) } else { Err(StoreFailure::Full.into()) }
            }
            Err(denied) => Err(denied),
        }
    }
}
