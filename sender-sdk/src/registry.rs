//! The registry of public bodies, and where this body stands in it.

use std::{collections::BTreeSet, sync::Arc};

use api::directory::Registry;
use crypto_core::{
    body::{BodyError, BodyId, BodyStatus, RegisteredBody, RegistryError, SignedBodyEntry, VerifiedBody},
    directory::{Head, HeadError, HeadProof, Pin, Presence, Trust},
};
use relay_auth::{
    cbor::{DecodeError, Limits, Wire as _},
    signing::VerifyingKey,
};

use crate::{state::StateError, transport::TransportError, wire::decode};

/// The largest registry that is read, in bytes.
pub(crate) const LARGEST_REGISTRY: usize = 16 * 1024 * 1024;

const LIMITS: Limits = Limits { bytes: LARGEST_REGISTRY, depth: 4, items: 131_072 };

/// For how long a registry counts as present, in seconds. A letter names its body's entry, so the
/// entry has to be the one in force.
const LIFE: u64 = 10 * 60;

/// Why a registry was not taken. The directory is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryFault {
    /// The bytes are no registry.
    #[error("the directory did not send the registry in its format: {0}")]
    Malformed(#[from] DecodeError),
    /// The head does not hold.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The entries of a body do not hold.
    #[error(transparent)]
    Body(#[from] RegistryError),
    /// A body stands there twice.
    #[error("the directory lists a public body twice")]
    Twice,
}

/// Why this body may not send at present.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// The directory cannot be asked.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The registry does not hold.
    #[error("{0}. Nothing was sealed: report this to whoever runs the directory")]
    Registry(#[from] RegistryFault),
    /// The body is not there.
    #[error("the registry has no public body {}: ask the operators to add it", .0.as_str())]
    NotListed(BodyId),
    /// The operators suspended it.
    #[error("this public body is suspended in the registry: ask the operators why")]
    Suspended,
    /// Its entry names other keys.
    #[error(
        "the key of the keys file is not registered for this public body: give its public half to the operators (`letterbox keys public FILE`)"
    )]
    KeyNotRegistered,
    /// Its entry names the key for another time.
    #[error("the key of the keys file is registered for another time: make a new one and have it registered")]
    KeyNotInTime,
    /// What was seen of the log cannot be remembered.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What the directory proved last: its log, and this body's entry.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) pin: Pin,
    pub(crate) body: Arc<VerifiedBody>,
    verified: u64,
}

impl Standing {
    /// Verifies a registry and finds this body in it.
    pub(crate) fn verify(
        bytes: &[u8],
        trust: &Trust,
        known: Option<&Pin>,
        id: &BodyId,
        key: &VerifyingKey,
        now: u64,
    ) -> Result<Self, StandingError> {
        let (head, bodies) = verify(bytes, trust, known, id, now)?;
        let body = bodies
            .into_iter()
            .find(|body| body.entry().id == *id)
            .ok_or_else(|| StandingError::NotListed(id.clone()))?;
        may_send(&body, key, now)?;
        Ok(Self { pin: head.pin(), body: Arc::new(body), verified: now })
    }

    /// Whether the registry has to be asked again.
    pub(crate) const fn is_old(&self, now: u64) -> bool {
        now.saturating_sub(self.verified) > LIFE
    }
}

/// Every body of the registry, in the form that is in force. One that too few operators approved is left out,
/// and no other with it (`LBX-BODY-8`); where that is `own`, it is said.
fn verify(
    bytes: &[u8],
    trust: &Trust,
    known: Option<&Pin>,
    own: &BodyId,
    now: u64,
) -> Result<(Head, Vec<VerifiedBody>), RegistryFault> {
    let registry: Registry = decode(bytes, LIMITS)?;
    let head = Head::verify(&HeadProof::from_bytes(registry.head.as_ref())?, trust, known, now)?;
    let (mut bodies, mut ids) = (Vec::with_capacity(registry.bodies.len()), BTreeSet::new());
    for listed in &registry.bodies {
        let entries = listed.entries.iter().map(|entry| SignedBodyEntry::from_bytes(entry.as_ref()));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let presence = Presence::from_bytes(listed.presence.as_ref())?;
        let proven = match RegisteredBody::verify(&entries, &presence, &head, trust) {
            // Everything else about it is proven.
            Err(RegistryError::Entry(BodyError::NotApproved)) => None,
            proven => Some(proven?.newest().clone()),
        };
        let id = entries.last().ok_or(RegistryError::Empty)?.unverified()?.id;
        if proven.is_none() && id == *own {
            return Err(RegistryError::Entry(BodyError::NotApproved).into());
        }
        if !ids.insert(id) {
            return Err(RegistryFault::Twice);
        }
        bodies.extend(proven);
    }
    Ok((head, bodies))
}

fn may_send(body: &VerifiedBody, key: &VerifyingKey, now: u64) -> Result<(), StandingError> {
    if body.entry().status == BodyStatus::Suspended {
        return Err(StandingError::Suspended);
    }
    if !body.entry().keys.iter().any(|listed| listed.key == *key) {
        return Err(StandingError::KeyNotRegistered);
    }
    if body.keys_at(now).any(|valid| valid == key) { Ok(()) } else { Err(StandingError::KeyNotInTime) }
}
