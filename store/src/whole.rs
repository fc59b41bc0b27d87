//! A whole store as one file: rows and blobs together, as of one moment, for [`back_up`] and
//! [`restore`].
//!
//! ```text
//! "letterbox-backup"
//! format u16 · what the service's rows are u16 · length u8 · the service's name
//! the rows, as `export` writes them
//! 1 u8 · id (16) · length u64 · bytes        for each blob; 2 for an upload
//! 0 u8 · number of blobs and uploads u64
//! SHA-256 of all bytes before it
//! ```
//!
//! Numbers are big-endian, and nothing follows. The digest finds damage, not forgery; and what a store
//! keeps in the clear, so does its backup: protect it like the store.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufReader, BufWriter, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use sha2::{Digest as _, Sha256};

use crate::{
    BackupError, BlobId, StoreError, backup, disk, folder,
    resting::{self, Copied, Resting},
    unfinished::Claim,
};

/// How much of a file is in memory at a time, in bytes.
const PART: usize = 64 * 1024;

const MAGIC: &[u8; 16] = b"letterbox-backup";
const FORMAT: u16 = 1;
const END: u8 = 0;
const BLOB: u8 = 1;
const UPLOAD: u8 = 2;

/// The name of a store in the folder in which it is made.
const STORE: &str = "store";

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The service: lower-case letters, 32 at most.
    pub service: &'static str,
    /// A number that grows whenever an earlier version of the service could not read its rows any more.
    pub rows: u16,
    /// The name of the folder of blobs in the store, if the service has one.
    pub blobs: Option<&'static str>,
}

/// What a backup has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Contents {
    /// Rows; of a long value, each part.
    pub rows: u64,
    /// Blobs and uploads.
    pub blobs: u64,
    /// The length of the file in bytes.
    pub bytes: u64,
}

/// Writes a store to a file that is not there yet. It has its name when it is whole and durable.
///
/// `copied` is of the store: the caller has looked at it.
///
/// # Errors
/// [`BackupError`]. Nothing is left behind then.
pub fn back_up(
    owner: &Owner,
    store: &Resting,
    copied: &Copied,
    to: impl AsRef<Path>,
) -> Result<Contents, BackupError> {
    let to = to.as_ref();
    // Looked at again by whatever gives it its name.
    if fs::symlink_metadata(to).is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let folder = parent(to).canonicalize().map_err(|cause| writing(to, cause))?;
    // The copy goes, and whatever lies in it.
    if folder.starts_with(store.path()) || folder.starts_with(copied.path()) {
        return Err(BackupError::Inside(to.to_owned()));
    }
    let unfinished = beside(to, ".writing");
    let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
            return Err(BackupError::Unfinished(unfinished));
        }
        file => file.map_err(|cause| writing(&unfinished, cause))?,
    };
    // Ours from here on, and not before.
    let _claim = Claim::new(&unfinished);
    let written = write(owner, store, copied, file).and_then(|contents| {
        give_name(&unfinished, to)?;
        // Makes the new name durable.
        disk::sync(&folder)?;
        Ok(contents)
    });
    if written.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Makes a store from what [`back_up`] wrote, in a folder that is not there yet or is empty. It appears
