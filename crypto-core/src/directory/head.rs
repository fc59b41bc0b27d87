//! From a checkpoint to the root of the directory's tree (`LBX-DIR-1`, `LBX-LOG-5`).

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    label,
};

use crate::directory::{
    checkpoint::{Checkpoint, CheckpointError},
    log::{consistency_holds, inclusion_holds, leaf_hash},
    lookup::Trust,
};

/// How old a head may be, in seconds (`LBX-LOG-5`).
pub const FRESHNESS: u64 = 24 * 60 * 60;

/// How far into the future a head may be, in seconds: the difference of two clocks.
const CLOCK_SKEW: u64 = 5 * 60;

/// The configuration of the tree that this version knows.
const CONFIGURATION: u8 = 1;

/// One epoch of the directory: a leaf of its log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Epoch {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The number, from 1; the leaf stands at this number less one.
    #[n(2)]
    pub number: u64,
    /// The root of the tree.
    #[n(3)]
    pub root: Bytes32,
    /// [`vrf_key_hash`] of the key under which labels are hidden.
    #[n(4)]
    pub vrf_key: Bytes32,
    /// The tree's hash configuration, always 1.
    #[n(5)]
    configuration: u8,
}

impl Wire for Epoch {
    const LIMITS: Limits = Limits { bytes: 128, depth: 1, items: 7 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.configuration == CONFIGURATION { Ok(()) } else { Err(DecodeError::Version) }
    }
}

impl Epoch {
    /// An epoch with its number and root.
    #[must_use]
    pub fn new(number: u64, root: [u8; 32], vrf_key: &[u8; 32]) -> Self {
        Self {
            version: Version,
            suite: Suite,
            number,
            root: root.into(),
            vrf_key: vrf_key_hash(vrf_key).into(),
            configuration: CONFIGURATION,
        }
    }

    /// The bytes of the log's leaf.
    #[must_use]
    pub fn leaf(&self) -> Vec<u8> {
        label::EPOCH.with_encoded(&self.to_bytes())
    }
}

/// The hash of a VRF key, as epochs name it.
#[must_use]
pub fn vrf_key_hash(vrf_key: &[u8; 32]) -> [u8; 32] {
    label::VRF_KEY.hash(&(Bytes32(*vrf_key),))
}

/// What a reader remembers of the log: everything later has to extend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pin {
    /// How many leaves the log had.
    #[n(0)]
    pub size: u64,
    /// The root over them.
    #[n(1)]
    pub root: Bytes32,
}

impl Wire for Pin {
    const LIMITS: Limits = Limits { bytes: 64, depth: 1, items: 3 };
    const START: Start = Start::Plain;
}

/// What the directory sends to prove its head.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeadProof {
    /// The checkpoint: a signed note.
    #[n(0)]
    pub checkpoint: Bytes,
    /// The newest epoch.
    #[n(1)]
    pub epoch: Epoch,
    /// That the epoch is the log's last leaf.
    #[n(2)]
    pub inclusion: Vec<Bytes32>,
    /// That the log extends the pin that the reader sent; empty without a pin.
    #[n(3)]
    pub consistency: Vec<Bytes32>,
}

impl Wire for HeadProof {
    const LIMITS: Limits = Limits { bytes: 16 * 1024, depth: 3, items: 160 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        self.epoch.validate()
    }
}

/// Why a head was not taken. The directory is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The epoch is not the log's last leaf.
    #[error("the directory's epoch is not the last one in its log")]
    NotInLog,
    /// The tree hides labels with another key than the trusted one.
    #[error("the directory uses another VRF key than the trusted one")]
    OtherVrfKey,
    /// The log is shorter than one that was seen before.
    #[error("the directory shows an older state than it showed before")]
    RolledBack,
    /// The log does not extend one that was seen before: two histories are told.
    #[error("the directory shows a history that contradicts the one it showed before")]
    Forked,
    /// Nobody confirmed the head lately.
    #[error("the directory's head is more than 24 hours old, or the clock of this device is wrong")]
    Stale,
    /// The head is from the future.
    #[error("the directory's head is from the future, or the clock of this device is wrong")]
    FromTheFuture,
}

/// A verified head: the root of the tree, and the pin to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    epoch: u64,
    root: [u8; 32],
    pin: Pin,
    confirmed: u64,
    existed_by: u64,
}

impl Head {
    /// Verifies a head that must be the directory's present one at `now` (Unix seconds).
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn verify(proof: &HeadProof, trust: &Trust, pin: Option<&Pin>, now: u64) -> Result<Self, HeadError> {
        let head = Self::verify_at_any_time(proof, trust)?;
        if head.confirmed > now.saturating_add(CLOCK_SKEW) {
            return Err(HeadError::FromTheFuture);
        }
        if head.confirmed.saturating_add(FRESHNESS) < now {
            return Err(HeadError::Stale);
        }
        if let Some(pin) = pin {
            head.extends(pin, &proof.consistency)?;
        }
        Ok(head)
    }

    /// Verifies a head that may be an old one.
    ///
    /// # Errors
    /// [`HeadError`].
    pub(super) fn verify_at_any_time(proof: &HeadProof, trust: &Trust) -> Result<Self, HeadError> {
        let checkpoint =
            Checkpoint::verify(proof.checkpoint.as_ref(), &trust.log, &trust.witnesses, trust.quorum)?;
        let epoch = &proof.epoch;
        if epoch.vrf_key.0 != vrf_key_hash(&trust.vrf_key) {
            return Err(HeadError::OtherVrfKey);
        }
        // Epoch and size agree: one leaf for each epoch, from 1 on (`LBX-LOG-5`).
        let Some(index) = checkpoint.size.checked_sub(1) else { return Err(HeadError::NotInLog) };
        let path: Vec<[u8; 32]> = proof.inclusion.iter().map(|hash| hash.0).collect();
        let is_last = epoch.number == checkpoint.size
            && inclusion_holds(index, checkpoint.size, leaf_hash(&epoch.leaf()), &path, &checkpoint.root);
        if !is_last {
            return Err(HeadError::NotInLog);
        }
        let pin = Pin { size: checkpoint.size, root: checkpoint.root.into() };
        Ok(Self {
            epoch: epoch.number,
            root: epoch.root.0,
            pin,
            confirmed: checkpoint.confirmed,
            existed_by: checkpoint.existed_by,
        })
    }

    /// Whether this head extends an earlier one.
    ///
    /// # Errors
    /// [`HeadError::RolledBack`] or [`HeadError::Forked`].
    pub(super) fn extends(&self, pin: &Pin, consistency: &[Bytes32]) -> Result<(), HeadError> {
        if self.pin.size < pin.size {
            return Err(HeadError::RolledBack);
        }
        let proof: Vec<[u8; 32]> = consistency.iter().map(|hash| hash.0).collect();
        if consistency_holds(pin.size, self.pin.size, &pin.root.0, &self.pin.root.0, &proof) {
            Ok(())
        } else {
            Err(HeadError::Forked)
        }
    }

    /// The number of the epoch.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The root of the tree.
    #[must_use]
    pub const fn root(&self) -> &[u8; 32] {
        &self.root
    }

    /// What to remember.
    #[must_use]
    pub const fn pin(&self) -> Pin {
        self.pin
    }

    /// When it was confirmed last, Unix seconds ([`Checkpoint::confirmed`]).
    #[must_use]
    pub const fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// By when it existed for certain, Unix seconds ([`Checkpoint::existed_by`]).
    #[must_use]
    pub const fn existed_by(&self) -> u64 {
        self.existed_by
    }
}
