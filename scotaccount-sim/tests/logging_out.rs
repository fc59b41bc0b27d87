//! Signing out, from the relying party's side and towards it.

use axum::{Router, http::StatusCode, routing::post};
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Asked, NOW, World, form, verified};

const HOME: &str = "http://localhost:8080/";

fn logout(pairs: &[(&str, &str)]) -> String {
    format!("/authorize/logout?{}", form(pairs))
}

/// Somebody who is signed in: the cookie, and the ID token.
async fn signed_in(world: &World) -> (String, String) {
    let back = world.sign_in("mairi", "openid").await;
    let tokens = world.token(&world.redemption(&back.returned("code"))).await.json();
    (back.cookie(), tokens["id_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_relying_party_signs_somebody_out_and_gets_them_back() {
    let world = World::start();
    let (cookie, hint) = signed_in(&world).await;
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", HOME), ("state", "s")];
    let answer = world.get(&logout(&pairs), Some(&cookie)).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let (address, parameters) = answer.location();
    assert_eq!((address.as_str(), parameters["state"].as_str()), (HOME, "s"));
    assert_eq!(answer.cookie(), "scotaccount_sim_session=");
    let page = world.authorize(&Asked::new(), Some(&cookie)).await;
    assert!(page.body.contains("type=\"radio\""));
    // There is no session any more: the provider's own page.
    let again = world.get(&logout(&pairs), Some(&cookie)).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(again.body.contains("You are signed out"));
}

#[tokio::test]
async fn an_id_token_names_the_session_long_after_it_expired_and_without_a_cookie() {
    let world = World::start();
    let (cookie, hint) = signed_in(&world).await;
    world.pass(3000);
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", HOME)];
    assert_eq!(world.get(&logout(&pairs), None).await.status, StatusCode::FOUND);
    assert!(world.authorize(&Asked::new(), Some(&cookie)).await.body.contains("type=\"radio\""));
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let world = World::start();
    let (cookie, hint) = signed_in(&world).await;
    let tokens = world.tokens("mairi", "openid").await;
    for pairs in [
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "http://localhost:8080")],
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "http://evil.example/")],
        [("id_token_hint", "a.b.c"), ("post_logout_redirect_uri", HOME)],
        [("id_token_hint", tokens["access_token"].as_str().unwrap()), ("post_logout_redirect_uri", HOME)],
        [("state", "s"), ("post_logout_redirect_uri", HOME)],
    ] {
        let answer = world.get(&logout(&pairs), Some(&cookie)).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{pairs:?}");
    }
    assert_eq!(world.get("/logout", None).await.status, StatusCode::NOT_FOUND);
    let old = World::switched(&["logout-path=root"]);
    assert_eq!(old.get("/logout", None).await.status, StatusCode::OK);
    assert_eq!(old.get("/authorize/logout", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn relying_parties_that_the_person_visited_are_told() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hook = move |body: String| async move {
        told.send(body).unwrap();
        StatusCode::OK
    };
    let relying_party = Router::new().route("/logout/backchannel", post(hook));
    tokio::spawn(async move { axum::serve(listener, relying_party).await });

    let url = format!("http://{address}/logout/backchannel");
    let world = World::with(|setup| setup.clients[0]["backchannel_logout_uri"] = url.as_str().into());
    let (cookie, hint) = signed_in(&world).await;
    world.get("/authorize/logout", Some(&cookie)).await;

    let body = hear.recv().await.unwrap();
    let token = body.strip_prefix("logout_token=").unwrap();
    let keys = world.id_keys().await;
    let (header, claims) = verified(&keys, token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let (_, id) = verified(&keys, &hint).unwrap();
    for same in ["iss", "aud", "sub", "sid"] {
        assert_eq!(claims[same], id[same], "{same}");
    }
    assert_eq!(claims["iat"], NOW);
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(claims.get("nonce").is_none());
}
