//! Opening the folder of a store: one process, no leftovers, everything durable.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{
    StoreError,
    closed::{self, Closing},
    disk::{self, Disk},
    log,
};

/// How long to wait for a lock. Another process holds it for hours; but a thread of sled may hold it
/// for a moment after its database was closed, and so may a child process between fork and exec.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(5);

/// A folder with sled open in it. The fields are dropped in this order: sled closes, that is marked,
/// and then the lock is given up.
pub(crate) struct Folder {
    pub(crate) db: sled::Db,
    pub(crate) disk: Disk,
    pub(crate) closing: Closing,
    _lock: File,
}

impl Folder {
    /// Opens the store in `path`, or creates it.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let path = create(path)?;
        let lock = lock(&path)?;
        remove_unfinished_snapshots(&path)?;
        refuse_damage(&path)?;
        closed::remove(&path)?;
        let db = open_sled(&path, cache_bytes)?;
        db.flush().map_err(|error| StoreError::sled("flush what recovery found", error))?;
        let disk = Disk::open(&path)?;
        Ok(Self { db, disk, closing: Closing::new(path), _lock: lock })
    }

    /// Opens the store in `path`, which must be there.
    pub(crate) fn open_existing(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        disk::open(&path.join("db"))?;
        Self::open(path, cache_bytes)
    }
}

/// Makes sure that a folder exists, durably, and says its absolute path.
pub(crate) fn create(path: &Path) -> Result<PathBuf, StoreError> {
    let creating = |cause| StoreError::io(format!("create the folder {}", path.display()), cause);
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let missing = missing.count();
    // What a store keeps in the clear is its owner's alone.
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(creating)?;
    let path = path.canonicalize().map_err(creating)?;
    // A folder is a name in its parent. The nearest one is synced even if the folder was there: an
    // earlier process may have made it and ended before it came to this line.
    for parent in path.ancestors().skip(1).take(missing.max(1)) {
        match disk::sync(parent) {
            // Then it was not made by us either.
            Err(StoreError::Io { cause, .. }) if cause.kind() == io::ErrorKind::PermissionDenied => {}
            result => result?,
        }
    }
    Ok(path)
}

/// Makes this process the only one to use `folder`, for as long as the answer lives.
///
/// sled locks its log itself, but only after it has read files that this crate may remove.
pub(crate) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("lock");
    let locking = |cause| StoreError::io(format!("lock {}", path.display()), cause);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(locking)?;
    take_lock(folder, &file)?;
    Ok(file)
}

/// Locks an open file of `folder`, for as long as the file is open.
pub(crate) fn take_lock(folder: &Path, file: &File) -> Result<(), StoreError> {
    let locking = |cause| StoreError::io(format!("lock {}", folder.display()), cause);
    patiently(folder, || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(locking(cause)),
    })
}

/// sled writes a snapshot under a name ending in `.generating`, then renames it. When it is killed
/// in between, the next open takes the torn file for the newest snapshot and reports corruption.
fn remove_unfinished_snapshots(folder: &Path) -> Result<(), StoreError> {
    let cleaning = |cause| StoreError::io(format!("remove unfinished files in {}", folder.display()), cause);
    for entry in fs::read_dir(folder).map_err(cleaning)? {
        let entry = entry.map_err(cleaning)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path()).map_err(cleaning)?;
        }
    }
    Ok(())
}

/// sled takes damage in what it reads when it opens for the end that a crash left: it goes on without what
/// follows, and zeroes that. After an orderly stop there was no crash. Nothing is changed here, so
/// that the next start finds the same.
fn refuse_damage(folder: &Path) -> Result<(), StoreError> {
    if closed::end(folder).is_some() && log::check_newest(folder)?.damaged > 0 {
        return Err(StoreError::Corrupt { what: "its log is not as it was at the last stop".to_owned() });
    }
    Ok(())
}

fn open_sled(folder: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    patiently(folder, || {
        // No background flusher: flushing is the writer's, with the fsync that belongs to it.
        let config = sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(cache_bytes);
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => Ok(Some(db)),
            Ok(Err(sled::Error::Io(cause))) if is_locked(&cause) => Ok(None),
            Ok(Err(error)) => Err(StoreError::sled("open the store", error)),
            // sled panics on some damage instead of reporting it.
            Err(_) => Err(StoreError::Corrupt { what: "it cannot be recovered".to_owned() }),
        }
    })
}

