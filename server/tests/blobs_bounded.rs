//! How much room and time attachments may take, and who is told what when there is no more (LBX-BLOB-3).

use std::{convert::Infallible, task::Poll, time::Duration};

use api::Code;
use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
};
use futures_util::{StreamExt as _, stream};
use letterbox_server::{
    app::Limits,
    blobs::{BlobQuota, MOST_DOWNLOADS, MOST_PARTS},
};
use relay_auth::permit::Permit;
use tokio::sync::oneshot;
use tower::ServiceExt as _;

use crate::{
    blobs::{content, depositing_on, path_of},
    support::{NOW, Relay, blob_name, generous, permit, seal, sealed_permit, uploading, uploading_to},
};

fn path() -> String {
    format!("/v1/blobs/{}?length=4&offset=0", blob_name(7))
}

#[tokio::test]
async fn nothing_is_read_on_a_permit_that_is_late_or_spent() {
    let relay = Relay::with(Limits { body: Duration::from_millis(50), ..generous() }, 10);
    relay.open_mailbox().await;
    relay.deposit(1, b"sealed").await;
    let never = || Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let late = seal(&Permit { not_after: NOW - 1, ..permit(2) }, 7);
    // What is read is refused as too slow.
    relay.refused(uploading_to(&path(), &late, never()), Code::PermitExpired).await;
    relay.refused(uploading_to(&path(), &sealed_permit(1), never()), Code::PermitSpent).await;
    relay.refused(uploading_to(&path(), &sealed_permit(3), never()), Code::TooSlow).await;
}

/// A body of which nothing comes, and what says that it is waited for.
fn stalled() -> (Body, oneshot::Receiver<()>) {
    let (begun, is_read) = oneshot::channel();
    let mut begun = Some(begun);
    let stalled = stream::poll_fn(move |_| {
        if let Some(begun) = begun.take() {
            let _ = begun.send(());
        }
        Poll::<Option<Result<Bytes, Infallible>>>::Pending
    });
    (Body::from_stream(stalled), is_read)
}

#[tokio::test]
async fn no_more_parts_are_in_memory_than_there_is_room_for() {
    let relay = Relay::with(Limits { parts: 1, ..generous() }, 10);
    relay.open_mailbox().await;
    let (body, is_read) = stalled();
    let slow = uploading_to(&path(), &sealed_permit(1), body);
    let slow = tokio::spawn(relay.router.clone().oneshot(slow));
    is_read.await.unwrap();

    let next = || uploading(&sealed_permit(2), 8, 4, 0, b"part");
    assert!(relay.send(next()).await.headers().contains_key(header::RETRY_AFTER));
    relay.refused(next(), Code::Unavailable).await;
    slow.abort();
    assert!(slow.await.unwrap_err().is_cancelled());
    assert_eq!(relay.send(next()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn nobody_takes_all_the_room_for_parts_with_one_mailbox() {
    let relay = Relay::with(Limits { parts: MOST_PARTS + 1, ..generous() }, 10);
    relay.open_mailbox().await;
    let neighbour = relay.open_neighbour().await;
    let mut slow = Vec::new();
    for permit in (1..).take(MOST_PARTS) {
        let (body, is_read) = stalled();
        let request = uploading_to(&path(), &sealed_permit(permit), body);
        slow.push(tokio::spawn(relay.router.clone().oneshot(request)));
        is_read.await.unwrap();
    }
    // There is room for one part more, and not for this mailbox.
    let next = || uploading(&sealed_permit(100), 8, 4, 0, b"part");
    relay.refused(next(), Code::Unavailable).await;
    let theirs = seal(&Permit { mailbox: neighbour, ..permit(101) }, 7);
    assert_eq!(relay.send(uploading(&theirs, 9, 4, 0, b"part")).await.status(), StatusCode::OK);
    let one = slow.pop().unwrap();
    one.abort();
    assert!(one.await.unwrap_err().is_cancelled());
    assert_eq!(relay.send(next()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_mailbox_has_a_bounded_number_of_downloads() {
    let relay = Relay::opened().await;
    let file = content(200_000);
    relay.upload(1, 7, 200_000, 0, &file).await;
    relay.deposit_with(1, &[7]).await;
    let mut unread = Vec::new();
    for _ in 0..MOST_DOWNLOADS {
        let answer = relay.send(relay.get(&path_of(7))).await;
        assert_eq!(answer.status(), StatusCode::OK);
        unread.push(answer);
    }
    relay.refused(relay.get(&path_of(7)), Code::TooManyStreams).await;
    unread.pop();
    // Each is counted until its end, and no longer.
    for _ in 0..2 {
        assert_eq!(relay.downloaded(7, "").await, file);
    }
}

#[tokio::test]
async fn a_download_does_not_go_on_for_ever() {
    let relay = Relay::with(Limits { stream: Duration::ZERO, ..generous() }, 10);
    relay.open_mailbox().await;
    relay.upload(1, 7, 4, 0, b"part").await;
    relay.deposit_with(1, &[7]).await;
    let answer = relay.send(relay.get(&path_of(7))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.into_body().into_data_stream().next().await.unwrap().is_err());
}

#[tokio::test]
async fn a_sender_is_told_whose_room_is_used_up() {
    let relay = Relay::with_blobs(generous(), 10, BlobQuota { bytes: 6, upload_bytes: 8 });
    relay.open_mailbox().await;
    let small = |id| seal(&Permit { blob_quota: 4, ..permit(id) }, 7);
    let upload = |id| uploading(&small(id), id, 4, 0, b"part");
    for id in [1, 2] {
        assert_eq!(relay.send(upload(id)).await.status(), StatusCode::OK);
    }
    relay.refused(uploading(&small(1), 9, 1, 0, b"a"), Code::PermitBlobsFull).await;
    // The uploads of others: that passes.
    assert!(relay.send(upload(3)).await.headers().contains_key(header::RETRY_AFTER));
    relay.refused(upload(3), Code::BlobsFull).await;
    assert_eq!(relay.send(depositing_on(&small(1), &blob_name(1))).await.status(), StatusCode::OK);
    // What the mailbox keeps: both with the letter and before it.
    relay.refused(depositing_on(&small(2), &blob_name(2)), Code::MailboxBlobsFull).await;
    relay.refused(upload(3), Code::MailboxBlobsFull).await;
    assert_eq!(relay.letters("").await.last, 1);
}
