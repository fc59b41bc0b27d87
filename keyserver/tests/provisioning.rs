//! Mailboxes that ScotAccount has provided.

use api::{Code, directory::SignInStage};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64ct::{Base64, Encoding as _};
use crypto_core::directory::Outcome;
use serde_json::{Value, json};

use crate::{
    identity_provider::{ANN, BOB, DOUBTFUL, OTHER_ANN},
    support::{Directory, NOW, SECRET, attributes, bytes},
    vault::{Vault, publishing},
};

fn form(content: &str) -> Request<Body> {
    Request::post("/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(content.to_owned().into())
        .unwrap()
}

fn encoded(secret: &str) -> String {
    form_urlencoded::byte_serialize(secret.as_bytes()).collect()
}

fn asking_for_a_token(secret: &str) -> Request<Body> {
    let secret = encoded(secret);
    form(&format!("grant_type=client_credentials&client_id=scotaccount&client_secret={secret}"))
}

async fn token(directory: &Directory) -> String {
    let answer = directory.send(asking_for_a_token(SECRET)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let answer: Value = serde_json::from_slice(&bytes(answer).await).unwrap();
    assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_u64()), (Some("Bearer"), Some(600)));
    answer["access_token"].as_str().unwrap().to_owned()
}

fn providing(token: &str, sub: &str, claims_token: &str) -> Request<Body> {
    Request::post("/v1/mailboxes")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(json!({ "sub": sub, "claims_token": claims_token }).to_string().into())
        .unwrap()
}

