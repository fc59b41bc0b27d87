//! A store at rest is looked at without being changed, and by one at a time.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use store::{BlobFile, BlobId, Blobs, Resting, StoreError};

use crate::support::open;

const ID: BlobId = BlobId::new([0xab; 16]);
const BLOBS: &str = "attachments";

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// A store with rows that stand in the log as they are.
fn filled(folder: &Path) {
    let engine = open(folder);
    for number in 0..40_u8 {
        engine.write_blocking(move |view| view.insert(&[number], &[number; 1000])).unwrap();
    }
}

#[tokio::test]
async fn looking_at_a_store_changes_nothing_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = path.clone();
    tokio::task::spawn_blocking(move || filled(&store)).await.unwrap();
    let blobs = Blobs::open(path.join(BLOBS), 0).unwrap();
    blobs.append(ID, 0, b"bytes".to_vec()).await.unwrap();
    blobs.adopt(ID, 5).await.unwrap();
    drop(blobs);
    let before = files(folder.path());

    let resting = Resting::hold(&path, Some(BLOBS)).unwrap();
    let log = resting.log().unwrap();
    assert_eq!((log.damaged, log.cut), (0, 0));
    let copied = resting.copy().unwrap();
    let report = copied.check().unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.rows, 40);
    let engine = copied.open().unwrap();
    // What happens to the copy is nobody's concern.
    engine.write(|view| view.remove(&[7])).await.unwrap();
    drop((engine, copied));
    let mut found = resting.blobs().unwrap();
    found.sort_by_key(|blob| blob.is_upload);
    let file = BlobFile { id: ID, is_upload: false, length: 5 };
    assert_eq!(found, [file, BlobFile { is_upload: true, ..file }]);
    drop(resting);
    assert!(files(folder.path()) == before);
}

#[tokio::test]
async fn a_store_that_somebody_has_is_not_looked_at_and_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let engine = open(&path);
    assert!(matches!(Resting::hold(&path, Some(BLOBS)), Err(StoreError::InUse { .. })));
    drop(engine);
    let blobs = Blobs::open(path.join(BLOBS), 0).unwrap();
    assert!(matches!(Resting::hold(&path, Some(BLOBS)), Err(StoreError::InUse { .. })));
    drop(blobs);
    let resting = Resting::hold(&path, Some(BLOBS)).unwrap();
    assert!(matches!(store::Engine::open(&path, crate::support::options()), Err(StoreError::InUse { .. })));
    assert!(matches!(Blobs::open(path.join(BLOBS), 0), Err(StoreError::InUse { .. })));
    assert!(matches!(Resting::hold(&path, None), Err(StoreError::InUse { .. })));
    drop(resting);
    drop(Resting::hold(&path, None).unwrap());
    assert!(matches!(Resting::hold(folder.path(), None), Err(StoreError::Io { .. })));
}

#[test]
fn a_byte_that_changed_and_an_end_that_is_gone_are_found_before_sled_hides_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let db = path.join("db");
    let log = fs::read(&db).unwrap();
    let place = log.windows(1000).rposition(|bytes| bytes == [30; 1000]).unwrap();
    let damaged = |bytes: &[u8]| {
        fs::write(&db, bytes).unwrap();
        Resting::hold(&path, None).unwrap().log().unwrap().damaged
    };
    let mut altered = log.clone();
    altered[place + 500] ^= 4;
    assert!(damaged(&altered) > 0);
    assert!(damaged(&log[..place]) > 0);
    assert_eq!(damaged(&log), 0);
}

#[test]
fn nobody_else_takes_the_store_while_its_copy_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let resting = Resting::hold(&path, None).unwrap();
    let copied = resting.copy().unwrap();
    drop(resting);
    assert!(matches!(Resting::hold(&path, None), Err(StoreError::InUse { .. })));
    drop(copied);
    drop(Resting::hold(&path, None).unwrap());
}

#[test]
fn a_copy_that_was_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let resting = Resting::hold(&path, None).unwrap();
    std::mem::forget(resting.copy().unwrap());
    let copied = resting.copy().unwrap();
    assert_eq!(copied.check().unwrap().rows, 40);
    drop(copied);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
