//! An attachment on its way from the relay to a file (`LBX-ATT-3`, `LBX-ATT-4`).
//!
//! ```text
//! Inbox::download ─▶ request ─▶ push, push, … ─▶ finish ─▶ the file
//!                       ▲           │ the stream breaks
//!                       └───────────┘
//! ```
//!
//! The sealed bytes come as a stream, in whatever pieces the network makes of them. If the stream
//! breaks, the rest is asked for from where the download stands. What was opened stays in here until
//! the last chunk, the padding and the digest were checked: nobody gets half a file, or another one
//! than the letter names.

pub use crypto_core::attachment::AttachmentError;
use crypto_core::{
    attachment::{Opener, sealed_length},
    letter::Attachment,
};
use rand_core::CryptoRng;
use relay_auth::{cbor::DecodeError, id::BlobId};
use zeroize::Zeroizing;

use crate::{
    http::{HttpRequest, RequestFailure},
    inbox::ViewError,
    relay::{self, Signer, Signs},
};

/// An attachment that is being fetched. It is begun by [`crate::inbox::Inbox::download`].
pub struct Download {
    blob: BlobId,
    opener: Opener,
    /// Wiped if the download is given up.
    opened: Zeroizing<Vec<u8>>,
    received: u64,
    total: u64,
    /// Set once something does not hold: nothing that comes later mends it.
    failed: Option<AttachmentError>,
    file_name: String,
    media_type: String,
}

/// A file, checked to be the one that the letter names.
#[derive(PartialEq, Eq)]
pub struct Saved {
    /// As [`crate::letter::Attachment::file_name`].
    pub file_name: String,
    /// As [`crate::letter::Attachment::media_type`].
    pub media_type: String,
    /// The whole file. To be wiped by whoever takes it.
    pub content: Vec<u8>,
}

redacted!(Download, Saved);

impl Download {
    /// Begins the file that a verified letter names.
    pub(crate) fn begin(attachment: &Attachment) -> Result<Self, ViewError> {
        // A letter that was decoded names no larger file.
        let opener = Opener::new(attachment).map_err(|_| ViewError::Letter(DecodeError::TooLarge.into()))?;
        Ok(Self {
            blob: attachment.blob,
            opener,
            opened: room(attachment.size)?,
            received: 0,
            total: sealed_length(attachment.size),
            failed: None,
            file_name: attachment.file_name.clone(),
            media_type: attachment.encoding_format.clone(),
        })
    }

    /// Asks for the sealed bytes from where the download stands to their end: at first, and each time
    /// that the stream breaks before [`Download::is_complete`].
    ///
    /// # Errors
    /// [`RequestFailure`].
    pub fn request(
        &self,
        signer: &Signer<'_, impl Signs>,
        rng: &mut impl CryptoRng,
    ) -> Result<HttpRequest, RequestFailure> {
        relay::blob(&self.blob, self.received, signer, rng)
    }

    /// Takes the next sealed bytes, in pieces of any length.
    ///
    /// # Errors
    /// [`AttachmentError`]. The download has failed: every later call fails with the same error, and
    /// asking the relay for the rest is of no use.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), AttachmentError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.opener.update(bytes, &mut self.opened).inspect_err(|error| self.failed = Some(*error))?;
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// How many sealed bytes came.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How many sealed bytes there are; the file is a little shorter.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Whether all sealed bytes came. Only [`Download::finish`] says whether they are the file.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.failed.is_none() && self.received == self.total
    }

    /// Checks the last chunk, the padding and the digest, and gives the file (`LBX-ATT-4`).
    ///
    /// # Errors
    /// [`AttachmentError`]; [`AttachmentError::Length`] if not all bytes came.
    pub fn finish(self) -> Result<Saved, AttachmentError> {
        let Self { opener, mut opened, failed, file_name, media_type, .. } = self;
        if let Some(error) = failed {
            return Err(error);
        }
        opener.finish(&mut opened)?;
        Ok(Saved { file_name, media_type, content: core::mem::take(&mut *opened) })
    }
}

/// Room for a whole file at once: a buffer that grows leaves copies behind that are not wiped. A device
/// that does not have so much says so, rather than end with everything that it has opened.
fn room(size: u64) -> Result<Zeroizing<Vec<u8>>, ViewError> {
    let size = usize::try_from(size).map_err(|_| ViewError::NoMemory)?;
    let mut room = Zeroizing::new(Vec::new());
    room.try_reserve_exact(size).map_err(|_| ViewError::NoMemory)?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_the_device_does_not_have_is_refused() {
        assert!(room(1000).is_ok_and(|room| room.capacity() >= 1000));
        assert_eq!(room(u64::MAX).err(), Some(ViewError::NoMemory));
    }
}
