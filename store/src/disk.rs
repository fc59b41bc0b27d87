//! The steps that make sled durable.

use std::{
    fmt, fs,
    fs::File,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::StoreError;

/// Something that the operator should know although the store goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// sled wrote a page to a file of its own under `blobs/`, which the limits on keys and values
    /// should prevent. Every commit now syncs the whole file system: safe, but slower.
    LargePages,
}

impl fmt::Display for Alarm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LargePages => out.write_str(
                "the store wrote large pages to separate files: every commit now syncs the whole file \
                 system; export and import into a new folder at the next maintenance",
            ),
        }
    }
}

/// Open handles to what must be synced.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: File,
    /// sled's log, which holds every row. The handle stays open: the kernel reports a failed
    /// write-back once to every handle that was open at the time, and never to one opened later.
    pub(crate) log: File,
    blobs: PathBuf,
    whole: AtomicBool,
}

impl Disk {
    /// For a folder in which sled is open. Makes durable what sled created or recovered.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let disk = Self {
            folder: open(folder)?,
            log: open(&folder.join("db"))?,
            blobs: folder.join("blobs"),
            whole: AtomicBool::new(false),
        };
        // What a killed process left in the page cache looks recovered, and is not on the disk yet.
        disk.sync()?;
        for file in ["conf", "blobs"] {
            sync(&folder.join(file))?;
        }
        sync(folder)?;
        Ok(disk)
    }

    /// Makes everything durable that sled has flushed. A failure must never be tried again: see
    /// the crate's promise.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        if !self.whole.load(Relaxed) && !is_empty(&self.blobs)? {
            self.whole.store(true, Relaxed);
        }
        if self.whole.load(Relaxed) {
            rustix::fs::syncfs(&self.folder)
                .map_err(|cause| StoreError::io("sync the file system of the store", cause.into()))?;
        }
        self.log.sync_all().map_err(|cause| StoreError::io("sync the store's log", cause))
    }

    /// How many bytes an unprivileged process can still write.
    pub(crate) fn free_bytes(&self) -> Result<u64, StoreError> {
        free_bytes(&self.folder)
    }

    pub(crate) fn alarms(&self) -> Vec<Alarm> {
        if self.whole.load(Relaxed) { vec![Alarm::LargePages] } else { Vec::new() }
    }
}

/// How many bytes an unprivileged process can still write to the file system of `folder`.
pub(crate) fn free_bytes(folder: &File) -> Result<u64, StoreError> {
    let numbers = rustix::fs::fstatvfs(folder)
        .map_err(|cause| StoreError::io("ask how much room the disk has", cause.into()))?;
    Ok(numbers.f_bavail.saturating_mul(numbers.f_frsize))
}

/// Opens a file or a folder for syncing.
pub(crate) fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(|cause| StoreError::io(format!("open {}", path.display()), cause))
}

/// Makes a file, or the names in a folder, durable.
pub(crate) fn sync(path: &Path) -> Result<(), StoreError> {
    open(path)?.sync_all().map_err(|cause| StoreError::io(format!("sync {}", path.display()), cause))
}

fn is_empty(folder: &Path) -> Result<bool, StoreError> {
    let reading = |cause| StoreError::io(format!("read {}", folder.display()), cause);
    Ok(fs::read_dir(folder).map_err(reading)?.next().transpose().map_err(reading)?.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_page_raises_the_alarm_before_the_next_answer() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["db", "conf"] {
            File::create(folder.path().join(file)).unwrap();
        }
        fs::create_dir(folder.path().join("blobs")).unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        assert!(disk.alarms().is_empty());
        File::create(folder.path().join("blobs/4711")).unwrap();
        disk.sync().unwrap();
        assert_eq!(disk.alarms(), [Alarm::LargePages]);
    }
}
