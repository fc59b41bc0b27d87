//! Tokens and evidence: ScotAccount's word, and what is not.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    citizen::{Purpose, SignIn},
    evidence::{
        AddressEvidence, Evidence, EvidenceError, IdentityProvider, VerifiedPerson, address_commitment,
        verify, verify_address, verify_claims, verify_postcode, verify_sign_in,
    },
    jwt::{JwtError, KeySet, LONGEST_TOKEN},
    person::Attributes,
};
use relay_auth::{
    cbor::{Bytes32, DecodeError, Wire as _},
    hostile,
};
use serde_json::{Value, json};

use crate::{
    portable_test,
    test_keys::{ATTRIBUTES, ID_TOKENS},
    world::{
        ANN, ATTRIBUTE_ISSUER, BOB, CLIENT, DAY, ISSUER, NOW, address_claims, attribute_claims, claims_token,
        id_claims, id_token, jwk, key, key_set, provider, token,
    },
};

fn evidence() -> Evidence {
    ANN.first_entry().1
}

fn sign_in() -> SignIn {
    SignIn {
        purpose: Purpose::Enrol,
        directory_id: ANN.id(),
        previous: None,
        identity_key: ANN.identity().verifying_key(),
        salt: Bytes32([ANN.number; 32]),
    }
}

fn check(evidence: &Evidence) -> Result<VerifiedPerson, EvidenceError> {
    verify(evidence, &evidence.hash(), ANN.id(), &ANN.identity().verifying_key(), &provider())
}

fn with_id(claims: &Value) -> Evidence {
    Evidence { id_token: id_token(claims), ..evidence() }
}

fn with_claims(claims: &Value) -> Evidence {
    Evidence { claims_token: claims_token(claims), ..evidence() }
}

fn good_id() -> Value {
    id_claims("subject-1", &sign_in().nonce())
}

fn good_claims() -> Value {
    attribute_claims("subject-1", &ANN)
}

/// `claims` with the value at `pointer` replaced.
fn replaced(mut claims: Value, pointer: &str, value: Value) -> Value {
    *claims.pointer_mut(pointer).unwrap() = value;
    claims
}

#[portable_test]
fn evidence_has_one_encoding() {
    hostile::assert_strict(&evidence());
}

/// `LBX-JWT-1`
#[portable_test]
fn a_token_of_evidence_has_at_most_sixteen_kibibytes() {
    let read = |id: usize, claims: usize| {
        let tokens = Evidence { id_token: "a".repeat(id), claims_token: "a".repeat(claims), ..evidence() };
        Evidence::from_bytes(&tokens.to_bytes()).map(drop)
    };
    let longest = 16 * 1024;
    assert_eq!(read(longest, longest), Ok(()));
    let refused = Err(DecodeError::Value("a token of the evidence is too long"));
    assert_eq!(read(longest + 1, 0), refused);
    assert_eq!(read(0, longest + 1), refused);
}

#[portable_test]
fn evidence_says_who_the_owner_of_a_key_is() {
    let person = check(&evidence()).unwrap();
    assert_eq!(person.subject(), "subject-1");
    assert_eq!(person.is(&ANN.attributes()), Ok(()));
    assert_eq!(person.is(&ANN.attributes().without_postcode()), Ok(()));
    let written_otherwise = Attributes::new("ANN", "O'Neil", "1980-02-29", None).unwrap();
    assert_eq!(person.is(&written_otherwise), Ok(()));
    assert_eq!(person.is(&BOB.attributes()), Err(EvidenceError::OtherPerson));
    let born_otherwise = Attributes::new("Ann", "O'Neil", "1980-02-28", None).unwrap();
    assert_eq!(person.is(&born_otherwise), Err(EvidenceError::OtherPerson));
}

