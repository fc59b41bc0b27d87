//! What the operator asks.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};

use crate::support::{MAILBOX, Relay, sealed_permit, uploading};

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_running_relay_is_alive_and_ready() {
    let relay = Relay::start();
    assert_eq!(relay.ask(get("/healthz")).await, (StatusCode::OK, "ok\n".into()));
    assert_eq!(relay.ask(get("/readyz")).await, (StatusCode::OK, "ready\n".into()));
    relay.app.stop();
    assert_eq!(relay.send(get("/readyz")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(relay.send(get("/healthz")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_name_nobody() {
    let relay = Relay::opened().await;
    relay.deposit(1, b"sealed").await;
    relay.ask(relay.get(&format!("/v1/mailbox/archive/{}", "ab".repeat(16)))).await;
    let part = uploading(&sealed_permit(2), 0xcd, 8, 0, b"part");
    assert_eq!(relay.send(part).await.status(), StatusCode::OK);
    let (_, text) = relay.ask(get("/metrics")).await;
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains("letterbox_deposits_total{outcome=\"receipt\"}"), "{text}");
    assert!(text.contains("letterbox_blob_parts_total{outcome=\"stored\"}"), "{text}");
    assert!(text.contains("letterbox_blob_bytes_total"), "{text}");
    assert!(text.contains("route=\"/v1/mailbox/archive/{id}\""), "{text}");
    assert!(text.contains("route=\"/v1/blobs/{blob}\""), "{text}");
    let mailbox: String = MAILBOX.iter().map(|byte| format!("{byte:02x}")).collect();
    for identifier in [mailbox.as_str(), &"ab".repeat(16), &"cd".repeat(16), "127.0.0.1"] {
        assert!(!text.contains(identifier), "{identifier}");
    }
}

#[tokio::test]
async fn the_description_lists_every_resource_and_every_code_has_a_place() {
    let relay = Relay::start();
    let (_, text) = relay.ask(get("/openapi.json")).await;
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let operations = [
        ("/v1/mailboxes", "post"),
        ("/v1/mailbox/access", "put"),
        ("/v1/blobs/{blob}", "put"),
        ("/v1/deposits", "post"),
        ("/v1/mailbox/letters", "get"),
        ("/v1/mailbox/blobs/{blob}", "get"),
        ("/v1/mailbox/blobs/{blob}", "delete"),
        ("/v1/mailbox/archive", "post"),
        ("/v1/mailbox/archive", "get"),
        ("/v1/mailbox/archive/{id}", "get"),
        ("/v1/mailbox/events", "get"),
        ("/v1/mailbox/recovery", "put"),
        ("/v1/recovery", "get"),
        ("/v1/recovery", "put"),
        ("/v1/recovery/restart", "post"),
        ("/v1/recovery/session", "post"),
        ("/v1/session", "delete"),
        ("/v1/mailbox/sessions", "get"),
        ("/v1/mailbox/sessions/{id}", "delete"),
    ];
    for (path, method) in operations {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    let signatures = &document["components"]["securitySchemes"];
    for who in ["device", "recovery", "session"] {
        assert!(signatures[who].is_object(), "{signatures}");
    }
    let own =
        ["malformed", "not-found", "method-not-allowed", "too-slow", "too-large", "unsupported-media-type"];
    let text = String::from_utf8(text.to_vec()).unwrap();
    let of_the_relay =
        |code: &&api::Code| !own.contains(&code.as_str()) && !api::Code::OF_THE_DIRECTORY.contains(code);
    for code in api::Code::ALL.iter().filter(of_the_relay) {
        assert!(text.contains(code.as_str()), "{code:?} is described nowhere");
    }
}
