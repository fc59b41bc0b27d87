//! Hostile bytes, wrong types, too much of everything.

use api::{
    Code,
    directory::{OwnEntriesRequest, SignInStage},
};
use axum::{body::Body, http::Request};
use relay_auth::{
    cbor::{Wire as _, encode},
    hostile::variants,
};

use crate::{
    identity_provider::{ANN, BOB},
    support::{Directory, approved, attributes, body_entry, body_key, get, post, question},
    vault::Vault,
};

/// A body of each resource that takes CBOR from anybody.
async fn good_bodies(directory: &Directory) -> [(&'static str, Vec<u8>); 5] {
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(directory).await;
    // Entries are shown to somebody who has one.
    let mut enrolled = Vault::new(BOB, 20);
    enrolled.enrol(directory).await;
    enrolled.sign_in = None;
    let sign_in = enrolled.stage(directory, SignInStage::Account).await.sign_in;
    let code = directory.provider.allow(vault.grant(SignInStage::Identity));
    [
        ("/v1/sign-ins", encode(&vault.redeeming(SignInStage::Identity, code))),
        ("/v1/sign-ins/collect", encode(&vault.collection())),
        ("/v1/sign-ins/entries", encode(&OwnEntriesRequest { sign_in })),
        ("/v1/entries", encode(&vault.publication(&collected))),
        ("/v1/bodies", approved(&body_entry()).to_bytes()),
    ]
}

#[tokio::test]
async fn bytes_that_are_nearly_a_request_are_refused_and_change_nothing() {
    let directory = Directory::start().await;
    for (path, good) in good_bodies(&directory).await {
        for (name, hostile) in variants(&good).into_iter().step_by(if good.len() > 600 { 7 } else { 1 }) {
            let (status, _) = directory.ask(post(path, &hostile)).await;
            assert!(status.is_client_error(), "{path} {name} {status}");
        }
        // What comes first: heads, and secrets that are then wrong.
        for place in 0..good.len().min(33) {
            let mut altered = good.clone();
            altered[place] ^= 0x20;
            let (status, _) = directory.ask(post(path, &altered)).await;
            assert!(!status.is_server_error(), "{path} byte {place} {status}");
        }
        // The good one still works.
        directory.ok(post(path, &good)).await;
    }
}

#[tokio::test]
async fn a_signed_lookup_that_cannot_be_read_is_refused() {
    let directory = Directory::with_body().await;
    let good = encode(&question(&attributes(&ANN)));
    for (name, hostile) in variants(&good) {
        let request = directory.signed("/v1/lookups", &hostile, &body_key());
        let (status, _) = directory.ask(request).await;
        assert!(status.is_client_error(), "{name} {status}");
    }
    // Attributes that are not in canonical form.
    let mut asked = question(&attributes(&ANN));
    let at = asked.attributes.0.iter().position(|byte| *byte == b'a').unwrap();
    asked.attributes.0[at] = b'A';
    directory.refused(directory.looking_up(&asked), Code::Malformed).await;
}

#[tokio::test]
async fn content_of_another_type_or_too_much_of_it_is_refused() {
    let directory = Directory::start().await;
    let paths = [
        "/v1/sign-ins",
        "/v1/sign-ins/collect",
        "/v1/sign-ins/entries",
        "/v1/entries",
        "/v1/lookups",
        "/v1/bodies",
    ];
    for path in paths {
        directory.refused(post(path, &vec![0; 1 << 20]), Code::TooLarge).await;
        let mut other = post(path, b"\x80");
        other.headers_mut().insert("content-type", "text/plain".parse().unwrap());
        directory.refused(other, Code::UnsupportedMediaType).await;
        let unread = Request::post(path).body(Body::empty()).unwrap();
        directory.refused(unread, Code::UnsupportedMediaType).await;
        directory.refused(get(path), Code::MethodNotAllowed).await;
    }
    directory.refused(get("/v1/nothing"), Code::NotFound).await;
}

#[tokio::test]
async fn json_that_is_nearly_a_request_is_refused() {
    let directory = Directory::start().await;
    let form = Request::post("/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(
            format!("grant_type=client_credentials&client_id=scotaccount&client_secret={}", secret()).into(),
        )
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&directory.ok(form).await).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let posting = |content: &[u8], kind: &str| {
        Request::post("/v1/mailboxes")
            .header("content-type", kind)
            .header("authorization", format!("Bearer {token}"))
            .body(content.to_vec().into())
            .unwrap()
    };
    for hostile in [
        &b""[..],
        b"null",
        b"[]",
        b"{}",
        b"{\"sub\":\"a\"}",
        b"{\"sub\":1,\"claims_token\":\"a\"}",
        b"{\"sub\":\"a\",\"claims_token\":\"a\",\"more\":1}",
        b"{\"sub\":\"a\",\"sub\":\"b\",\"claims_token\":\"a\"}",
        b"\xff",
        &[b'['; 10_000],
    ] {
        directory.refused(posting(hostile, "application/json"), Code::Malformed).await;
    }
    directory.refused(posting(b"{}", "application/cbor"), Code::UnsupportedMediaType).await;
    directory.refused(posting(&vec![b' '; 1 << 20], "application/json"), Code::TooLarge).await;
}

fn secret() -> String {
    form_urlencoded::byte_serialize(crate::support::SECRET.as_bytes()).collect()
}
