//! Verified attributes.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use crate::support::{Asked, EVERYTHING, IDENTITY, NOW, RelyingParty, World, send, verified};

const ADDRESS: &str = "openid scotaccount.address";

/// The claims of what is released to the relying party for somebody who signs in.
async fn released(world: &World, person: &str, scopes: &str) -> Value {
    let tokens = world.tokens(person, scopes).await;
    let answer = world.released(&tokens).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let token = answer.json()["claimsToken"].as_str().unwrap().to_owned();
    let (_, claims) = verified(&world.attribute_keys().await, &token).unwrap();
    let id = verified(&world.id_keys().await, tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(claims["sub"], id.1["sub"]);
    claims
}

fn entry<'a>(claims: &'a Value, scope: &str) -> Option<&'a Value> {
    claims["verified_claims"].as_array().unwrap().iter().find(|entry| entry["scope"] == scope)
}

#[tokio::test]
async fn attributes_come_as_the_schema_has_them_from_an_issuer_of_their_own() {
    let world = World::start();
    let claims = released(&world, "mairi", EVERYTHING).await;
    assert_eq!(claims["iss"], "http://localhost:9301");
    assert_eq!(claims["iat"], NOW);
    let identity = entry(&claims, "scotaccount.gpg45.medium").unwrap();
    assert_eq!(
        identity["claims"],
        json!({ "given_name": "Màiri", "family_name": "MacDonald", "birth_date": "1985-03-14" })
    );
    let verification = &identity["verification"];
    for (name, value) in [
        ("outcome", "VERIFIED_SUCCESSFULLY"),
        ("trust_framework", "uk_tfida"),
        ("assurance_policy", "GPG_45"),
        ("confidence_level", "medium"),
        ("time", "2027-01-15T08:00:00Z"),
    ] {
        assert_eq!(verification[name], value, "{name}");
    }
    assert_eq!(verification["verifier"]["txn"].as_str().unwrap().len(), 36);
    let address = entry(&claims, "scotaccount.address").unwrap();
    assert_eq!(address["claims"]["address"]["postalCode"], "EH1 1AA");
    assert_eq!(address["verification"]["validation_method"], "credit_reference_agency");
    let email = entry(&claims, "scotaccount.email").unwrap();
    assert_eq!(email["claims"], json!({ "email": "mairi@example.scot" }));
    // The keys of one service say nothing for the other.
    let tokens = world.tokens("mairi", "openid").await;
    assert!(verified(&world.attribute_keys().await, tokens["id_token"].as_str().unwrap()).is_none());
}

#[tokio::test]
async fn only_the_scopes_that_were_asked_for_are_released() {
    let world = World::start();
    let claims = released(&world, "mairi", ADDRESS).await;
    assert_eq!(claims["verified_claims"].as_array().unwrap().len(), 1);
    assert!(!claims.to_string().contains("MacDonald"));
}

#[tokio::test]
async fn how_people_fare_shows_in_their_attributes() {
    let world = World::start();
    let outcome = |claims: &Value| {
        entry(claims, "scotaccount.gpg45.medium").map(|entry| entry["verification"]["outcome"].clone())
    };
    let warned = released(&world, "warn", IDENTITY).await;
    assert_eq!(outcome(&warned), Some("VERIFIED_WITH_WARNINGS".into()));
    let failed = released(&world, "brian", IDENTITY).await;
    assert_eq!(outcome(&failed), Some("VERIFICATION_FAILED".into()));
    assert!(!failed.to_string().contains("Harle"));
    let partial = released(&world, "partial", EVERYTHING).await;
    assert_eq!(outcome(&partial), None);
    assert!(entry(&partial, "scotaccount.address").is_some());
    let without = released(&world, "noaddr", EVERYTHING).await;
    assert_eq!(outcome(&without), Some("VERIFIED_SUCCESSFULLY".into()));
    assert!(entry(&without, "scotaccount.address").is_none());
}

#[tokio::test]
async fn a_person_of_whom_there_is_nothing_to_say_is_not_found() {
    let world = World::start();
    for (person, scopes) in [("noaddr", ADDRESS), ("partial", IDENTITY)] {
        let answer = world.released(&world.tokens(person, scopes).await).await;
        assert_eq!(answer.error(), (404, "not_found".to_owned()), "{person}");
    }
}

