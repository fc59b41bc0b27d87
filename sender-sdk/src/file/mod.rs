//! A file that goes with a letter: measured here, read only while it is uploaded.

mod parts;

use core::fmt;
use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crypto_core::{
    attachment::{LARGEST, sealed_length},
    letter::{Attachment, AttachmentKey},
};
use relay_auth::id::BlobId;

pub(crate) use self::parts::{Confirmed, Part, Parts};

/// Why a file cannot go with a letter. It does not repeat the file's name, which may be a person's.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A folder, a device, a pipe.
    #[error("this is a folder or something else that is no file: attach the files in it one by one")]
    NotAFile,
    /// Larger than the protocol allows.
    #[error("the file is larger than 25 MiB: make it smaller, or split it")]
    TooLarge,
    /// The name cannot be written in a letter.
    #[error("the name of the file is not UTF-8: give it another name")]
    Name,
    /// It is not the file any more that was chosen.
    #[error("the file was changed meanwhile: send the letter again when nobody writes to it")]
    Changed,
    /// The program is ending.
    #[error("the file was not read, because the program is ending")]
    Ending,
}

/// A file that goes with a letter. It stays on the disk: it is read, sealed and uploaded part by part
/// when the letter is sent, and must not be changed until then.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a file is sent with a letter: Letter::attach"]
pub struct File {
    path: PathBuf,
    stamp: Stamp,
    name: String,
    media_type: Option<String>,
    label: Option<String>,
    language: Option<String>,
}

impl fmt::Debug for File {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("File([redacted])")
    }
}

impl File {
    /// Chooses a file of up to 25 MiB (`LBX-ATT-1`). The reader sees its name without the folders, and
    /// its media type comes from the name's ending.
    ///
    /// # Errors
    /// [`FileError`]. Whether a letter may hold the name is checked when the letter is sent, so that
    /// [`File::named`] can give a better one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let (_, stamp) = opened(path)?;
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(FileError::Name)?.to_owned();
        Ok(Self { path: path.to_owned(), stamp, name, media_type: None, label: None, language: None })
    }

    /// Gives it another name for the reader: 1 to 100 characters, no path.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Says what it is, in up to 100 characters.
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Its language, a BCP 47 tag such as `en` or `gd`.
    pub fn in_language(mut self, tag: impl Into<String>) -> Self {
        self.language = Some(tag.into());
        self
    }

    /// Its media type, such as `application/pdf`, where the name's ending does not tell.
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// How many bytes it has once padded and sealed.
    pub(crate) const fn sealed_length(&self) -> u64 {
        sealed_length(self.stamp.size)
    }

    /// As the letter names it.
    pub(crate) fn attachment(&self, blob: BlobId, key: AttachmentKey, digest: [u8; 32]) -> Attachment {
        let guess = || mime_guess::from_path(&self.name).first_raw().unwrap_or(api::media::OCTETS).to_owned();
        Attachment {
            blob,
            key,
            size: self.stamp.size,
            digest: digest.into(),
            file_name: self.name.clone(),
            encoding_format: self.media_type.clone().unwrap_or_else(guess),
            language: self.language.clone(),
            label: self.label.clone(),
        }
    }
}

/// What shows that a file is still the one that was chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    place: (u64, u64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            place: (file.dev(), file.ino()),
        }
    }
}

fn opened(path: &Path) -> Result<(fs::File, Stamp), FileError> {
    // Asked before it is opened: a pipe would wait for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(FileError::NotAFile);
    }
    let source = fs::File::open(path)?;
    let metadata = source.metadata()?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    let stamp = Stamp::of(&metadata);
    if stamp.size > LARGEST { Err(FileError::TooLarge) } else { Ok((source, stamp)) }
}

#[cfg(test)]
mod tests {
    use relay_auth::secret::Secret;

    use super::*;

    fn described(file: &File) -> (String, String) {
        let key = AttachmentKey(Secret::from([0; 32]));
        let Attachment { file_name, encoding_format, .. } =
            file.attachment(BlobId::from([0; 16]), key, [0; 32]);
        (file_name, encoding_format)
    }

    #[test]
    fn a_media_type_comes_from_the_name_that_the_reader_sees() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("decision.pdf");
        fs::write(&path, "content").unwrap();
        let file = File::open(&path).unwrap();
        let expect = |file: &File, name: &str, kind: &str| {
            assert_eq!(described(file), (name.to_owned(), kind.to_owned()));
        };
        expect(&file, "decision.pdf", "application/pdf");
        expect(&file.clone().named("Litir.TXT"), "Litir.TXT", "text/plain");
        expect(&file.clone().named("no ending"), "no ending", "application/octet-stream");
        expect(&file.media_type("image/png").named("x.pdf"), "x.pdf", "image/png");
    }

    #[test]
    fn a_file_does_not_print_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Ann O’Neil.pdf");
        let missing = File::open(&path).unwrap_err();
        assert!(!missing.to_string().contains("Neil") && !format!("{missing:?}").contains("Neil"));
        fs::write(&path, "").unwrap();
        assert_eq!(format!("{:?}", File::open(&path).unwrap()), "File([redacted])");
    }

    #[test]
    fn only_files_of_up_to_25_mib_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        for no_file in [folder.path(), Path::new("/dev/zero"), Path::new("/")] {
            assert!(matches!(File::open(no_file), Err(FileError::NotAFile)), "{}", no_file.display());
        }
        let path = folder.path().join("large");
        let large = fs::File::create(&path).unwrap();
        large.set_len(LARGEST).unwrap();
        assert!(File::open(&path).is_ok());
        large.set_len(LARGEST + 1).unwrap();
        assert!(matches!(File::open(&path), Err(FileError::TooLarge)));
    }
}
