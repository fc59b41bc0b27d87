//! Public bodies: who may look people up, and whose letters devices believe (`LBX-BODY-1` to
//! `LBX-BODY-5`).
//!
//! An entry is taken from anybody if two operators approved it and it follows the newest one of its
//! body. Their keys are offline; this service has none that could make a body.

mod registry;
pub mod requests;

use std::sync::Arc;

use crypto_core::{
    body::{BodyError, BodyId, SignedBodyEntry, VerifiedBody},
    directory::{HeadProof, Pin, Presence},
};
use relay_auth::{request_key::RequestKeyId, signing::VerifyingKey};
use tokio::{sync::Mutex, task::JoinError};

use self::registry::Registry;
use crate::{
    directory::{Directory, DirectoryError, Snapshot},
    store::{Change, Records, StoreFailure, UnknownLog},
};

/// The most entries of one body.
const MOST_ENTRIES: usize = 1000;

/// A body as the directory lists it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its entries, first to newest.
    pub entries: Vec<SignedBodyEntry>,
    /// That the newest is the newest.
    pub presence: Presence,
}

/// Why an entry of a body was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// It is none, or not approved.
    #[error(transparent)]
    Entry(#[from] BodyError),
    /// It does not follow the newest one.
    #[error(
        "the entry does not follow the newest one of this public body: load that one and make the change again"
    )]
    OutOfTurn,
    /// One of its keys is another body's.
    #[error("a key of this entry belongs to another public body: make a new one")]
    KeyTaken,
    /// There are too many.
    #[error("this public body has as many entries as it may")]
    TooMany,
    /// What somebody remembers of the log is not a part of it.
    #[error(transparent)]
    UnknownLog(#[from] UnknownLog),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<DirectoryError> for RegisterError {
    fn from(error: DirectoryError) -> Self {
        match UnknownLog::or_failure(error) {
            Ok(unknown) => unknown.into(),
            Err(failure) => failure.into(),
        }
    }
}

impl From<JoinError> for RegisterError {
    fn from(_: JoinError) -> Self {
        let broken = "a registration broke off (a fault in the program)".to_owned();
        Self::Store(StoreFailure::Unavailable(broken))
    }
}

/// For how long a list is given to readers, in seconds, while epochs come that change nothing in it: as long
/// as a signed head is handed out. To prove every body anew for each citizen who enrols would take a
/// directory's whole time.
pub const LISTED_FOR: u64 = 60;

/// Every body with its proof, at one epoch.
type Listing = Arc<Vec<Listed>>;

/// What all readers are given for a while.
struct Kept {
    /// Under which the list is proven, with no proof of consistency.
    head: HeadProof,
    /// When that head was the newest.
    at: u64,
    bodies: Listing,
}

impl Kept {
    /// Whether a reader who has known this much of the log is given it. Nobody is shown an older head than
    /// one that they saw.
    fn is_for(&self, known: Option<&Pin>, now: u64) -> bool {
        now.abs_diff(self.at) < LISTED_FOR && known.is_none_or(|known| known.size <= self.size())
    }

    fn size(&self) -> u64 {
        self.head.epoch.number
    }
}

/// Keeps the registry of bodies.
pub struct Bodies {
    records: Arc<dyn Records>,
    directory: Directory,
    operators: Vec<VerifyingKey>,
    registry: Registry,
    /// Made once for all readers.
    listing: Mutex<Option<Kept>>,
}

