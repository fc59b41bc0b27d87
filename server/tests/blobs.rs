//! Attachments: uploaded in parts, adopted by a deposit, fetched by a device.

use std::{convert::Infallible, fs, path::PathBuf, time::Duration};

use api::{Code, blobs::UploadState};
use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header},
};
use futures_util::{StreamExt as _, future::join_all, stream};
use letterbox_server::{
    app::Limits,
    blobs::{Collection, UPLOAD_LIFE, UPLOAD_PAUSE},
};
use relay_auth::{
    access::{AccessList, SignedAccessList},
    cbor::{Suite, Version, Wire as _},
    id::{BlobId, InboxKeyId, MailboxId, VoucherId},
    permit::Permit,
    receipt::{Deposit, Receipt, SignedReceipt},
    voucher::Voucher,
};

use crate::support::{
    NOW, Relay, TestRng, access_key, access_list, blob_name, bytes, depositing, generous, key, opening,
    permit, receipt_key, seal, sealed_permit, tickets, uploading, uploading_to,
};

const MIB: usize = 1 << 20;

pub(crate) fn list(blobs: &[u8]) -> String {
    blobs.iter().map(|blob| blob_name(*blob)).collect::<Vec<_>>().join(",")
}

pub(crate) fn depositing_with(permit: u8, blobs: &str) -> Request<Body> {
    depositing_on(&sealed_permit(permit), blobs)
}

pub(crate) fn depositing_on(permit: &[u8], blobs: &str) -> Request<Body> {
    let mut request = depositing(permit, b"sealed");
    request.headers_mut().insert("letterbox-blobs", blobs.parse().unwrap());
    request
}

pub(crate) fn path_of(blob: u8) -> String {
    format!("/v1/mailbox/blobs/{}", blob_name(blob))
}

pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

impl Relay {
    pub(crate) async fn upload(&self, permit: u8, blob: u8, length: u64, offset: u64, part: &[u8]) -> u64 {
        let request = uploading(&sealed_permit(permit), blob, length, offset, part);
        let (status, answer) = self.ask(request).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        minicbor::decode::<UploadState>(&answer).unwrap().received
    }

    pub(crate) async fn deposit_with(&self, permit: u8, blobs: &[u8]) -> Receipt {
        let (status, answer) = self.ask(depositing_with(permit, &list(blobs))).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        let ids: Vec<BlobId> = blobs.iter().map(|blob| BlobId::from([*blob; 16])).collect();
        let receipt = SignedReceipt::from_bytes(&answer).unwrap();
        receipt.verify(&receipt_key().verifying_key().into(), b"sealed", &ids).unwrap()
    }

    pub(crate) async fn downloaded(&self, blob: u8, query: &str) -> Bytes {
        let answer = self.send(self.get(&format!("{}{query}", path_of(blob)))).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/octet-stream");
        let length: usize = answer.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let bytes = bytes(answer).await;
        assert_eq!(bytes.len(), length);
        bytes
    }

    /// Opens another mailbox, with a device of its own: the one with key 40.
    pub(crate) async fn open_neighbour(&self) -> MailboxId {
        let neighbour = MailboxId::from([2; 16]);
        let voucher = Voucher {
            version: Version,
            suite: Suite,
            mailbox: neighbour,
            access_key: access_key().verifying_key(),
            not_after: NOW + 60,
            id: VoucherId::from([77; 16]),
        };
        let access = AccessList { mailbox: neighbour, ..access_list(1, &[key(40)]) };
        let access = SignedAccessList::sign(&access, &access_key()).to_bytes();
        let opened = self.send(opening(&tickets(7).seal(&voucher, &mut TestRng(5)), &access)).await;
        assert_eq!(opened.status(), StatusCode::NO_CONTENT);
        neighbour
    }

    pub(crate) fn partial(&self, blob: u8) -> PathBuf {
        self.attachments().join("partial").join(blob_name(blob))
    }

    pub(crate) fn shelved(&self, blob: u8) -> PathBuf {
        self.attachments().join(format!("{blob:02x}")).join(blob_name(blob))
    }
}

