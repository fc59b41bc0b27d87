//! The way back with a recovery code: codes that do not fit, and every lie by its name.

use api::{
    Code, Octets, Octets16,
    directory::{OwnEntries, SignInAnswer},
};
use client_mailbox::{
    enrolment::{EnrolmentError, Lie},
    http::{AnswerError, HttpResponse},
    keys::DeviceKeys,
    recovery::{self, RecoveryError},
};
use crypto_core::{
    citizen::{HistoryError, SignedEntry},
    directory::LookupError,
    recovery::{Bundle, BundleError, RecoveryCode},
    seed::Seed,
};
use relay_auth::{
    cbor::{DecodeError, Wire as _},
    secret::Secret,
};

use crate::{
    journey::{Journey, SUBJECT, ok, own_entries, parameter},
    recovered::{back, back_again, kept, paper, refused},
    world::{BOB, NOW, TestRng, id_claims, id_token, key},
};

const fn history(error: HistoryError) -> EnrolmentError {
    EnrolmentError::Lie(Lie::Published(LookupError::History(error)))
}

#[test]
fn a_code_of_which_the_relay_knows_nothing_is_unknown_and_no_other_refusal_is_taken_for_that() {
    let code = RecoveryCode::generate(&mut TestRng(50));
    let unknown = recovery::found(&refused(Code::SignatureInvalid), &code).err();
    assert_eq!(unknown, Some(RecoveryError::UnknownCode));
    for other in [Code::RequestOutOfTime, Code::RequestReplayed, Code::TooManyRequests, Code::Unavailable] {
        let error = recovery::found(&refused(other), &code).err();
        assert!(
            matches!(&error, Some(RecoveryError::Answer(AnswerError::Refused(refused))) if refused.is(other)),
            "{error:?}"
        );
    }
    for body in [vec![], b"{}".to_vec(), vec![0x80; 20_000]] {
        let error = recovery::found(&HttpResponse::new(200, body), &code).err();
        assert!(matches!(error, Some(RecoveryError::Answer(AnswerError::Malformed(_)))), "{error:?}");
    }
}

#[test]
fn only_the_bundle_of_the_code_opens() {
    let (journey, enrolled) = Journey::enrolled();
    let code = journey.keys.recovery_code().unwrap();
    let bundle = enrolled.bundle();
    let refused = |bundle: &[u8], code: &RecoveryCode| recovery::found(&kept(bundle, 1), code).err();
    assert_eq!(refused(bundle, &code), None);
    let altered = Some(RecoveryError::Bundle(BundleError::NotForThisCodeOrAltered));
    assert_eq!(refused(bundle, &RecoveryCode::generate(&mut TestRng(50))), altered);
    let mut spoilt = bundle.to_vec();
    let last = spoilt.len() - 1;
    spoilt[last] ^= 1;
    assert_eq!(refused(&spoilt, &code), altered);
    let malformed = Some(RecoveryError::Bundle(BundleError::Malformed(DecodeError::Truncated)));
    assert_eq!(refused(&bundle[..last], &code), malformed);
}

#[test]
fn somebody_else_and_somebody_without_a_mailbox_are_not_the_owner() {
    let mut journey = back();
    let honest = journey.answer();
    let before = journey.enrolment.clone();
    for (name, answer) in [
        ("no mailbox", SignInAnswer { enrolled: false, ..honest.clone() }),
        ("another id", SignInAnswer { directory_id: Octets16(*BOB.id().as_bytes()), ..honest.clone() }),
    ] {
        assert_eq!(journey.redeem(&answer), Err(EnrolmentError::OtherOwner), "{name}");
        assert_eq!(journey.enrolment, before, "{name}");
    }
    // The right person can sign in all the same, and has to go on.
    journey.sign_in();
    let chain = journey.chain.clone();
    journey.show(&chain).unwrap();
    let nonce = parameter(&journey.authorise_url(), "nonce");
    for (subject, lie) in [("subject-2", Some(Lie::OtherPerson)), (SUBJECT, None)] {
        let answer = SignInAnswer { id_token: id_token(&id_claims(subject, &nonce)), ..honest.clone() };
        assert_eq!(journey.redeem(&answer).err(), lie.map(EnrolmentError::Lie), "{subject}");
    }
}

#[test]
fn a_bundle_that_names_somebody_else_leads_to_no_mailbox() {
    let (journey, enrolled) = Journey::enrolled();
    let (code, found) = paper(&journey, &enrolled);
    let seed = |byte| Seed::from(Secret::from([byte; 32]));
    let keys = code.keys().unwrap();
    let made_up = |id, identity| {
        let roots = paper(&journey, &enrolled).1.bundle.roots;
        let bundle = Bundle::new(id, [1; 32], identity, vec![seed(1)], roots);
        let sealed = bundle.seal(keys.seal().public_key(), &mut TestRng(60)).unwrap();
        recovery::found(&kept(&sealed.to_bytes(), 1), &code).unwrap()
    };
    let of_bob = made_up(BOB.id(), found.bundle.identity.duplicate());
    let of_nobody = made_up(found.bundle.directory_id, seed(2));
    let mut journey = journey.back(&of_bob, &code);
    let answer = journey.answer();
    assert_eq!(journey.redeem(&answer), Err(EnrolmentError::OtherOwner));
    let mut journey = journey.back(&of_nobody, &code);
    journey.sign_in();
    let chain = journey.chain.clone();
    assert_eq!(journey.show(&chain), Err(EnrolmentError::CodeReplaced));
}

