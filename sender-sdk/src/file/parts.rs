//! A file as the parts that the relay takes: sealed while it is read (`LBX-ATT-1`), and no more of it
//! in memory than one part and the end of the file after it.

use std::{
    fs,
    io::{self, Read as _},
};

use api::blobs::LARGEST_PART;
use crypto_core::{
    attachment::{AttachmentError, CHUNK, Sealer},
    letter::{Attachment, AttachmentKey},
};
use relay_auth::id::BlobId;
use zeroize::Zeroizing;

use super::{File, FileError, Stamp, opened};
use crate::{system::rng, upload::UploadError};

/// The room for what is sealed and not stored yet, in bytes. Reading stops at one part; the last chunk
/// and the padding of the largest file, which come at once, are less than another.
const ROOM: usize = 2 * LARGEST_PART;

/// How often in a row the relay may store nothing of what is sent to it.
const MOST_IDLE: u8 = 3;

/// A part of a sealed file.
pub(crate) struct Part {
    pub(crate) blob: BlobId,
    /// The length of the whole sealed file.
    pub(crate) length: u64,
    /// Where the part begins in it.
    pub(crate) offset: u64,
    pub(crate) content: Vec<u8>,
}

/// What the relay's word comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// It goes on from where the relay is.
    GoesOn,
    /// The relay lost bytes that are not here any more.
    Lost,
}

/// A file between the disk and the relay.
pub(crate) struct Parts {
    source: fs::File,
    file: File,
    blob: BlobId,
    /// Until the file ends.
    sealer: Option<Sealer>,
    /// From then on.
    ended: Option<(AttachmentKey, [u8; 32])>,
    piece: Zeroizing<Vec<u8>>,
    /// What is sealed and not stored yet.
    sealed: Vec<u8>,
    /// Where `sealed` begins: the relay has everything before.
    stored: u64,
    /// Up to where parts were sent.
    sent: u64,
    idle: u8,
}

impl Parts {
    /// Begins a file under a new key. Reads nothing yet.
    pub(crate) fn begin(file: File, blob: BlobId) -> Result<Self, FileError> {
        let (source, stamp) = opened(&file.path)?;
        if stamp != file.stamp {
            return Err(FileError::Changed);
        }
        let sealer = Sealer::new(blob, stamp.size, &mut rng()).map_err(|_| FileError::TooLarge)?;
        Ok(Self {
            source,
            file,
            blob,
            sealer: Some(sealer),
            ended: None,
            piece: Zeroizing::new(vec![0; CHUNK]),
            sealed: Vec::with_capacity(ROOM),
            stored: 0,
            sent: 0,
            idle: 0,
        })
    }

    /// Reads and seals until there is a whole part, or the file ends.
    pub(crate) fn read_on(mut self) -> Result<Self, FileError> {
        while self.sealed.len() < LARGEST_PART
            && let Some(mut sealer) = self.sealer.take()
        {
            let read = match self.source.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    self.sealer = Some(sealer);
                    continue;
                }
                read => read?,
            };
            if read == 0 {
                self.ended = Some(sealer.finish(&mut self.sealed).map_err(changed)?);
                // Also a file that kept its length may be half of one and half of another.
                if Stamp::of(&self.source.metadata()?) != self.file.stamp {
                    return Err(FileError::Changed);
                }
            } else {
                sealer.update(&self.piece[..read], &mut self.sealed).map_err(changed)?;
                self.sealer = Some(sealer);
            }
        }
        Ok(self)
    }

    /// The next part to be sent, of at most so many bytes; none when the relay has all. It begins where
    /// the relay is, and has the bytes that it had before (`LBX-ATT-6`).
    pub(crate) fn next_part(&mut self, most: usize) -> Option<Part> {
        let content = self.sealed[..self.sealed.len().min(most)].to_vec();
        if content.is_empty() {
            return None;
        }
        self.sent = self.sent.max(self.stored + content.len() as u64);
        Some(Part { blob: self.blob, length: self.file.sealed_length(), offset: self.stored, content })
    }

    /// Takes the relay's word for how many bytes it has, and drops those.
    pub(crate) fn confirm(&mut self, received: u64) -> Result<Confirmed, UploadError> {
        if received > self.sent {
            return Err(UploadError::MoreThanSent);
        }
        let Some(more) = received.checked_sub(self.stored) else { return Ok(Confirmed::Lost) };
        self.idle = if more == 0 { self.idle + 1 } else { 0 };
        if self.idle == MOST_IDLE {
            return Err(UploadError::NotKept);
        }
        let more = usize::try_from(more).unwrap_or(usize::MAX).min(self.sealed.len());
        self.sealed.drain(..more);
        self.stored = received;
        Ok(Confirmed::GoesOn)
    }

    /// How many sealed bytes the relay has.
    pub(crate) const fn stored(&self) -> u64 {
        self.stored
    }

    /// As the letter names the file, once its end was read.
    pub(crate) fn into_attachment(self) -> Option<Attachment> {
        let (key, digest) = self.ended?;
        Some(self.file.attachment(self.blob, key, digest))
    }
}

