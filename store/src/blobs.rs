//! Attachments as files: one per blob, written whole or not at all, durable once answered.
//!
//! ```text
//! blobs/lock                     one process only
//! blobs/incoming/…               uploads under way; emptied at open
//! blobs/00 … blobs/ff            by the first byte of the id
//! blobs/3f/3f9c…                 32 hexadecimal digits
//! ```
//!
//! Bytes go to a file under `incoming/`, which is synced, then linked under its name, then the
//! folder is synced: a name never stands for half a blob. Linking fails if the name is taken, so an
//! id is never overwritten. Store the blob first, then the row that names it; what no row names
//! after a crash is found with [`Blobs::list`].

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use crate::{BlobError, BlobId, StoreError, disk, folder};

const INCOMING: &str = "incoming";
/// How much is read from an upload at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// A blob, open for reading from its start or any position in it.
#[derive(Debug)]
pub struct Blob {
    /// Its length in bytes.
    pub length: u64,
    /// Its bytes.
    pub file: tokio::fs::File,
}

/// A folder of blobs. Clones share it.
#[derive(Clone, Debug)]
pub struct Blobs {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    reserve_bytes: u64,
    /// Tells uploads apart that have the same id.
    uploads: AtomicU64,
    /// The root again: asked how much room there is.
    handle: File,
    _lock: File,
}

impl Blobs {
    /// Opens the folder `path`, or creates it, and removes the uploads that a crash cut short.
    /// `reserve_bytes` of the disk are left free, so that blobs cannot fill it up for the rows.
    /// Blocks.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Full`] or [`StoreError::Io`].
    pub fn open(path: impl AsRef<Path>, reserve_bytes: u64) -> Result<Self, StoreError> {
        let root = folder::create(path.as_ref())?;
        let lock = folder::lock(&root)?;
        for name in (0..=u8::MAX).map(|byte| format!("{byte:02x}")).chain([INCOMING.to_owned()]) {
            let shelf = root.join(name);
            match fs::create_dir(&shelf) {
                Err(cause) if cause.kind() != ErrorKind::AlreadyExists => {
                    return Err(StoreError::io(format!("create the folder {}", shelf.display()), cause));
                }
                _ => {}
            }
        }
        let incoming = root.join(INCOMING);
        for entry in entries(&incoming)? {
            fs::remove_file(entry.path())
                .map_err(|cause| StoreError::io("remove an unfinished upload", cause))?;
        }
        disk::sync(&root)?;
        let handle = disk::open(&root)?;
        let shared = Shared { root, reserve_bytes, uploads: AtomicU64::new(0), handle, _lock: lock };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Stores the bytes that `reader` gives, which must be exactly `length`, and answers when they
    /// are durable under `id`. If the future is dropped, nothing is kept.
    ///
    /// # Errors
    /// [`BlobError::Exists`], [`BlobError::WrongLength`] and [`BlobError::Upload`] are the caller's;
    /// [`BlobError::Store`] with [`StoreError::Full`] or [`StoreError::Io`] is ours. Nothing is
    /// kept, except that after a failed sync of the folder the blob may be there.
    pub async fn put_stream<R>(&self, id: BlobId, length: u64, mut reader: R) -> Result<(), BlobError>
    where
        R: AsyncRead + Unpin,
    {
        self.check_room(length)?;
        let upload = self.shared.uploads.fetch_add(1, Relaxed);
        let unfinished = Unfinished(self.shared.root.join(INCOMING).join(format!("{}-{upload}", id.name())));
        let mut options = tokio::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).open(&unfinished.0).await;
        let mut file = file.map_err(|cause| StoreError::io("create a blob's file", cause))?;
        self.receive(&mut reader, &mut file, length).await?;
        let writing = |cause| StoreError::io("write a blob", cause);
        // flush() first: it is what reports a failed write; sync_all() alone would not.
        file.flush().await.map_err(writing)?;
        file.sync_all().await.map_err(writing)?;
        drop(file);

        let shelf = self.shelf(id);
        let linked = blocking(move || {
            match fs::hard_link(&unfinished.0, shelf.join(id.name())) {
                Ok(()) => {}
                Err(cause) if cause.kind() == ErrorKind::AlreadyExists => return Ok(false),
                Err(cause) => return Err(StoreError::io("name a blob", cause)),
            }
            disk::sync(&shelf)?;
            Ok(true)
        });
        if linked.await? { Ok(()) } else { Err(BlobError::Exists) }
    }

