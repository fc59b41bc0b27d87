//! Attachments: sealed and opened while they are read, in constant memory (`LBX-ATT-1` to
//! `LBX-ATT-4`).
//!
//! STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over ChaCha20-Poly1305 in chunks of 64 KiB.
//! Each attachment has a random key of its own, so the nonce's prefix is zero. The content is padded
//! like a letter. Its length and digest stand in the signed letter, so both ends know how many
//! bytes there must be, and which chunk is the last.
//!
//! Chunks are released as they are opened. What was written must not be used before
//! [`Opener::finish`] returned: a file that was cut off shows only then.

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::{ChaCha20Poly1305, Key, aead::Payload};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Suite, Version},
    id::BlobId,
    label,
    secret::Secret,
};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    letter::{Attachment, AttachmentKey},
    padding::padded_length,
};

/// The length of a chunk before it is sealed, in bytes.
pub const CHUNK: usize = 64 * 1024;

/// The largest file, in bytes (`LBX-ATT-1`).
pub const LARGEST: u64 = 25 * 1024 * 1024;

const TAG: usize = 16;
const PREFIX: [u8; 7] = [0; 7];

/// Why an attachment was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// Larger than the protocol allows.
    #[error("the file is larger than 25 MiB")]
    TooLarge,
    /// The file has another length than was declared, or fewer or more sealed bytes came.
    #[error("the file does not have the length that it should have")]
    Length,
    /// A chunk was altered, moved or comes from elsewhere.
    #[error("the file was altered on its way")]
    Altered,
    /// All chunks open, and the file is not the one that the letter names.
    #[error("the file is not the one that the letter names")]
    OtherFile,
}

/// How many bytes a file of `size` bytes has once padded and sealed.
#[must_use]
pub const fn sealed_length(size: u64) -> u64 {
    let padded = padded_length(size);
    padded.saturating_add(padded.div_ceil(CHUNK as u64) * TAG as u64)
}

/// Seals a file that is read piece by piece.
pub struct Sealer {
    stream: EncryptorBE32<ChaCha20Poly1305>,
    key: AttachmentKey,
    aad: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    digest: Sha256,
    size: u64,
    taken: u64,
}

// The stream's cipher wipes its key as well, and the stream does not say so.
relay_auth::wiped!(Sealer { key, chunk });

impl Sealer {
    /// Begins a file of `size` bytes that will be stored as `blob`. It makes the key: a second try,
    /// whose content may differ, must not have the same.
    ///
    /// # Errors
    /// [`AttachmentError::TooLarge`].
    pub fn new(blob: BlobId, size: u64, rng: &mut impl CryptoRng) -> Result<Self, AttachmentError> {
        if size > LARGEST {
            return Err(AttachmentError::TooLarge);
        }
        let key = AttachmentKey(Secret::generate(rng));
        let cipher_key: &Key = key.0.expose().into();
        Ok(Self {
            stream: EncryptorBE32::new(cipher_key, &PREFIX.into()),
            key,
            aad: associated_data(blob, size),
            chunk: Zeroizing::new(Vec::with_capacity(CHUNK)),
            digest: Sha256::new(),
            size,
            taken: 0,
        })
    }

    /// Takes the next piece; adds what was sealed to `sealed`.
    ///
    /// # Errors
    /// [`AttachmentError::Length`] when the file is longer than declared.
    pub fn update(&mut self, piece: &[u8], sealed: &mut Vec<u8>) -> Result<(), AttachmentError> {
        self.taken += piece.len() as u64;
        if self.taken > self.size {
            return Err(AttachmentError::Length);
        }
        self.digest.update(piece);
        self.push(piece, sealed)
    }

    /// Ends the file: pads it, seals the last chunk, returns the file's key and digest (SHA-256).
    ///
    /// # Errors
    /// [`AttachmentError::Length`] when the file is shorter than declared.
    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<(AttachmentKey, [u8; 32]), AttachmentError> {
        if self.taken != self.size {
            return Err(AttachmentError::Length);
        }
        self.push(&[0x80], sealed)?;
        let mut zeros = padded_length(self.size) - self.size - 1;
        while zeros > 0 {
            let some = zeros.min(CHUNK as u64);
            self.push(&[0; CHUNK][..usize::try_from(some).unwrap_or(CHUNK)], sealed)?;
            zeros -= some;
        }
        let Self { stream, key, aad, chunk, digest, .. } = self;
        let last =
            stream.encrypt_last(Payload { msg: &chunk, aad: &aad }).map_err(|_| AttachmentError::Altered)?;
        sealed.extend_from_slice(&last);
        Ok((key, digest.finalize().into()))
    }