#[tokio::test]
async fn a_file_uploaded_in_parts_comes_back_as_it_was_also_after_a_restart() {
    let relay = Relay::opened().await;
    let file = content(2 * MIB + 17);
    let length = file.len() as u64;
    let mut received = 0;
    for part in file.chunks(MIB) {
        received = relay.upload(1, 7, length, received, part).await;
    }
    assert_eq!(received, length);
    let receipt = relay.deposit_with(1, &[7]).await;
    assert_eq!(relay.downloaded(7, "").await, file);

    let relay = relay.restart();
    assert_eq!(relay.downloaded(7, "").await, file);
    assert_eq!(relay.downloaded(7, "?offset=0").await, file);
    assert_eq!(relay.downloaded(7, "?offset=1048577").await, file[MIB + 1..]);
    assert_eq!(relay.downloaded(7, &format!("?offset={length}")).await, b""[..]);
    assert_eq!(relay.deposit_with(1, &[7]).await, receipt);
    let listed = relay.letters("").await;
    let deposit = Deposit::from_bytes(listed.letters[0].deposit.as_ref()).unwrap();
    assert_eq!(deposit.blobs, receipt.blobs);
    assert_eq!(listed.head.0, *receipt.head.as_bytes());
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stands_also_after_a_restart() {
    let relay = Relay::opened().await;
    assert_eq!(relay.upload(1, 7, 10, 0, b"first").await, 5);
    assert_eq!(relay.upload(1, 7, 10, 0, b"first").await, 5);
    assert_eq!(relay.upload(1, 7, 10, 3, b"elsewhe").await, 5);
    let relay = relay.restart();
    assert_eq!(relay.upload(1, 7, 10, 9, b"!").await, 5);
    assert_eq!(relay.upload(1, 7, 10, 5, b"other").await, 10);
    assert_eq!(relay.upload(1, 7, 10, 5, b"thing").await, 10);
    relay.deposit_with(1, &[7]).await;
    assert_eq!(relay.downloaded(7, "").await, b"firstother"[..]);
}

#[tokio::test]
async fn the_same_part_on_many_connections_is_stored_once() {
    let relay = Relay::opened().await;
    let part = content(100_000);
    let sending = (0..8).map(|_| relay.upload(1, 7, 200_000, 0, &part));
    assert_eq!(join_all(sending).await, [100_000; 8]);
    assert_eq!(relay.upload(1, 7, 200_000, 100_000, &part).await, 200_000);
    relay.deposit_with(1, &[7]).await;
    assert_eq!(relay.downloaded(7, "").await, [&part[..], &part].concat());
}

#[tokio::test]
async fn a_part_is_within_its_file_and_has_between_one_byte_and_1_mib() {
    let relay = Relay::opened().await;
    let permit = sealed_permit(1);
    let part = vec![7; MIB + 1];
    for (length, offset, bytes) in [
        (5, 0, &b""[..]),
        (0, 0, b"part"),
        (3, 0, b"part"),
        (10, 7, b"part"),
        (10, u64::MAX, b"part"),
        ((32 << 20) + 1, 0, b"part"),
        (u64::MAX, 0, b"part"),
    ] {
        relay.refused(uploading(&permit, 7, length, offset, bytes), Code::Malformed).await;
    }
    relay.refused(uploading(&permit, 7, 32 << 20, 0, &part), Code::TooLarge).await;
    assert_eq!(relay.upload(1, 7, 32 << 20, 0, &part[1..]).await, 1 << 20);
}

#[tokio::test]
async fn what_is_no_id_or_no_query_leads_nowhere() {
    let relay = Relay::opened().await;
    let permit = sealed_permit(1);
    for hostile in ["..%2f..%2flock", "%2e%2e", "AB", &"AB".repeat(16), &"ab".repeat(17), &"zz".repeat(16)] {
        let path = format!("/v1/blobs/{hostile}?length=4&offset=0");
        relay.refused(uploading_to(&path, &permit, "part"), Code::Malformed).await;
    }
    for query in ["", "?length=4", "?offset=0", "?length=4&offset=-1", "?length=4&offset=0&more=1"] {
        let path = format!("/v1/blobs/{}{query}", blob_name(7));
        relay.refused(uploading_to(&path, &permit, "part"), Code::Malformed).await;
    }
    for hostile in ["AB", &"AB".repeat(16), &"ab".repeat(17)] {
        let path = format!("/v1/mailbox/blobs/{hostile}");
        relay.refused(relay.get(&path), Code::NoSuchBlob).await;
    }
    relay.refused(relay.get(&format!("{}?from=1", path_of(7))), Code::Malformed).await;
    assert_eq!(fs::read_dir(relay.attachments().join("partial")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_permit_that_takes_no_letter_takes_no_attachment() {
    let relay = Relay::opened().await;
    let part = |sealed: &[u8]| uploading(sealed, 7, 4, 0, b"part");
    let late = Permit { not_after: NOW - 1, ..permit(1) };
    relay.refused(part(&seal(&late, 7)), Code::PermitExpired).await;
    relay.refused(part(&seal(&permit(1), 8)), Code::PermitInvalid).await;
    relay.refused(part(b""), Code::PermitInvalid).await;
    let other_key = Permit { inbox_key: InboxKeyId::from([8; 16]), ..permit(1) };
    relay.refused(part(&seal(&other_key, 7)), Code::RecipientKeyChanged).await;
    relay.deposit(1, b"sealed").await;
    relay.refused(part(&sealed_permit(1)), Code::PermitSpent).await;
    let mut other_type = part(&sealed_permit(2));
    other_type.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    relay.refused(other_type, Code::UnsupportedMediaType).await;
    assert_eq!(fs::read_dir(relay.attachments().join("partial")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_permit_takes_no_more_than_its_quota_whatever_was_sent() {
    let relay = Relay::opened().await;
    let small = seal(&Permit { blob_quota: 10, ..permit(1) }, 7);
    relay.refused(uploading(&small, 7, 11, 0, b"a"), Code::PermitBlobsFull).await;
    assert_eq!(relay.send(uploading(&small, 7, 6, 0, b"a")).await.status(), StatusCode::OK);
    relay.refused(uploading(&small, 8, 5, 0, b"a"), Code::PermitBlobsFull).await;
    assert_eq!(relay.send(uploading(&small, 8, 4, 0, b"a")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_id_in_use_takes_no_other_upload() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 8, 0, b"part").await;
    relay.refused(uploading(&sealed_permit(1), 7, 9, 4, b"part"), Code::BlobTaken).await;
    relay.refused(uploading(&sealed_permit(2), 7, 8, 4, b"part"), Code::BlobTaken).await;
    assert_eq!(relay.upload(1, 7, 8, 4, b"part").await, 8);
}

#[tokio::test]
async fn a_deposit_without_all_of_its_attachments_spends_nothing() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.upload(1, 8, 8, 0, b"part").await;
    relay.upload(2, 9, 4, 0, b"part").await;
    for blobs in [&[8][..], &[7, 8], &[7, 9], &[7, 10]] {
        relay.refused(depositing_with(1, &list(blobs)), Code::BlobMissing).await;
    }
    assert_eq!(relay.letters("").await.last, 0);
    relay.refused(relay.get(&path_of(7)), Code::NoSuchBlob).await;
    relay.deposit_with(1, &[7]).await;
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
}

#[tokio::test]
async fn a_deposit_with_attachments_is_repeated_with_the_same_ones_only() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.upload(1, 8, 4, 0, b"part").await;
    let first = relay.deposit_with(1, &[8, 7]).await;
    assert_eq!(relay.deposit_with(1, &[8, 7]).await, first);
    for other in [&[7, 8][..], &[8]] {
        relay.refused(depositing_with(1, &list(other)), Code::PermitSpent).await;
    }
    relay.refused(depositing(&sealed_permit(1), b"sealed"), Code::PermitSpent).await;
    assert_eq!(relay.letters("").await.last, 1);
}

#[tokio::test]
async fn a_list_of_attachments_that_cannot_be_read_is_refused() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    let too_many: Vec<u8> = (1..=33).collect();
    for hostile in
        ["", ",", "7", &blob_name(7).replace('7', "A"), &format!("{},", blob_name(7)), &list(&[7, 7])]
    {
        relay.refused(depositing_with(1, hostile), Code::Malformed).await;
    }
    relay.refused(depositing_with(1, &list(&too_many)), Code::Malformed).await;
    let mut twice = depositing_with(1, &blob_name(7));
    twice.headers_mut().append("letterbox-blobs", blob_name(7).parse().unwrap());
    relay.refused(twice, Code::Malformed).await;
    assert_eq!(relay.letters("").await.last, 0);
}

#[tokio::test]
async fn nobody_but_the_mailboxs_devices_fetches_an_attachment() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.deposit_with(1, &[7]).await;
    relay.refused(Request::get(path_of(7)).body(Body::empty()).unwrap(), Code::SignatureInvalid).await;
    relay.refused(relay.signed("GET", &path_of(7), b"", &key(40)), Code::SignatureInvalid).await;

    let neighbour = relay.open_neighbour().await;
    relay.refused(relay.signed("GET", &path_of(7), b"", &key(40)), Code::NoSuchBlob).await;
    let theirs = seal(&Permit { mailbox: neighbour, ..permit(9) }, 7);
    relay.refused(uploading(&theirs, 7, 4, 0, b"part"), Code::BlobTaken).await;
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
}

#[tokio::test]
async fn a_download_is_read_piece_by_piece_and_not_beyond_its_end() {
    let relay = Relay::opened().await;
    let file = content(200_000);
    relay.upload(1, 7, 200_000, 0, &file).await;
    relay.deposit_with(1, &[7]).await;
    let answer = relay.send(relay.get(&path_of(7))).await;
    let mut pieces = answer.into_body().into_data_stream();
    let first = pieces.next().await.unwrap().unwrap();
    assert_eq!(first, file[..64 * 1024], "no more of a file is in memory");
    for beyond in [200_001, u64::MAX] {
        relay.refused(relay.get(&format!("{}?offset={beyond}", path_of(7))), Code::Malformed).await;
    }
}

#[tokio::test]
async fn a_part_that_does_not_end_is_cut_off_and_counts_nothing() {
    let relay = Relay::with(Limits { body: Duration::from_millis(50), ..generous() }, 10);
    relay.open_mailbox().await;
    let stalled = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"some"))]).chain(stream::pending());
    let path = format!("/v1/blobs/{}?length=8&offset=0", blob_name(7));
    let slow = uploading_to(&path, &sealed_permit(1), Body::from_stream(stalled));
    relay.refused(slow, Code::TooSlow).await;
    // Not even its length was taken down.
    assert_eq!(relay.upload(1, 7, 9, 0, b"part").await, 4);
}