/// The sealer refuses nothing else of a file whose size was checked: it ended early or late.
fn changed(_: AttachmentError) -> FileError {
    FileError::Changed
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use crypto_core::attachment::{LARGEST, Opener};

    use super::*;

    /// Sends everything to a relay that stores all of it. Gives back the sealed bytes.
    fn sent(file: &File, mut each: impl FnMut(&Parts, &Part)) -> (Vec<u8>, Attachment) {
        let mut parts = Parts::begin(file.clone(), BlobId::from([7; 16])).unwrap().read_on().unwrap();
        let mut sealed = Vec::new();
        while let Some(part) = parts.next_part(LARGEST_PART) {
            each(&parts, &part);
            assert_eq!((part.offset, part.length), (sealed.len() as u64, file.sealed_length()));
            sealed.extend_from_slice(&part.content);
            assert_eq!(parts.confirm(sealed.len() as u64).unwrap(), Confirmed::GoesOn);
            parts = parts.read_on().unwrap();
        }
        assert_eq!(parts.stored(), file.sealed_length());
        (sealed, parts.into_attachment().unwrap())
    }

    #[test]
    fn the_largest_file_never_takes_more_memory_than_its_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::File::create(&path).unwrap().set_len(LARGEST).unwrap();
        let mut largest = 0;
        let (sealed, _) = sent(&File::open(&path).unwrap(), |parts, part| {
            // It would be larger if it had ever grown.
            assert_eq!(parts.sealed.capacity(), ROOM);
            assert!(part.content.len() <= LARGEST_PART);
            largest = largest.max(parts.sealed.len());
        });
        assert_eq!(sealed.len(), 26_738_688 + 408 * 16);
        assert!(largest > LARGEST_PART && largest <= ROOM, "{largest}");
    }

    #[test]
    fn what_is_sent_in_parts_opens_as_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 1, 4095, 4096, CHUNK, LARGEST_PART - 1, LARGEST_PART, 2 * LARGEST_PART + 12_345] {
            let path = folder.path().join("file");
            let content: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
            fs::write(&path, &content).unwrap();
            let (sealed, attachment) = sent(&File::open(&path).unwrap(), |_, _| {});
            let (mut opener, mut opened) = (Opener::new(&attachment).unwrap(), Vec::new());
            opener.update(&sealed, &mut opened).unwrap();
            opener.finish(&mut opened).unwrap();
            assert!(opened == content, "{size}");
        }
    }

    #[test]
    fn the_relays_word_is_taken_for_what_was_sent_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![1_u8; 3 * LARGEST_PART]).unwrap();
        let parts = Parts::begin(File::open(&path).unwrap(), BlobId::from([7; 16])).unwrap();
        let (mut parts, whole) = (parts.read_on().unwrap(), LARGEST_PART as u64);
        let first = parts.next_part(LARGEST_PART).unwrap();
        assert!(matches!(parts.confirm(whole + 1), Err(UploadError::MoreThanSent)));
        // The relay kept the beginning of the part: the rest of it is still here.
        assert_eq!(parts.confirm(100).unwrap(), Confirmed::GoesOn);
        let second = parts.read_on().unwrap().next_part(LARGEST_PART).unwrap();
        assert_eq!(second.offset, 100);
        assert!(second.content.starts_with(&first.content[100..]));

        let parts = Parts::begin(File::open(&path).unwrap(), BlobId::from([7; 16])).unwrap();
        let mut parts = parts.read_on().unwrap();
        assert_eq!(parts.next_part(LARGEST_PART).unwrap().offset, 0);
        assert_eq!(parts.confirm(whole).unwrap(), Confirmed::GoesOn);
        assert_eq!(parts.confirm(whole - 1).unwrap(), Confirmed::Lost);
    }

    #[test]
    fn a_file_that_is_not_the_chosen_one_any_more_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "content").unwrap();
        let file = File::open(&path).unwrap();
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more").unwrap();
        let refused = Parts::begin(file, BlobId::from([7; 16])).map(drop);
        assert!(matches!(refused, Err(FileError::Changed)), "{refused:?}");
    }
}