    /// Collects bytes; a full chunk is sealed when more follows, so that the last one is known.
    fn push(&mut self, mut piece: &[u8], sealed: &mut Vec<u8>) -> Result<(), AttachmentError> {
        while !piece.is_empty() {
            if self.chunk.len() == CHUNK {
                let payload = Payload { msg: &self.chunk, aad: &self.aad };
                sealed.extend(self.stream.encrypt_next(payload).map_err(|_| AttachmentError::Altered)?);
                self.chunk.zeroize(); // wipes the content and keeps the room
            }
            let (fits, rest) = piece.split_at(piece.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(fits);
            piece = rest;
        }
        Ok(())
    }
}

/// Opens a file whose sealed bytes come piece by piece.
pub struct Opener {
    stream: DecryptorBE32<ChaCha20Poly1305>,
    aad: Vec<u8>,
    chunk: Vec<u8>,
    digest: Sha256,
    expected: [u8; 32],
    size: u64,
    written: u64,
    missing: u64,
}

impl Opener {
    /// Begins the file that a verified letter names.
    ///
    /// # Errors
    /// [`AttachmentError::TooLarge`].
    pub fn new(attachment: &Attachment) -> Result<Self, AttachmentError> {
        if attachment.size > LARGEST {
            return Err(AttachmentError::TooLarge);
        }
        let key: &Key = attachment.key.0.expose().into();
        Ok(Self {
            stream: DecryptorBE32::new(key, &PREFIX.into()),
            aad: associated_data(attachment.blob, attachment.size),
            chunk: Vec::with_capacity(CHUNK + TAG),
            digest: Sha256::new(),
            expected: attachment.digest.0,
            size: attachment.size,
            written: 0,
            missing: sealed_length(attachment.size),
        })
    }

    /// Takes the next sealed piece; adds what was opened to `opened`.
    ///
    /// # Errors
    /// [`AttachmentError::Altered`], or [`AttachmentError::Length`] when too many bytes come.
    pub fn update(&mut self, mut piece: &[u8], opened: &mut Vec<u8>) -> Result<(), AttachmentError> {
        self.missing = self.missing.checked_sub(piece.len() as u64).ok_or(AttachmentError::Length)?;
        while !piece.is_empty() {
            if self.chunk.len() == CHUNK + TAG {
                let payload = Payload { msg: &self.chunk, aad: &self.aad };
                let content = self
                    .stream
                    .decrypt_next(payload)
                    .map(Zeroizing::new)
                    .map_err(|_| AttachmentError::Altered)?;
                self.write(&content, opened)?;
                self.chunk.clear();
            }
            let (fits, rest) = piece.split_at(piece.len().min(CHUNK + TAG - self.chunk.len()));
            self.chunk.extend_from_slice(fits);
            piece = rest;
        }
        Ok(())
    }

    /// Ends the file: opens the last chunk, checks padding, length and digest. Only now is what was
    /// written the file.
    ///
    /// # Errors
    /// [`AttachmentError`].
    pub fn finish(mut self, opened: &mut Vec<u8>) -> Result<(), AttachmentError> {
        if self.missing != 0 {
            return Err(AttachmentError::Length);
        }
        let chunk = core::mem::take(&mut self.chunk);
        let last = self.take_last(&chunk)?;
        self.write(&last, opened)?;
        let is_whole = self.written == padded_length(self.size);
        let digest: [u8; 32] = self.digest.finalize().into();
        if is_whole && digest == self.expected { Ok(()) } else { Err(AttachmentError::OtherFile) }
    }

    fn take_last(&mut self, chunk: &[u8]) -> Result<Zeroizing<Vec<u8>>, AttachmentError> {
        // The stream is used up by its last chunk; one that cannot decrypt takes its place.
        let spent = DecryptorBE32::new(&Key::default(), &PREFIX.into());
        core::mem::replace(&mut self.stream, spent)
            .decrypt_last(Payload { msg: chunk, aad: &self.aad })
            .map(Zeroizing::new)
            .map_err(|_| AttachmentError::Altered)
    }

    /// Writes what belongs to the file and checks what belongs to the padding.
    fn write(&mut self, content: &[u8], opened: &mut Vec<u8>) -> Result<(), AttachmentError> {
        let of_file = usize::try_from(self.size.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let (file, padding) = content.split_at(content.len().min(of_file));
        self.digest.update(file);
        opened.extend_from_slice(file);
        self.written += file.len() as u64;
        for byte in padding {
            let expected = if self.written == self.size { 0x80 } else { 0 };
            if *byte != expected {
                return Err(AttachmentError::OtherFile);
            }
            self.written += 1;
        }
        Ok(())
    }
}

fn associated_data(blob: BlobId, size: u64) -> Vec<u8> {
    label::ATTACHMENT.with(&(Version, Suite, blob, size))
}

impl core::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Sealer([redacted])")
    }
}

impl core::fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Opener([redacted])")
    }
}