#[tokio::test]
async fn what_no_letter_named_within_an_hour_of_the_last_part_is_gone() {
    let relay = Relay::opened().await;
    let lasting = seal(&Permit { not_after: NOW + UPLOAD_LIFE, ..permit(1) }, 7);
    assert_eq!(relay.send(uploading(&lasting, 7, 4, 0, b"part")).await.status(), StatusCode::OK);
    relay.set_time(NOW + UPLOAD_PAUSE);
    relay.app.collect_blobs(Collection::Everything).await.unwrap();
    assert!(relay.partial(7).exists());
    relay.set_time(NOW + UPLOAD_PAUSE + 1);
    relay.refused(depositing_on(&lasting, &blob_name(7)), Code::BlobMissing).await;
    relay.app.collect_blobs(Collection::Uploads).await.unwrap();
    assert!(!relay.partial(7).exists());
}

#[tokio::test]
async fn bytes_that_a_crash_left_uncounted_are_written_over() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 9, 0, b"first").await;
    fs::write(relay.partial(7), b"firstlost and never told").unwrap();
    let relay = relay.restart();
    assert_eq!(relay.upload(1, 7, 9, 5, b"last").await, 9);
    relay.deposit_with(1, &[7]).await;
    assert_eq!(relay.downloaded(7, "").await, b"firstlast"[..]);
}

