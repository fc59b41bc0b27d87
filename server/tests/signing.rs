//! Who may ask.

use api::Code;
use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode},
};
use relay_auth::{cbor::encode, request::Parameters, request_key::RequestKeyId};

use crate::support::{NOW, Relay, TestRng, bytes, copy, device, key, put, sign};

const LETTERS: &str = "/v1/mailbox/letters";

#[tokio::test]
async fn an_unknown_key_and_a_wrong_signature_get_the_same_answer() {
    let relay = Relay::opened().await;
    let unknown = relay.signed("GET", LETTERS, b"", &key(50));
    let name = RequestKeyId::of(&device().verifying_key()).to_text();
    let parameters = Parameters::generate(NOW, &name, &mut TestRng(1000));
    let wrong = sign("GET", LETTERS, b"", &key(50), &parameters).body(Body::empty()).unwrap();
    let unsigned = Request::get(LETTERS).body(Body::empty()).unwrap();
    let mut answers = Vec::new();
    for request in [unknown, wrong, unsigned] {
        let answer = relay.send(request).await;
        answers.push((answer.status(), answer.headers().clone(), bytes(answer).await));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
}

#[tokio::test]
async fn a_request_works_once() {
    let relay = Relay::opened().await;
    let read = relay.get(LETTERS);
    let again = copy(&read, b"");
    assert_eq!(relay.send(read).await.status(), StatusCode::OK);
    relay.refused(again, Code::RequestReplayed).await;

    let body = encode(&put(1, 0, 1, b"object", &[]));
    let write = relay.signed("POST", "/v1/mailbox/archive", &body, &device());
    let again = copy(&write, &body);
    assert_eq!(relay.send(write).await.status(), StatusCode::NO_CONTENT);
    relay.refused(again, Code::RequestReplayed).await;
}

#[tokio::test]
async fn a_request_works_once_across_a_restart_even_from_a_fast_clock() {
    let relay = Relay::opened().await;
    let ahead = relay.signed_at("GET", LETTERS, b"", &device(), NOW + 299);
    let again = copy(&ahead, b"");
    assert_eq!(relay.send(ahead).await.status(), StatusCode::OK);
    let relay = relay.restart();
    relay.set_time(NOW + 500);
    relay.refused(again, Code::RequestReplayed).await;
}

#[tokio::test]
async fn a_request_from_another_time_is_refused() {
    let relay = Relay::opened().await;
    for created in [NOW - 301, NOW + 301, 0] {
        let request = relay.signed_at("GET", LETTERS, b"", &device(), created);
        relay.refused(request, Code::RequestOutOfTime).await;
    }
}

#[tokio::test]
async fn an_altered_request_is_refused() {
    let relay = Relay::opened().await;
    let body = encode(&put(1, 0, 1, b"object", &[]));
    let path = "/v1/mailbox/archive";
    let signed = || relay.signed("POST", path, &body, &device());
    let other_body = encode(&put(1, 0, 1, b"0bject", &[]));
    relay.refused(copy(&signed(), &other_body), Code::SignatureInvalid).await;

    let mut other_method = relay.signed("POST", LETTERS, b"", &device());
    *other_method.method_mut() = axum::http::Method::GET;
    relay.refused(other_method, Code::SignatureInvalid).await;

    let mut other_query = relay.get("/v1/mailbox/letters?after=1");
    *other_query.uri_mut() = "/v1/mailbox/letters?after=0".parse().unwrap();
    relay.refused(other_query, Code::SignatureInvalid).await;

    for field in ["signature", "signature-input", "content-digest"] {
        let mut without = relay.get(LETTERS);
        without.headers_mut().remove(field);
        relay.refused(without, Code::SignatureInvalid).await;
        let mut twice = relay.get(LETTERS);
        let value: HeaderValue = twice.headers()[field].clone();
        twice.headers_mut().append(field, value);
        relay.refused(twice, Code::SignatureInvalid).await;
    }
}

#[tokio::test]
async fn a_read_takes_no_content() {
    let relay = Relay::opened().await;
    relay.refused(relay.signed("GET", LETTERS, b"content", &device()), Code::TooLarge).await;
}
