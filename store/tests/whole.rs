//! A backup holds rows and blobs, takes the place of nothing, and is put back whole or not at all.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use store::{BackupError, BlobId, Blobs, Contents, Owner, Resting, back_up, restore};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

use crate::support::open;

const BLOBS: &str = "attachments";
const RELAY: Owner = Owner { service: "relay", rows: 3, blobs: Some(BLOBS) };
const SHELVED: BlobId = BlobId::new([0xab; 16]);
const UPLOAD: BlobId = BlobId::new([0xcd; 16]);

/// A store, its backup, and a place where it can be put back.
struct World {
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let engine = open(&world.file("store"));
        engine.write(|view| view.insert_long(b"long", &[7; 20_000])).await.unwrap();
        engine.write(|view| view.insert(b"row", b"value")).await.unwrap();
        drop(engine);
        let blobs = Blobs::open(world.file("store").join(BLOBS), 0).unwrap();
        blobs.append(SHELVED, 0, vec![5; 300_000]).await.unwrap();
        blobs.adopt(SHELVED, 300_000).await.unwrap();
        blobs.settle(SHELVED).await.unwrap();
        blobs.append(UPLOAD, 0, b"half".to_vec()).await.unwrap();
        world
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn back_up(&self, name: &str) -> Result<Contents, BackupError> {
        let resting = Resting::hold(self.file("store"), Some(BLOBS)).unwrap();
        back_up(&RELAY, &resting, &resting.copy().unwrap(), self.file(name))
    }

    /// What there is, besides the store and its backup.
    fn others(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "store" && name != "backup").collect()
    }
}

async fn is_the_store(path: &Path) {
    let engine = open(path);
    assert_eq!(engine.get(b"row").unwrap(), Some(b"value".to_vec()));
    assert_eq!(engine.get_long(b"long").unwrap(), Some(vec![7; 20_000]));
    let blobs = Blobs::open(path.join(BLOBS), 0).unwrap();
    let mut blob = blobs.open_blob(SHELVED).await.unwrap().unwrap();
    let mut bytes = Vec::new();
    blob.file.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes == [5; 300_000]);
    assert_eq!(blobs.list_partial().await.unwrap(), [UPLOAD]);
    // The upload goes on where it was.
    blobs.append(UPLOAD, 4, b" and half".to_vec()).await.unwrap();
    blobs.adopt(UPLOAD, 13).await.unwrap();
}

