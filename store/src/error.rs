//! What can go wrong, in words that a person can act on. No text carries a key or a value.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("could not {action}: {cause}")]
    Io {
        /// What was attempted, as the rest of a sentence that starts with "could not".
        action: String,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Another process, or another engine in this one, has the folder open.
    #[error(
        "the store in {} is already open: stop the other process first (two writers would destroy it)",
        .folder.display()
    )]
    InUse {
        /// The store's folder.
        folder: PathBuf,
    },
    /// An earlier write could not be made durable; nothing is served from a state that the disk may not have.
    #[error(
        "the store stopped after a write that did not reach the disk: check the disk, then restart the service"
    )]
    Stopped,
    /// A key, value or transaction over its limit. Nothing was written.
    #[error("{what} of {length} bytes is over the limit of {limit} bytes")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The longest that is allowed, in bytes.
        limit: usize,
    },
    /// What is on the disk is not what was written.
    #[error(
        "the store is damaged: {what}. Stop the service, and leave its folder as it is. The command `fsck` of this program says what is damaged; `restore` puts a whole backup back into another folder"
    )]
    Corrupt {
        /// What is wrong.
        what: String,
    },
    /// No room. What was acknowledged before is untouched.
    #[error("the disk is full: free some space or enlarge the disk")]
    Full,
    /// The transaction's code panicked. Nothing of it was written, and the engine goes on.
    #[error("the transaction failed inside (a fault in the program) and wrote nothing")]
    Panicked,
}

impl StoreError {
    /// Says what was attempted, and tells a full disk from other failures.
    pub(crate) fn io(action: impl Into<String>, cause: io::Error) -> Self {
        match cause.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { action: action.into(), cause },
        }
    }

    pub(crate) fn sled(action: &str, error: sled::Error) -> Self {
        match error {
            sled::Error::Io(cause) => Self::io(action, cause),
            other => Self::Corrupt { what: format!("could not {action}: {other}") },
        }
    }
}

/// Why a blob was not stored.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The upload ends before the place where the part belongs. It is unchanged.
    #[error("the upload has fewer than {offset} bytes: begin it anew")]
    Short {
        /// How many bytes should come before the part.
        offset: u64,
    },
    /// There is no upload of this length under the id, or another blob lies in its place.
    #[error("the upload does not have its {length} bytes, or its id is taken: take a new random id")]
    NotWhole {
        /// The length that it should have, in bytes.
        length: u64,
    },
    /// Our side failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a store was not backed up, or a backup not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something has the name already.
    #[error("{} is there already: a backup never takes the place of anything. Choose another name", .0.display())]
    Exists(PathBuf),
    /// It would lie in the store that it is of, or in a copy that is about to go.
    #[error("{} lies in the store itself: choose a place elsewhere, best on another disk", .0.display())]
    Inside(PathBuf),
    /// An earlier one was interrupted, or is still being written.
    #[error(
        "{} is there: another backup of this name is being written, or was interrupted. If none is running, remove it",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// There is a store already, or something else.
    #[error(
        "{} is not empty: a backup is put back into an empty place only. Move what is there away, and keep it until the restored service was looked at",
        .0.display()
    )]
    NotEmpty(PathBuf),
    /// It would have to take the place of something that keeps its place.
    #[error(
        "{} is a mount point or a link, which a store cannot take the place of: choose a folder in it, and name that in the settings",
        .0.display()
    )]
    MountPoint(PathBuf),
    /// Not a backup.
    #[error("this is not a backup of a Letterbox service")]
    NotABackup,
    /// Of another service.
    #[error("this is a backup of the {found}, and not of the {expected}: nothing was put back")]
    OtherService {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: &'static str,
    },
    /// Of a later version.
    #[error("this backup was made by a later version of the program: put it back with that version")]
    Newer,
    /// Not what was written.
    #[error("this backup is damaged or cut short ({what}): nothing was put back. Take another one")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// The store failed, or the disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = io::Error::from(ErrorKind::StorageFull);
        assert!(matches!(StoreError::io("write", full), StoreError::Full));
        assert!(matches!(
            StoreError::sled("write", sled::Error::Io(io::Error::from_raw_os_error(28))),
            StoreError::Full
        ));
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        assert!(matches!(StoreError::io("write", denied), StoreError::Io { .. }));
    }
}
