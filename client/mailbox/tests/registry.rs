//! The mirror of the registry.

use std::slice::from_ref;

use api::directory::Registry as Answer;
use client_mailbox::registry::{self, Registry, RegistryError};
use crypto_core::{
    body::{BodyEntry, BodyError, BodyId, BodyStatus, RegistryError as ProofError, SignedBodyEntry},
    directory::{FRESHNESS, HeadError},
};
use relay_auth::{cbor::Bytes32, hostile};

use crate::{
    journey::{DIRECTORY, Journey, ok, trust_with},
    world::{NOW, approve, body_entry, operators},
};

fn council() -> BodyId {
    body_entry().id
}

/// The council's entry, and one that suspends it.
fn suspended() -> Vec<SignedBodyEntry> {
    let first = approve(&body_entry());
    let next =
        BodyEntry { status: BodyStatus::Suspended, previous: Some(Bytes32(first.hash())), ..body_entry() };
    vec![first, approve(&next)]
}

fn health_board() -> Vec<SignedBodyEntry> {
    let id = BodyId::new("health-board").unwrap();
    vec![approve(&BodyEntry { id, name: "Health Board".to_owned(), ..body_entry() })]
}

#[test]
fn the_registry_is_asked_for_from_what_is_known() {
    let journey = Journey::start();
    let first = registry::request(&journey.trust, None).unwrap();
    assert_eq!((first.method, first.url), ("GET", format!("{DIRECTORY}/v1/registry")));
    let pin = journey.directory.pin();
    let next = registry::request(&journey.trust, Some(&pin)).unwrap().url;
    let root: String = pin.root.0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(next, format!("{DIRECTORY}/v1/registry?size={}&root={root}", pin.size));
}

#[test]
fn a_body_is_known_by_its_newest_entry_and_its_suspension_shows() {
    let mut journey = Journey::start();
    let entries = suspended();
    journey.publish_body(&entries[..1]);
    let answer = journey.registry_answer(&[entries[..1].to_vec()], None);
    let (registry, pin) = Registry::empty().answered(&journey.trust, None, &ok(&answer), NOW).unwrap();
    assert_eq!(registry.newest(&council()).unwrap().entry().name, "Example Council");
    assert!(!registry.is_suspended(&council()));
    journey.publish_body(&entries);
    let answer = journey.registry_answer(&[entries], Some(&pin));
    let (registry, later) = registry.answered(&journey.trust, Some(&pin), &ok(&answer), NOW).unwrap();
    assert!(registry.is_suspended(&council()) && later.size > pin.size);
    let stored = registry.to_record();
    assert_eq!(Registry::from_record(&stored, &journey.trust).unwrap(), registry);
}

#[test]
fn every_lie_about_the_registry_has_its_name() {
    let mut journey = Journey::start();
    let entries = suspended();
    journey.publish_body(&entries[..1]);
    journey.publish_body(&health_board());
    let honest = [entries[..1].to_vec(), health_board()];
    let answer = journey.registry_answer(&honest, None);
    let (known, pin) = Registry::empty().answered(&journey.trust, None, &ok(&answer), NOW).unwrap();
    assert_eq!(known.len(), 2);

    let ask = |answer: Answer, now: u64| known.answered(&journey.trust, Some(&pin), &ok(&answer), now).err();
    let shown = |bodies: &[Vec<SignedBodyEntry>]| journey.registry_answer(bodies, Some(&pin));
    assert_eq!(ask(shown(&honest), NOW), None);
    let stale = ask(shown(&honest), NOW + FRESHNESS + 1);
    assert_eq!(stale, Some(RegistryError::Head(HeadError::Stale)));
    assert_eq!(ask(shown(&honest[..1]), NOW), Some(RegistryError::LeftOut));
    let twice = [honest[0].clone(), honest[1].clone(), honest[0].clone()];
    assert_eq!(ask(shown(&twice), NOW), Some(RegistryError::Twice));
    let unproven = [entries, health_board()];
    assert_eq!(ask(shown(&unproven), NOW), Some(RegistryError::Entry(ProofError::OtherEntry)));
    let mut other_pin = pin;
    other_pin.size += 1;
    let answer = shown(&honest);
    let rolled_back = known.answered(&journey.trust, Some(&other_pin), &ok(&answer), NOW).err();
    assert_eq!(rolled_back, Some(RegistryError::Head(HeadError::RolledBack)));
}

#[test]
fn a_stored_registry_is_not_believed_for_being_stored() {
    let mut journey = Journey::start();
    let stored = journey.registry().to_record();
    for (name, hostile) in hostile::variants(&stored) {
        assert!(Registry::from_record(&hostile, &journey.trust).is_err(), "{name}");
    }
    // In its entry, and in what operators say of it: of that body nothing is left in force.
    for place in 0..stored.len() - 5 {
        let mut altered = stored.clone();
        altered[place] ^= 1;
        let loaded = Registry::from_record(&altered, &journey.trust);
        assert!(!loaded.is_ok_and(|loaded| !loaded.is_empty()), "byte {place}");
    }
}

/// The council's entry and one after it, which one operator approved.
fn half_approved(change: impl FnOnce(&mut BodyEntry)) -> Vec<SignedBodyEntry> {
    let first = approve(&body_entry());
    let mut next = BodyEntry { previous: Some(Bytes32(first.hash())), ..body_entry() };
    change(&mut next);
    vec![first, SignedBodyEntry::new(&next).approve(&operators()[0])]
}

