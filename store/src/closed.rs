//! The mark of an orderly stop: where the log ended. Whoever looks at the store at rest, or opens it, can
//! then tell an end that was lost from the end that a crash left.
//!
//! It is there only while nobody has the store open: taken away, durably, before the log changes, and
//! written when sled has closed. Without it the store works just the same.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::{StoreError, disk, log};

const NAME: &str = "closed";

/// Where the log ended at the last orderly stop; `None` if there was none, or it was never said.
pub(crate) fn end(folder: &Path) -> Option<u64> {
    let bytes: [u8; 12] = fs::read(folder.join(NAME)).ok()?.try_into().ok()?;
    let (end, checksum) = bytes.split_first_chunk::<8>()?;
    (crc32fast::hash(end).to_be_bytes() == checksum).then(|| u64::from_be_bytes(*end))
}

/// Takes the mark away, durably.
pub(crate) fn remove(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_file(folder.join(NAME)) {
        Ok(()) => disk::sync(folder),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(StoreError::io("open the store", cause)),
    }
}

/// Writes the mark when it is dropped, unless the store has failed.
#[derive(Debug)]
pub(crate) struct Closing {
    folder: PathBuf,
    has_failed: AtomicBool,
}

impl Closing {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, has_failed: AtomicBool::new(false) }
    }

    /// Nothing is known of the log's end any more.
    pub(crate) fn fail(&self) {
        self.has_failed.store(true, Relaxed);
    }

    fn mark(&self) -> io::Result<()> {
        let said = |error: StoreError| io::Error::other(error);
        let end = log::end(&self.folder).map_err(said)?.to_be_bytes();
        disk::sync(&self.folder.join("db")).map_err(said)?;
        let mut file = File::create(self.folder.join(NAME))?;
        file.write_all(&end)?;
        file.write_all(&crc32fast::hash(&end).to_be_bytes())?;
        file.sync_all()?;
        disk::sync(&self.folder).map_err(said)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if !self.has_failed.load(Relaxed) {
            // A store without the mark is as good; only its checks say less.
            let _ = self.mark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    const CACHE: u64 = 16 * 1024 * 1024;

    #[test]
    fn the_mark_is_there_while_nobody_has_the_store_and_only_if_it_did_not_fail() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open(folder.path(), CACHE).unwrap();
        assert_eq!(end(folder.path()), None);
        opened.db.insert("key", "value").unwrap();
        opened.db.flush().unwrap();
        drop(opened);
        let first = end(folder.path()).unwrap();
        assert_eq!(first, log::end(folder.path()).unwrap());

        let opened = Folder::open(folder.path(), CACHE).unwrap();
        assert_eq!(end(folder.path()), None);
        opened.db.insert("another", "value").unwrap();
        opened.db.flush().unwrap();
        drop(opened);
        assert!(end(folder.path()).unwrap() > first);

        let opened = Folder::open(folder.path(), CACHE).unwrap();
        opened.closing.fail();
        drop(opened);
        assert_eq!(end(folder.path()), None);
    }

    #[test]
    fn a_damaged_mark_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Folder::open(folder.path(), CACHE).unwrap());
        let mark = folder.path().join(NAME);
        let bytes = fs::read(&mark).unwrap();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            fs::write(&mark, &altered).unwrap();
            assert_eq!(end(folder.path()), None, "{place}");
        }
    }
}