#[portable_test]
fn evidence_for_another_key_person_purpose_or_entry_is_refused() {
    let evidence = evidence();
    let owner = ANN.identity().verifying_key();
    let other_key = verify(&evidence, &evidence.hash(), ANN.id(), &key(9).verifying_key(), &provider());
    assert_eq!(other_key, Err(EvidenceError::OtherKey));
    assert_eq!(
        verify(&evidence, &evidence.hash(), BOB.id(), &owner, &provider()),
        Err(EvidenceError::OtherKey)
    );
    assert_eq!(verify(&evidence, &[0; 32], ANN.id(), &owner, &provider()), Err(EvidenceError::OtherEvidence));
    for altered in [
        Evidence { purpose: Purpose::Reset, ..evidence.clone() },
        Evidence { previous: Some(Bytes32([1; 32])), ..evidence.clone() },
        Evidence { salt: Bytes32([0; 32]), ..evidence.clone() },
    ] {
        assert_eq!(check(&altered), Err(EvidenceError::OtherKey));
    }
}

#[portable_test]
fn tokens_of_other_issuers_clients_and_subjects_are_refused() {
    let other = json!("https://elsewhere.example");
    assert_eq!(check(&with_id(&replaced(good_id(), "/iss", other.clone()))), Err(EvidenceError::OtherIssuer));
    for audience in [json!("another"), json!([CLIENT, "another"]), json!([])] {
        assert_eq!(check(&with_id(&replaced(good_id(), "/aud", audience))), Err(EvidenceError::OtherIssuer));
    }
    assert!(check(&with_id(&replaced(good_id(), "/aud", json!([CLIENT])))).is_ok());
    assert_eq!(check(&with_claims(&replaced(good_claims(), "/iss", other))), Err(EvidenceError::OtherIssuer));
    assert_eq!(
        check(&with_claims(&replaced(good_claims(), "/iss", json!(ISSUER)))),
        Err(EvidenceError::OtherIssuer)
    );
    assert_eq!(check(&with_claims(&attribute_claims("subject-2", &ANN))), Err(EvidenceError::OtherSubject));
}

#[portable_test]
fn an_identity_that_was_not_confirmed_without_reservation_is_refused() {
    let outcome = "/verified_claims/0/verification/outcome";
    for refused in ["VERIFIED_WITH_WARNINGS", "VERIFICATION_FAILED", "", "verified_successfully"] {
        let evidence = with_claims(&replaced(good_claims(), outcome, json!(refused)));
        assert_eq!(check(&evidence), Err(EvidenceError::NotVerified), "{refused}");
    }
    let twice = {
        let claim = good_claims()["verified_claims"][0].clone();
        replaced(good_claims(), "/verified_claims", json!([claim, claim]))
    };
    let none = replaced(good_claims(), "/verified_claims", json!([]));
    let other_scope = replaced(good_claims(), "/verified_claims/0/scope", json!("scotaccount.email"));
    let no_name = replaced(good_claims(), "/verified_claims/0/claims", json!({ "given_name": "Ann" }));
    for claims in [twice, none, other_scope, no_name] {
        assert_eq!(check(&with_claims(&claims)), Err(EvidenceError::NotVerified));
    }
    let no_date = replaced(good_claims(), "/verified_claims/0/claims/birth_date", json!("29 Feb"));
    assert!(matches!(check(&with_claims(&no_date)), Err(EvidenceError::Attributes(_))));
    // An older sample shows one object in place of the array.
    let object = replaced(good_claims(), "/verified_claims", good_claims()["verified_claims"][0].clone());
    assert!(check(&with_claims(&object)).is_ok());
    let beside_others = {
        let claim = good_claims()["verified_claims"][0].clone();
        let address = json!({ "scope": "scotaccount.address", "verification": { "outcome": "VERIFICATION_FAILED" },
            "claims": {} });
        replaced(good_claims(), "/verified_claims", json!([address, claim]))
    };
    assert!(check(&with_claims(&beside_others)).is_ok());
}

