//! A citizen's entries in the directory: which keys are theirs, and how they change.
//!
//! Entries form a chain: each names the hash of the one before and is signed by a key that the one
//! before made known. [`History::verify`] walks a chain and says what each step was; nothing else
//! makes a [`VerifiedEntry`].

mod entry;
mod history;
mod sign_in;

pub use entry::{
    ChangeKind, DeviceOpening, Entry, EntrySignature, EntryStatus, InboxKey, MOST_DEVICE_COMMITMENTS,
    SignedEntry, device_commitment, recovery_key_hash,
};
pub use history::{Change, History, HistoryError, VerifiedEntry};
pub use sign_in::{Purpose, SignIn};

relay_auth::identifier! {
    /// The id of a citizen in the directory. Random, chosen by the vault; it is neither the number
    /// of the mailbox nor the id that ScotAccount got when it provisioned one.
    DirectoryId
}

impl DirectoryId {
    /// The label under which the directory lists this citizen's entry (`LBX-DIR-2`).
    #[must_use]
    pub fn directory_label(self) -> Vec<u8> {
        relay_auth::label::DIRECTORY_CITIZEN.with(&(self,))
    }
}