#[tokio::test]
async fn a_failed_identity_is_told_in_each_documented_way() {
    let denied = World::switched(&["failed-identity=denied"]);
    assert_eq!(denied.sign_in("brian", IDENTITY).await.returned("error"), "access_denied");
    assert_eq!(denied.sign_in("brian", "openid").await.status.as_u16(), 303);
    let missing = World::switched(&["failed-identity=missing"]);
    let answer = missing.released(&missing.tokens("brian", IDENTITY).await).await;
    assert_eq!(answer.status.as_u16(), 404);
}

#[tokio::test]
async fn older_forms_come_where_switched() {
    let world = World::switched(&["claims=object", "address-names=snake"]);
    let claims = released(&world, "mairi", ADDRESS).await;
    assert_eq!(claims["verified_claims"]["claims"]["address"]["postal_code"], "EH1 1AA");
    assert!(released(&world, "mairi", EVERYTHING).await["verified_claims"].is_array());

    let world = World::switched(&["scope-name=dashed"]);
    let claims = released(&world, "mairi", "openid gpg-45-medium").await;
    assert!(entry(&claims, "gpg-45-medium").is_some());
    let page = world.authorize(&Asked::new().with("scope", IDENTITY), None).await;
    assert_eq!(page.returned("error"), "invalid_scope");

    let world = World::switched(&["access-token=opaque", "access-token-life=14400"]);
    let tokens = world.tokens("mairi", IDENTITY).await;
    assert!(!tokens["access_token"].as_str().unwrap().contains('.'));
    assert_eq!(tokens["expires_in"], 900);
    world.pass(14_399);
    assert_eq!(world.released(&tokens).await.status.as_u16(), 200);
    world.pass(1);
    assert_eq!(world.released(&tokens).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_token_that_cannot_be_read_or_is_over_is_unauthorised() {
    let world = World::start();
    let tokens = world.tokens("mairi", IDENTITY).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    let forged = format!("{}A", &access[..access.len() - 1]);
    for token in ["", "a.b.c", id_token, forged.as_str()] {
        let assertion = world.letterbox.assertion(&world.attributes_endpoint(), world.now());
        let answer = world.values(token, &assertion).await;
        // The last sign of a signature may have been an A before.
        assert!(token == access || answer.status.as_u16() == 401, "{token}");
    }
    let request = Request::get("/attributes/values").body(Body::empty()).unwrap();
    assert_eq!(send(&world.attributes, request).await.status.as_u16(), 401);
    let request =
        Request::get("/attributes/values").header(header::AUTHORIZATION, format!("Bearer {access}"));
    let answer = send(&world.attributes, request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.error(), (401, "invalid_client".to_owned()));
    world.pass(900);
    assert_eq!(world.released(&tokens).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_genuine_caller_gets_no_further_than_its_own_grants() {
    let world = World::start();
    let (rp, other) = (RelyingParty::letterbox(), RelyingParty::other());
    let url = world.attributes_endpoint();
    let tokens = world.tokens("mairi", IDENTITY).await;
    let access = tokens["access_token"].as_str().unwrap();
    let used = rp.assertion(&url, NOW);
    assert_eq!(world.values(access, &used).await.status.as_u16(), 200);
    for (what, assertion) in [
        ("used before", used),
        ("for the token endpoint", rp.assertion(&world.token_endpoint(), NOW)),
        ("another client", other.assertion(&url, NOW)),
        ("another's signature", other.sign(&rp.header(), &rp.claims(&url, NOW))),
    ] {
        assert_eq!(
            world.values(access, &assertion).await.error(),
            (403, "access_denied".to_owned()),
            "{what}"
        );
    }
    let tokens = world.tokens("mairi", "openid").await;
    assert_eq!(world.released(&tokens).await.error(), (403, "insufficient_scope".to_owned()));
    let expired = rp.assertion(&url, NOW - 600);
    assert_eq!(world.values(access, &expired).await.status.as_u16(), 401);
}