#[portable_test]
fn tokens_with_forged_or_chosen_signatures_are_refused() {
    let by_attribute_key = token(&ATTRIBUTES, &json!({ "alg": "RS256", "kid": "login" }), &good_id());
    let forged = EvidenceError::IdToken(JwtError::Forged);
    assert_eq!(check(&Evidence { id_token: by_attribute_key, ..evidence() }), Err(forged));
    let good = evidence().id_token;
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let headers: &[(Value, JwtError)] = &[
        (json!({ "alg": "none", "kid": "login" }), JwtError::Algorithm),
        (json!({ "alg": "HS256", "kid": "login" }), JwtError::Algorithm),
        (json!({ "alg": "PS256", "kid": "login" }), JwtError::Algorithm),
        (json!({ "alg": "RS256", "kid": "login", "crit": ["exp"] }), JwtError::Algorithm),
        (json!({ "alg": "RS256", "kid": "login", "b64": false }), JwtError::Algorithm),
        (json!({ "alg": "RS256", "kid": "another" }), JwtError::UnknownKey),
        (json!({ "alg": "RS256" }), JwtError::Malformed),
        (json!({ "kid": "login" }), JwtError::Malformed),
        (json!({ "alg": "RS256", "kid": "login", "jwk": {} }), JwtError::Forged),
    ];
    for (header, expected) in headers {
        // A correct signature over another header, except for the last, which keeps the old one.
        let mut hostile = token(&ID_TOKENS, header, &good_id());
        if *expected == JwtError::Forged {
            hostile = format!("{}.{signature}", hostile.rsplit_once('.').unwrap().0);
        }
        let result = check(&Evidence { id_token: hostile, ..evidence() });
        assert_eq!(result, Err(EvidenceError::IdToken(*expected)), "{header}");
    }
    let malformed = [
        String::new(),
        "a.b".to_owned(),
        signed.to_owned(),
        format!("{good}."),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}.{signature}"),
        format!("{}.{signature}", signed.replace('.', "..")),
    ];
    for hostile in malformed {
        let result = check(&Evidence { id_token: hostile.clone(), ..evidence() });
        assert!(
            matches!(result, Err(EvidenceError::IdToken(JwtError::Malformed | JwtError::Forged))),
            "{hostile}"
        );
    }
    let longest = Evidence { id_token: "a".repeat(LONGEST_TOKEN), ..evidence() };
    assert_eq!(check(&longest), Err(EvidenceError::IdToken(JwtError::Malformed)));
    let long = Evidence { id_token: "a".repeat(LONGEST_TOKEN + 1), ..evidence() };
    assert_eq!(check(&long), Err(EvidenceError::IdToken(JwtError::TooLong)));
    for place in (0..good.len()).step_by(7) {
        let mut altered = good.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = Evidence { id_token: String::from_utf8(altered).unwrap(), ..evidence() };
        assert!(matches!(check(&altered), Err(EvidenceError::IdToken(_))), "byte {place}");
    }
}

#[portable_test]
fn key_sets_that_cannot_be_trusted_are_refused() {
    let good = jwk(&ID_TOKENS, "login");
    let with = |field: &str, value: Value| {
        let mut key = good.clone();
        key[field] = value;
        key
    };
    let refused = [
        key_set(&[]),
        key_set(&[with("kty", json!("EC"))]),
        key_set(&[with("use", json!("enc"))]),
        key_set(&[with("alg", json!("PS256"))]),
        key_set(&[with("e", json!("Aw"))]),
        key_set(&[with("n", json!("AQAB"))]),
        key_set(&[with("n", Value::Null)]),
        key_set(&[with("kid", Value::Null)]),
        key_set(&[good.clone(), good.clone()]),
        key_set(&(0..17).map(|number| with("kid", json!(number.to_string()))).collect::<Vec<_>>()),
        b"{}".to_vec(),
        b"not json".to_vec(),
        vec![b' '; 64 * 1024 + 1],
    ];
    for json in refused {
        assert_eq!(KeySet::from_json(&json).err(), Some(JwtError::KeySet));
    }
    // Keys for other purposes beside a good one are passed over.
    let mixed = key_set(&[with("use", json!("enc")), good.clone(), json!({ "kty": "EC", "kid": "x" })]);
    assert!(KeySet::from_json(&mixed).is_ok());
}