/// `LBX-BODY-8`
#[test]
fn a_body_that_too_few_operators_approved_is_left_out_and_no_other_with_it() {
    let mut journey = Journey::start();
    let half = half_approved(|next| next.name = "Half Approved".to_owned());
    journey.publish_body(&half[..1]);
    journey.publish_body(&half);
    journey.publish_body(&health_board());
    let bodies = [half.clone(), health_board()];
    let answer = journey.registry_answer(&bodies, None);
    let (registry, pin) = Registry::empty().answered(&journey.trust, None, &ok(&answer), NOW).unwrap();
    // None of its entries is in force, the approved one of before neither.
    assert_eq!(registry.len(), 1);
    assert!(registry.newest(&council()).is_none());
    let operators = &journey.trust.trust().operators;
    assert_eq!(registry.filed_sender(&half[1], operators), Err(BodyError::NotApproved));
    assert!(registry.newest(&BodyId::new("health-board").unwrap()).is_some());

    // Only what stands so in the log is left out. What does not is a lie, and nothing is taken.
    let other = half_approved(|next| next.name = "Not In The Log".to_owned());
    let lie = journey.registry_answer(&[other, health_board()], Some(&pin));
    let refused = registry.answered(&journey.trust, Some(&pin), &ok(&lie), NOW).map(drop);
    assert_eq!(refused, Err(RegistryError::Entry(ProofError::OtherEntry)));
}

/// `LBX-BODY-8`, `LBX-BODY-6`
#[test]
fn a_body_that_is_left_out_is_not_forgotten_and_no_suspension_or_time_with_it() {
    let mut journey = Journey::start();
    let entries = suspended();
    journey.publish_body(&entries[..1]);
    journey.publish_body(&entries);
    let take = |journey: &Journey, known: &Registry, bodies: &[Vec<SignedBodyEntry>], now| {
        let answer = journey.registry_answer(bodies, None);
        known.answered(&journey.trust, None, &ok(&answer), now).map(|(registry, _)| registry)
    };
    let known = take(&journey, &Registry::empty(), from_ref(&entries), NOW).unwrap();
    assert!(known.is_suspended(&council()));

    // The directory puts an entry on top that ends the suspension, and has no operators for it.
    let [first, second] = &entries[..] else { panic!("two entries") };
    let revived = BodyEntry { previous: Some(Bytes32(second.hash())), ..body_entry() };
    let revived = SignedBodyEntry::new(&revived).approve(&operators()[0]);
    let shown = vec![first.clone(), second.clone(), revived.clone()];
    journey.publish_body(&shown);
    let left = take(&journey, &known, from_ref(&shown), NOW + 1).unwrap();
    assert!(left.newest(&council()).is_none() && left.is_suspended(&council()));
    let stored = Registry::from_record(&left.to_record(), &journey.trust).unwrap();
    // By what is stored it is in force as it was known: approved, and suspended.
    assert!(stored.is_suspended(&council()));

    // It is neither hidden from then on, nor shown with another history.
    assert_eq!(take(&journey, &left, &[], NOW + 2), Err(RegistryError::LeftOut));
    let other = BodyEntry { name: "Another".to_owned(), ..body_entry() };
    let other = vec![approve(&other)];
    let mut elsewhere = Journey::start();
    elsewhere.publish_body(&other);
    assert_eq!(take(&elsewhere, &left, &[other], NOW + 2), Err(RegistryError::Rewritten));

    // Approved once more, it is what it was, with the times at which its entries were seen first.
    let again = SignedBodyEntry::new(&revived.unverified().unwrap());
    let again = again.approve(&operators()[0]).approve(&operators()[1]);
    let whole = vec![first.clone(), second.clone(), again];
    let back = take(&journey, &left, from_ref(&whole), NOW + 3).unwrap();
    assert!(!back.is_suspended(&council()));
    assert_eq!(back, take(&journey, &known, from_ref(&whole), NOW + 3).unwrap());
}

/// `LBX-BODY-8`
#[test]
fn a_stored_body_whose_operator_was_taken_out_is_left_out_and_no_other_with_it() {
    let mut journey = Journey::start();
    let board = BodyId::new("health-board").unwrap();
    let entry = BodyEntry { id: board.clone(), name: "Health Board".to_owned(), ..body_entry() };
    let of_others = vec![SignedBodyEntry::new(&entry).approve(&operators()[1]).approve(&operators()[2])];
    let council_entries = vec![approve(&body_entry())];
    journey.publish_body(&council_entries);
    journey.publish_body(&of_others);
    let answer = journey.registry_answer(&[council_entries, of_others], None);
    let before = Registry::empty().answered(&journey.trust, None, &ok(&answer), NOW).unwrap().0;
    journey.trust = trust_with(&journey.directory, |file| {
        file.directory.operators.remove(0);
    });
    let after = Registry::from_record(&before.to_record(), &journey.trust).unwrap();
    assert!(after.newest(&council()).is_none() && after.newest(&board).is_some());
    // It is stored once more as it was.
    assert_eq!(Registry::from_record(&after.to_record(), &journey.trust).unwrap(), after);
}
