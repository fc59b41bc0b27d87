//! The beginning and the end of a journey.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Asked, DAY, EVERYTHING, IDENTITY, NOW, RelyingParty, World, verified};

#[tokio::test]
async fn a_sign_in_ends_in_a_token_for_the_nonce_that_it_began_with() {
    let world = World::start();
    let tokens = world.tokens("mairi", "openid").await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(tokens["scope"], "openid");
    let (token_header, claims) =
        verified(&world.id_keys().await, tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(token_header.typ.as_deref(), Some("JWT"));
    assert_eq!(claims["iss"], "http://localhost:9300");
    assert_eq!(claims["aud"], "letterbox");
    assert_eq!(claims["iat"], NOW);
    assert_eq!(claims["exp"], NOW + 900);
    assert_eq!(claims["nonce"], "the nonce");
    for unique in ["sub", "jti", "sid"] {
        assert_eq!(claims[unique].as_str().unwrap().len(), 36, "{unique}");
    }
    let (token_header, claims) =
        verified(&world.id_keys().await, tokens["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(token_header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(claims["cid"], "letterbox");
    assert_eq!(claims["scp"], json!(["openid"]));
    assert_eq!(claims["exp"], NOW + 900);
}

#[tokio::test]
async fn a_person_has_one_name_for_each_relying_party_unless_switched() {
    for (switch, differs) in [("subject=pairwise", true), ("subject=public", false)] {
        let world = World::switched(&[switch]);
        let first = world.tokens("mairi", "openid").await;
        let again = world.tokens("mairi", "openid").await;
        let keys = world.id_keys().await;
        let subject = |tokens: &Value| {
            let token = tokens["id_token"].as_str().unwrap();
            verified(&keys, token).unwrap().1["sub"].clone()
        };
        assert_eq!(subject(&first), subject(&again));

        let other = RelyingParty::other();
        let page = world.authorize(&Asked::new().with("client_id", "other"), None).await;
        let code = world.answer(&page.journey(), "mairi", "continue", None).await.returned("code");
        let assertion = other.assertion(&world.token_endpoint(), world.now());
        let answer = world.token(&world.redemption(&code).with("client_assertion", &assertion)).await;
        assert_eq!(subject(&first) != subject(&answer.json()), differs, "{switch}");
    }
}

#[tokio::test]
async fn every_missing_parameter_is_told_to_the_relying_party() {
    let world = World::start();
    for (name, description) in [
        ("redirect_uri", "Missing redirect_uri parameter"),
        ("response_type", "Missing response_type parameter"),
        ("scope", "Missing scope parameter"),
        ("nonce", "Missing nonce parameter"),
        ("code_challenge", "Required PKCE method(s): [plain, S256]"),
        ("code_challenge_method", "Required PKCE method(s): [plain, S256]"),
    ] {
        let answer = world.authorize(&Asked::new().without(name), None).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{name}");
        assert_eq!(answer.returned("error"), "invalid_request", "{name}");
        assert_eq!(answer.returned("error_description"), description);
    }
    let answer = world.authorize(&Asked::new().without("state"), None).await;
    let (_, parameters) = answer.location();
    assert_eq!(parameters["error_description"], "Missing state parameter");
    assert!(!parameters.contains_key("state"));
}

#[tokio::test]
async fn without_a_registered_recipient_nobody_is_sent_anywhere() {
    let world = World::start();
    let hostile = [
        Asked::new().without("client_id"),
        Asked::new().with("client_id", "nobody"),
        Asked::new().with("redirect_uri", "http://localhost:8080/signed-in/"),
        Asked::new().with("redirect_uri", "http://localhost:8080/signed-in?x=y"),
        Asked::new().with("redirect_uri", "http://localhost:8080.example/signed-in"),
        Asked::new().with("redirect_uri", "HTTP://localhost:8080/signed-in"),
        Asked([Asked::new().0, vec![("client_id", "other".to_owned())]].concat()),
        Asked([Asked::new().0, vec![("redirect_uri", "http://evil.example/".to_owned())]].concat()),
    ];
    for asked in hostile {
        let answer = world.authorize(&asked, None).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{:?}", asked.0);
        assert!(!answer.headers.contains_key(header::LOCATION));
    }
}

#[tokio::test]
async fn what_is_not_supported_is_refused_in_the_words_of_the_documents() {
    let world = World::with(|setup| setup.clients[0]["scopes"] = json!(["openid"]));
    for (name, value, error, description) in [
        ("response_type", "token", "unsupported_response_type", None),
        ("response_mode", "fragment", "invalid_request", None),
        ("code_challenge_method", "plain", "invalid_request", None),
        ("code_challenge", "short", "invalid_request", None),
        ("scope", "profile openid", "invalid_scope", Some("profile")),
        ("scope", "openid scotaccount.address", "invalid_scope", Some("scotaccount.address")),
        ("claims", "{", "invalid_request", Some("Invalid claims parameter: Invalid JSON")),
        ("claims", "{\"userinfo\":{\"email\":null}}", "invalid_claims", None),
        ("dis_prompt", "anything", "invalid_dis_prompt", None),
    ] {
        let answer = world.authorize(&Asked::new().with(name, value), None).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{name}={value}");
        assert_eq!(answer.returned("error"), error, "{name}={value}");
        if let Some(description) = description {
            assert_eq!(answer.returned("error_description"), description);
        }
    }
    let all = World::start();
    let answer = all.authorize(&Asked::new().with("scope", "scotaccount.address"), None).await;
    assert_eq!(answer.returned("error_description"), "missing scope openid");
    let answer = all.authorize(&Asked::new().with("claims", "{\"id_token\":{\"sub\":null}}"), None).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let world = World::start();
    let asked = Asked([Asked::new().0, vec![("nonce", "another".to_owned())]].concat());
    assert_eq!(world.authorize(&asked, None).await.returned("error"), "invalid_request");
}

#[tokio::test]
async fn an_inner_fault_is_told_to_the_relying_party() {
    let world = World::switched(&["fault=500"]);
    assert_eq!(world.authorize(&Asked::new(), None).await.returned("error"), "server_error");
}

#[tokio::test]
async fn cancelling_is_told_apart_by_who_cancels() {
    let world = World::start();
    let page = world.authorize(&Asked::new(), None).await;
    let answer = world.answer(&page.journey(), "", "cancel", None).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.returned("error"), "account_selection_required");
    assert_eq!(answer.returned("error_description"), "Account sign-up was cancelled");

    let answer = world.sign_in("cancel", "openid").await;
    assert_eq!(answer.returned("error"), "account_selection_required");

    let cookie = world.sign_in("mairi", "openid").await.cookie();
    let page = world.authorize(&Asked::new().with("scope", IDENTITY), Some(&cookie)).await;
    let answer = world.answer(&page.journey(), "mairi", "cancel", Some(&cookie)).await;
    assert_eq!(answer.returned("error"), "access_denied");
}

#[tokio::test]
async fn who_is_signed_in_is_only_asked_what_to_release() {
    let world = World::start();
    let first = world.sign_in("mairi", "openid").await;
    let set = first.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"), "{set}");

    let cookie = first.cookie();
    let page = world.authorize(&Asked::new().with("scope", EVERYTHING), Some(&cookie)).await;
    assert!(!page.body.contains("type=\"radio\"") && page.body.contains("Màiri MacDonald"));
    assert!(page.body.contains("<input type=\"hidden\" name=\"person\" value=\"mairi\">"));
    let again = world.answer(&page.journey(), "mairi", "continue", Some(&cookie)).await;
    assert_eq!(again.cookie(), cookie);

    // The session ends after an hour, and a cookie of nobody's is nobody.
    world.pass(3600);
    for cookie in [cookie.as_str(), "scotaccount_sim_session=guess"] {
        let page = world.authorize(&Asked::new(), Some(cookie)).await;
        assert!(page.body.contains("type=\"radio\""));
    }
}

#[tokio::test]
async fn somebody_else_in_the_same_browser_gets_a_session_of_their_own() {
    let world = World::start();
    let cookie = world.sign_in("mairi", "openid").await.cookie();
    let page = world.authorize(&Asked::new(), Some(&cookie)).await;
    let resumed = world.get(&format!("/authorize/resume?request={}", page.journey()), Some(&cookie)).await;
    assert!(resumed.body.contains("type=\"radio\""));
    let answer = world.answer(&page.journey(), "paul", "continue", Some(&cookie)).await;
    assert_ne!(answer.cookie(), cookie);
}

#[tokio::test]
async fn a_journey_goes_on_in_another_browser_for_seven_days() {
    let world = World::start();
    let page = world.authorize(&Asked::new(), None).await;
    let resume = format!("/authorize/resume?request={}", page.journey());
    world.pass(7 * DAY - 1);
    let elsewhere = world.get(&resume, None).await;
    assert_eq!((elsewhere.status, elsewhere.journey()), (StatusCode::OK, page.journey()));
    world.pass(1);
    assert_eq!(world.get(&resume, None).await.status, StatusCode::BAD_REQUEST);
    let late = world.answer(&page.journey(), "mairi", "continue", None).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_journey_is_answered_once() {
    let world = World::start();
    let page = world.authorize(&Asked::new(), None).await;
    let nobody = world.answer(&page.journey(), "nobody", "continue", None).await;
    assert_eq!((nobody.status, nobody.journey()), (StatusCode::OK, page.journey()));
    let first = world.answer(&page.journey(), "mairi", "continue", None).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = world.answer(&page.journey(), "mairi", "continue", None).await;
    assert_eq!(second.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn discovery_says_what_is_documented() {
    let world = World::start();
    let document = world.get("/.well-known/openid-configuration", None).await.json();
    assert_eq!(document["issuer"], "http://localhost:9300");
    assert_eq!(document["authorization_endpoint"], "http://localhost:9300/authorize");
    assert_eq!(document["token_endpoint"], "http://localhost:9300/token");
    assert_eq!(document["jwks_uri"], "http://localhost:9300/jwks.json");
    assert_eq!(document["subject_types_supported"], json!(["pairwise"]));
    assert_eq!(document["scopes_supported"][2], "scotaccount.gpg45.medium");
    for absent in ["userinfo_endpoint", "acr_values_supported", "end_session_endpoint"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
}