#[portable_test]
fn a_key_set_has_at_most_sixteen_keys_and_sixty_four_kibibytes() {
    let keys: Vec<_> = (0..16).map(|number| jwk(&ID_TOKENS, &number.to_string())).collect();
    assert!(KeySet::from_json(&key_set(&keys)).is_ok());
    // White space after the set changes nothing but its length.
    let mut json = key_set(&keys);
    json.resize(64 * 1024, b' ');
    assert!(KeySet::from_json(&json).is_ok());
    json.push(b' ');
    assert_eq!(KeySet::from_json(&json).err(), Some(JwtError::KeySet));
}

/// `LBX-JWT-1`
#[portable_test]
fn a_modulus_has_at_most_4096_bits_and_no_zeros_in_front() {
    let read = |modulus: &[u8]| {
        let mut key = jwk(&ID_TOKENS, "login");
        key["n"] = json!(Base64UrlUnpadded::encode_string(modulus));
        KeySet::from_json(&key_set(&[key])).map(drop)
    };
    assert_eq!(read(&[0xff; 256]), Ok(()));
    assert_eq!(read(&[0xff; 512]), Ok(()));
    assert_eq!(read(&[0xff; 513]), Err(JwtError::KeySet));
    // The first of these moduli in a second form.
    let mut second_form = [0xff; 257];
    second_form[0] = 0;
    assert_eq!(read(&second_form), Err(JwtError::KeySet));
}

#[portable_test]
fn a_sign_in_is_taken_only_while_it_is_fresh() {
    let id = id_token(&good_id());
    let at = |now| verify_sign_in(&id, &sign_in(), &provider(), now);
    assert_eq!(at(NOW).as_deref(), Ok("subject-1"));
    assert_eq!(at(NOW + 960).as_deref(), Ok("subject-1"));
    for now in [NOW + 961, NOW - 61, NOW + DAY, 0, u64::MAX] {
        assert_eq!(at(now), Err(EvidenceError::OutOfTime), "{now}");
    }
    let other = SignIn { salt: Bytes32([0; 32]), ..sign_in() };
    assert_eq!(verify_sign_in(&id, &other, &provider(), NOW), Err(EvidenceError::OtherKey));
}

#[portable_test]
fn a_nonce_depends_on_everything_that_it_binds() {
    let nonce = sign_in().nonce();
    assert_eq!(nonce.len(), 43);
    let others = [
        SignIn { purpose: Purpose::Recover, ..sign_in() },
        SignIn { directory_id: BOB.id(), ..sign_in() },
        SignIn { previous: Some(Bytes32([0; 32])), ..sign_in() },
        SignIn { identity_key: BOB.identity().verifying_key(), ..sign_in() },
        SignIn { salt: Bytes32([0; 32]), ..sign_in() },
    ];
    for other in others {
        assert_ne!(other.nonce(), nonce, "{other:?}");
    }
}

