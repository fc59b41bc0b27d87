//! What lies on the disk while a command works, and goes with it however that ends.
//!
//! A command removes it when it comes back. A signal ends the program without that: whoever waits for signals
//! calls [`remove_unfinished`] first.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// How often a folder is tried into which somebody may be writing.
const TRIES: u32 = 100;

static ALL: Unfinished = Unfinished::new();

/// The paths that are to go.
struct Unfinished(Mutex<BTreeSet<PathBuf>>);

impl Unfinished {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeSet<PathBuf>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remove(&self) {
        self.change(|paths| std::mem::take(paths).iter().for_each(|path| remove(path)));
    }
}

/// A path that is to go if the program is ended while this lives. Removing it otherwise is the owner's.
#[derive(Debug)]
pub(crate) struct Claim(PathBuf);

impl Claim {
    pub(crate) fn new(path: &Path) -> Self {
        ALL.change(|paths| paths.insert(path.to_owned()));
        Self(path.to_owned())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        ALL.change(|paths| paths.remove(&self.0));
    }
}

/// Removes what this process has on the disk only for as long as it works: copies that are looked at, and
/// backups and stores that are not whole yet. End the process right after: what works with them fails.
pub fn remove_unfinished() {
    ALL.remove();
}

fn remove(path: &Path) {
    if fs::remove_file(path).is_ok() {
        return;
    }
    for _ in 0..TRIES {
        let _ = fs::remove_dir_all(path);
        if fs::symlink_metadata(path).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_goes_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::create_dir_all(file("copy/blobs")).unwrap();
        for name in ["copy/db", "copy/blobs/1", "writing", "backup"] {
            fs::write(file(name), b"x").unwrap();
        }
        let unfinished = Unfinished::new();
        unfinished.change(|paths| paths.extend(["copy", "writing", "gone", "backup"].map(file)));
        // It has its name now.
        unfinished.change(|paths| paths.remove(&file("backup")));
        unfinished.remove();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [file("backup")]);
    }

    #[test]
    fn a_path_is_unfinished_for_as_long_as_it_is_claimed() {
        let path = Path::new("of no other test");
        let is_there = || ALL.change(|paths| paths.contains(path));
        let claim = Claim::new(path);
        assert!(is_there());
        drop(claim);
        assert!(!is_there());
    }
}
