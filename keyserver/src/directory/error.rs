//! What can go wrong in the directory. No text names a label, a value or a key: akd's own error
//! texts may, and are dropped where they arise.

use store::StoreError;

/// Why the directory did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The store did not do it. If it was a publish, nothing of it is there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store has does not fit together.
    #[error(
        "the directory's store does not fit together: {0}. Stop the service, and leave its folder as it is. The command `fsck` of this program says what is damaged; `restore` puts a whole backup back into another folder"
    )]
    Inconsistent(&'static str),
    /// Opened with another VRF key than it was started with.
    #[error(
        "the VRF key is not the one that this directory was started with: configure that one. A new VRF key needs a new store and a new trust file"
    )]
    OtherVrfKey,
    /// Opened with another log key or origin than it was started with.
    #[error(
        "the log's key or origin is not the one that this directory was started with: configure that one. A new log needs a new store and a new trust file"
    )]
    OtherLog,
    /// The origin cannot be the name of a log.
    #[error(
        "the log's origin must be a name without spaces and plus signs, such as `directory.letterbox.example/log`"
    )]
    UnusableOrigin,
    /// The caller asked to publish what cannot be. Nothing was published.
    #[error("cannot publish: {0}")]
    NotPublishable(&'static str),
    /// What the reader remembers of the log is longer than the log, or another history. One of the
    /// two lost its memory, or somebody tells two histories.
    #[error("what is remembered of the directory's log is not a part of it")]
    UnknownPin,
    /// The absence of something that is there was asked for.
    #[error("something stands under this label: ask for that")]
    NotAbsent,
    /// A publish panicked. It is in the directory whole or not at all.
    #[error("publishing broke off (a fault in the program): look whether it happened before trying again")]
    Interrupted,
}
