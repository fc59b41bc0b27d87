//! The one-time call that gives a person a mailbox.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use base64ct::{Base64, Encoding as _};
use scotaccount_sim::mailboxes::MailboxApi;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{IDENTITY, World, here, verified};

/// A mailbox service that notes what it is asked, and fails when it is told to.
struct Service {
    url: String,
    asked: Arc<Mutex<Vec<Value>>>,
    is_down: Arc<Mutex<bool>>,
    folder: TempDir,
}

impl Service {
    async fn start() -> Self {
        let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
        let is_down: Arc<Mutex<bool>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let token = |headers: HeaderMap, body: String| async move {
            let expected = format!("Basic {}", Base64::encode_string(b"scotaccount:a%2Bsecret"));
            assert_eq!(headers[header::AUTHORIZATION], expected.as_str());
            assert_eq!(body, "grant_type=client_credentials");
            json!({ "access_token": "bearer", "token_type": "Bearer", "expires_in": 60 }).to_string()
        };
        let (notes, down) = (Arc::clone(&asked), Arc::clone(&is_down));
        let mailbox = move |headers: HeaderMap, body: String| async move {
            assert_eq!(headers[header::AUTHORIZATION], "Bearer bearer");
            notes.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            if *down.lock().unwrap() {
                return (StatusCode::SERVICE_UNAVAILABLE, String::new());
            }
            (StatusCode::OK, json!({ "mailbox_id": "0123456789abcdef0123456789abcdef" }).to_string())
        };
        let router = Router::new().route("/oauth/token", post(token)).route("/v1/mailboxes", post(mailbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "a+secret\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Self { url, asked, is_down, folder }
    }

    fn api(&self) -> MailboxApi {
        MailboxApi::new(&self.url, "scotaccount", &self.folder.path().join("secret")).unwrap()
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_confirmed_identity_gets_a_mailbox_once() {
    let service = Service::start().await;
    let world = World::with(|setup| setup.mailbox_api = Some(service.api()));
    world.tokens("mairi", "openid").await;
    for person in ["brian", "warn", "partial"] {
        world.sign_in(person, IDENTITY).await;
    }
    assert!(service.asked().is_empty());

    let tokens = world.tokens("mairi", IDENTITY).await;
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    let (_, id) = verified(&world.id_keys().await, tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(asked[0]["sub"], id["sub"]);
    let token = asked[0]["claims_token"].as_str().unwrap();
    let (_, claims) = verified(&world.attribute_keys().await, token).unwrap();
    assert_eq!(claims["sub"], id["sub"]);
    assert_eq!(claims["verified_claims"][0]["claims"]["given_name"], "Màiri");

    world.tokens("mairi", IDENTITY).await;
    let world = world.restart(|setup| setup.mailbox_api = Some(service.api()));
    world.tokens("mairi", IDENTITY).await;
    assert_eq!(service.asked().len(), 1);
    world.tokens("paul", IDENTITY).await;
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test]
async fn a_journey_goes_on_without_a_mailbox_and_the_next_one_tries_again() {
    let service = Service::start().await;
    *service.is_down.lock().unwrap() = true;
    let world = World::with(|setup| setup.mailbox_api = Some(service.api()));
    world.tokens("mairi", IDENTITY).await;
    *service.is_down.lock().unwrap() = false;
    world.tokens("mairi", IDENTITY).await;
    world.tokens("mairi", IDENTITY).await;
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test]
async fn the_mailbox_service_knows_the_person_by_its_own_name_for_them() {
    let service = Service::start().await;
    let world = World::with(|setup| {
        setup.mailbox_api = Some(service.api());
        setup.clients[1]["mailbox"] = true.into();
    });
    let tokens = world.tokens("mairi", IDENTITY).await;
    let (_, id) = verified(&world.id_keys().await, tokens["id_token"].as_str().unwrap()).unwrap();
    assert_ne!(service.asked()[0]["sub"], id["sub"]);
}

#[tokio::test]
async fn a_test_can_provision_without_a_journey() {
    let service = Service::start().await;
    let world = World::with(|setup| setup.mailbox_api = Some(service.api()));
    let ask = |person: &'static str| [("person", person), ("client_id", "letterbox")];
    for _ in 0..2 {
        let answer = world.control("/sim/provision", &ask("mairi"), here()).await;
        assert_eq!(answer.json(), json!({ "mailbox_id": "0123456789abcdef0123456789abcdef" }));
    }
    assert_eq!(service.asked().len(), 1);
    for person in ["brian", "nobody"] {
        let answer = world.control("/sim/provision", &ask(person), here()).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{person}");
    }
    *service.is_down.lock().unwrap() = true;
    let answer = world.control("/sim/provision", &ask("paul"), here()).await;
    assert_eq!(answer.error(), (502, "bad_gateway".to_owned()));
    let without = World::start();
    let answer = without.control("/sim/provision", &ask("mairi"), here()).await;
    assert_eq!(answer.error(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_secret_that_others_can_read_is_refused() {
    let service = Service::start().await;
    let file = service.folder.path().join("secret");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(MailboxApi::new(&service.url, "scotaccount", &file).is_err());
}