impl Bodies {
    /// Reads the registry.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn open(
        records: Arc<dyn Records>,
        directory: Directory,
        operators: Vec<VerifyingKey>,
    ) -> Result<Arc<Self>, StoreFailure> {
        let registry = Registry::new(records.bodies().await?, &operators);
        Ok(Arc::new(Self { records, directory, operators, registry, listing: Mutex::new(None) }))
    }

    /// The body whose key of this name is valid at `now`, and the key.
    #[must_use]
    pub fn request_key(&self, id: RequestKeyId, now: u64) -> Option<(BodyId, VerifyingKey)> {
        self.registry.request_key(id, now)
    }

    /// Takes an entry and publishes it. The newest entry again is shown as it is.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn register(self: Arc<Self>, signed: SignedBodyEntry) -> Result<Listed, RegisterError> {
        let verified = signed.verify(&self.operators)?;
        // On its own: what was published has to be known here, also if nobody waits for the answer.
        tokio::spawn(async move { self.publish(signed, verified).await }).await?
    }

    async fn publish(
        &self,
        signed: SignedBodyEntry,
        verified: VerifiedBody,
    ) -> Result<Listed, RegisterError> {
        let id = verified.entry().id.clone();
        let publisher = self.directory.publisher().await;
        let before = self.registry.entries(&id);
        let newest = before.last().map(SignedBodyEntry::hash);
        if newest != Some(*verified.hash()) {
            if verified.entry().previous.map(|previous| previous.0) != newest {
                return Err(RegisterError::OutOfTurn);
            }
            if before.len() >= MOST_ENTRIES {
                return Err(RegisterError::TooMany);
            }
            if self.registry.takes_others_key(&verified) {
                return Err(RegisterError::KeyTaken);
            }
            let entries = u32::try_from(before.len()).map_or(u32::MAX, |before| before.saturating_add(1));
            let rows = self.records.rows(&Change::Body { id: &id, entries, entry: &signed })?;
            let updates = vec![(id.directory_label(), verified.hash().to_vec())];
            publisher.publish(updates, rows).await?;
            self.registry.add(signed, verified);
            // A list that was made between the two steps may lack it.
            *self.listing.lock().await = None;
            metrics::counter!("letterbox_body_entries_published_total").increment(1);
        }
        let snapshot = self.directory.snapshot(None).await?;
        self.listed(&snapshot, &id).await
    }

    /// Every body, and the head under which they are proven.
    ///
    /// # Errors
    /// [`RegisterError::UnknownLog`] or [`RegisterError::Store`].
    pub async fn list(&self, known: Option<Pin>) -> Result<(HeadProof, Listing), RegisterError> {
        // Before the snapshot: whoever waits here keeps nobody from publishing.
        let mut listing = self.listing.lock().await;
        let now = self.directory.now();
        if let Some(kept) = listing.as_ref().filter(|kept| kept.is_for(known.as_ref(), now)) {
            let mut head = kept.head.clone();
            if let Some(known) = &known {
                head.consistency = self.directory.consistency(known, kept.size())?;
            }
            return Ok((head, Arc::clone(&kept.bodies)));
        }
        let snapshot = self.directory.snapshot(known).await?;
        let head = snapshot.head().clone();
        let same = listing.as_ref().filter(|kept| kept.size() == head.epoch.number);
        let bodies = match same {
            Some(kept) => Arc::clone(&kept.bodies),
            None => {
                let mut bodies = Vec::new();
                for id in self.registry.ids() {
                    bodies.push(self.listed(&snapshot, &id).await?);
                }
                Arc::new(bodies)
            }
        };
        let for_all = HeadProof { consistency: Vec::new(), ..head.clone() };
        *listing = Some(Kept { head: for_all, at: now, bodies: Arc::clone(&bodies) });
        Ok((head, bodies))
    }

    async fn listed(&self, snapshot: &Snapshot, id: &BodyId) -> Result<Listed, RegisterError> {
        let damaged = || StoreFailure::damaged("a public body is not in the tree as it was published");
        let presence = snapshot.presence(&id.directory_label()).await?.ok_or_else(damaged)?;
        let mut entries = self.registry.entries(id);
        // An entry that is published is known here a moment after it is in the tree.
        let published = usize::try_from(presence.version()).unwrap_or(usize::MAX);
        if published > entries.len() {
            let bodies = self.records.bodies().await?;
            entries = bodies.into_iter().find(|(kept, _)| kept == id).ok_or_else(damaged)?.1;
        }
        if published > entries.len() {
            return Err(damaged().into());
        }
        entries.truncate(published);
        Ok(Listed { entries, presence })
    }
}
