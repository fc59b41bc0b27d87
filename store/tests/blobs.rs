//! A blob is there whole under its one id, or not at all.

use std::{
    fs, io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use store::{BlobError, BlobId, Blobs, StoreError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};

const ID: BlobId = BlobId::new([0xab; 16]);

/// A sender whose connection breaks.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionReset)))
    }
}

async fn read(blobs: &Blobs, id: BlobId) -> Option<Vec<u8>> {
    let mut blob = blobs.open_blob(id).await.unwrap()?;
    let mut bytes = Vec::new();
    blob.file.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len() as u64, blob.length);
    Some(bytes)
}

async fn is_empty(folder: &Path, blobs: &Blobs) -> bool {
    fs::read_dir(folder.join("incoming")).unwrap().count() == 0 && blobs.list().await.unwrap().is_empty()
}

#[tokio::test]
async fn a_blob_comes_back_whole_also_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let lengths = [0, 1, 64 * 1024, 300_000];
    let bytes = |length: usize| -> Vec<u8> { (0..length).map(|at| (at % 251) as u8).collect() };
    let id = |number: usize| BlobId::new([number as u8; 16]);
    for _ in 0..2 {
        let blobs = Blobs::open(folder.path(), 0).unwrap();
        for (number, length) in lengths.into_iter().enumerate() {
            let put = blobs.put_stream(id(number), length as u64, &bytes(length)[..]).await;
            assert!(matches!(put, Ok(()) | Err(BlobError::Exists)), "{put:?}");
            assert_eq!(read(&blobs, id(number)).await, Some(bytes(length)));
        }
        let mut listed = blobs.list().await.unwrap();
        listed.sort_unstable();
        assert_eq!(listed, (0..lengths.len()).map(id).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_id_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    blobs.put_stream(ID, 5, &b"first"[..]).await.unwrap();
    let second = blobs.put_stream(ID, 6, &b"second"[..]).await;
    assert!(matches!(second, Err(BlobError::Exists)), "{second:?}");
    assert_eq!(read(&blobs, ID).await, Some(b"first".to_vec()));
    assert_eq!(fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_that_is_not_as_declared_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    for declared in [0, 4, 6] {
        let put = blobs.put_stream(ID, declared, &b"bytes"[..]).await;
        assert!(matches!(put, Err(BlobError::WrongLength { .. })), "{declared}: {put:?}");
        assert!(is_empty(folder.path(), &blobs).await, "{declared}");
    }
    let put = blobs.put_stream(ID, 100, (&b"bytes"[..]).chain(Broken)).await;
    assert!(matches!(put, Err(BlobError::Upload(_))), "{put:?}");
    assert!(is_empty(folder.path(), &blobs).await);
    assert_eq!(read(&blobs, ID).await, None);
}

#[tokio::test]
async fn an_upload_that_nobody_awaits_any_more_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    let (mut sender, receiver) = tokio::io::duplex(16);
    let upload = tokio::spawn({
        let blobs = blobs.clone();
        async move { blobs.put_stream(ID, 1000, receiver).await }
    });
    // More than the pipe holds: the upload has begun when this is through.
    sender.write_all(&[0; 100]).await.unwrap();
    assert_eq!(fs::read_dir(folder.path().join("incoming")).unwrap().count(), 1);
    upload.abort();
    assert!(upload.await.unwrap_err().is_cancelled());
    assert!(is_empty(folder.path(), &blobs).await);
}

#[tokio::test]
async fn what_a_crash_cut_short_is_gone_after_opening() {
    let folder = tempfile::tempdir().unwrap();
    drop(Blobs::open(folder.path(), 0).unwrap());
    fs::write(folder.path().join("incoming/abab-0"), b"half").unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    assert!(is_empty(folder.path(), &blobs).await);
}

#[tokio::test]
async fn a_deleted_blob_is_gone_and_can_be_deleted_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), 0).unwrap();
    blobs.put_stream(ID, 5, &b"bytes"[..]).await.unwrap();
    assert!(blobs.delete(ID).await.unwrap());
    assert!(!blobs.delete(ID).await.unwrap());
    assert_eq!(read(&blobs, ID).await, None);
    assert!(is_empty(folder.path(), &blobs).await);
}

#[tokio::test]
async fn two_processes_cannot_have_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Blobs::open(folder.path(), 0).unwrap();
    assert!(matches!(Blobs::open(folder.path(), 0), Err(StoreError::InUse { .. })));
    drop(first);
    Blobs::open(folder.path(), 0).unwrap();
}
