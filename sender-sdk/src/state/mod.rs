//! What a sender remembers from one run to the next, so that nobody can tell it two stories.
//!
//! The directory's log as it was seen last: every later head has to extend it (`LBX-LOG-5`). The
//! entries of people who were written to: every later history has to go on from them (`LBX-DIR-8`).
//! The trust file: no older one is taken again (`LBX-TRUST-2`). What comes out of a state is verified
//! again, whoever keeps it.

mod folder;
mod memory;
mod records;
mod sealed_file;

use std::{fmt, io, path::PathBuf};

use crypto_core::{
    citizen::HistoryError,
    directory::{LogKey, Pin},
    person::Attributes,
};

pub(crate) use self::memory::Memory;
pub use self::{
    folder::FileState,
    records::{KnownRecipient, KnownTrust},
};

/// Keeps what a sender remembers. What it was given is durable when a call returns, and the last that
/// was given is what it gives back.
pub trait State: fmt::Debug + Send + Sync {
    /// The trust file that was used last.
    ///
    /// # Errors
    /// [`StateError`]; never nothing in place of something that was lost.
    fn trust(&self) -> Result<Option<KnownTrust>, StateError>;

    /// Remembers a trust file.
    ///
    /// # Errors
    /// [`StateError`].
    fn remember_trust(&self, trust: &KnownTrust) -> Result<(), StateError>;

    /// A log as it was seen last.
    ///
    /// # Errors
    /// [`StateError`]; never nothing in place of something that was lost.
    fn pin(&self, log: &LogKey) -> Result<Option<Pin>, StateError>;

    /// Remembers how a log was seen.
    ///
    /// # Errors
    /// [`StateError`].
    fn remember_pin(&self, log: &LogKey, pin: &Pin) -> Result<(), StateError>;

    /// Whom these details led to.
    ///
    /// # Errors
    /// [`StateError`]; never nothing in place of something that was lost.
    fn recipient(&self, person: &Attributes) -> Result<Option<KnownRecipient>, StateError>;

    /// Remembers whom these details led to.
    ///
    /// # Errors
    /// [`StateError`].
    fn remember_recipient(&self, person: &Attributes, known: &KnownRecipient) -> Result<(), StateError>;
}

/// Why what was remembered cannot be used, or nothing be remembered. Nothing is sent then.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("cannot {action} {}: {cause}", .path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Others than its owner can read it.
    #[error("others can read the state folder {}: run chmod 700 on it", .0.display())]
    Open(PathBuf),
    /// Two processes would overwrite each other's memory.
    #[error(
        "another process uses the state folder {}: wait until it ends, or give each a folder of its own",
        .0.display()
    )]
    InUse(PathBuf),
    /// Altered or lost.
    #[error(
        "{} is damaged or missing: put the state folder back from its backup. Only if there is none, move the folder away: the directory's next answer is then believed without a memory to compare it with",
        .0.display()
    )]
    Damaged(PathBuf),
    /// The remembered entries of a person do not hold.
    #[error("what was remembered of this person does not hold ({0}): put the state back from its backup")]
    History(#[from] HistoryError),
    /// A key for the folder could not be made.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
    /// The program is ending.
    #[error("the state was not reached, because the program is ending")]
    Ending,
    /// A state that is kept elsewhere than in files.
    #[error("the state cannot be used: {0}")]
    Other(String),
}