    async fn receive<R>(
        &self,
        reader: &mut R,
        file: &mut tokio::fs::File,
        length: u64,
    ) -> Result<(), BlobError>
    where
        R: AsyncRead + Unpin,
    {
        let mut piece = vec![0; PIECE];
        let mut missing = length;
        loop {
            let read = reader.read(&mut piece).await.map_err(BlobError::Upload)?;
            if read == 0 {
                return if missing == 0 { Ok(()) } else { Err(BlobError::WrongLength { declared: length }) };
            }
            missing = missing.checked_sub(read as u64).ok_or(BlobError::WrongLength { declared: length })?;
            // Again for every piece: many uploads may share what room there was.
            self.check_room(read as u64)?;
            file.write_all(&piece[..read]).await.map_err(|cause| StoreError::io("write a blob", cause))?;
        }
    }

    /// Opens a blob; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn open_blob(&self, id: BlobId) -> Result<Option<Blob>, StoreError> {
        let opening = |cause| StoreError::io("open a blob", cause);
        let file = match tokio::fs::File::open(self.shelf(id).join(id.name())).await {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(opening(cause)),
        };
        let length = file.metadata().await.map_err(opening)?.len();
        Ok(Some(Blob { length, file }))
    }

    /// Removes a blob, durably, and says whether there was one. Who is reading it can read on.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn delete(&self, id: BlobId) -> Result<bool, StoreError> {
        let shelf = self.shelf(id);
        blocking(move || {
            let removed = match fs::remove_file(shelf.join(id.name())) {
                Ok(()) => true,
                Err(cause) if cause.kind() == ErrorKind::NotFound => false,
                Err(cause) => return Err(StoreError::io("remove a blob", cause)),
            };
            // Also if it was gone: an earlier removal may have failed right here.
            disk::sync(&shelf)?;
            Ok(removed)
        })
        .await
    }

    /// The ids of all blobs, in no order, to be compared with the rows that name them. One that was
    /// stored while this ran may or may not be among them: do not collect what is still awaited.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn list(&self) -> Result<Vec<BlobId>, StoreError> {
        let root = self.shared.root.clone();
        blocking(move || {
            let mut ids = Vec::new();
            for byte in 0..=u8::MAX {
                let names = entries(&root.join(format!("{byte:02x}")))?.into_iter();
                ids.extend(names.filter_map(|entry| BlobId::from_name(entry.file_name().to_str()?)));
            }
            Ok(ids)
        })
        .await
    }

    fn shelf(&self, id: BlobId) -> PathBuf {
        let [first, ..] = *id.bytes();
        self.shared.root.join(format!("{first:02x}"))
    }

    fn check_room(&self, bytes: u64) -> Result<(), StoreError> {
        let needed = self.shared.reserve_bytes.saturating_add(bytes);
        if disk::free_bytes(&self.shared.handle)? >= needed { Ok(()) } else { Err(StoreError::Full) }
    }
}

/// An upload's file, removed again however the upload ends. A finished blob has a second name then.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What stays is removed at the next open.
        let _ = fs::remove_file(&self.0);
    }
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let reading = |cause| StoreError::io(format!("read {}", folder.display()), cause);
    fs::read_dir(folder).map_err(reading)?.collect::<io::Result<_>>().map_err(reading)
}

/// Runs file system calls where they may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|cause| Err(StoreError::io("use the folder of blobs", io::Error::other(cause))))
}
