//! The registry in memory: it is small, and every lookup asks for a key in it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use crypto_core::body::{BodyId, SignedBodyEntry, VerifiedBody};
use relay_auth::{request_key::RequestKeyId, signing::VerifyingKey};

#[derive(Default)]
struct Known {
    bodies: BTreeMap<BodyId, Body>,
    /// Whose key it is, or was: a key is never another body's later.
    keys: HashMap<RequestKeyId, BodyId>,
}

struct Body {
    entries: Vec<SignedBodyEntry>,
    /// The newest entry; none if its approvals are not by the present operators.
    newest: Option<VerifiedBody>,
}

/// Every body and its keys.
pub(super) struct Registry(RwLock<Known>);

impl Registry {
    /// The registry as it was kept. An entry that the present operators did not approve, because they
    /// were changed, is listed on; its keys count for nothing until it is approved again.
    pub(super) fn new(bodies: Vec<(BodyId, Vec<SignedBodyEntry>)>, operators: &[VerifyingKey]) -> Self {
        let mut known = Known::default();
        for (id, entries) in bodies {
            for entry in entries.iter().filter_map(|entry| entry.unverified().ok()) {
                for key in &entry.keys {
                    known.keys.entry(RequestKeyId::of(&key.key)).or_insert_with(|| id.clone());
                }
            }
            let newest = entries.last().and_then(|newest| newest.verify(operators).ok());
            if newest.is_none() {
                tracing::warn!("a public body is not approved by two of the operators in the settings");
            }
            known.bodies.insert(id, Body { entries, newest });
        }
        Self(RwLock::new(known))
    }

    /// The ids of all bodies, in order.
    pub(super) fn ids(&self) -> Vec<BodyId> {
        self.read().bodies.keys().cloned().collect()
    }

    /// The entries of a body, first to newest; none of one that is not there.
    pub(super) fn entries(&self, id: &BodyId) -> Vec<SignedBodyEntry> {
        self.read().bodies.get(id).map(|body| body.entries.clone()).unwrap_or_default()
    }

    /// The body whose key of this name is valid at `now`, and the key. No body that is suspended has
    /// one (`LBX-BODY-3`).
    pub(super) fn request_key(&self, id: RequestKeyId, now: u64) -> Option<(BodyId, VerifyingKey)> {
        let known = self.read();
        let body = known.keys.get(&id)?;
        let newest = known.bodies.get(body)?.newest.as_ref()?;
        let key = newest.keys_at(now).find(|key| RequestKeyId::of(key) == id)?;
        Some((body.clone(), *key))
    }

    /// Whether an entry names a key that another body has or had.
    pub(super) fn takes_others_key(&self, entry: &VerifiedBody) -> bool {
        let (known, entry) = (self.read(), entry.entry());
        let owner = |key: &VerifyingKey| known.keys.get(&RequestKeyId::of(key));
        entry.keys.iter().any(|key| owner(&key.key).is_some_and(|owner| *owner != entry.id))
    }

    /// Adds the newest entry of a body.
    pub(super) fn add(&self, signed: SignedBodyEntry, verified: VerifiedBody) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let id = verified.entry().id.clone();
        for key in &verified.entry().keys {
            known.keys.entry(RequestKeyId::of(&key.key)).or_insert_with(|| id.clone());
        }
        let body = known.bodies.entry(id).or_insert_with(|| Body { entries: Vec::new(), newest: None });
        body.entries.push(signed);
        body.newest = Some(verified);
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        // Nothing panics while it writes; and if something did, the store would still be right.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
