//! Journeys that somebody has begun and not ended.
//!
//! A journey stays open for seven days, and belongs to no browser: whoever has its number can go on
//! with it, on another device too. That is how ScotAccount describes proofing that takes days, and
//! it has the same consequence: the browser that comes back to the relying party may not be the one
//! that left. Unlike there, a journey ends with this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{authorize::AuthorizeRequest, ids};

/// How long a journey stays open, in seconds.
const OPEN_FOR: u64 = 7 * 24 * 60 * 60;

/// The most journeys at one time; beyond, the oldest end.
const MOST: usize = 10_000;

struct Flow {
    request: Arc<AuthorizeRequest>,
    begun: u64,
}

#[derive(Default)]
pub(crate) struct Flows(Mutex<HashMap<String, Flow>>);

impl Flows {
    /// Begins a journey. Returns its number.
    pub(crate) fn begin(&self, request: AuthorizeRequest, now: u64) -> String {
        let number = ids::random_text();
        let mut flows = self.open(now);
        if flows.len() >= MOST {
            let oldest = flows.iter().min_by_key(|(_, flow)| flow.begun).map(|(number, _)| number.clone());
            if let Some(oldest) = oldest {
                flows.remove(&oldest);
            }
        }
        flows.insert(number.clone(), Flow { request: Arc::new(request), begun: now });
        number
    }

    /// What a journey is for.
    pub(crate) fn find(&self, number: &str, now: u64) -> Option<Arc<AuthorizeRequest>> {
        self.open(now).get(number).map(|flow| Arc::clone(&flow.request))
    }

    /// Ends a journey. Of two who try at once, one succeeds.
    pub(crate) fn end(&self, number: &str, now: u64) -> bool {
        self.open(now).remove(number).is_some()
    }

    fn open(&self, now: u64) -> MutexGuard<'_, HashMap<String, Flow>> {
        let mut flows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flows.retain(|_, flow| flow.begun.saturating_add(OPEN_FOR) > now);
        flows
    }
}