/// there when all of it was read, verified and made durable.
///
/// # Errors
/// [`BackupError`]. Nothing is left behind then.
pub fn restore(owner: &Owner, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Contents, BackupError> {
    let (from, to) = (from.as_ref(), to.as_ref());
    if !is_free(to)? {
        return Err(BackupError::NotEmpty(to.to_owned()));
    }
    // Nothing takes the place of such a one: said before hours are spent on unpacking.
    if is_fixed(to) {
        return Err(BackupError::MountPoint(to.to_owned()));
    }
    let file = File::open(from).map_err(|cause| StoreError::io(format!("open {}", from.display()), cause))?;
    let mut input = Digested::new(BufReader::new(file));
    read_head(owner, &mut input)?;
    folder::create(parent(to))?;
    let staging = beside(to, ".restoring");
    folder::create(&staging)?;
    // Held until all is done, so that no second one comes between. It goes with the folder.
    let lock = folder::lock(&staging)?;
    let _claim = Claim::new(&staging);
    let done = unpack(owner, input, &staging).and_then(|contents| {
        // Takes the place of an empty folder, and of nothing else.
        fs::rename(staging.join(STORE), to).map_err(|cause| writing(to, cause))?;
        // Syncs the parent.
        folder::create(to)?;
        Ok(contents)
    });
    let _ = fs::remove_dir_all(&staging);
    drop(lock);
    done
}

fn write(owner: &Owner, store: &Resting, copied: &Copied, file: File) -> Result<Contents, BackupError> {
    let mut out = Digested::new(BufWriter::new(file));
    out.write_all(MAGIC).map_err(failed)?;
    out.write_all(&FORMAT.to_be_bytes()).map_err(failed)?;
    out.write_all(&owner.rows.to_be_bytes()).map_err(failed)?;
    let length = u8::try_from(owner.service.len()).unwrap_or(u8::MAX);
    out.write_all(&[length]).map_err(failed)?;
    out.write_all(owner.service.as_bytes()).map_err(failed)?;
    let rows = copied.export(&mut out)?;
    let mut blobs = 0_u64;
    for blob in store.blobs()? {
        let mut file = store.open_blob(&blob)?;
        out.write_all(&[if blob.is_upload { UPLOAD } else { BLOB }]).map_err(failed)?;
        out.write_all(blob.id.bytes()).map_err(failed)?;
        out.write_all(&blob.length.to_be_bytes()).map_err(failed)?;
        let length = io::copy(&mut (&mut file).take(blob.length), &mut out).map_err(failed)?;
        if length != blob.length {
            return Err(failed(io::Error::from(ErrorKind::UnexpectedEof)));
        }
        blobs += 1;
    }
    out.write_all(&[END]).map_err(failed)?;
    out.write_all(&blobs.to_be_bytes()).map_err(failed)?;
    let digest = out.digest();
    out.write_all(&digest).map_err(failed)?;
    let bytes = out.bytes;
    let file = out.inner.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(Contents { rows, blobs, bytes })
}

fn read_head(owner: &Owner, input: &mut impl Read) -> Result<(), BackupError> {
    if array::<16>(input)? != *MAGIC {
        return Err(BackupError::NotABackup);
    }
    if u16::from_be_bytes(array(input)?) > FORMAT {
        return Err(BackupError::Newer);
    }
    let rows = u16::from_be_bytes(array(input)?);
    let [length] = array::<1>(input)?;
    let mut name = vec![0; usize::from(length)];
    input.read_exact(&mut name).map_err(failed_to_read)?;
    // Nothing else is repeated.
    let is_name = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase()) && name.len() <= 32;
    let name = String::from_utf8(name).ok().filter(is_name).ok_or(BackupError::NotABackup)?;
    if name != owner.service {
        return Err(BackupError::OtherService { found: name, expected: owner.service });
    }
    if rows > owner.rows { Err(BackupError::Newer) } else { Ok(()) }
}

fn unpack<R: Read>(owner: &Owner, mut input: Digested<R>, staging: &Path) -> Result<Contents, BackupError> {
    let store = staging.join(STORE);
    // Of one that was killed.
    for former in [store.clone(), beside(&store, ".importing")] {
        match fs::remove_dir_all(&former) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(writing(&former, cause)),
            _ => {}
        }
    }
    let rows = backup::import(&mut input, &store).map_err(|error| match error {
        StoreError::Corrupt { what } => BackupError::Damaged { what },
        other => other.into(),
    })?;
    let mut blobs = 0_u64;
    loop {
        let [kind] = array::<1>(&mut input)?;
        let is_upload = match kind {
            END => break,
            BLOB => false,
            UPLOAD => true,
            _ => return Err(damaged("it goes on with something unknown")),
        };
        let root = owner.blobs.ok_or_else(|| damaged("it has files where there can be none"))?;
        let id = BlobId::new(array(&mut input)?);
        let length = u64::from_be_bytes(array(&mut input)?);
        unpack_blob(&mut input, length, &store.join(root).join(resting::place(id, is_upload)))?;
        blobs += 1;
    }
    if u64::from_be_bytes(array(&mut input)?) != blobs {
        return Err(damaged("it does not have as many files as it says"));
    }
    let digest = input.digest();
    if array::<32>(&mut input)? != digest {
        return Err(damaged("its digest does not match"));
    }
    if input.inner.read(&mut [0]).map_err(failed_to_read)? > 0 {
        return Err(damaged("something follows its end"));
    }
    for folder in owner.blobs.into_iter().flat_map(|blobs| folders(&store.join(blobs))) {
        disk::sync(&folder)?;
    }
    disk::sync(&store)?;
    Ok(Contents { rows, blobs, bytes: input.bytes })
}

