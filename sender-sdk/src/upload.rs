//! Brings a letter's files to the relay before the letter: in parts, each as often as it takes.
//!
//! The relay says after each part how many bytes of the file it has, and that is where it goes on. A
//! part whose answer was lost is sent again; the relay takes it once. A part that was late counts
//! nothing there (`LBX-BLOB-1`), so the next one is smaller. Where the relay has less than it said
//! before, the letter is begun anew on another permit, its files under other numbers with other keys:
//! sealing other bytes with the same key at the same place must not happen, and what the first permit
//! allows is used up.

use api::{
    Code,
    blobs::{LARGEST_PART, UploadState},
};
use crypto_core::letter::Attachment;
use relay_auth::{
    cbor::{DecodeError, Limits},
    id::BlobId,
};

use crate::{
    error::SendError,
    file::{Confirmed, File, FileError, Parts},
    relay::Relay,
    system::rng,
    transport::TransportError,
    wire::decode,
};

/// The longest honest answer to a part: one number in a list.
pub(crate) const LONGEST_STATE: usize = 10;

const LIMITS: Limits = Limits { bytes: LONGEST_STATE, depth: 1, items: 2 };

/// The smallest part that is sent of a larger file, in bytes.
const SMALLEST_PART: usize = 64 * 1024;

/// After so many parts in a row that came in time, they may be larger again.
const PARTS_IN_A_ROW: u8 = 8;

/// Why the files of a letter were not uploaded. Nothing was deposited.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A file cannot be read, or was changed.
    #[error("file {number}: {cause}")]
    File {
        /// Which file of the letter, from 1.
        number: usize,
        /// Why.
        cause: FileError,
    },
    /// The relay cannot be reached or refused.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The relay's answer cannot be read.
    #[error("the relay did not say in its format what it has of a file: {0}. Report this to whoever runs it")]
    Answer(#[from] DecodeError),
    /// The relay says that it has more than it was sent.
    #[error("the relay says that it has more of a file than it was sent: report this to whoever runs it")]
    MoreThanSent,
    /// The relay does not keep what it is sent.
    #[error(
        "the relay does not keep the files that are sent to it: try again later, and report it if it goes on"
    )]
    NotKept,
}

/// How far the files of a letter are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which file is on its way, from 1.
    pub file: usize,
    /// How many files there are.
    pub files: usize,
    /// How many sealed bytes of all files the relay has. Less than before where the files start anew.
    pub sent: u64,
    /// How many sealed bytes all files have.
    pub total: u64,
}

/// How large the parts are: as large as the line allows. Kept over all files of a letter.
#[derive(Debug)]
pub(crate) struct Pace {
    part: usize,
    in_a_row: u8,
}

impl Pace {
    /// As if the line were fast.
    pub(crate) const fn new() -> Self {
        Self { part: LARGEST_PART, in_a_row: 0 }
    }

    /// A part was late, or broke off. Says whether the next one is smaller.
    fn slow_down(&mut self) -> bool {
        let before = self.part;
        *self = Self { part: (before / 2).max(SMALLEST_PART), in_a_row: 0 };
        self.part < before
    }

    /// A part came in time.
    fn go_on(&mut self) {
        self.in_a_row += 1;
        if self.in_a_row == PARTS_IN_A_ROW {
            *self = Self { part: (self.part * 2).min(LARGEST_PART), in_a_row: 0 };
        }
    }
}

/// One file on its way.
pub(crate) struct Upload<'a> {
    pub(crate) relay: &'a Relay,
    pub(crate) permit: &'a [u8],
    pub(crate) file: &'a File,
    /// Which file of the letter, from 1.
    pub(crate) number: usize,
}

impl Upload<'_> {
    /// Uploads the file under a number and a key of its own, and says after each part how many bytes of
    /// it are stored.
    pub(crate) async fn run(
        &self,
        pace: &mut Pace,
        mut stored: impl FnMut(u64) + Send,
    ) -> Result<Attachment, SendError> {
        let (file, blob) = (self.file.clone(), BlobId::generate(&mut rng()));
        let mut parts = self.apart(move || Parts::begin(file, blob)).await?;
        stored(0);
        loop {
            parts = self.apart(move || parts.read_on()).await?;
            let Some(UploadState { received }) = self.send_part(&mut parts, pace).await? else {
                // All is stored, so its end was read.
                return parts.into_attachment().ok_or(SendError::FilesLost);
            };
            if parts.confirm(received)? == Confirmed::Lost {
                return Err(SendError::FilesLost);
            }
            stored(parts.stored());
        }
    }

    /// Sends what comes next until the relay says what it has; nothing if it has all.
    async fn send_part(&self, parts: &mut Parts, pace: &mut Pace) -> Result<Option<UploadState>, SendError> {
        let mut tries = self.relay.patience().tries();
        loop {
            let Some(part) = parts.next_part(pace.part) else { return Ok(None) };
            let error = match self.relay.store_part(self.permit, part).await {
                Ok(answer) => {
                    pace.go_on();
                    return Ok(Some(decode(&answer, LIMITS).map_err(UploadError::from)?));
                }
                Err(error) => error,
            };
            let is_late = is_late(&error);
            // On a slow line the answer that says so can be lost together with the connection.
            let is_smaller =
                (is_late || matches!(error, TransportError::Unreachable { .. })) && pace.slow_down();
            if is_late && is_smaller {
                // The relay was reached: that is no matter of patience.
                continue;
            }
            tries.wait_after(error).await.map_err(|error| {
                SendError::asking_for_another_lookup(&error)
                    .unwrap_or_else(|| UploadError::Transport(error).into())
            })?;
        }
    }

    /// Waits for the disk and seals beside the tasks.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, SendError> {
        let done = tokio::task::spawn_blocking(work).await.unwrap_or(Err(FileError::Ending));
        done.map_err(|cause| UploadError::File { number: self.number, cause }.into())
    }
}

/// Whether the part did not arrive in time, by the word of the relay or of a proxy before it.
fn is_late(error: &TransportError) -> bool {
    match error {
        TransportError::Refused(refusal) => refusal.is(Code::TooSlow),
        TransportError::NotLetterbox { status, .. } => *status == Code::TooSlow.status(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_get_smaller_at_once_and_larger_again_by_and_by() {
        let mut pace = Pace::new();
        let mut parts = vec![pace.part];
        while pace.slow_down() {
            parts.push(pace.part);
        }
        assert_eq!(parts, [1_048_576, 524_288, 262_144, 131_072, 65_536]);
        for _ in 1..PARTS_IN_A_ROW {
            pace.go_on();
        }
        assert_eq!(pace.part, SMALLEST_PART);
        pace.go_on();
        assert_eq!(pace.part, 2 * SMALLEST_PART);
        // Only those in a row count.
        for _ in 1..PARTS_IN_A_ROW {
            pace.go_on();
        }
        assert!(pace.slow_down());
        pace.go_on();
        assert_eq!(pace.part, SMALLEST_PART);
        for _ in 0..100 {
            pace.go_on();
        }
        assert_eq!(pace.part, LARGEST_PART);
    }
}
