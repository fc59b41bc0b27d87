//! Attachments as files: they come in parts, have their name once they are whole, and are durable at
//! every answer.
//!
//! ```text
//! blobs/lock                     one process only
//! blobs/partial/3f9c…            an upload; stays over a restart
//! blobs/00 … blobs/ff            by the first byte of the id
//! blobs/3f/3f9c…                 32 hexadecimal digits
//! ```
//!
//! [`Blobs::append`] writes a part to the file under `partial/` and syncs it; the row that says how
//! much there is comes after, so it never says more than the file has. What a crash left beyond that is
//! cut off by the next part. [`Blobs::adopt`] links the file to its shelf and syncs the shelf; only
//! then may a row say that the blob is there. [`Blobs::settle`] takes the first name away when that
//! row is durable, [`Blobs::withdraw`] the second when no such row came to be.
//!
//! [`Blobs::discard`] alone takes the only name of what lies on a shelf. It is for what a durable row
//! says has to go; that no row names a file is no reason, because rows can be lost or be old.
//!
//! No two calls for one id may run at the same time, [`Blobs::open_blob`] aside: the caller sees to
//! it, because it has to look at its rows in between.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{BlobError, BlobId, StoreError, disk, folder};

pub(crate) const PARTIAL: &str = "partial";

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
    /// The root again: asked how much room there is.
    handle: File,
    _lock: File,
}

impl Blobs {
    /// Opens the folder `path`, or creates it. `reserve_bytes` of the disk are left free, so that
    /// blobs cannot fill it up for the rows. Blocks.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Full`] or [`StoreError::Io`].
    pub fn open(path: impl AsRef<Path>, reserve_bytes: u64) -> Result<Self, StoreError> {
        let root = folder::create(path.as_ref())?;
        let lock = folder::lock(&root)?;
        for name in (0..=u8::MAX).map(|byte| format!("{byte:02x}")).chain([PARTIAL.to_owned()]) {
            let shelf = root.join(name);
            match fs::create_dir(&shelf) {
                Err(cause) if cause.kind() != ErrorKind::AlreadyExists => {
                    return Err(StoreError::io(format!("create the folder {}", shelf.display()), cause));
                }
                _ => {}
            }
        }
        disk::sync(&root)?;
        let handle = disk::open(&root)?;
        Ok(Self { shared: Arc::new(Shared { root, reserve_bytes, handle, _lock: lock }) })
    }

    /// Writes a part of an upload after its first `offset` bytes, cutting off what else there is, and
    /// answers when it is durable. The part at 0 begins the upload. What was begun goes on to its end
    /// even if the future is dropped.
    ///
    /// # Errors
    /// [`BlobError::Short`]; [`BlobError::Store`] with [`StoreError::Full`] or [`StoreError::Io`].
    /// The first `offset` bytes are as they were.
    pub async fn append(&self, id: BlobId, offset: u64, part: Vec<u8>) -> Result<(), BlobError> {
        self.blocking(move |shared| shared.append(id, offset, &part)).await
    }

    /// Puts an upload on its shelf, and answers when it is durable there. Asked again it is the same,
    /// also once the blob is settled.
    ///
    /// # Errors
    /// [`BlobError::NotWhole`]; [`BlobError::Store`] with [`StoreError::Io`].
    pub async fn adopt(&self, id: BlobId, length: u64) -> Result<(), BlobError> {
        self.blocking(move |shared| shared.adopt(id, length)).await
    }

    /// Takes an upload's name away: when the row that names the blob on its shelf is durable, or when
    /// the upload is given up. What is on its shelf stays.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn settle(&self, id: BlobId) -> Result<(), StoreError> {
        // Not synced: after a power cut the name may be there again, and is settled again.
        self.blocking(move |shared| remove(&shared.partial().join(id.name()))).await
    }

    /// Takes a blob back from its shelf, durably, if it is an upload still: to be called when the row
    /// that should name the blob was not written. A blob that is settled stays.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn withdraw(&self, id: BlobId) -> Result<(), StoreError> {
        self.blocking(move |shared| shared.withdraw(id)).await
    }

    /// Removes a blob or upload, durably, if there is one. Who is reading it can read on.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn discard(&self, id: BlobId) -> Result<(), StoreError> {
        self.blocking(move |shared| {
            let shelf = shared.shelf(id);
            // The shelf first: while the upload has its name, it is found and removed again.
            remove(&shelf.join(id.name()))?;
            disk::sync(&shelf)?;
            remove(&shared.partial().join(id.name()))?;
            disk::sync(&shared.partial())
        })
        .await
    }

    /// Opens a blob that is on its shelf; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn open_blob(&self, id: BlobId) -> Result<Option<Blob>, StoreError> {
        let opening = |cause| StoreError::io("open a blob", cause);
        let file = match tokio::fs::File::open(self.shared.shelf(id).join(id.name())).await {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                // Without its shelf, the disk is away and not the blob.
                tokio::fs::metadata(self.shared.shelf(id)).await.map_err(opening)?;
                return Ok(None);
            }
            Err(cause) => return Err(opening(cause)),
        };
        let length = file.metadata().await.map_err(opening)?.len();
        Ok(Some(Blob { length, file }))
    }

    /// The ids of all blobs on their shelves, in no order, to be compared with the rows that name
    /// them. One that was stored while this ran may or may not be among them.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn list(&self) -> Result<Vec<BlobId>, StoreError> {
        self.blocking(|shared| {
            let mut ids = Vec::new();
            for byte in 0..=u8::MAX {
                ids.extend(names(&shared.root.join(format!("{byte:02x}")))?);
            }
            Ok(ids)
        })
        .await
    }

    /// The ids of all uploads that are not settled, in no order, as [`Blobs::list`].
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn list_partial(&self) -> Result<Vec<BlobId>, StoreError> {
        self.blocking(|shared| names(&shared.partial())).await
    }

    /// Makes file system calls where they may block.
    async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let ended = tokio::task::spawn_blocking(move || work(&shared)).await;
        ended.unwrap_or_else(|cause| {
            Err(E::from(StoreError::io("use the folder of blobs", io::Error::other(cause))))
        })
    }
}