#[test]
fn entries_that_do_not_hold_are_not_taken() {
    let mut journey = back_again();
    let chain = journey.chain.clone();
    let [first, second] = &chain[..] else { panic!("two entries") };
    let forged = SignedEntry::by_identity(&first.unverified().unwrap(), &key(99));
    let by_one = SignedEntry::by_identity(&second.unverified().unwrap(), &journey.keys.identity());
    journey.sign_in();
    let before = journey.enrolment.clone();
    for (name, shown, expected) in [
        ("nothing", vec![], history(HistoryError::Empty)),
        ("somebody else's", vec![BOB.first_signed()], history(HistoryError::OtherPerson)),
        ("a forged first entry", vec![forged, second.clone()], history(HistoryError::NotSigned)),
        ("a forged recovery", vec![first.clone(), by_one], history(HistoryError::NotSigned)),
        ("without the first", vec![second.clone()], history(HistoryError::Unanchored)),
        ("one twice", vec![first.clone(), first.clone()], history(HistoryError::Broken)),
        ("the newest hidden", vec![first.clone()], EnrolmentError::CodeReplaced),
    ] {
        assert_eq!(journey.show(&shown), Err(expected), "{name}");
        assert_eq!(journey.enrolment, before, "{name}");
    }
    let nonsense = OwnEntries { entries: vec![Octets(vec![0x80])] };
    let malformed = Lie::Published(LookupError::Malformed(DecodeError::Shape));
    assert_eq!(journey.enrolment.entries_shown(&ok(&nonsense)), Err(EnrolmentError::Lie(malformed)));
    // There has to be room for one more.
    let many = |count| OwnEntries { entries: vec![Octets(vec![0x80]); count] };
    let read = journey.enrolment.entries_shown(&ok(&many(255)));
    assert_eq!(read, Err(EnrolmentError::Lie(malformed)), "so many are looked at");
    let too_many = journey.enrolment.entries_shown(&ok(&many(256)));
    let expected = EnrolmentError::Answer(AnswerError::Malformed(DecodeError::Items));
    assert_eq!(too_many, Err(expected));
    assert_eq!(journey.enrolment, before);
    assert!(journey.show(&chain).is_ok());
}

#[test]
fn a_code_that_was_replaced_does_not_lead_back() {
    let (journey, enrolled) = Journey::enrolled();
    let (code, found) = paper(&journey, &enrolled);
    let mut newer = journey.back(&found, &code);
    newer.confirm();
    newer.finish();
    let mut older = newer.back(&found, &code);
    older.sign_in();
    let chain = older.chain.clone();
    assert_eq!(older.show(&chain), Err(EnrolmentError::CodeReplaced));
}

#[test]
fn entries_that_change_after_they_were_shown_are_found_out() {
    let sign = |journey: &mut Journey, chain: &[SignedEntry]| {
        let (collected, shown) = (ok(&journey.collected()), ok(&own_entries(chain)));
        let Journey { enrolment, trust, keys, .. } = journey;
        let before = enrolment.clone();
        let refused = enrolment.sign(trust, keys, &collected, Some(&shown), NOW, &mut TestRng(3)).err();
        assert_eq!(*enrolment, before);
        refused
    };
    let mut journey = back_again();
    journey.confirm();
    let chain = journey.chain.clone();
    let forked = EnrolmentError::Lie(Lie::Published(LookupError::ForkedHistory));
    assert_eq!(sign(&mut journey, &chain[..1]), Some(forked));
    assert_eq!(sign(&mut journey, &[BOB.first_signed()]), Some(history(HistoryError::OtherPerson)));

    // Somebody came back with the same code on another device, meanwhile.
    let mut journey = back();
    journey.confirm();
    assert_eq!(sign(&mut journey, &chain), Some(EnrolmentError::CodeReplaced));
}

// LBX-BUNDLE-3
#[test]
fn an_older_bundle_is_found_out_before_anything_is_signed() {
    let mut journey = Journey::confirmed();
    let collected = journey.collected();
    // Of the same keys, sealed for an entry that is not in force.
    let Journey { mut enrolment, trust, keys, .. } = Journey::confirmed();
    let older = enrolment.sign(&trust, &keys, &ok(&collected), None, NOW, &mut TestRng(77)).unwrap();
    let signed = journey.sign(&collected).unwrap();
    journey.publish(&signed);
    assert_ne!(older.bundle(), signed.bundle());
    let code = journey.keys.recovery_code().unwrap();
    let found = recovery::found(&kept(older.bundle(), 1), &code).unwrap();
    let mut journey = journey.back(&found, &code);
    journey.confirm();
    let before = journey.enrolment.clone();
    assert_eq!(journey.sign(&journey.collected()).err(), Some(EnrolmentError::OlderBundle));
    assert_eq!(journey.enrolment, before);
}

#[test]
fn a_recovery_is_signed_with_its_keys_and_the_entries_alone() {
    let mut journey = back();
    journey.confirm();
    let (collected, shown) = (ok(&journey.collected()), ok(&own_entries(&journey.chain)));
    let Journey { enrolment, trust, keys, .. } = &mut journey;
    let rng = &mut TestRng(3);
    let without = enrolment.sign(trust, keys, &collected, None, NOW, rng).err();
    assert_eq!(without, Some(EnrolmentError::OutOfTurn));
    let others = DeviceKeys::generate(&mut TestRng(99));
    let refused = enrolment.sign(trust, &others, &collected, Some(&shown), NOW, rng).err();
    assert_eq!(refused, Some(EnrolmentError::OtherKeys));
    // Keys that have forgotten the mailbox as it was sign nothing either.
    keys.finish();
    let finished = enrolment.sign(trust, keys, &collected, Some(&shown), NOW, rng).err();
    assert_eq!(finished, Some(EnrolmentError::OtherKeys));
}
