//! The archive.

use api::{
    Code,
    archive::{ArchiveObject, ArchivePage},
};
use axum::http::StatusCode;
use relay_auth::{cbor::encode, hostile::variants};

use crate::support::{Relay, device, put};

async fn object(relay: &Relay, id: &str) -> ArchiveObject {
    let (status, answer) = relay.ask(relay.get(&format!("/v1/mailbox/archive/{id}"))).await;
    assert_eq!(status, StatusCode::OK);
    minicbor::decode(&answer).unwrap()
}

async fn changes(relay: &Relay, after: u64) -> ArchivePage {
    let (_, answer) = relay.ask(relay.get(&format!("/v1/mailbox/archive?after={after}"))).await;
    minicbor::decode(&answer).unwrap()
}

#[tokio::test]
async fn an_object_is_replaced_only_from_the_version_that_was_read() {
    let relay = Relay::opened().await;
    let send = async |put| relay.send(relay.putting(&put)).await.status();
    assert_eq!(send(put(1, 0, 1, b"one", &[])).await, StatusCode::NO_CONTENT);
    assert_eq!(send(put(1, 1, 2, b"two", &[])).await, StatusCode::NO_CONTENT);
    // Sent again, as after a lost answer.
    assert_eq!(send(put(1, 1, 2, b"two", &[])).await, StatusCode::NO_CONTENT);
    for stale in [put(1, 1, 2, b"other", &[]), put(1, 0, 1, b"one", &[]), put(1, 0, 9, b"nine", &[])] {
        relay.refused(relay.putting(&stale), Code::ArchiveConflict).await;
    }
    let stored = object(&relay, &"01".repeat(16)).await;
    assert_eq!((stored.counter, stored.object.0), (2, b"two".to_vec()));
    let relay = relay.restart();
    assert_eq!(object(&relay, &"01".repeat(16)).await.counter, 2);
}

#[tokio::test]
async fn a_conflict_acknowledges_nothing() {
    let relay = Relay::opened().await;
    relay.deposit(1, b"sealed").await;
    relay.refused(relay.putting(&put(1, 5, 6, b"object", &[1])), Code::ArchiveConflict).await;
    assert!(relay.letters("").await.letters[0].envelope.is_some());
    relay.refused(relay.putting(&put(1, 0, 1, b"object", &[1, 2])), Code::NoSuchLetter).await;
    assert!(relay.letters("").await.letters[0].envelope.is_some());
    assert!(changes(&relay, 0).await.objects.is_empty());
}

#[tokio::test]
async fn changes_are_listed_once_each_in_their_order() {
    let relay = Relay::opened().await;
    for step in [put(1, 0, 1, b"a", &[]), put(2, 0, 1, b"bb", &[]), put(1, 1, 2, b"ccc", &[])] {
        assert_eq!(relay.send(relay.putting(&step)).await.status(), StatusCode::NO_CONTENT);
    }
    let page = changes(&relay, 0).await;
    let seen: Vec<_> =
        page.objects.iter().map(|entry| (entry.id.0[0], entry.counter, entry.length)).collect();
    assert_eq!(seen, [(2, 1, 2), (1, 2, 3)]);
    assert_eq!(page.objects[1].change, page.last);
    assert_eq!(changes(&relay, page.objects[0].change).await.objects, page.objects[1..]);
}

#[tokio::test]
async fn an_object_that_is_not_there_is_said_to_be_missing() {
    let relay = Relay::opened().await;
    for id in ["01".repeat(16), "AB".repeat(16), "1".to_owned()] {
        let request = relay.get(&format!("/v1/mailbox/archive/{id}"));
        relay.refused(request, Code::NoSuchObject).await;
    }
}

#[tokio::test]
async fn an_archive_takes_no_more_than_its_quota() {
    let relay = Relay::opened().await;
    for id in 1..=2 {
        relay.send(relay.putting(&put(id, 0, 1, b"object", &[]))).await;
    }
    relay.refused(relay.putting(&put(3, 0, 1, b"object", &[])), Code::ArchiveFull).await;
    let smaller = relay.send(relay.putting(&put(1, 1, 2, b"small", &[]))).await;
    assert_eq!(smaller.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn puts_that_make_no_sense_are_refused() {
    let relay = Relay::opened().await;
    let hostile = [
        put(1, 1, 1, b"object", &[]),
        put(1, 2, 1, b"object", &[]),
        put(1, 0, 1, b"", &[]),
        put(1, 0, 1, b"object", &[2, 1]),
        put(1, 0, 1, b"object", &[1, 1]),
    ];
    for put in hostile {
        relay.refused(relay.putting(&put), Code::Malformed).await;
    }
    relay.refused(relay.putting(&put(1, 0, 1, &[0; 101_000], &[])), Code::TooLarge).await;
    let good = encode(&put(1, 0, 1, b"object", &[]));
    for (name, hostile) in variants(&good) {
        let request = relay.signed("POST", "/v1/mailbox/archive", &hostile, &device());
        assert_eq!(relay.send(request).await.status(), StatusCode::BAD_REQUEST, "{name}");
    }
}
