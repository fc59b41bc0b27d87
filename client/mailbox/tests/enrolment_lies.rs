//! Enrolment: every lie on the way, by its name.

use api::{
    Octets16,
    directory::{Collected, Published, SignInAnswer},
};
use client_mailbox::{
    enrolment::{Enrolment, EnrolmentError, Lie, Stage},
    http::{AnswerError, HttpResponse},
    keys::DeviceKeys,
};
use crypto_core::{
    directory::{FRESHNESS, HeadError, LookupError},
    evidence::EvidenceError,
    jwt::JwtError,
};
use relay_auth::cbor::DecodeError;
use serde_json::json;

use crate::{
    journey::{Journey, STAGES, SUBJECT, at, ok, parameter, returned},
    test_keys::ATTRIBUTES,
    world::{
        ANN, BOB, NOW, TestRng, address_claims, attribute_claims, claims_token, id_claims, id_token, token,
    },
};

/// An answer that says no.
fn refused(code: &str) -> HttpResponse {
    let problem = json!({ "type": "", "title": "", "status": 403, "detail": "", "code": code });
    HttpResponse::new(403, serde_json::to_vec(&problem).unwrap())
}

#[test]
fn what_belongs_to_no_sign_in_of_this_device_is_not_redeemed() {
    let (mut journey, _) = at(Stage::Account);
    let later = {
        let (other, _) = at(Stage::Identity);
        parameter(&other.authorise_url(), "state")
    };
    let own = parameter(&journey.authorise_url(), "state");
    let before = journey.enrolment.clone();
    for query in [
        "code=c&state=x".to_owned(),
        "code=c&state=".to_owned(),
        // Of a stage that this one has not come to.
        format!("code=c&state={later}"),
        // From another provider (RFC 9207).
        format!("code=c&state={own}&iss=https%3A%2F%2Fevil.example"),
        "error=access_denied&state=x".to_owned(),
    ] {
        let refused = journey.enrolment.redeem(&journey.trust, &returned(&query), NOW);
        assert_eq!(refused, Err(EnrolmentError::UnknownSignIn), "{query}");
    }
    journey.enrolment.renew(&mut TestRng(50));
    let old = journey.enrolment.redeem(&journey.trust, &returned(&format!("code=c&state={own}")), NOW);
    assert_eq!(old, Err(EnrolmentError::UnknownSignIn));
    assert_ne!(journey.enrolment, before);
}

#[test]
fn a_token_that_is_not_for_this_device_stops_every_stage() {
    for stage in STAGES {
        let (journey, _) = at(stage);
        let nonce = parameter(&journey.authorise_url(), "nonce");
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = id_claims(SUBJECT, &nonce);
            claims[name] = value;
            id_token(&claims)
        };
        let other_device = {
            let keys = DeviceKeys::generate(&mut TestRng(99));
            let other = Enrolment::start(&keys, NOW, &mut TestRng(2));
            parameter(&other.authorise_url(&journey.trust).unwrap(), "nonce")
        };
        let header = json!({ "alg": "RS256", "kid": "login" });
        let cases = [
            ("another nonce", id_token(&id_claims(SUBJECT, "x")), EvidenceError::OtherKey),
            ("another device's nonce", id_token(&id_claims(SUBJECT, &other_device)), EvidenceError::OtherKey),
            ("another issuer", with("iss", json!("https://evil.example")), EvidenceError::OtherIssuer),
            ("another client", with("aud", json!("other")), EvidenceError::OtherIssuer),
            ("two clients", with("aud", json!(["letterbox", "other"])), EvidenceError::OtherIssuer),
            ("an old token", with("exp", json!(NOW - 61)), EvidenceError::OutOfTime),
            ("a token from the future", with("iat", json!(NOW + 61)), EvidenceError::OutOfTime),
            (
                "a forged signature",
                token(&ATTRIBUTES, &header, &id_claims(SUBJECT, &nonce)),
                EvidenceError::IdToken(JwtError::Forged),
            ),
            ("no token", String::new(), EvidenceError::IdToken(JwtError::Malformed)),
        ];
        for (name, id_token, why) in cases {
            let (mut journey, answer) = at(stage);
            let before = journey.enrolment.clone();
            let refused = journey.redeem(&SignInAnswer { id_token, ..answer });
            assert_eq!(refused, Err(EnrolmentError::Lie(Lie::IdToken(why))), "{name} {stage:?}");
            assert_eq!(journey.enrolment, before, "{name}");
        }
    }
}

#[test]
fn another_person_or_another_id_on_the_way_is_found_out() {
    for stage in [Stage::Identity, Stage::Address] {
        let (mut journey, answer) = at(stage);
        let nonce = parameter(&journey.authorise_url(), "nonce");
        let other = SignInAnswer { id_token: id_token(&id_claims("subject-2", &nonce)), ..answer.clone() };
        assert_eq!(journey.redeem(&other), Err(EnrolmentError::Lie(Lie::OtherPerson)));
        let other = SignInAnswer { directory_id: Octets16(*BOB.id().as_bytes()), ..answer };
        assert_eq!(journey.redeem(&other), Err(EnrolmentError::Lie(Lie::OtherId)));
    }
}