#[portable_test]
fn a_postcode_that_was_asked_with_has_to_be_the_confirmed_one() {
    let (evidence, person) = (evidence(), check(&evidence()).unwrap());
    let asked = ANN.attributes();
    let verify = |evidence: &Evidence, address: Option<&AddressEvidence>, asked: &Attributes| {
        verify_address(evidence, address, &person, asked, &provider())
    };
    assert_eq!(verify(&evidence, Some(&ANN.address()), &asked), Ok(()));
    assert_eq!(verify(&evidence, None, &asked.without_postcode()), Ok(()));
    assert_eq!(verify(&evidence, None, &asked), Err(EvidenceError::OtherAddress));
    let elsewhere = Attributes::new("Ann", "O'Neil", "1980-02-29", Some("G2 1AL")).unwrap();
    assert_eq!(verify(&evidence, Some(&ANN.address()), &elsewhere), Err(EvidenceError::OtherPerson));
    // Another address than was committed to; no address committed to.
    assert_eq!(verify(&evidence, Some(&BOB.address()), &asked), Err(EvidenceError::OtherAddress));
    let other_salt = AddressEvidence { salt: Bytes32([0; 32]), ..ANN.address() };
    assert_eq!(verify(&evidence, Some(&other_salt), &asked), Err(EvidenceError::OtherAddress));
    let without = Evidence { address: None, ..evidence.clone() };
    assert_eq!(verify(&without, Some(&ANN.address()), &asked), Err(EvidenceError::OtherAddress));
    // Committed to, and not what it should be.
    let committed = |claims: &Value| {
        let address = AddressEvidence { salt: Bytes32([1; 32]), token: claims_token(claims) };
        let commitment = address_commitment(&address.token, address.salt.0).into();
        (Evidence { address: Some(commitment), ..evidence.clone() }, address)
    };
    let cases = [
        (address_claims("subject-2", "EH1 1AA"), EvidenceError::OtherSubject),
        (replaced(address_claims("subject-1", "EH1 1AA"), "/iss", json!(ISSUER)), EvidenceError::OtherIssuer),
        (
            replaced(
                address_claims("subject-1", "EH1 1AA"),
                "/verified_claims/0/verification/outcome",
                json!("VERIFIED_WITH_WARNINGS"),
            ),
            EvidenceError::NotVerified,
        ),
        (good_claims(), EvidenceError::NotVerified),
    ];
    for (claims, expected) in cases {
        let (evidence, address) = committed(&claims);
        assert_eq!(verify(&evidence, Some(&address), &asked), Err(expected));
    }
    let snake_case = replaced(
        address_claims("subject-1", "EH1 1AA"),
        "/verified_claims/0/claims/address",
        json!({ "postal_code": "eh11aa" }),
    );
    let (evidence, address) = committed(&snake_case);
    assert_eq!(verify(&evidence, Some(&address), &asked), Ok(()));
}

#[portable_test]
fn an_address_is_committed_to_with_its_salt() {
    let commitment = address_commitment("token", [1; 32]);
    assert_ne!(commitment, address_commitment("token", [2; 32]));
    assert_ne!(commitment, address_commitment("other", [1; 32]));
    assert_ne!(Evidence { address: Some(commitment.into()), ..evidence() }.hash(), evidence().hash());
}

#[portable_test]
fn evidence_and_people_do_not_show_in_logs() {
    let person = check(&evidence()).unwrap();
    let shown = format!("{:?} {person:?} {:?}", evidence(), ANN.attributes());
    assert_eq!(shown, "Evidence([redacted]) VerifiedPerson([redacted]) Attributes([redacted])");
    assert_eq!(format!("{:?}", ANN.address()), "AddressEvidence([redacted])");
}

#[portable_test]
fn the_two_issuers_of_the_provider_are_not_interchangeable() {
    let swapped = IdentityProvider { issuer: ATTRIBUTE_ISSUER.to_owned(), ..provider() };
    let evidence = evidence();
    let result = verify(&evidence, &evidence.hash(), ANN.id(), &ANN.identity().verifying_key(), &swapped);
    assert_eq!(result, Err(EvidenceError::OtherIssuer));
}

#[portable_test]
fn claims_and_addresses_are_verified_without_a_sign_in_for_their_own_subject_only() {
    let claims = claims_token(&good_claims());
    assert_eq!(verify_claims(&claims, "subject-1", &provider()), Ok(ANN.attributes().without_postcode()));
    assert_eq!(verify_claims(&claims, "subject-2", &provider()), Err(EvidenceError::OtherSubject));
    let address = claims_token(&address_claims("subject-1", "eh1 1aa"));
    assert_eq!(verify_postcode(&address, "subject-1", &provider()).as_deref(), Ok("EH11AA"));
    assert_eq!(verify_postcode(&address, "subject-2", &provider()), Err(EvidenceError::OtherSubject));
    // Neither token is the other.
    assert_eq!(verify_claims(&address, "subject-1", &provider()), Err(EvidenceError::NotVerified));
    assert_eq!(verify_postcode(&claims, "subject-1", &provider()), Err(EvidenceError::NotVerified));
    let foreign = claims_token(&address_claims("subject-1", "75001"));
    assert!(matches!(verify_postcode(&foreign, "subject-1", &provider()), Err(EvidenceError::Attributes(_))));
}
