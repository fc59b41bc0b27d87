//! The directory itself: labels, the values under them, epochs. It knows no accounts and no HTTP.
//!
//! ```text
//! Publisher ──▶ next epoch of akd's tree, in memory ──▶ its leaf in the log
//!                 └────────── with the caller's rows: one transaction ──────────┘
//! Snapshot  ──▶ head, presence, absence: all of one epoch, and only of one that is durable
//! ```
//!
//! # What it promises
//!
//! - One publish is one epoch and one transaction of the store: the tree's records, the log's leaf
//!   and hashes, the epoch and the caller's rows are kept together or not at all. The next epoch is
//!   made in memory; until the disk has it, no [`Snapshot`] sees it and no head of it is signed.
//! - Epochs come one after the other. A publish that has begun runs to its end, whether or not
//!   anybody still waits for it.
//! - Everything that a [`Snapshot`] answers belongs to one epoch, and was verified here as its reader
//!   will verify it. A part that the store lost makes an error, never a false "nobody is listed".
//! - The store does not have the labels, see `names.rs`.
//!
//! # How the locks lie
//!
//! A [`Publisher`] excludes other publishers for as long as it lives, and no readers. Readers share
//! a lock, which a publish takes alone for the moment of its commit. So **whoever holds a
//! [`Snapshot`] must let it go before waiting for a publish**, or for a second snapshot.

mod check;
#[cfg(test)]
mod conformance;
mod encoding;
mod epoch;
mod error;
#[cfg(test)]
mod fixture;
mod head;
mod log;
mod maturity;
mod names;
mod opening;
mod publisher;
mod rows;
mod snapshot;
mod tree_store;
mod vrf;

use std::sync::Arc;

use crypto_core::directory::{LogKey, Pin, Trust};
use relay_auth::{cbor::Bytes32, secret::Secret, signing::SigningKey};
use service::clock::Clock;
use store::Engine;
use tokio::sync::{Mutex, RwLock};

pub use self::{
    check::TreeFindings,
    error::DirectoryError,
    publisher::{LONGEST_VALUE, MOST_UPDATES, Publisher, RowWrite},
    snapshot::Snapshot,
};
use self::{head::Present, log::Stored, names::Names, vrf::Vrf};

/// The keys of one directory. None of them can be exchanged: another VRF key, log key or origin is
/// another directory (`LBX-DIR-1`), and is refused when the store is opened.
#[derive(Debug)]
pub struct DirectoryKeys {
    /// Hides the labels in the tree, and derives the names that the store has instead of labels.
    pub vrf: Secret,
    /// Signs the log's heads.
    pub log: SigningKey,
    /// The log's name, such as `directory.letterbox.example/log`.
    pub origin: String,
}

relay_auth::wiped!(DirectoryKeys { vrf, log });

/// What publishers and snapshots work with.
struct Core {
    engine: Engine,
    vrf: Vrf,
    vrf_key: [u8; 32],
    names: Names,
    log_key: SigningKey,
    /// How a reader without witnesses sees this directory: it checks its own answers by it.
    trust: Trust,
    clock: Clock,
}

impl Core {
    fn new(engine: Engine, keys: DirectoryKeys, clock: Clock) -> Result<Self, DirectoryError> {
        let DirectoryKeys { vrf, log: log_key, origin } = keys;
        // C2SP `signed-note`: the origin is the name of a key as well.
        if origin.is_empty()
            || origin.chars().any(|sign| sign == '+' || sign.is_whitespace() || sign.is_control())
        {
            return Err(DirectoryError::UnusableOrigin);
        }
        let names = Names::new(&vrf);
        let vrf = Vrf::new(vrf);
        let vrf_key = vrf.public();
        let trust = Trust {
            log: LogKey { origin, key: log_key.verifying_key() },
            vrf_key,
            witnesses: Vec::new(),
            quorum: 0,
            operators: Vec::new(),
        };
        Ok(Self { engine, vrf, vrf_key, names, log_key, trust, clock })
    }
}

/// An open directory. Clones share it.
#[derive(Clone)]
pub struct Directory {
    core: Arc<Core>,
    publishing: Arc<Mutex<()>>,
    present: Arc<RwLock<Present>>,
}

impl Directory {
    /// Opens the directory that the store holds, or starts it with a first epoch. The store must not
    /// be opened as a directory twice at a time.
    ///
    /// # Errors
    /// [`DirectoryError::OtherVrfKey`] or [`DirectoryError::OtherLog`] for keys that are not those
    /// the directory was started with; [`DirectoryError::Inconsistent`] where tree, epochs and log do
    /// not agree; [`DirectoryError::UnusableOrigin`]; [`DirectoryError::Store`].
    pub async fn open(engine: Engine, keys: DirectoryKeys, clock: Clock) -> Result<Self, DirectoryError> {
        let core = Core::new(engine, keys, clock)?;
        let present = opening::open(&core).await?;
        Ok(Self {
            core: Arc::new(core),
            publishing: Arc::new(Mutex::new(())),
            present: Arc::new(RwLock::new(present)),
        })
    }

    /// The public half of the VRF key, for the trust file.
    #[must_use]
    pub fn vrf_key(&self) -> [u8; 32] {
        self.core.vrf_key
    }

    /// Leave to publish, once. Waits while somebody else has it.
    pub async fn publisher(&self) -> Publisher {
        let alone = Arc::clone(&self.publishing).lock_owned().await;
        Publisher::new(self.clone(), alone)
    }

    /// The time by which heads are signed, Unix seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.core.clock.now()
    }

    /// That a head which was shown before, of a log with `size` leaves, extends what a reader has known.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownPin`] if `known` is not a beginning of that log; [`DirectoryError::Store`].
    pub fn consistency(&self, known: &Pin, size: u64) -> Result<Vec<Bytes32>, DirectoryError> {
        head::consistency(&Stored(&self.core.engine), known, size)
    }

    /// The directory as it is now, standing still, with a head that proves it extends what the reader
    /// has `known`. Let it go soon: no publish completes while it lives.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownPin`] if `known` is not a beginning of this log;
    /// [`DirectoryError::Inconsistent`]; [`DirectoryError::Store`].
    pub async fn snapshot(&self, known: Option<Pin>) -> Result<Snapshot, DirectoryError> {
        let present = Arc::clone(&self.present).read_owned().await;
        Snapshot::of(Arc::clone(&self.core), present, known.as_ref()).await
    }
}
