//! A store as one stream of bytes: for backups, and to get back the space that sled never frees.
//!
//! ```text
//! "store-export-v1\n"
//! key length u16 (1 or more) · value length u16 · key · value        for each row
//! 0 u16 · number of rows u64 · SHA-256 of all bytes before it
//! ```
//!
//! Numbers are big-endian; keys are stored keys. The digest finds damage and truncation, not
//! forgery: protect the file like the store itself.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::{
    KEY_LIMIT, StoreError, VALUE_LIMIT, disk,
    folder::{self, Folder},
    fsck::CACHE_BYTES,
    keys::Stored,
};

const MAGIC: &[u8; 16] = b"store-export-v1\n";
/// How much goes into one batch while importing, in bytes.
const BATCH_BYTES: usize = 1024 * 1024;

/// Writes all rows of the store in `path`, which no service may have open, and says how many.
/// Syncing the file that `out` leads to is the caller's.
///
/// # Errors
/// [`StoreError::InUse`], [`StoreError::Corrupt`], [`StoreError::Full`] or [`StoreError::Io`].
pub fn export(path: impl AsRef<Path>, out: impl Write) -> Result<u64, StoreError> {
    let folder = Folder::open_existing(path.as_ref(), CACHE_BYTES)?;
    let mut out = Digested { inner: out, digest: Sha256::new() };
    let mut rows = 0_u64;
    out.write(MAGIC)?;
    for row in folder.db.iter() {
        let (key, value) = row.map_err(|error| StoreError::sled("read from the store", error))?;
        let (Ok(key_length), Ok(value_length)) = (u16::try_from(key.len()), u16::try_from(value.len()))
        else {
            return Err(StoreError::Corrupt { what: "a row is over the limits".to_owned() });
        };
        out.write(&key_length.to_be_bytes())?;
        out.write(&value_length.to_be_bytes())?;
        out.write(&key)?;
        out.write(&value)?;
        rows += 1;
    }
    out.write(&[0; 2])?;
    out.write(&rows.to_be_bytes())?;
    let digest = out.digest();
    out.write(&digest)?;
    out.inner.flush().map_err(|cause| StoreError::io("write the export", cause))?;
    Ok(rows)
}

/// Makes a new store in `path`, which must not exist, from what [`export`] wrote, and says how many
/// rows it has. The store appears under its name only when it is whole and durable.
///
/// # Errors
/// [`StoreError::Corrupt`] if the stream is damaged or cut short; [`StoreError::Full`] or
/// [`StoreError::Io`]. Nothing is left behind then.
pub fn import(input: impl Read, path: impl AsRef<Path>) -> Result<u64, StoreError> {
    let path = path.as_ref();
    let importing = |cause| StoreError::io(format!("import into {}", path.display()), cause);
    if path.exists() {
        return Err(importing(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "choose a folder that does not exist",
        )));
    }
    let staging = staging(path);
    if staging.exists() {
        // Of an import that was killed.
        fs::remove_dir_all(&staging).map_err(importing)?;
    }
    let done = fill(input, &staging).and_then(|rows| {
        fs::rename(&staging, path).map_err(importing)?;
        // Makes the new name durable: folder::create() syncs the parent.
        folder::create(path)?;
        Ok(rows)
    });
    if done.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_dir_all(&staging);
    }
    done
}

fn staging(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".importing");
    path.with_file_name(name)
}

fn fill(input: impl Read, staging: &Path) -> Result<u64, StoreError> {
    let folder = Folder::open(staging, CACHE_BYTES)?;
    let mut input = Digested { inner: input, digest: Sha256::new() };
    if input.read_array::<16>()? != *MAGIC {
        return Err(damaged("it does not start like one"));
    }
    let mut rows = 0_u64;
    let mut batch = sled::Batch::default();
    let mut batch_bytes = 0;
    loop {
        let key_length = usize::from(u16::from_be_bytes(input.read_array()?));
        if key_length == 0 {
            break;
        }
        let value_length = usize::from(u16::from_be_bytes(input.read_array()?));
        // Before memory is taken: the stored key has up to two bytes of ours.
        if key_length > KEY_LIMIT + 2 || value_length > VALUE_LIMIT {
            return Err(damaged("a row is over the limits"));
        }
        let key = input.read_vec(key_length)?;
        let value = input.read_vec(value_length)?;
        if Stored::parse(&key).is_none_or(|stored| stored.key().len() > KEY_LIMIT) {
            return Err(damaged("a key is none of ours"));
        }
        batch.insert(key, value);
        batch_bytes += key_length + value_length;
        rows += 1;
        if batch_bytes >= BATCH_BYTES {
            apply(&folder, std::mem::take(&mut batch))?;
            batch_bytes = 0;
        }
    }
    apply(&folder, batch)?;
    if u64::from_be_bytes(input.read_array()?) != rows {
        return Err(damaged("it does not have as many rows as it says"));
    }
    let digest = input.digest();
    if input.read_array::<32>()? != digest {
        return Err(damaged("its digest does not match"));
    }
    folder.disk.sync()?;
    disk::sync(staging)?;
    Ok(rows)
}

fn apply(folder: &Folder, batch: sled::Batch) -> Result<(), StoreError> {
    folder.db.apply_batch(batch).map_err(|error| StoreError::sled("write to the store", error))?;
    folder.db.flush().map_err(|error| StoreError::sled("flush the store", error))?;
    Ok(())
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt { what: format!("this is not a whole export: {what}") }
}

/// Keeps a digest of what went through.
struct Digested<S> {
    inner: S,
    digest: Sha256,
}

impl<S> Digested<S> {
    /// Of everything so far.
    fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }
}

impl<W: Write> Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.digest.update(bytes);
        self.inner.write_all(bytes).map_err(|cause| StoreError::io("write the export", cause))
    }
}

impl<R: Read> Digested<R> {
    fn read_array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn read_vec(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.inner.read_exact(bytes).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
            _ => StoreError::io("read the export", cause),
        })?;
        self.digest.update(&*bytes);
        Ok(())
    }
}
