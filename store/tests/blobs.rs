//! A blob has its name whole or not at all, and what was answered for is there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use store::{BlobError, BlobId, Blobs, StoreError};
use tokio::io::AsyncReadExt as _;

const ID: BlobId = BlobId::new([0xab; 16]);

async fn read(blobs: &Blobs, id: BlobId) -> Option<Vec<u8>> {
    let mut blob = blobs.open_blob(id).await.unwrap()?;
    let mut bytes = Vec::new();
    blob.file.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len() as u64, blob.length);
    Some(bytes)
}

fn partial(folder: &Path) -> PathBuf {
    folder.join("partial").join("ab".repeat(16))
}

async fn is_empty(blobs: &Blobs) -> bool {
    blobs.list_partial().await.unwrap().is_empty() && blobs.list().await.unwrap().is_empty()
}

#[tokio::test]
async fn parts_come_back_as_one_blob_also_when_the_folder_was_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    blobs.append(ID, 0, bytes[..100_000].to_vec()).await.unwrap();
    drop(blobs);
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    assert_eq!(blobs.list_partial().await.unwrap(), [ID]);
    blobs.append(ID, 100_000, bytes[100_000..].to_vec()).await.unwrap();
    assert_eq!(read(&blobs, ID).await, None, "an upload is no blob");
    blobs.adopt(ID, 300_000).await.unwrap();
    blobs.settle(ID).await.unwrap();
    drop(blobs);
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    assert_eq!(read(&blobs, ID).await, Some(bytes));
    assert_eq!((blobs.list().await.unwrap(), blobs.list_partial().await.unwrap()), (vec![ID], vec![]));
}

#[tokio::test]
async fn a_part_cuts_off_what_nobody_was_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    blobs.append(ID, 0, b"first".to_vec()).await.unwrap();
    fs::write(partial(folder.path()), b"first and what a crash left behind").unwrap();
    blobs.append(ID, 5, b"second".to_vec()).await.unwrap();
    assert_eq!(fs::read(partial(folder.path())).unwrap(), b"firstsecond");
    blobs.append(ID, 0, b"anew".to_vec()).await.unwrap();
    assert_eq!(fs::read(partial(folder.path())).unwrap(), b"anew");
}

#[tokio::test]
async fn a_part_leaves_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    let nowhere = blobs.append(ID, 1, b"part".to_vec()).await;
    assert!(matches!(nowhere, Err(BlobError::Short { offset: 1 })), "{nowhere:?}");
    assert!(is_empty(&blobs).await);
    blobs.append(ID, 0, b"first".to_vec()).await.unwrap();
    let beyond = blobs.append(ID, 6, b"part".to_vec()).await;
    assert!(matches!(beyond, Err(BlobError::Short { offset: 6 })), "{beyond:?}");
    assert_eq!(fs::read(partial(folder.path())).unwrap(), b"first");
}

#[tokio::test]
async fn only_what_is_whole_is_adopted_and_adopting_it_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    let nothing = blobs.adopt(ID, 5).await;
    assert!(matches!(nothing, Err(BlobError::NotWhole { length: 5 })), "{nothing:?}");
    blobs.append(ID, 0, b"bytes".to_vec()).await.unwrap();
    for length in [0, 4, 6] {
        let refused = blobs.adopt(ID, length).await;
        assert!(matches!(refused, Err(BlobError::NotWhole { .. })), "{length}: {refused:?}");
        assert_eq!(read(&blobs, ID).await, None, "{length}");
    }
    for _ in 0..2 {
        blobs.adopt(ID, 5).await.unwrap();
        assert_eq!(blobs.list_partial().await.unwrap(), [ID], "until its row is durable");
    }
    for _ in 0..2 {
        blobs.settle(ID).await.unwrap();
        blobs.adopt(ID, 5).await.unwrap();
        assert_eq!(read(&blobs, ID).await, Some(b"bytes".to_vec()));
        assert!(blobs.list_partial().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_withdrawn_is_an_upload_again_and_what_is_settled_stays() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    blobs.append(ID, 0, b"bytes".to_vec()).await.unwrap();
    blobs.adopt(ID, 5).await.unwrap();
    for _ in 0..2 {
        blobs.withdraw(ID).await.unwrap();
        assert_eq!(read(&blobs, ID).await, None);
        assert_eq!(blobs.list_partial().await.unwrap(), [ID]);
    }
    blobs.adopt(ID, 5).await.unwrap();
    blobs.settle(ID).await.unwrap();
    blobs.withdraw(ID).await.unwrap();
    assert_eq!(read(&blobs, ID).await, Some(b"bytes".to_vec()));
    // An upload of the same name is another file.
    blobs.append(ID, 0, b"other".to_vec()).await.unwrap();
    blobs.withdraw(ID).await.unwrap();
    assert_eq!(read(&blobs, ID).await, Some(b"bytes".to_vec()));
}

#[tokio::test]
async fn a_blob_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    blobs.append(ID, 0, b"first".to_vec()).await.unwrap();
    blobs.adopt(ID, 5).await.unwrap();
    blobs.settle(ID).await.unwrap();
    blobs.append(ID, 0, b"other".to_vec()).await.unwrap();
    let refused = blobs.adopt(ID, 5).await;
    assert!(matches!(refused, Err(BlobError::NotWhole { .. })), "{refused:?}");
    assert_eq!(read(&blobs, ID).await, Some(b"first".to_vec()));
}

#[tokio::test]
async fn what_is_discarded_is_gone_and_can_be_discarded_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    blobs.append(ID, 0, b"bytes".to_vec()).await.unwrap();
    blobs.adopt(ID, 5).await.unwrap();
    for _ in 0..2 {
        blobs.discard(ID).await.unwrap();
        assert!(is_empty(&blobs).await);
        assert_eq!(read(&blobs, ID).await, None);
    }
}

#[tokio::test]
async fn files_with_other_names_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    for name in ["partial/README", "ab/lost+found", "partial/ABABABABABABABABABABABABABABABAB"] {
        fs::write(folder.path().join(name), b"somebody's").unwrap();
    }
    assert!(is_empty(&blobs).await);
}

#[tokio::test]
async fn two_processes_cannot_have_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Blobs::open(folder.path(), 0).unwrap();
    assert!(matches!(Blobs::open(folder.path(), 0), Err(StoreError::InUse { .. })));
    drop(first);
    Blobs::open(folder.path(), 0).unwrap();
}
