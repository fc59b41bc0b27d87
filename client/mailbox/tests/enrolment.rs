//! Enrolment: the honest way, with its turnings.

use api::{
    Octets32,
    directory::{PublishRequest, SignInAnswer},
};
use client_mailbox::{
    enrolment::{Enrolled, EnrolmentError, Next, Redeem, SignedEnrolment, Stage},
    keys::DeviceKeys,
};
use crypto_core::{
    citizen::{History, SignedEntry, recovery_key_hash},
    recovery::{SealedBundle, archive_head_commitment},
};
use relay_auth::{
    cbor::{Bytes32, Wire as _},
    hostile,
};

use crate::{
    journey::{Journey, STAGES, SUBJECT, at, ok, parameter, returned},
    world::{ANN, DAY, NOW, TestRng, address_claims, claims_token},
};

#[test]
fn three_sign_ins_lead_to_an_entry_that_is_proven() {
    let (mut journey, enrolled) = Journey::enrolled();
    assert_eq!(enrolled.directory_id(), ANN.id());
    assert_eq!(enrolled.attributes(), &ANN.attributes());
    assert_eq!(*enrolled.pin(), journey.directory.pin());
    assert!(!journey.enrolment.is_expired(u64::MAX));
    // At the next unlock, after the directory went on.
    journey.directory.publish(vec![(vec![200], vec![1])]);
    let mut enrolled = enrolled;
    let request = enrolled.check(&journey.trust, &journey.keys).unwrap();
    assert!(request.url.ends_with("/v1/entries"));
    let pin = *enrolled.pin();
    let published = journey.published(&ANN.attributes(), Some(&pin));
    enrolled.checked(&journey.trust, &ok(&published), NOW).unwrap();
    assert_eq!(*enrolled.pin(), journey.directory.pin());
}

#[test]
fn the_address_at_scotaccount_asks_for_one_thing_at_a_time() {
    for (stage, scope) in STAGES.into_iter().zip([
        "openid",
        "openid%20scotaccount.gpg45.medium",
        "openid%20scotaccount.address",
    ]) {
        let (journey, _) = at(stage);
        let url = journey.authorise_url();
        assert!(url.starts_with("https://authz.scotaccount.example/authorize?client_id=letterbox&"), "{url}");
        assert_eq!(parameter(&url, "redirect_uri"), "https%3A%2F%2Fletterbox.example%2Fsigned-in");
        assert_eq!(parameter(&url, "scope"), scope);
        assert_eq!(parameter(&url, "response_type"), "code");
        assert_eq!(parameter(&url, "code_challenge_method"), "S256");
        for name in ["state", "nonce", "code_challenge"] {
            assert_eq!(parameter(&url, name).len(), 43, "{name}");
        }
    }
}

