//! The way back when every device is gone: a code on paper, and what is sealed to it.
//!
//! The [`RecoveryCode`] is made with the mailbox and stands nowhere but on paper. Two keys follow
//! from it: one opens the [`Bundle`], which holds what a new device needs to take the mailbox over;
//! with the other the device asks the relay for the bundle and has the old devices put out. The relay
//! keeps the bundle sealed, and cannot pass an older one off as the newest, because the citizen's
//! entry commits to it ([`archive_head_commitment`]).

mod bundle;
mod code;

pub use bundle::{
    ArchiveRoot, Bundle, BundleError, LARGEST, MOST_INBOX_SEEDS, MOST_ROOTS, SealedBundle,
    archive_head_commitment, check_opening_keys,
};
pub use code::{CodeError, RecoveryCode, RecoveryKeys};