fn unpack_blob(input: &mut impl Read, length: u64, path: &Path) -> Result<(), BackupError> {
    // Not where it lies: its name is the id.
    let writing = |cause| StoreError::io("write a file of the store", cause);
    if let Some(shelf) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(shelf).map_err(writing)?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
            return Err(damaged("it has a file twice"));
        }
        file => file.map_err(writing)?,
    };
    let mut left = length;
    // Never more memory than a part, whatever the backup claims.
    let mut part = vec![0; PART];
    while left > 0 {
        let now = usize::try_from(left).map_or(PART, |left| left.min(PART));
        let bytes = &mut part[..now];
        input.read_exact(bytes).map_err(failed_to_read)?;
        file.write_all(bytes).map_err(writing)?;
        left -= now as u64;
    }
    Ok(file.sync_all().map_err(writing)?)
}

/// A folder of blobs and those in it, the inner ones first; none if it is not there.
fn folders(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path())).chain([root.to_owned()]).collect()
}

/// Whether nothing would be written over.
fn is_free(path: &Path) -> Result<bool, BackupError> {
    let looking = |cause| StoreError::io(format!("look at {}", path.display()), cause);
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().transpose().map_err(looking)?.is_none()),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(cause) => Err(looking(cause).into()),
    }
}

/// Whether a folder is the top of a file system, or a link: it keeps its place.
fn is_fixed(path: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(path) else { return false };
    let above = path.canonicalize().ok().and_then(|path| fs::metadata(path.parent()?).ok());
    about.is_symlink() || above.is_none_or(|above| above.dev() != about.dev())
}

/// Gives a file its name, unless something has it.
fn give_name(unfinished: &Path, to: &Path) -> Result<(), BackupError> {
    let renamed = match renameat_with(CWD, unfinished, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::hard_link(unfinished, to).and_then(|()| fs::remove_file(unfinished))
        }
        renamed => renamed.map_err(io::Error::from),
    };
    renamed.map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => writing(to, cause),
    })
}

/// A name that continues another one's.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(ending);
    path.with_file_name(name)
}

/// The folder in which a name lies.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn array<const LENGTH: usize>(input: &mut impl Read) -> Result<[u8; LENGTH], BackupError> {
    let mut bytes = [0; LENGTH];
    input.read_exact(&mut bytes).map_err(failed_to_read)?;
    Ok(bytes)
}

fn failed(cause: io::Error) -> BackupError {
    StoreError::io("write the backup", cause).into()
}

fn failed_to_read(cause: io::Error) -> BackupError {
    match cause.kind() {
        ErrorKind::UnexpectedEof => damaged("it ends too early"),
        _ => StoreError::io("read the backup", cause).into(),
    }
}

fn writing(path: &Path, cause: io::Error) -> BackupError {
    StoreError::io(format!("write {}", path.display()), cause).into()
}

fn damaged(what: &str) -> BackupError {
    BackupError::Damaged { what: what.to_owned() }
}

/// Keeps a digest of what went through, and counts it.
struct Digested<S> {
    inner: S,
    digest: Sha256,
    bytes: u64,
}

impl<S> Digested<S> {
    fn new(inner: S) -> Self {
        Self { inner, digest: Sha256::new(), bytes: 0 }
    }

    /// Of everything so far.
    fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    fn count(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.count(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_file_system_and_a_link_keep_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let [inside, link] = ["inside", "link"].map(|name| folder.path().join(name));
        fs::create_dir(&inside).unwrap();
        std::os::unix::fs::symlink(&inside, &link).unwrap();
        assert!(!is_fixed(&inside) && !is_fixed(&folder.path().join("not there")));
        assert!(is_fixed(&link));
        for top in ["/", "/proc"] {
            assert!(is_fixed(Path::new(top)), "{top}");
        }
    }
}
