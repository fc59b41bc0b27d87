//! Codes and refresh tokens against tokens.

use jsonwebtoken::{Algorithm, EncodingKey};
use rsa::{RsaPrivateKey, pkcs1::EncodeRsaPrivateKey as _, pkcs8::DecodePrivateKey as _};
use serde_json::{Value, json};

use crate::support::{IDENTITY, NOW, RelyingParty, World, some_rsa_key};

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_code_works_only_with_its_verifier_and_its_address() {
    let world = World::start();
    for (name, value) in [
        ("code_verifier", "another-verifier-that-is-long-enough-as-well"),
        ("code_verifier", "short"),
        ("redirect_uri", "http://localhost:8080/elsewhere"),
    ] {
        let code = world.sign_in("mairi", "openid").await.returned("code");
        let answer = world.token(&world.redemption(&code).with(name, value)).await;
        assert_eq!(answer.error(), error(400, "invalid_grant"), "{name}={value}");
        // It is spent: there is no second guess.
        assert_eq!(world.token(&world.redemption(&code)).await.error(), error(400, "invalid_grant"));
    }
}

#[tokio::test]
async fn a_code_that_comes_again_revokes_what_it_gave() {
    let world = World::start();
    let code = world.sign_in("mairi", IDENTITY).await.returned("code");
    let tokens = world.token(&world.redemption(&code)).await.json();
    assert_eq!(world.released(&tokens).await.status.as_u16(), 200);
    assert_eq!(world.token(&world.redemption(&code)).await.error(), error(400, "invalid_grant"));
    assert_eq!(world.released(&tokens).await.status.as_u16(), 401);
    let renewal = world.renewal(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(world.token(&renewal).await.error(), error(400, "invalid_grant"));
}

#[tokio::test]
async fn somebody_elses_code_is_neither_taken_nor_spent() {
    let world = World::start();
    let code = world.sign_in("mairi", "openid").await.returned("code");
    let assertion = RelyingParty::other().assertion(&world.token_endpoint(), world.now());
    let theirs = world.redemption(&code).with("client_assertion", &assertion);
    assert_eq!(world.token(&theirs).await.error(), error(400, "invalid_grant"));
    assert_eq!(world.token(&world.redemption(&code)).await.status.as_u16(), 200);
    // Nor does somebody else's attempt revoke what a spent code gave.
    let assertion = RelyingParty::other().assertion(&world.token_endpoint(), world.now());
    let theirs = world.redemption(&code).with("client_assertion", &assertion);
    assert_eq!(world.token(&theirs).await.error(), error(400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_works_for_ten_minutes_or_for_one_where_switched() {
    for (switch, life) in [("code-life=600", 600), ("code-life=60", 60)] {
        let world = World::switched(&[switch]);
        let (early, late) = (world.sign_in("mairi", "openid").await, world.sign_in("mairi", "openid").await);
        world.pass(life - 1);
        assert_eq!(world.token(&world.redemption(&early.returned("code"))).await.status.as_u16(), 200);
        world.pass(1);
        let answer = world.token(&world.redemption(&late.returned("code"))).await;
        assert_eq!(answer.error(), error(400, "invalid_grant"), "{switch}");
    }
}

#[tokio::test]
async fn every_missing_field_is_named() {
    let world = World::start();
    for name in ["grant_type", "code", "redirect_uri", "code_verifier"] {
        let answer = world.token(&world.redemption("any").without(name)).await;
        assert_eq!(answer.error(), error(400, "invalid_request"), "{name}");
        assert_eq!(answer.json()["error_description"], format!("Missing {name} parameter"));
    }
    for name in ["client_assertion", "client_assertion_type"] {
        let answer = world.token(&world.redemption("any").without(name)).await;
        assert_eq!(answer.error(), error(401, "invalid_client"), "{name}");
    }
    let answer = world.token(&world.redemption("any").with("grant_type", "client_credentials")).await;
    assert_eq!(answer.error(), error(400, "unauthorized_client"));
    let answer = world.token(&world.redemption("any").with("grant_type", "magic")).await;
    assert_eq!(answer.error(), error(400, "unsupported_grant_type"));
    let answer = world.token(&world.redemption("any").with("client_id", "other")).await;
    assert_eq!(answer.error(), error(401, "invalid_client"));
}

#[tokio::test]
async fn an_assertion_that_is_not_exactly_right_is_refused() {
    let world = World::start();
    let rp = RelyingParty::letterbox();
    type Change = fn(&mut Value);
    let hostile: [(&str, Change); 12] = [
        ("for the issuer", |claims| claims["aud"] = "http://localhost:9300".into()),
        ("for the attributes", |claims| claims["aud"] = "http://localhost:9301/attributes/values".into()),
        ("for two", |claims| claims["aud"] = json!(["http://localhost:9300/token", "http://evil.example"])),
        ("expired", |claims| claims["exp"] = (NOW - 120).into()),
        ("for months", |claims| claims["exp"] = (NOW + 15_552_000).into()),
        ("in milliseconds", |claims| claims["exp"] = ((NOW + 60) * 1000).into()),
        ("from the future", |claims| claims["iat"] = (NOW + 120).into()),
        ("without a time", |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("without a number", |claims| drop(claims.as_object_mut().unwrap().remove("jti"))),
        ("with an empty number", |claims| claims["jti"] = "".into()),
        ("about another", |claims| claims["sub"] = "other".into()),
        ("from nobody", |claims| claims["iss"] = "nobody".into()),
    ];
    for (what, change) in hostile {
        let mut claims = rp.claims(&world.token_endpoint(), NOW);
        change(&mut claims);
        let assertion = rp.sign(&rp.header(), &claims);
        let answer = world.token(&world.redemption("any").with("client_assertion", &assertion)).await;
        assert_eq!(answer.error(), error(401, "invalid_client"), "{what}");
    }
}

#[tokio::test]
async fn an_assertion_works_once() {
    let world = World::start();
    let assertion = world.letterbox.assertion(&world.token_endpoint(), NOW);
    let asked = || world.redemption("any").with("client_assertion", &assertion);
    // The first gets as far as the code.
    assert_eq!(world.token(&asked()).await.error(), error(400, "invalid_grant"));
    assert_eq!(world.token(&asked()).await.error(), error(401, "invalid_client"));
    world.pass(100);
    assert_eq!(world.token(&asked()).await.error(), error(401, "invalid_client"));
}

#[tokio::test]
async fn the_assertions_key_is_the_registered_one_by_its_thumbprint() {
    let world = World::start();
    let (rp, other) = (RelyingParty::letterbox(), RelyingParty::other());
    let claims = || rp.claims(&world.token_endpoint(), NOW);
    let mut unnamed = rp.header();
    unnamed.kid = None;
    let mut unknown = rp.header();
    unknown.kid = Some("1".to_owned());
    let mut critical = rp.header();
    critical.crit = Some(vec!["b64".to_owned()]);
    for (what, assertion) in [
        ("no kid", rp.sign(&unnamed, &claims())),
        ("an unknown kid", rp.sign(&unknown, &claims())),
        ("an extension", rp.sign(&critical, &claims())),
        ("another's key", other.sign(&other.header(), &claims())),
        ("another's signature", other.sign(&rp.header(), &claims())),
        ("no token", "a.b.c".to_owned()),
    ] {
        let answer = world.token(&world.redemption("any").with("client_assertion", &assertion)).await;
        assert_eq!(answer.error(), error(401, "invalid_client"), "{what}");
    }
}

#[tokio::test]
async fn long_assertions_and_milliseconds_are_taken_where_switched() {
    for (switch, unit, life) in
        [("assertion-life=15552000", 1, 15_000_000), ("assertion-time=milliseconds", 1000, 60)]
    {
        let world = World::switched(&[switch]);
        let rp = RelyingParty::letterbox();
        let mut claims = rp.claims(&world.token_endpoint(), NOW);
        claims["iat"] = (NOW * unit).into();
        claims["exp"] = ((NOW + life) * unit).into();
        let code = world.sign_in("mairi", "openid").await.returned("code");
        let assertion = rp.sign(&rp.header(), &claims);
        let answer = world.token(&world.redemption(&code).with("client_assertion", &assertion)).await;
        assert_eq!(answer.status.as_u16(), 200, "{switch}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_rsa_key_may_sign_assertions_too() {
    let der = RsaPrivateKey::from_pkcs8_pem(&some_rsa_key()).unwrap().to_pkcs1_der().unwrap();
    let rp = RelyingParty::new("letterbox", Algorithm::RS256, EncodingKey::from_rsa_der(der.as_bytes()));
    let registration = rp.registration();
    let world = World::with(|setup| setup.clients[0] = registration);
    let code = world.sign_in("mairi", "openid").await.returned("code");
    let assertion = rp.assertion(&world.token_endpoint(), NOW);
    let answer = world.token(&world.redemption(&code).with("client_assertion", &assertion)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_takes_everything_with_it_when_it_comes_again() {
    let world = World::start();
    let tokens = world.tokens("mairi", IDENTITY).await;
    let old = tokens["refresh_token"].as_str().unwrap();
    let renewed = world.token(&world.renewal(old).with("scope", "openid")).await.json();
    assert_eq!(renewed["scope"], "openid");
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    let wider = world.renewal(renewed["refresh_token"].as_str().unwrap()).with("scope", "openid profile");
    assert_eq!(world.token(&wider).await.error(), error(400, "invalid_scope"));

    assert_eq!(world.token(&world.renewal(old)).await.error(), error(400, "invalid_grant"));
    let newest = world.renewal(renewed["refresh_token"].as_str().unwrap());
    assert_eq!(world.token(&newest).await.error(), error(400, "invalid_grant"));
    assert_eq!(world.released(&tokens).await.status.as_u16(), 401);
}

#[tokio::test]
async fn nothing_is_renewed_after_a_quarter_of_an_hour_or_after_signing_out() {
    let world = World::start();
    let tokens = world.tokens("mairi", "openid").await;
    world.pass(900);
    let renewal = world.renewal(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(world.token(&renewal).await.error(), error(400, "invalid_grant"));

    let back = world.sign_in("mairi", "openid").await;
    assert_eq!(world.get("/authorize/logout", Some(&back.cookie())).await.status.as_u16(), 200);
    let answer = world.token(&world.redemption(&back.returned("code"))).await;
    assert_eq!(answer.error(), error(401, "invalid_session_id"));
    assert_eq!(answer.json()["error_description"], "Invalid SID or expired session");
}

#[tokio::test]
async fn a_caller_that_is_not_listed_waits_in_vain() {
    let world = World::switched(&["fault=504"]);
    assert_eq!(world.token(&world.redemption("any")).await.status.as_u16(), 504);
    assert_eq!(world.get("/jwks.json", None).await.status.as_u16(), 504);
    assert_eq!(world.get("/.well-known/openid-configuration", None).await.status.as_u16(), 504);
    assert_eq!(world.released(&json!({ "access_token": "any" })).await.status.as_u16(), 504);
    // The browser comes from elsewhere.
    assert_eq!(world.sign_in("mairi", "openid").await.status.as_u16(), 303);
}
