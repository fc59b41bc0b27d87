//! Attachments that somebody has a receipt for: what takes them away (LBX-BLOB-7), and what must not
//! (LBX-BLOB-5).

use std::{fs, path::Path};

use api::Code;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use letterbox_server::blobs::{Collection, UPLOAD_PAUSE};
use relay_auth::permit::Permit;
use service::operations::Operated as _;

use crate::{
    blobs::{depositing_with, list, path_of},
    support::{NOW, Relay, blob_name, device, generous, key, permit, put, seal, uploading},
};

impl Relay {
    async fn collect(&self) {
        self.app.collect_blobs(Collection::Everything).await.unwrap();
    }

    fn deleting(&self, blob: u8) -> Request<Body> {
        self.signed("DELETE", &path_of(blob), b"", &device())
    }
}

/// Moves the rows, which is all but the folder of the attachments.
fn move_rows(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_name() != "attachments" {
            fs::rename(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Puts a copy of the rows in the place of others.
fn copy_rows(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_file() {
            fs::copy(from, to).unwrap();
        }
    }
}

#[tokio::test]
async fn files_outlive_rows_that_are_missing_when_the_relay_starts() {
    let relay = Relay::opened().await;
    for (permit, blob) in [(1, 7), (2, 8)] {
        relay.upload(permit, blob, 4, 0, b"part").await;
        relay.deposit_with(permit, &[blob]).await;
    }
    // A crash may leave the name of the upload as well.
    fs::hard_link(relay.shelved(8), relay.partial(8)).unwrap();
    let (saved, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let relay = relay.restart_after(|store| move_rows(store, saved.path()));
    relay.collect().await;
    assert!(relay.shelved(7).exists() && relay.shelved(8).exists());
    assert!(relay.app.alarms().concat().contains("left alone: 2."), "{:?}", relay.app.alarms());

    let relay = relay.restart_after(|store| {
        move_rows(store, empty.path());
        move_rows(saved.path(), store);
    });
    relay.collect().await;
    assert_eq!(relay.app.alarms(), Vec::<String>::new());
    for blob in [7, 8] {
        assert_eq!(relay.downloaded(blob, "").await, b"part"[..]);
    }
}

#[tokio::test]
async fn files_outlive_rows_that_are_older_than_they() {
    let relay = Relay::opened().await;
    for blob in [7, 8] {
        relay.upload(1, blob, 4, 0, b"part").await;
    }
    let (saved, newer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let relay = relay.restart_after(|store| copy_rows(store, saved.path()));
    relay.deposit_with(1, &[7, 8]).await;
    // A crash may leave the name of the upload as well.
    fs::hard_link(relay.shelved(8), relay.partial(8)).unwrap();
    let relay = relay.restart_after(|store| {
        move_rows(store, newer.path());
        fs::create_dir(store.join("blobs")).unwrap();
        copy_rows(saved.path(), store);
    });
    let are_there = || [7, 8].map(|blob| relay.shelved(blob).exists()) == [true; 2];
    // The rows say that they are uploads: that wait, then that have ended, then nothing any more.
    relay.collect().await;
    assert!(are_there() && relay.partial(8).exists());
    relay.set_time(NOW + UPLOAD_PAUSE + 1);
    relay.collect().await;
    assert!(are_there() && !relay.partial(8).exists());
    assert_eq!(relay.app.alarms(), Vec::<String>::new());
    let filing = relay.putting(&put(1, 0, 1, b"object", &[]));
    assert_eq!(relay.send(filing).await.status(), StatusCode::NO_CONTENT);
    relay.collect().await;
    assert!(are_there());
    assert!(relay.app.alarms().concat().contains("left alone: 2."), "{:?}", relay.app.alarms());

    let relay = relay.restart_after(|store| {
        move_rows(store, saved.path());
        move_rows(newer.path(), store);
    });
    relay.collect().await;
    for blob in [7, 8] {
        assert_eq!(relay.downloaded(blob, "").await, b"part"[..]);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_looked_at_does_not_keep_the_others_from_it() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.deposit_with(1, &[7]).await;
    // Of an upload and of what a device has deleted: neither can be removed.
    fs::remove_file(relay.shelved(7)).unwrap();
    fs::create_dir(relay.shelved(7)).unwrap();
    assert_eq!(relay.send(relay.deleting(7)).await.status(), StatusCode::NO_CONTENT);
    fs::create_dir(relay.partial(7)).unwrap();
    let others: Vec<u8> = (8..16).collect();
    for blob in &others {
        fs::write(relay.partial(*blob), b"no row").unwrap();
    }
    fs::write(relay.shelved(9), b"no row").unwrap();
    relay.app.collect_blobs(Collection::Everything).await.unwrap_err();
    assert!(others.iter().all(|blob| !relay.partial(*blob).exists()));
    assert!(relay.app.alarms().concat().contains("left alone: 1."), "{:?}", relay.app.alarms());

    fs::remove_dir(relay.shelved(7)).unwrap();
    fs::remove_dir(relay.partial(7)).unwrap();
    relay.collect().await;
}

#[tokio::test]
async fn a_file_that_no_row_names_goes_if_it_is_an_upload_and_stays_if_it_is_not() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 8, 0, b"part").await;
    fs::write(relay.partial(8), b"no row").unwrap();
    fs::write(relay.shelved(9), b"no row").unwrap();
    let relay = relay.restart();
    relay.collect().await;
    assert!(!relay.partial(8).exists() && relay.shelved(9).exists());
    assert!(relay.app.alarms().concat().contains("left alone: 1."), "{:?}", relay.app.alarms());
    assert_eq!(relay.upload(1, 7, 8, 4, b"part").await, 8);
}

#[tokio::test]
async fn a_file_that_was_saved_before_the_rows_comes_to_its_shelf() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.deposit_with(1, &[7]).await;
    fs::rename(relay.shelved(7), relay.partial(7)).unwrap();
    let relay = relay.restart();
    relay.collect().await;
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
    assert!(!relay.partial(7).exists());
}

#[tokio::test]
async fn a_letter_that_is_refused_leaves_nothing_on_a_shelf() {
    let relay = Relay::with(generous(), 0);
    relay.open_mailbox().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.refused(depositing_with(1, &blob_name(7)), Code::MailboxFull).await;
    assert!(relay.partial(7).exists() && !relay.shelved(7).exists());
}

#[tokio::test]
async fn a_letter_that_cannot_be_written_leaves_nothing_on_a_shelf() {
    let relay = Relay::opened().await;
    for blob in [7, 8] {
        relay.upload(1, blob, 4, 0, b"part").await;
    }
    let is_as_before = |relay: &Relay| {
        [7, 8].iter().all(|blob| relay.partial(*blob).exists() && !relay.shelved(*blob).exists())
    };
    let depositing = || depositing_with(1, &list(&[7, 8]));
    let relay = relay.restart_with_reserve(u64::MAX);
    relay.refused(depositing(), Code::ServiceFull).await;
    assert!(is_as_before(&relay));

    // One that comes to its shelf before another fails.
    let relay = relay.restart();
    let shelf = relay.attachments().join("08");
    fs::remove_dir(&shelf).unwrap();
    relay.refused(depositing(), Code::Unavailable).await;
    assert!(is_as_before(&relay));
    fs::create_dir(&shelf).unwrap();
    relay.deposit_with(1, &[7, 8]).await;
    assert_eq!(relay.downloaded(8, "").await, b"part"[..]);
}

#[tokio::test]
async fn a_full_disk_does_not_keep_a_device_from_making_room() {
    let relay = Relay::opened().await;
    for (permit, blob) in [(1, 7), (2, 8)] {
        relay.upload(permit, blob, 4, 0, b"part").await;
        relay.deposit_with(permit, &[blob]).await;
    }
    // An upload that has ended: the deletion takes its row away.
    relay.upload(3, 9, 4, 0, b"part").await;
    relay.set_time(NOW + UPLOAD_PAUSE + 1);
    // Less than the reserve is free, and more than half of it.
    let reserve = relay.free_bytes() / 2 * 3;
    let relay = relay.restart_with_reserve(reserve);
    relay.refused(relay.putting(&put(1, 0, 1, b"object", &[])), Code::ServiceFull).await;
    relay.refused(relay.deleting(10), Code::ServiceFull).await;
    assert_eq!(relay.send(relay.deleting(7)).await.status(), StatusCode::NO_CONTENT);
    assert!(!relay.shelved(7).exists());

    let relay = relay.restart_with_reserve(u64::MAX);
    relay.refused(relay.deleting(8), Code::ServiceFull).await;
    assert_eq!(relay.downloaded(8, "").await, b"part"[..]);
}

#[tokio::test]
async fn a_device_deletes_an_attachment_and_its_letter_stays() {
    let relay = Relay::opened().await;
    for blob in [7, 8] {
        relay.upload(1, blob, 4, 0, b"part").await;
    }
    let receipt = relay.deposit_with(1, &[7, 8]).await;
    relay.upload(2, 9, 4, 0, b"part").await;
    let unsigned = Request::delete(path_of(7)).body(Body::empty()).unwrap();
    relay.refused(unsigned, Code::SignatureInvalid).await;
    relay.refused(relay.signed("DELETE", &path_of(7), b"", &key(40)), Code::SignatureInvalid).await;
    relay.refused(relay.signed("DELETE", "/v1/mailbox/blobs/7", b"", &device()), Code::NoSuchBlob).await;
    relay.refused(relay.deleting(9), Code::NoSuchBlob).await;

    assert_eq!(relay.send(relay.deleting(7)).await.status(), StatusCode::NO_CONTENT);
    assert!(!relay.shelved(7).exists());
    relay.refused(relay.get(&path_of(7)), Code::NoSuchBlob).await;
    relay.refused(relay.deleting(7), Code::NoSuchBlob).await;
    assert_eq!(relay.downloaded(8, "").await, b"part"[..]);
    assert_eq!(relay.upload(2, 9, 4, 0, b"part").await, 4);
    assert_eq!(relay.letters("").await.letters.len(), 1);
    assert_eq!(relay.deposit_with(1, &[7, 8]).await, receipt);
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_ended_at_the_next_start() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.deposit_with(1, &[7]).await;
    // The row goes first. What cannot be removed then is there as if the relay had been killed.
    fs::remove_file(relay.shelved(7)).unwrap();
    fs::create_dir(relay.shelved(7)).unwrap();
    assert_eq!(relay.send(relay.deleting(7)).await.status(), StatusCode::NO_CONTENT);
    relay.refused(relay.get(&path_of(7)), Code::NoSuchBlob).await;
    fs::remove_dir(relay.shelved(7)).unwrap();
    fs::write(relay.shelved(7), b"part").unwrap();
    relay.refused(relay.get(&path_of(7)), Code::NoSuchBlob).await;

    let relay = relay.restart();
    relay.collect().await;
    assert!(!relay.shelved(7).exists());
    assert_eq!(relay.app.alarms(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_whose_bytes_are_lost_takes_another_number_and_nothing_else() {
    let relay = Relay::opened().await;
    let small = seal(&Permit { blob_quota: 8, ..permit(1) }, 7);
    assert_eq!(relay.send(uploading(&small, 7, 8, 0, b"part")).await.status(), StatusCode::OK);
    fs::remove_file(relay.partial(7)).unwrap();
    relay.refused(uploading(&small, 7, 8, 4, b"part"), Code::BlobTaken).await;
    assert_eq!(relay.send(uploading(&small, 8, 8, 0, b"part")).await.status(), StatusCode::OK);
    let (_, metrics) = relay.ask(Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    assert!(metrics.contains("letterbox_blobs_lost_total{of=\"upload\"}"), "{metrics}");
}