#[test]
fn nothing_is_used_twice_in_one_enrolment() {
    let mut seen = Vec::new();
    for stage in STAGES {
        let (mut journey, _) = at(stage);
        for _ in 0..2 {
            let url = journey.authorise_url();
            seen.extend(["state", "nonce", "code_challenge"].map(|name| parameter(&url, name)));
            journey.enrolment.renew(&mut TestRng(40 + stage as u64));
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all);
}

#[test]
fn going_back_in_the_browser_sends_nothing_and_changes_nothing() {
    let (mut journey, answer) = at(Stage::Account);
    let first = journey.returned();
    journey.redeem(&answer).unwrap();
    let before = journey.enrolment.clone();
    let again = journey.enrolment.redeem(&journey.trust, &first, NOW);
    assert_eq!(again, Ok(Redeem::Continue(Next::Authorise)));
    assert_eq!(journey.enrolment, before);
}

#[test]
fn a_sign_in_lasts_an_hour_unless_an_entry_was_signed() {
    let (mut journey, _) = at(Stage::Identity);
    assert!(!journey.enrolment.is_expired(NOW + 3600) && journey.enrolment.is_expired(NOW + 3601));
    let returned = journey.returned();
    let late = journey.enrolment.redeem(&journey.trust, &returned, NOW + 3601);
    assert_eq!(late, Err(EnrolmentError::Expired));
    let mut journey = Journey::confirmed();
    assert!(journey.enrolment.is_expired(NOW + 3601));
    journey.sign(&journey.collected()).unwrap();
    assert!(!journey.enrolment.is_expired(NOW + 400 * DAY));
}

#[test]
fn somebody_who_has_an_entry_is_told() {
    for stage in STAGES {
        let (mut journey, answer) = at(stage);
        let outcome = journey.redeem(&SignInAnswer { enrolled: true, ..answer });
        assert_eq!(outcome, Ok(Next::AlreadyEnrolled), "{stage:?}");
        assert_eq!((journey.enrolment.stage(), journey.enrolment.next_step()), (None, Next::AlreadyEnrolled));
        assert_eq!(journey.enrolment.collect(&journey.trust, &journey.keys), Err(EnrolmentError::OutOfTurn));
    }
}

#[test]
fn a_refused_or_unconfirmed_address_is_gone_without() {
    let (mut refused, answer) = at(Stage::Address);
    let mut unconfirmed = at(Stage::Address).0;
    let state = parameter(&refused.authorise_url(), "state");
    let query = format!("error=access_denied&state={state}");
    let next = refused.enrolment.redeem(&refused.trust, &returned(&query), NOW);
    assert_eq!(next, Ok(Redeem::Continue(Next::Unlock)));
    assert_eq!(unconfirmed.redeem(&SignInAnswer { confirmed: false, ..answer }), Ok(Next::Unlock));
    for mut journey in [refused, unconfirmed] {
        assert!(!journey.enrolment.with_address());
        // The directory sends it all the same: it is not used.
        let signed = journey.sign(&journey.collected()).unwrap();
        let published = journey.publish(&signed);
        assert!(published.with_postcode.is_none());
        let enrolled = signed.published(&journey.trust, &ok(&published), NOW).unwrap();
        assert_eq!(enrolled.attributes(), &ANN.attributes().without_postcode());
    }
}

#[test]
fn without_a_name_it_does_not_go_on() {
    let (mut journey, answer) = at(Stage::Identity);
    let before = journey.enrolment.clone();
    let unconfirmed = journey.redeem(&SignInAnswer { confirmed: false, ..answer });
    assert_eq!(unconfirmed, Err(EnrolmentError::NotConfirmed));
    for (error, expected) in [
        ("access_denied", EnrolmentError::Cancelled),
        ("account_selection_required", EnrolmentError::Cancelled),
        ("temporarily_unavailable", EnrolmentError::ProviderFailed),
        ("anything", EnrolmentError::NotConfirmed),
    ] {
        let state = parameter(&journey.authorise_url(), "state");
        let query = format!("error={error}&state={state}");
        assert_eq!(journey.enrolment.redeem(&journey.trust, &returned(&query), NOW), Err(expected));
    }
    assert_eq!(journey.enrolment, before);
}

#[test]
fn an_address_without_a_postcode_is_gone_without() {
    let mut journey = Journey::confirmed();
    let mut collected = journey.collected();
    collected.address_token = Some(claims_token(&address_claims(SUBJECT, "none")));
    let signed = journey.sign(&collected).unwrap();
    assert!(journey.publish(&signed).with_postcode.is_none());
}

#[test]
fn only_the_keys_that_signed_in_sign_and_only_once() {
    let mut journey = Journey::confirmed();
    let collected = journey.collected();
    let others = DeviceKeys::generate(&mut TestRng(99));
    let refused =
        journey.enrolment.sign(&journey.trust, &others, &ok(&collected), None, NOW, &mut TestRng(3));
    assert_eq!(refused.err(), Some(EnrolmentError::OtherKeys));
    journey.sign(&collected).unwrap();
    assert_eq!(journey.sign(&collected).err(), Some(EnrolmentError::OutOfTurn));
    let (mut early, _) = at(Stage::Address);
    assert_eq!(early.sign(&collected).err(), Some(EnrolmentError::OutOfTurn));
}

#[test]
fn the_first_entry_is_as_the_protocol_says() {
    let mut journey = Journey::confirmed();
    let signed = journey.sign(&journey.collected()).unwrap();
    let request = signed.publish(&journey.trust, &journey.keys).unwrap();
    let request: PublishRequest = minicbor::decode(&request.body).unwrap();
    let entry = SignedEntry::from_bytes(request.entry.as_ref()).unwrap();
    let history = History::verify(ANN.id(), &[entry]).unwrap();
    let entry = history.last().entry();
    assert_eq!(entry.devices.len(), 4);
    assert_eq!(entry.inbox_keys.len(), 1);
    // LBX-BUNDLE-3: the bundle opens with the code, and the entry commits to it.
    let sealed = SealedBundle::from_bytes(signed.bundle()).unwrap();
    let code = journey.keys.recovery_code().unwrap().keys().unwrap();
    let bundle = sealed.open(code.seal()).unwrap();
    let commitment = archive_head_commitment(None, &sealed.digest(), &bundle.salt.0);
    assert_eq!(entry.archive_head, Some(Bytes32(commitment)));
    let (recovery_key, salt) = journey.keys.recovery();
    assert_eq!(recovery_key, *code.seal().public_key());
    assert_eq!(entry.recovery_key, Bytes32(recovery_key_hash(&recovery_key, salt)));
    assert_eq!(entry.inbox_keys[0].rotate_after, NOW + 30 * DAY);
    assert_eq!(entry.inbox_keys[0].not_after, NOW + 400 * DAY);
    assert_eq!(entry.inbox_keys[0].key, *journey.keys.inbox_keys()[0].public_key());
    assert_eq!(request.access_key, Octets32(*journey.keys.access().verifying_key().as_bytes()));
    assert!(request.sign_in.is_some() && request.known.is_none() && request.address.is_some());
    // Published again, it is the same request.
    let again = signed.publish(&journey.trust, &journey.keys).unwrap();
    assert_eq!(minicbor::decode::<PublishRequest>(&again.body).unwrap(), request);
}

#[test]
fn what_is_stored_has_one_encoding_and_shows_nothing_in_logs() {
    let (journey, enrolled) = Journey::enrolled();
    let mut other = Journey::confirmed();
    hostile::assert_strict(&other.enrolment);
    hostile::assert_strict(&Journey::start().enrolment);
    let signed = other.sign(&other.collected()).unwrap();
    assert_eq!(SignedEnrolment::from_bytes(&signed.to_bytes()).unwrap(), signed);
    assert_eq!(Enrolled::from_bytes(&enrolled.to_bytes()).unwrap(), enrolled);
    hostile::assert_strict(&signed);
    hostile::assert_strict(&enrolled);
    let returned = returned("code=c&state=s");
    assert_eq!(
        format!("{:?} {signed:?} {enrolled:?} {returned:?}", journey.enrolment),
        "Enrolment(Signed) SignedEnrolment([redacted]) Enrolled([redacted]) Returned([redacted])"
    );
}

#[test]
fn keys_with_which_an_entry_was_signed_outlive_every_sign_in() {
    let mut journey = Journey::confirmed();
    let collected = journey.collected();
    journey.sign(&collected).unwrap();
    let id = journey.enrolment.clone();
    // The sign-in was over before the entry was published: all three steps again, with the same keys.
    journey.enrolment.begin_again(NOW + 7200, &mut TestRng(9));
    assert_eq!(journey.enrolment.stage(), Some(Stage::Account));
    assert!(journey.enrolment.keeps_keys() && !journey.enrolment.is_expired(NOW + 1_000_000));
    hostile::assert_strict(&journey.enrolment);
    assert_ne!(journey.enrolment, id);
    // A sign-in of which nothing was signed is dropped as before.
    let mut other = Journey::confirmed();
    other.enrolment.begin_again(NOW, &mut TestRng(9));
    assert!(!other.enrolment.keeps_keys() && other.enrolment.is_expired(NOW + 3601));
    // What the directory says about another device does not drop them either.
    journey.enrolment.found_elsewhere();
    assert!(journey.enrolment.keeps_keys());
}
