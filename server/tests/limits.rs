//! Origins, addresses, slow and wrong requests.

use std::{convert::Infallible, net::IpAddr, time::Duration};

use api::Code;
use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use futures_util::{StreamExt as _, stream};
use letterbox_server::app::Limits;
use service::addresses::Peer;

use crate::support::{ORIGIN, Relay, generous, sealed_permit};

fn preflight(origin: &str) -> Request<Body> {
    Request::options("/v1/deposits")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "letterbox-permit")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn only_the_clients_origin_may_ask() {
    let relay = Relay::start();
    let answer = relay.send(preflight(ORIGIN)).await;
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);
    assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());
    for hostile in ["https://letterbox.example.evil", "http://letterbox.example", "null"] {
        let answer = relay.send(preflight(hostile)).await;
        assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none(), "{hostile}");
    }
}

#[tokio::test]
async fn the_clients_pages_may_ask_in_every_way_that_the_relay_answers() {
    let answer = Relay::start().send(preflight(ORIGIN)).await;
    let methods = answer.headers()[header::ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap();
    for method in ["GET", "POST", "PUT", "DELETE"] {
        assert!(methods.split(',').any(|allowed| allowed.trim() == method), "{method}: {methods}");
    }
}

#[tokio::test]
async fn refusals_can_be_read_by_the_client_and_are_never_kept() {
    let relay = Relay::start();
    let request = Request::get("/v1/nothing").header("origin", ORIGIN).body(Body::empty()).unwrap();
    let answer = relay.send(request).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], ORIGIN);
    // Without it a page is never told when to ask again.
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS], "retry-after");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn what_is_not_there_is_refused_as_a_problem() {
    let relay = Relay::start();
    relay.refused(Request::get("/v1/nothing").body(Body::empty()).unwrap(), Code::NotFound).await;
    relay.refused(Request::get("/v1/deposits").body(Body::empty()).unwrap(), Code::MethodNotAllowed).await;
}

#[tokio::test]
async fn one_address_cannot_ask_without_end_and_others_still_can() {
    let relay = Relay::with(Limits { requests_per_second: 1, burst: 3, ..Limits::default() }, 10);
    let from = |address: [u8; 4]| {
        let mut request = Request::get("/openapi.json").body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(IpAddr::from(address)));
        request
    };
    for _ in 0..3 {
        assert_eq!(relay.send(from([192, 0, 2, 1])).await.status(), StatusCode::OK);
    }
    let refused = relay.send(from([192, 0, 2, 1])).await;
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    relay.refused(from([192, 0, 2, 1]), Code::TooManyRequests).await;
    assert_eq!(relay.send(from([192, 0, 2, 2])).await.status(), StatusCode::OK);
}

fn streamed(body: Body) -> Request<Body> {
    Request::post("/v1/deposits")
        .header("content-type", "application/octet-stream")
        .header("letterbox-permit", Base64UrlUnpadded::encode_string(&sealed_permit(1)))
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn a_body_that_does_not_end_is_cut_off() {
    let relay = Relay::with(Limits { body: Duration::from_millis(50), ..generous() }, 10);
    let stalled = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"some"))]).chain(stream::pending());
    relay.refused(streamed(Body::from_stream(stalled)), Code::TooSlow).await;
    // Without a declared length, as chunked bodies are.
    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[0; 1024])));
    relay.refused(streamed(Body::from_stream(endless)), Code::TooLarge).await;
}
