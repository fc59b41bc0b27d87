//! Entries of public bodies and their approval.

use crypto_core::body::{BodyEntry, BodyError, BodyId, BodyKey, BodyStatus, SignedBodyEntry};
use relay_auth::{
    cbor::{Bytes32, DecodeError, Wire as _},
    hostile,
};

use crate::{
    portable_test,
    world::{NOW, approve, body, body_entry, body_key, inbox_key, key, operator_keys, operators},
};

#[portable_test]
fn entries_of_bodies_have_one_encoding() {
    hostile::assert_strict(&body_entry());
    let full = BodyEntry {
        previous: Some(Bytes32([1; 32])),
        reply_key: Some(inbox_key(3).public_key().clone()),
        ..body_entry()
    };
    assert_eq!(BodyEntry::from_bytes(&full.to_bytes()).unwrap(), full);
    hostile::assert_strict(&approve(&body_entry()));
}

#[portable_test]
fn two_different_trusted_operators_have_to_approve() {
    let new = || SignedBodyEntry::new(&body_entry());
    let refused = [
        new(),
        new().approve(&operators()[0]),
        new().approve(&operators()[0]).approve(&operators()[0]),
        new().approve(&operators()[0]).approve(&key(99)),
    ];
    for entry in refused {
        assert_eq!(entry.verify(&operator_keys()), Err(BodyError::NotApproved));
    }
    assert_eq!(approve(&body_entry()).verify(&operator_keys()).unwrap().entry(), &body_entry());
    let third = new().approve(&key(99)).approve(&operators()[2]).approve(&operators()[1]);
    assert!(third.verify(&operator_keys()).is_ok());
}

#[portable_test]
fn an_approved_entry_with_any_byte_altered_is_refused() {
    let bytes = approve(&body_entry()).to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let verified = SignedBodyEntry::from_bytes(&altered).map(|entry| entry.verify(&operator_keys()));
        assert!(!matches!(verified, Ok(Ok(_))), "byte {place}");
    }
}

#[portable_test]
fn a_key_counts_while_it_is_valid_and_the_body_active() {
    assert_eq!(body().keys_at(NOW).next(), Some(&body_key().verifying_key()));
    assert_eq!(body().keys_at(0).next(), None);
    assert_eq!(body().keys_at(u64::MAX).next(), None);
    let suspended = BodyEntry { status: BodyStatus::Suspended, ..body_entry() };
    let suspended = approve(&suspended).verify(&operator_keys()).unwrap();
    assert_eq!(suspended.keys_at(NOW).next(), None);
}

/// LBX-LETTER-6, LBX-LETTER-7.
#[portable_test]
fn a_link_of_a_body_leads_to_its_hosts_alone() {
    assert!(body().may_open("https://pay.example.scot/bill?1"));
    for elsewhere in ["https://evil.example", "http://pay.example.scot", "https://x.pay.example.scot", ""] {
        assert!(!body().may_open(elsewhere), "{elsewhere}");
    }
}

#[portable_test]
fn the_fullest_entry_is_taken_and_one_with_a_key_more_is_not() {
    // Each is valid for one second.
    let key = BodyKey { key: body_key().verifying_key(), not_before: NOW, not_after: NOW };
    let keys = |count| vec![key.clone(); count];
    let hosts = vec!["pay.example.scot".to_owned(); 16];
    let fullest = BodyEntry { keys: keys(8), hosts, ..body_entry() };
    assert_eq!(BodyEntry::from_bytes(&fullest.to_bytes()), Ok(fullest));
    let more = BodyEntry { keys: keys(9), ..body_entry() };
    assert!(matches!(BodyEntry::from_bytes(&more.to_bytes()), Err(DecodeError::Value(_))));
}

#[portable_test]
fn entries_that_would_mislead_are_refused() {
    let key = BodyKey { key: body_key().verifying_key(), not_before: 2, not_after: 1 };
    let refused = [
        BodyEntry { name: String::new(), ..body_entry() },
        BodyEntry { name: "Council\u{202e}".to_owned(), ..body_entry() },
        BodyEntry { name: "x".repeat(101), ..body_entry() },
        BodyEntry { domain: "localhost".to_owned(), ..body_entry() },
        BodyEntry { hosts: vec!["*.example.scot".to_owned()], ..body_entry() },
        BodyEntry { hosts: vec!["PAY.example.scot".to_owned()], ..body_entry() },
        BodyEntry { hosts: vec!["example.scot".to_owned(); 17], ..body_entry() },
        BodyEntry { keys: vec![key], ..body_entry() },
    ];
    for entry in refused {
        assert!(matches!(BodyEntry::from_bytes(&entry.to_bytes()), Err(DecodeError::Value(_))), "{entry:?}");
    }
    for id in ["", "x", "Council", "a_b", "-ab", "ab-", "a b", "é-council", &"x".repeat(64)] {
        assert!(BodyId::new(id).is_err(), "{id}");
    }
}