async fn provide(directory: &Directory, person: &crate::identity_provider::Person) -> String {
    let claims = directory.provider.identity_token(person);
    let request = providing(&token(directory).await, &person.subject(), &claims);
    let answer: Value = serde_json::from_slice(&directory.ok(request).await).unwrap();
    answer["mailbox_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_provided_mailbox_waits_for_its_owner_who_then_enrols_under_the_id_set_aside() {
    let directory = Directory::with_body().await;
    let id = provide(&directory, &ANN).await;
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let without = attributes(&ANN).without_postcode();
    assert_eq!(directory.outcome(&without).await, Outcome::NotReady);
    assert!(directory.look_up(&without).await.permits.is_empty());
    // The postcode is not known yet.
    assert_eq!(directory.outcome(&attributes(&ANN)).await, Outcome::None);

    let mut vault = Vault::new(ANN, 10);
    let answer = vault.stage(&directory, SignInStage::Account).await;
    assert!(!answer.enrolled);
    assert_ne!(answer.directory_id.0, [10; 16]);
    let mut vault = Vault { sign_in: None, ..vault };
    let (_, published) = vault.enrol(&directory).await;
    for asked in [attributes(&ANN), without] {
        let Outcome::Found(recipient) = directory.outcome(&asked).await else { panic!("not found") };
        assert_eq!(recipient.directory_id(), vault.id);
    }
    // ScotAccount's id is neither the directory's nor the mailbox's, and stays the same.
    let hex = |bytes: [u8; 16]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(id != hex(*vault.id.as_bytes()) && id != hex(published.mailbox.0));
    assert_eq!(provide(&directory, &ANN).await, id);
}

#[tokio::test]
async fn an_entry_under_another_id_than_the_one_set_aside_is_refused() {
    let directory = Directory::start().await;
    let mut ann = Vault::new(ANN, 20);
    ann.stage(&directory, SignInStage::Account).await;
    // Nobody else gets the id that is set aside for her, neither by asking for it nor by taking it.
    let mut bob = Vault { id: ann.id, ..Vault::new(BOB, 30) };
    let collected = bob.sign_in(&directory).await;
    assert_ne!(bob.id, ann.id);
    let own = bob.id;
    bob.id = ann.id;
    directory.refused(publishing(&bob.publication(&collected)), Code::EvidenceRefused).await;
    bob.id = own;
    directory.ok(publishing(&bob.publication(&collected))).await;
}

#[tokio::test]
async fn a_mailbox_that_is_provided_during_the_sign_in_is_the_one_that_is_enrolled() {
    let directory = Directory::with_body().await;
    let mut ann = Vault::new(ANN, 10);
    ann.stage(&directory, SignInStage::Account).await;
    let before = ann.id;
    // ScotAccount asks when it has confirmed name and birth date: between two of our stages.
    let id = provide(&directory, &ANN).await;
    assert!(ann.stage(&directory, SignInStage::Identity).await.confirmed);
    ann.stage(&directory, SignInStage::Address).await;
    assert_eq!(ann.id, before);
    assert!(matches!(directory.outcome(&attributes(&ANN)).await, Outcome::None | Outcome::NotReady));
    let collected = ann.collect(&directory).await;
    directory.ok(publishing(&ann.publication(&collected))).await;
    assert!(matches!(directory.outcome(&attributes(&ANN)).await, Outcome::Found(_)));
    assert_eq!(provide(&directory, &ANN).await, id);
}

#[tokio::test]
async fn providing_is_the_same_however_often_and_whenever_it_is_asked() {
    let directory = Directory::with_body().await;
    let id = provide(&directory, &ANN).await;
    assert_eq!(provide(&directory, &ANN).await, id);
    let directory = directory.restart().await;
    assert_eq!(provide(&directory, &ANN).await, id);
    // For somebody who enrolled before ScotAccount asked.
    let mut vault = Vault::new(BOB, 10);
    vault.enrol(&directory).await;
    let of_bob = provide(&directory, &BOB).await;
    assert_ne!(of_bob, id);
    assert_eq!(provide(&directory, &BOB).await, of_bob);
    assert!(matches!(directory.outcome(&attributes(&BOB)).await, Outcome::Found(_)));
}

#[tokio::test]
async fn people_with_the_same_details_are_ambiguous_before_they_have_keys() {
    let directory = Directory::with_body().await;
    assert_ne!(provide(&directory, &ANN).await, provide(&directory, &OTHER_ANN).await);
    let outcome = directory.outcome(&attributes(&ANN).without_postcode()).await;
    assert_eq!(outcome, Outcome::Ambiguous);
}

#[tokio::test]
async fn claims_that_do_not_hold_provide_nothing() {
    let directory = Directory::with_body().await;
    let token = token(&directory).await;
    let provider = &directory.provider;
    let claims = provider.identity_token(&ANN);
    let id_token = provider.id_token(&ANN, "nonce");
    let cut = claims.rsplit_once('.').unwrap().0;
    for (sub, claims) in [
        (BOB.subject(), claims.clone()),
        (DOUBTFUL.subject(), provider.identity_token(&DOUBTFUL)),
        (ANN.subject(), provider.claims_token(&ANN.subject(), &[])),
        (ANN.subject(), id_token),
        (ANN.subject(), format!("{cut}.AAAA")),
        (ANN.subject(), "a".repeat(16 * 1024 + 1)),
        (ANN.subject(), String::new()),
    ] {
        directory.refused(providing(&token, &sub, &claims), Code::EvidenceRefused).await;
    }
    for sub in ["", "a b", "é", &"a".repeat(256)] {
        directory.refused(providing(&token, sub, &claims), Code::Malformed).await;
    }
    let outcome = directory.outcome(&attributes(&ANN).without_postcode()).await;
    assert_eq!(outcome, Outcome::None);
}

#[tokio::test]
async fn only_the_client_with_a_valid_token_provides() {
    let directory = Directory::start().await;
    let claims = directory.provider.identity_token(&ANN);
    for hostile in ["", "wrong", &"A".repeat(43)] {
        directory.refused(providing(hostile, &ANN.subject(), &claims), Code::TokenInvalid).await;
    }
    let token = token(&directory).await;
    let mut without = providing(&token, &ANN.subject(), &claims);
    without.headers_mut().remove("authorization");
    directory.refused(without, Code::TokenInvalid).await;
    let mut basic = providing(&token, &ANN.subject(), &claims);
    basic.headers_mut().insert("authorization", format!("Basic {token}").parse().unwrap());
    directory.refused(basic, Code::TokenInvalid).await;
    directory.set_time(NOW + 601);
    directory.refused(providing(&token, &ANN.subject(), &claims), Code::TokenInvalid).await;
}

#[tokio::test]
async fn a_token_is_given_for_the_right_secret_alone() {
    let directory = Directory::start().await;
    for (request, status, error) in [
        (asking_for_a_token("wrong"), StatusCode::UNAUTHORIZED, "invalid_client"),
        (asking_for_a_token(""), StatusCode::UNAUTHORIZED, "invalid_client"),
        (form("grant_type=client_credentials"), StatusCode::UNAUTHORIZED, "invalid_client"),
        (form("grant_type=password"), StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        (form(""), StatusCode::BAD_REQUEST, "invalid_request"),
        (form("\u{0}&&&==="), StatusCode::BAD_REQUEST, "invalid_request"),
    ] {
        let (answered, answer) = directory.ask(request).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((answered, answer["error"].as_str()), (status, Some(error)));
    }
    let basic = Base64::encode_string(format!("scotaccount:{}", encoded(SECRET)).as_bytes());
    let mut request = form("grant_type=client_credentials");
    request.headers_mut().insert("authorization", format!("Basic {basic}").parse().unwrap());
    directory.ok(request).await;
    directory.refused(form(&"a".repeat(5000)), Code::TooLarge).await;
}
