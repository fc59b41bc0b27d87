//! What files a letter may have (`LBX-ATT-1`, `LBX-LETTER-3`), checked before any is read.

use crypto_core::letter::{Attachment, AttachmentKey, Letter as Content};
use relay_auth::{
    cbor::Wire as _, id::BlobId, permit::LARGEST_BLOB_QUOTA, receipt::MOST_BLOBS, secret::Secret,
};

use super::LetterError;
use crate::file::File;

/// Checks the files by number and size, then each by what the reader sees of it.
pub(super) fn check(files: &[File]) -> Result<(), LetterError> {
    let together = files.iter().map(File::sealed_length).fold(0, u64::saturating_add);
    if files.len() > MOST_BLOBS || together > LARGEST_BLOB_QUOTA {
        return Err(LetterError::Files);
    }
    for (number, draft) in (1..).zip(drafts(files)) {
        // A letter with nothing else in it, so that the error is about this file.
        let alone = Content {
            label: "file".to_owned(),
            language: "en".to_owned(),
            attachments: vec![draft],
            ..Content::default()
        };
        alone.validate().map_err(|cause| LetterError::File { number, cause })?;
    }
    Ok(())
}

/// The files as the letter will name them. Numbers, keys and digests come with the upload; these stand
/// for them and have their lengths.
pub(super) fn drafts(files: &[File]) -> Vec<Attachment> {
    let draft = |(number, file): (u128, &File)| {
        let key = AttachmentKey(Secret::from([0; 32]));
        file.attachment(BlobId::from(number.to_be_bytes()), key, [0; 32])
    };
    (0..).zip(files).map(draft).collect()
}