impl Shared {
    fn append(&self, id: BlobId, offset: u64, part: &[u8]) -> Result<(), BlobError> {
        self.check_room(part.len() as u64)?;
        let writing = |cause| StoreError::io("write a part of a blob", cause);
        let folder = self.partial();
        let begins = offset == 0;
        let mut options = OpenOptions::new();
        let file = match options.write(true).create(begins).truncate(false).open(folder.join(id.name())) {
            Ok(file) => file,
            Err(cause) if !begins && cause.kind() == ErrorKind::NotFound => {
                return Err(BlobError::Short { offset });
            }
            Err(cause) => return Err(writing(cause).into()),
        };
        if file.metadata().map_err(writing)?.len() < offset {
            return Err(BlobError::Short { offset });
        }
        file.set_len(offset).map_err(writing)?;
        file.write_all_at(part, offset).map_err(writing)?;
        file.sync_all().map_err(writing)?;
        if begins {
            disk::sync(&folder)?;
        }
        Ok(())
    }

    fn adopt(&self, id: BlobId, length: u64) -> Result<(), BlobError> {
        let (upload, shelf) = (self.partial().join(id.name()), self.shelf(id));
        let place = shelf.join(id.name());
        match (found(&upload)?, found(&place)?) {
            (Some(file), None) if file.len() == length => {
                fs::hard_link(&upload, &place).map_err(|cause| StoreError::io("name a blob", cause))?;
            }
            // Linked before, and perhaps settled. Another file of this name is never written over.
            (Some(file), Some(linked)) if is_same(&file, &linked) && linked.len() == length => {}
            (None, Some(linked)) if linked.len() == length => {}
            _ => return Err(BlobError::NotWhole { length }),
        }
        // Also if it was linked before: an earlier call may have failed right here.
        Ok(disk::sync(&shelf)?)
    }

    fn withdraw(&self, id: BlobId) -> Result<(), StoreError> {
        let shelf = self.shelf(id);
        let place = shelf.join(id.name());
        match (found(&self.partial().join(id.name()))?, found(&place)?) {
            (Some(file), Some(linked)) if is_same(&file, &linked) => {
                remove(&place)?;
                disk::sync(&shelf)
            }
            _ => Ok(()),
        }
    }

    fn partial(&self) -> PathBuf {
        self.root.join(PARTIAL)
    }

    fn shelf(&self, id: BlobId) -> PathBuf {
        let [first, ..] = *id.bytes();
        self.root.join(format!("{first:02x}"))
    }

    fn check_room(&self, bytes: u64) -> Result<(), StoreError> {
        let needed = self.reserve_bytes.saturating_add(bytes);
        if disk::free_bytes(&self.handle)? >= needed { Ok(()) } else { Err(StoreError::Full) }
    }
}

fn found(path: &Path) -> Result<Option<fs::Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::io("look at a blob", cause)),
    }
}

fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(StoreError::io("remove a blob", cause)),
        _ => Ok(()),
    }
}

/// The ids that files in a folder are named by. Other names are none of ours, and are left alone.
fn names(folder: &Path) -> Result<Vec<BlobId>, StoreError> {
    let reading = |cause| StoreError::io(format!("read {}", folder.display()), cause);
    let entries = fs::read_dir(folder).map_err(reading)?.collect::<io::Result<Vec<_>>>().map_err(reading)?;
    Ok(entries.iter().filter_map(|entry| BlobId::from_name(entry.file_name().to_str()?)).collect())
}
