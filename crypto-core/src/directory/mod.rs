//! The key directory, as those see it who ask it: nothing is believed, everything is proven.
//!
//! ```text
//! checkpoint ──signed by the log, cosigned by witnesses──▶ size and root of the log
//!   └ inclusion ──▶ epoch: number and root of the tree
//!       └ presence or absence ──▶ what stands under a label
//! ```
//!
//! The tree is an auditable key directory (`akd`) with labels hidden by a VRF (RFC 9381). Each of
//! its epochs is a leaf of an RFC 6962 log, whose head is a C2SP checkpoint. A [`Head`] can only be
//! made by verifying a checkpoint, and a [`ProvenRecipient`] only by verifying a whole answer:
//! sealing takes nothing else.

mod checkpoint;
mod head;
mod log;
mod lookup;
mod tree;

pub use checkpoint::{
    Checkpoint, CheckpointError, LogKey, LogSigner, Witness, cosign, sign_checkpoint, unsigned_checkpoint,
};
pub use head::{Epoch, FRESHNESS, Head, HeadError, HeadProof, Pin, vrf_key_hash};
pub use log::{consistency_holds, inclusion_holds, leaf_hash, node_hash};
pub use lookup::{
    Answer, CitizenProof, LookupError, MATURITY, Maturity, Memory, Outcome, OwnListings, PersonList,
    PersonProof, ProvenRecipient, Trust, Verified, verify_own_entry,
};
pub use tree::{Absence, Presence, TreeConfiguration, TreeDomain, TreeError};
