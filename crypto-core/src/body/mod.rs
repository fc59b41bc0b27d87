//! Public bodies as the registry lists them (`LBX-BODY-1` to `LBX-BODY-5`).
//!
//! Two operators approve every entry with keys that are kept offline. Devices mirror the whole
//! registry and never ask for one body, so that nobody learns whose letters they read.

mod entry;
mod registry;

pub use entry::{
    APPROVALS, BodyEntry, BodyError, BodyId, BodyKey, BodyStatus, SignedBodyEntry, VerifiedBody,
};
pub use registry::{RegisteredBody, RegistryError, verify_entries};