/// sled has no error of its own for this.
fn is_locked(cause: &io::Error) -> bool {
    cause.to_string().starts_with("could not acquire lock")
}

fn patiently<T>(
    folder: &Path,
    mut attempt: impl FnMut() -> Result<Option<T>, StoreError>,
) -> Result<T, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(done) = attempt()? {
            return Ok(done);
        }
        if Instant::now() >= until {
            return Err(StoreError::InUse { folder: PathBuf::from(folder) });
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CACHE: u64 = 16 * 1024 * 1024;

    #[test]
    fn a_snapshot_that_was_never_finished_does_not_stop_the_store_from_opening() {
        let folder = tempfile::tempdir().unwrap();
        Folder::open(folder.path(), CACHE).unwrap().db.insert("key", "value").unwrap();
        let torn = folder.path().join("snap.FFFFFFFFFFFFFFFF.generating");
        fs::write(&torn, [0; 100]).unwrap();
        let opened = Folder::open(folder.path(), CACHE).unwrap();
        assert_eq!(opened.db.get("key").unwrap().as_deref(), Some(&b"value"[..]));
        assert!(!torn.exists());
    }

    #[test]
    fn a_log_that_changed_since_an_orderly_stop_is_not_opened_and_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let written = |number: u8| {
            let opened = Folder::open(folder.path(), CACHE).unwrap();
            opened.db.insert([number], vec![number; 1000]).unwrap();
            opened.db.flush().unwrap();
        };
        // The second one is what sled reads again.
        written(1);
        written(2);
        let db = folder.path().join("db");
        let log = fs::read(&db).unwrap();
        let place = log.windows(1000).rposition(|bytes| bytes == [2; 1000]).unwrap() + 500;
        let mut rotten = log.clone();
        rotten[place] ^= 1;
        for damaged in [&rotten[..], &log[..place]] {
            fs::write(&db, damaged).unwrap();
            for _ in 0..2 {
                let refused = Folder::open(folder.path(), CACHE).map(drop).unwrap_err();
                assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
                let said = refused.to_string();
                assert!(said.contains("`fsck`") && said.contains("`restore`"), "{said}");
            }
            assert!(fs::read(&db).unwrap() == damaged);
        }
        fs::remove_file(&db).unwrap();
        assert!(matches!(Folder::open(folder.path(), CACHE), Err(StoreError::Io { .. })));
        assert!(!db.exists());
        fs::write(&db, &log).unwrap();
        let opened = Folder::open(folder.path(), CACHE).unwrap();
        assert_eq!(opened.db.get([2_u8]).unwrap().as_deref(), Some(&[2; 1000][..]));
    }

    #[test]
    fn an_end_that_a_crash_may_have_left_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open(folder.path(), CACHE).unwrap();
        opened.db.insert("key", vec![7_u8; 1000]).unwrap();
        drop(opened);
        let db = folder.path().join("db");
        let mut log = fs::read(&db).unwrap();
        let place = log.windows(1000).rposition(|bytes| bytes == [7; 1000]).unwrap();
        log[place] ^= 1;
        fs::write(&db, &log).unwrap();
        assert!(matches!(Folder::open(folder.path(), CACHE), Err(StoreError::Corrupt { .. })));
        // As it is without an orderly stop.
        closed::remove(folder.path()).unwrap();
        drop(Folder::open(folder.path(), CACHE).unwrap());
    }

    #[test]
    fn a_process_that_uses_sled_directly_is_noticed_too() {
        let folder = tempfile::tempdir().unwrap();
        let other = sled::Config::new().path(folder.path()).flush_every_ms(None).open().unwrap();
        assert!(matches!(Folder::open(folder.path(), CACHE), Err(StoreError::InUse { .. })));
        drop(other);
        Folder::open(folder.path(), CACHE).unwrap();
    }

    #[test]
    fn checking_a_store_that_is_not_there_does_not_create_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Folder::open_existing(folder.path(), CACHE), Err(StoreError::Io { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
