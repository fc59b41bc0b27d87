//! What the operator asks, and what anybody may read about the service.

use api::Code;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::{
    identity_provider::ANN,
    support::{Directory, ORIGIN, attributes, get},
    vault::{Vault, entry_of},
};

#[tokio::test]
async fn a_running_directory_is_alive_and_ready() {
    let directory = Directory::start().await;
    assert_eq!(directory.ask(get("/healthz")).await, (StatusCode::OK, "ok\n".into()));
    assert_eq!(directory.ask(get("/readyz")).await, (StatusCode::OK, "ready\n".into()));
    directory.app.stop();
    assert_eq!(directory.send(get("/readyz")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn metrics_count_and_name_nobody() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(ANN, 10);
    let (first, published) = vault.enrol(&directory).await;
    vault.recovering(20, &entry_of(&first)).enrol(&directory).await;
    directory.look_up(&attributes(&ANN)).await;
    let (_, text) = directory.ask(get("/metrics")).await;
    let text = String::from_utf8(text.to_vec()).unwrap();
    for counted in [
        "letterbox_lookups_total{outcome=\"found\"}",
        "letterbox_entries_published_total{change=\"first\"}",
        "letterbox_entries_published_total{change=\"recovery\"}",
        "letterbox_sign_ins_total",
        "route=\"/v1/lookups\"",
    ] {
        assert!(text.contains(counted), "{counted}\n{text}");
    }
    let mailbox: String = published.mailbox.0.iter().map(|byte| format!("{byte:02x}")).collect();
    for identifier in [mailbox.as_str(), &ANN.subject(), "example-council", "Neil", "127.0.0.1"] {
        assert!(!text.contains(identifier), "{identifier}");
    }
}

#[tokio::test]
async fn only_the_clients_origin_may_ask() {
    let directory = Directory::start().await;
    let preflight = |origin: &str| {
        Request::options("/v1/sign-ins")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .body(Body::empty())
            .unwrap()
    };
    let answer = directory.send(preflight(ORIGIN)).await;
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);
    let answer = directory.send(preflight("https://evil.example")).await;
    assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
}

#[tokio::test]
async fn the_description_lists_every_resource_and_every_code_of_the_directory() {
    let directory = Directory::start().await;
    let (_, text) = directory.ask(get("/openapi.json")).await;
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let operations = [
        ("/v1/sign-ins", "post"),
        ("/v1/sign-ins/collect", "post"),
        ("/v1/sign-ins/entries", "post"),
        ("/v1/sign-ins/session", "post"),
        ("/v1/entries", "post"),
        ("/v1/lookups", "post"),
        ("/v1/registry", "get"),
        ("/v1/head", "get"),
        ("/v1/bodies", "post"),
        ("/oauth/token", "post"),
        ("/v1/mailboxes", "post"),
    ];
    for (path, method) in operations {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    let text = String::from_utf8(text.to_vec()).unwrap();
    for code in Code::OF_THE_DIRECTORY {
        assert!(text.contains(code.as_str()), "{code:?} is described nowhere");
    }
}
