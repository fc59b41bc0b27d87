//! The control path.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};

use crate::support::{World, here, send};

#[tokio::test]
async fn only_this_machine_controls_the_stand_in() {
    let world = World::start();
    let elsewhere: [Option<SocketAddr>; 3] =
        [None, "192.0.2.1:40000".parse().ok(), "[2001:db8::1]:40000".parse().ok()];
    for path in ["/sim/switch", "/sim/rotate-keys", "/sim/provision"] {
        for peer in elsewhere {
            let answer = world.control(path, &[], peer).await;
            assert_eq!(answer.error(), (403, "access_denied".to_owned()), "{path} {peer:?}");
        }
    }
    for peer in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        let answer = world.control("/sim/switch", &[], peer.parse().ok()).await;
        assert_eq!(answer.status.as_u16(), 200, "{peer}");
    }
}

#[tokio::test]
async fn a_page_on_this_machine_does_not_control_the_stand_in() {
    let world = World::start();
    for (name, value) in [(header::ORIGIN.as_str(), "http://localhost:8080"), ("sec-fetch-site", "same-site")]
    {
        let request = Request::post("/sim/switch").header(name, value);
        let request = request.extension(ConnectInfo(here().unwrap())).body(Body::from("fault=504"));
        assert_eq!(send(&world.provider, request.unwrap()).await.status.as_u16(), 403, "{name}");
    }
    assert_eq!(world.get("/jwks.json", None).await.status.as_u16(), 200);
}

#[tokio::test]
async fn switches_are_thrown_all_or_none() {
    let world = World::start();
    let answer = world.control("/sim/switch", &[("fault", "504"), ("claims", "object")], here()).await;
    let settings = answer.json();
    assert_eq!(settings["fault"], "504");
    assert_eq!(settings["claims"], "object");
    assert_eq!(world.get("/jwks.json", None).await.status.as_u16(), 504);
    let answer = world.control("/sim/switch", &[("fault", "none"), ("claims", "list")], here()).await;
    assert_eq!(answer.error(), (400, "invalid_request".to_owned()));
    assert_eq!(world.get("/jwks.json", None).await.status.as_u16(), 504);
    world.control("/sim/switch", &[("fault", "none")], here()).await;
    assert_eq!(world.get("/jwks.json", None).await.status.as_u16(), 200);
}
