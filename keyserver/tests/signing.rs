//! Which requests of public bodies are taken.

use api::Code;
use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode},
};
use crypto_core::body::{BodyEntry, BodyStatus};
use relay_auth::cbor::encode;

use crate::{
    identity_provider::ANN,
    support::{DAY, Directory, NOW, approved, attributes, body_entry, body_key, bytes, key, post, question},
};

const PATH: &str = "/v1/lookups";

fn asked() -> Vec<u8> {
    encode(&question(&attributes(&ANN)))
}

fn copy(request: &Request<Body>, body: &[u8]) -> Request<Body> {
    let mut copy = Request::builder().method(request.method()).uri(request.uri());
    *copy.headers_mut().unwrap() = request.headers().clone();
    copy.body(body.to_vec().into()).unwrap()
}

#[tokio::test]
async fn an_unknown_key_a_wrong_signature_and_none_get_the_same_answer() {
    let directory = Directory::with_body().await;
    let unknown = directory.signed(PATH, &asked(), &key(50));
    // The body's name for the key, another key's signature.
    let mut wrong = directory.signed(PATH, &asked(), &body_key());
    let other = directory.signed(PATH, &asked(), &key(50)).headers()["signature"].clone();
    wrong.headers_mut().insert("signature", other);
    let mut answers = Vec::new();
    for request in [unknown, wrong, post(PATH, &asked())] {
        let answer = directory.send(request).await;
        answers.push((answer.status(), answer.headers().clone(), bytes(answer).await));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
}

#[tokio::test]
async fn whether_somebody_is_enrolled_is_not_told_to_strangers() {
    let directory = Directory::with_body().await;
    let before = directory.refused(directory.signed(PATH, &asked(), &key(50)), Code::SignatureInvalid).await;
    crate::vault::Vault::new(ANN, 10).enrol(&directory).await;
    let after = directory.refused(directory.signed(PATH, &asked(), &key(50)), Code::SignatureInvalid).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_request_works_once_also_across_a_restart() {
    let directory = Directory::with_body().await;
    let ahead = directory.signed_at(PATH, &asked(), &body_key(), NOW + 299);
    let again = copy(&ahead, &asked());
    directory.ok(ahead).await;
    let once_more = copy(&again, &asked());
    directory.refused(again, Code::RequestReplayed).await;
    let directory = directory.restart().await;
    directory.set_time(NOW + 500);
    directory.app.forget().await;
    directory.refused(once_more, Code::RequestReplayed).await;
}

#[tokio::test]
async fn a_request_from_another_time_is_refused() {
    let directory = Directory::with_body().await;
    for created in [NOW - 301, NOW + 301, 0] {
        let request = directory.signed_at(PATH, &asked(), &body_key(), created);
        directory.refused(request, Code::RequestOutOfTime).await;
    }
}

#[tokio::test]
async fn an_altered_request_is_refused() {
    let directory = Directory::with_body().await;
    let signed = || directory.signed(PATH, &asked(), &body_key());
    let other = encode(&question(&attributes(&crate::identity_provider::BOB)));
    directory.refused(copy(&signed(), &other), Code::SignatureInvalid).await;
    let mut other_query = signed();
    *other_query.uri_mut() = "/v1/lookups?a=b".parse().unwrap();
    directory.refused(other_query, Code::SignatureInvalid).await;
    for field in ["signature", "signature-input", "content-digest"] {
        let mut without = signed();
        without.headers_mut().remove(field);
        directory.refused(without, Code::SignatureInvalid).await;
        let mut twice = signed();
        let value: HeaderValue = twice.headers()[field].clone();
        twice.headers_mut().append(field, value);
        directory.refused(twice, Code::SignatureInvalid).await;
    }
    directory.ok(signed()).await;
}

#[tokio::test]
async fn a_body_that_is_suspended_or_whose_key_has_ended_asks_nothing() {
    let directory = Directory::with_body().await;
    let ask = || directory.signed(PATH, &asked(), &body_key());
    directory.set_time(NOW - 2 * DAY);
    directory.refused(ask(), Code::SignatureInvalid).await;
    directory.set_time(NOW + 301 * DAY);
    directory.refused(ask(), Code::SignatureInvalid).await;
    directory.set_time(NOW);
    directory.ok(ask()).await;

    let previous = Some(approved(&body_entry()).hash().into());
    let suspended = BodyEntry { status: BodyStatus::Suspended, previous, ..body_entry() };
    directory.register(&approved(&suspended)).await;
    directory.refused(ask(), Code::SignatureInvalid).await;
    let directory = directory.restart().await;
    let ask = directory.signed(PATH, &asked(), &body_key());
    directory.refused(ask, Code::SignatureInvalid).await;
}