#[test]
fn a_directory_that_says_no_is_not_called_a_liar() {
    let (mut journey, _) = at(Stage::Account);
    let answer = journey.enrolment.redeemed(&journey.trust, &refused("too-many-requests"), NOW);
    assert!(
        matches!(answer, Err(EnrolmentError::Answer(AnswerError::Refused(refused))) if refused.status == 403)
    );
    for body in [b"".to_vec(), b"{}".to_vec(), vec![0x80; 100_000]] {
        let answer = journey.enrolment.redeemed(&journey.trust, &HttpResponse::new(200, body), NOW);
        assert!(matches!(answer, Err(EnrolmentError::Answer(AnswerError::Malformed(_)))));
    }
}

#[test]
fn nothing_is_signed_on_tokens_that_do_not_hold() {
    let honest = Journey::confirmed().collected();
    let spoilt = |spoil: &dyn Fn(&mut Collected)| {
        let mut collected = honest.clone();
        spoil(&mut collected);
        let mut journey = Journey::confirmed();
        let before = journey.enrolment.clone();
        let refused = journey.sign(&collected).err();
        assert_eq!(journey.enrolment, before);
        refused
    };
    let lie = |lie: Lie| Some(EnrolmentError::Lie(lie));
    let nobody = id_token(&id_claims(SUBJECT, "x"));
    assert_eq!(
        spoilt(&|collected| collected.id_token = nobody.clone()),
        lie(Lie::Name(EvidenceError::OtherKey))
    );
    let bob = claims_token(&attribute_claims("subject-2", &BOB));
    assert_eq!(
        spoilt(&|collected| collected.claims_token = bob.clone()),
        lie(Lie::Name(EvidenceError::OtherSubject))
    );
    let mut warned = attribute_claims(SUBJECT, &ANN);
    warned["verified_claims"][0]["verification"]["outcome"] = json!("VERIFIED_WITH_WARNINGS");
    let warned = claims_token(&warned);
    assert_eq!(
        spoilt(&|collected| collected.claims_token = warned.clone()),
        lie(Lie::Name(EvidenceError::NotVerified))
    );
    let elsewhere = claims_token(&address_claims("subject-2", "EH1 1AA"));
    assert_eq!(
        spoilt(&|collected| collected.address_token = Some(elsewhere.clone())),
        lie(Lie::Address(EvidenceError::OtherSubject))
    );
    assert_eq!(spoilt(&|collected| collected.address_token = None), lie(Lie::AddressLeftOut));
}

#[test]
fn what_is_not_proven_is_not_taken_for_published() {
    let mut journey = Journey::confirmed();
    let signed = journey.sign(&journey.collected()).unwrap();
    let honest = journey.publish(&signed);
    let published = |answer: Published, now: u64| signed.published(&journey.trust, &ok(&answer), now).err();
    let lie = |error: LookupError| Some(EnrolmentError::Lie(Lie::Published(error)));

    assert_eq!(published(honest.clone(), NOW), None);
    let stale = published(honest.clone(), NOW + FRESHNESS + 1);
    assert_eq!(stale, lie(LookupError::Head(HeadError::Stale)));

    let mut unlisted = honest.clone();
    unlisted.with_postcode = None;
    assert_eq!(published(unlisted, NOW), lie(LookupError::NotListed));

    let mut elsewhere = honest.clone();
    elsewhere.without_postcode = honest.presence.clone();
    assert!(matches!(
        published(elsewhere, NOW),
        Some(EnrolmentError::Lie(Lie::Published(LookupError::Person(_))))
    ));

    let mut swapped = honest.clone();
    swapped.presence = honest.without_postcode.clone();
    assert!(matches!(
        published(swapped, NOW),
        Some(EnrolmentError::Lie(Lie::Published(LookupError::Citizen(_))))
    ));

    let mut broken = honest.clone();
    broken.head = vec![0x80].into();
    assert!(matches!(
        published(broken, NOW),
        Some(EnrolmentError::Lie(Lie::Published(LookupError::Malformed(DecodeError::Shape))))
    ));
}

#[test]
fn another_entry_in_its_place_is_found_out() {
    let mut journey = Journey::confirmed();
    let signed = journey.sign(&journey.collected()).unwrap();
    journey.directory.enrol(&ANN.attributes(), ANN.id(), &[ANN.first_signed()]);
    let other = journey.published(&ANN.attributes(), None);
    assert_eq!(
        signed.published(&journey.trust, &ok(&other), NOW).err(),
        Some(EnrolmentError::Lie(Lie::Published(LookupError::OtherEntry)))
    );
    // And its own entry put over it: it is not the first.
    journey.publish(&signed);
    let hidden = journey.published(&ANN.attributes(), None);
    assert_eq!(
        signed.published(&journey.trust, &ok(&hidden), NOW).err(),
        Some(EnrolmentError::Lie(Lie::Published(LookupError::HiddenChange)))
    );
}

#[test]
fn a_log_that_is_shorter_or_another_is_found_out_at_unlock() {
    let (journey, enrolled) = Journey::enrolled();
    let mut ahead = enrolled.clone();
    let mut pin = *enrolled.pin();
    pin.size += 1;
    ahead.advance(pin);
    let answer = journey.published(&ANN.attributes(), None);
    assert_eq!(
        ahead.checked(&journey.trust, &ok(&answer), NOW).err(),
        Some(EnrolmentError::Lie(Lie::Published(LookupError::Head(HeadError::RolledBack))))
    );
    let mut moved = enrolled;
    let pin = *moved.pin();
    let mut answer = journey.published(&ANN.attributes(), Some(&pin));
    answer.mailbox = Octets16([8; 16]);
    assert_eq!(
        moved.checked(&journey.trust, &ok(&answer), NOW).err(),
        Some(EnrolmentError::Lie(Lie::OtherId))
    );
}
