//! A store at rest: that nobody has open, and that nobody opens while it is looked at.
//!
//! Nothing here changes it. sled cannot open a store without writing to it, so rows are read from a copy
//! that lies beside it for as long as that takes: there has to be as much room.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    BlobId, Engine, LogReport, Options, Report, StoreError, backup, blobs, disk, folder,
    fsck::{self, CACHE_BYTES},
    log,
    unfinished::Claim,
};

/// What is appended to the name of a store for the copy of its rows.
const COPY: &str = ".fsck-copy";

/// How many bytes of the disk are left free, besides.
const KEPT_FREE: u64 = 64 << 20;

/// What sled keeps rows in, besides its snapshots.
const ROWS: [&str; 2] = ["db", "conf"];

/// A blob or an upload, as it lies in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobFile {
    /// Its name.
    pub id: BlobId,
    /// Whether it has its name as an upload. A blob can have both names for a moment.
    pub is_upload: bool,
    /// Its length in bytes.
    pub length: u64,
}

/// A store that nobody has open, and that nobody opens while this lives.
#[derive(Debug)]
pub struct Resting {
    path: PathBuf,
    blobs: Option<PathBuf>,
    locks: Arc<Vec<File>>,
}

impl Resting {
    /// Takes the store in the folder `path`, and the folder of blobs in it that has this name.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if anybody has it open; [`StoreError::Io`] if there is none.
    pub fn hold(path: impl AsRef<Path>, blobs: Option<&str>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let opening = |cause| StoreError::io(format!("open {}", path.display()), cause);
        let path = path.canonicalize().map_err(opening)?;
        let rows = disk::open(&path.join("db"))?;
        let blobs = blobs.map(|name| path.join(name)).filter(|blobs| blobs.exists());
        let mut locks = Vec::new();
        for folder in [Some(&path), blobs.as_ref()].into_iter().flatten() {
            // A copy that somebody made by hand may lack it.
            if let Some(lock) = opened(&folder.join("lock"))? {
                folder::take_lock(folder, &lock)?;
                locks.push(lock);
            }
        }
        // sled's own.
        folder::take_lock(&path, &rows)?;
        locks.push(rows);
        Ok(Self { path, blobs, locks: Arc::new(locks) })
    }

    /// Reads the whole log, without sled.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn log(&self) -> Result<LogReport, StoreError> {
        log::check(&self.path)
    }

    /// Copies the rows to where they can be opened. A log that is damaged is to be looked at first:
    /// opened, it hides what it lost.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`].
    pub fn copy(&self) -> Result<Copied, StoreError> {
        let mut name = self.path.file_name().map_or_else(OsString::new, OsString::from);
        name.push(COPY);
        let copying = |cause| StoreError::io("copy the rows of the store beside it", cause);
        let path = self.path.with_file_name(name);
        let unfinished = Claim::new(&path);
        let copied = Copied { path, _unfinished: unfinished, _locks: Arc::clone(&self.locks) };
        // Of a look that was killed: whoever has this lock is alone here.
        match fs::remove_dir_all(&copied.path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(copying(cause)),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&copied.path).map_err(copying)?;
        // Other services may write to this disk, and would stop if it became full.
        let rows = fs::metadata(self.path.join("db")).map_err(copying)?.len();
        if disk::free_bytes(&disk::open(&copied.path)?)? < rows.saturating_add(KEPT_FREE) {
            return Err(StoreError::Full);
        }
        for entry in fs::read_dir(&self.path).map_err(copying)? {
            let name = entry.map_err(copying)?.file_name();
            let is_rows = ROWS.iter().any(|rows| name == *rows)
                || name.to_str().is_some_and(|name| name.starts_with("snap."));
            if is_rows {
                fs::copy(self.path.join(&name), copied.path.join(&name)).map_err(copying)?;
            }
        }
        let large = self.path.join("blobs");
        if large.exists() {
            fs::create_dir(copied.path.join("blobs")).map_err(copying)?;
            for entry in fs::read_dir(&large).map_err(copying)? {
                let entry = entry.map_err(copying)?;
                fs::copy(entry.path(), copied.path.join("blobs").join(entry.file_name())).map_err(copying)?;
            }
        }
        Ok(copied)
    }

    /// Every blob and upload, in no order. Other files are none of ours, and are not among them.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn blobs(&self) -> Result<Vec<BlobFile>, StoreError> {
        let Some(root) = &self.blobs else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (shelf, is_upload) in shelves() {
            let shelf = root.join(shelf);
            let reading = |cause| StoreError::io(format!("read {}", shelf.display()), cause);
            let entries = match fs::read_dir(&shelf) {
                Err(cause) if cause.kind() == ErrorKind::NotFound => continue,
                entries => entries.map_err(reading)?,
            };
            for entry in entries {
                let entry = entry.map_err(reading)?;
                let Some(id) = entry.file_name().to_str().and_then(BlobId::from_name) else { continue };
                let about = entry.metadata().map_err(reading)?;
                if about.is_file() {
                    found.push(BlobFile { id, is_upload, length: about.len() });
                }
            }
        }
        Ok(found)
    }

    /// The file of a blob or upload, open for reading.
    pub(crate) fn open_blob(&self, blob: &BlobFile) -> Result<File, StoreError> {
        let root = self.blobs.as_deref().unwrap_or(&self.path);
        // Not where it lies: its name is the id.
        File::open(root.join(place(blob.id, blob.is_upload)))
            .map_err(|cause| StoreError::io("open a file of the store", cause))
    }

    /// The store's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A copy of a store's rows, which goes when this does.
#[derive(Debug)]
pub struct Copied {
    path: PathBuf,
    _unfinished: Claim,
    /// Of the store. The next copy has the same place: it must not be begun while this one goes.
    _locks: Arc<Vec<File>>,
}

impl Copied {
    /// What [`crate::fsck()`] says of the rows.
    ///
    /// # Errors
    /// As [`crate::fsck()`].
    pub fn check(&self) -> Result<Report, StoreError> {
        fsck::fsck(&self.path)
    }

    /// Opens the rows. What is written stays in the copy.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open(&self) -> Result<Engine, StoreError> {
        let options = Options { cache_bytes: CACHE_BYTES, reserve_bytes: 0, ..Options::default() };
        Engine::open(&self.path, options)
    }

    /// Where it lies, for as long as it does.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all rows, see [`crate::export`].
    pub(crate) fn export(&self, out: impl io::Write) -> Result<u64, StoreError> {
        backup::export(&self.path, out)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next look.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The folders in which blobs and uploads lie, and whether it is uploads.
fn shelves() -> impl Iterator<Item = (String, bool)> {
    let shelves = (0..=u8::MAX).map(|byte| (format!("{byte:02x}"), false));
    shelves.chain([(blobs::PARTIAL.to_owned(), true)])
}

/// Where a blob or upload lies in its folder.
pub(crate) fn place(id: BlobId, is_upload: bool) -> PathBuf {
    let [first, ..] = *id.bytes();
    let shelf = if is_upload { blobs::PARTIAL.to_owned() } else { format!("{first:02x}") };
    Path::new(&shelf).join(id.name())
}

fn opened(path: &Path) -> Result<Option<File>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::io(format!("open {}", path.display()), cause)),
    }
}