#[tokio::test]
async fn the_folders_of_a_store_are_their_owners_alone() {
    let world = World::new().await;
    let _ = world.back_up("backup").unwrap();
    let _ = restore(&RELAY, world.file("backup"), world.file("new/place")).unwrap();
    for name in ["store", "new", "new/place"] {
        let mode = fs::metadata(world.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{name}");
    }
}

#[tokio::test]
async fn a_place_that_a_store_cannot_take_is_refused_before_anything_is_unpacked() {
    let world = World::new().await;
    let _ = world.back_up("backup").unwrap();
    fs::create_dir(world.file("empty")).unwrap();
    std::os::unix::fs::symlink(world.file("empty"), world.file("link")).unwrap();
    // Damaged: who unpacked it would say that instead.
    fs::write(world.file("backup"), b"x").unwrap();
    let refused = restore(&RELAY, world.file("backup"), world.file("link")).unwrap_err();
    assert!(matches!(refused, BackupError::MountPoint(_)), "{refused}");
    let mut others = world.others();
    others.sort();
    assert_eq!(others, ["empty", "link"]);
}

#[tokio::test]
async fn what_was_backed_up_is_there_when_it_is_put_back() {
    let world = World::new().await;
    let written = world.back_up("backup").unwrap();
    assert_eq!((written.rows, written.blobs), (1 + 1 + 10, 2));
    let about = fs::metadata(world.file("backup")).unwrap();
    assert_eq!((about.len(), about.permissions().mode() & 0o777), (written.bytes, 0o600));
    assert_eq!(restore(&RELAY, world.file("backup"), world.file("new/place")).unwrap(), written);
    is_the_store(&world.file("new/place")).await;
    // An empty folder is as good as none.
    fs::create_dir(world.file("empty")).unwrap();
    let _ = restore(&RELAY, world.file("backup"), world.file("empty")).unwrap();
    is_the_store(&world.file("empty")).await;
    assert_eq!(fs::read_dir(world.file("new")).unwrap().count(), 1);
    // The store itself is as it was, and so is its backup.
    is_the_store(&world.file("store")).await;
    let resting = Resting::hold(world.file("new/place"), Some(BLOBS)).unwrap();
    assert_eq!(resting.log().unwrap().damaged, 0);
}

#[tokio::test]
async fn a_backup_takes_the_place_of_nothing() {
    let world = World::new().await;
    fs::write(world.file("taken"), b"somebody's").unwrap();
    assert!(matches!(world.back_up("taken"), Err(BackupError::Exists(_))));
    assert!(matches!(world.back_up("store"), Err(BackupError::Exists(_))));
    assert!(matches!(world.back_up("store/backup"), Err(BackupError::Inside(_))));
    // It would go with the copy that the rows are read from.
    assert!(matches!(world.back_up("store.fsck-copy/backup"), Err(BackupError::Inside(_))));
    assert!(matches!(world.back_up("nowhere/backup"), Err(BackupError::Store(_))));
    fs::write(world.file("other.writing"), b"half a backup").unwrap();
    assert!(matches!(world.back_up("other"), Err(BackupError::Unfinished(_))));
    assert_eq!(fs::read(world.file("taken")).unwrap(), b"somebody's");
    assert_eq!(fs::read(world.file("other.writing")).unwrap(), b"half a backup");

    let _ = world.back_up("backup").unwrap();
    for occupied in ["store", "taken"] {
        let refused = restore(&RELAY, world.file("backup"), world.file(occupied));
        assert!(matches!(refused, Err(BackupError::NotEmpty(_))), "{occupied}: {refused:?}");
    }
    is_the_store(&world.file("store")).await;
    assert_eq!(fs::read(world.file("taken")).unwrap(), b"somebody's");
}

#[tokio::test]
async fn what_is_not_this_whole_backup_leaves_nothing() {
    let world = World::new().await;
    let _ = world.back_up("backup").unwrap();
    let bytes = fs::read(world.file("backup")).unwrap();
    let head = 16 + 2 + 2 + 1 + 5;
    let refused = |bytes: &[u8], what: &str| {
        fs::write(world.file("backup"), bytes).unwrap();
        let error = restore(&RELAY, world.file("backup"), world.file("place")).unwrap_err();
        assert!(world.others().is_empty(), "{what}: {:?}", world.others());
        error
    };
    // In the rows, in a file, in the last digest.
    for at in [head, head + 40, bytes.len() / 2, bytes.len() - 40, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        let error = refused(&altered, &format!("altered at {at}"));
        assert!(matches!(error, BackupError::Damaged { .. }), "altered at {at}: {error}");
    }
    for length in [0, 15, 20, head, head + 30, bytes.len() / 2, bytes.len() - 33, bytes.len() - 1] {
        let error = refused(&bytes[..length], &format!("cut at {length}"));
        assert!(matches!(error, BackupError::Damaged { .. }), "cut at {length}: {error}");
    }
    let error = refused(&[&bytes[..], b"!"].concat(), "longer");
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");

    let with = |at: usize, value: u8| {
        let mut other = bytes.clone();
        other[at] = value;
        other
    };
    assert!(matches!(refused(&with(0, b'L'), "another file"), BackupError::NotABackup));
    assert!(matches!(refused(&with(17, 2), "a newer format"), BackupError::Newer));
    assert!(matches!(refused(&with(19, 4), "newer rows"), BackupError::Newer));
    assert!(matches!(refused(&with(21, b'd'), "another service"), BackupError::OtherService { .. }));
    assert!(matches!(refused(&with(21, b'\n'), "a name that is none"), BackupError::NotABackup));

    fs::write(world.file("backup"), &bytes).unwrap();
    let _ = restore(&RELAY, world.file("backup"), world.file("place")).unwrap();
    is_the_store(&world.file("place")).await;
}

#[tokio::test]
async fn a_service_without_files_takes_none() {
    let world = World::new().await;
    let _ = world.back_up("backup").unwrap();
    let without = Owner { blobs: None, ..RELAY };
    let refused = restore(&without, world.file("backup"), world.file("place"));
    assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{refused:?}");
    assert!(world.others().is_empty());
}

#[tokio::test]
async fn a_restore_that_was_killed_is_begun_anew() {
    let world = World::new().await;
    let _ = world.back_up("backup").unwrap();
    for left in ["place.restoring/store/attachments/ab", "place.restoring/store.importing"] {
        fs::create_dir_all(world.file(left)).unwrap();
        fs::write(world.file(left).join("file"), b"half").unwrap();
    }
    let _ = restore(&RELAY, world.file("backup"), world.file("place")).unwrap();
    is_the_store(&world.file("place")).await;
    assert_eq!(world.others(), ["place"]);
}