#[tokio::test]
async fn a_crash_between_shelf_and_row_leaves_an_upload_that_can_be_adopted() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    fs::hard_link(relay.partial(7), relay.shelved(7)).unwrap();
    let relay = relay.restart();
    relay.app.collect_blobs(Collection::Everything).await.unwrap();
    relay.refused(relay.get(&path_of(7)), Code::NoSuchBlob).await;
    relay.deposit_with(1, &[7]).await;
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
    assert!(!relay.partial(7).exists());
}

#[tokio::test]
async fn a_crash_after_the_deposit_leaves_a_name_that_is_taken_away() {
    let relay = Relay::opened().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.deposit_with(1, &[7]).await;
    fs::hard_link(relay.shelved(7), relay.partial(7)).unwrap();
    let relay = relay.restart();
    relay.app.collect_blobs(Collection::Uploads).await.unwrap();
    assert!(!relay.partial(7).exists());
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
}

#[tokio::test]
async fn a_lost_or_cut_file_is_told_and_the_letter_stays() {
    let relay = Relay::opened().await;
    for (permit, blob) in [(1, 7), (2, 8)] {
        relay.upload(permit, blob, 4, 0, b"part").await;
        relay.deposit_with(permit, &[blob]).await;
    }
    fs::remove_file(relay.shelved(7)).unwrap();
    fs::write(relay.shelved(8), b"par").unwrap();
    for blob in [7, 8] {
        relay.refused(relay.get(&path_of(blob)), Code::NoSuchBlob).await;
    }
    assert_eq!(relay.letters("").await.letters.len(), 2);
    // When the disk is away nothing is lost.
    let shelf = relay.attachments().join("07");
    fs::remove_dir(&shelf).unwrap();
    relay.refused(relay.get(&path_of(7)), Code::Unavailable).await;
    fs::create_dir(&shelf).unwrap();
    fs::write(relay.shelved(7), b"part").unwrap();
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
    // Lost before the deposit: the sender is told to upload it again.
    relay.upload(3, 9, 4, 0, b"part").await;
    fs::remove_file(relay.partial(9)).unwrap();
    relay.refused(depositing_with(3, &blob_name(9)), Code::BlobMissing).await;
    relay.deposit(3, b"sealed").await;
}
