//! The mirror of the registry.

use api::directory::Registry as Answer;
use client_mailbox::registry::{self, Registry, RegistryError};
use crypto_core::{
    body::{BodyEntry, BodyId, BodyStatus, RegistryError as ProofError, SignedBodyEntry},
    directory::{FRESHNESS, HeadError},
};
use relay_auth::{
    cbor::{Bytes32, DecodeError},
    hostile,
};

use crate::{
    journey::{DIRECTORY, Journey, ok},
    world::{NOW, approve, body_entry},
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
    let mut altered = stored;
    let place = altered.len() - 20;
    altered[place] ^= 1;
    assert!(matches!(
        Registry::from_record(&altered, &journey.trust),
        Err(RegistryError::Stored(_) | RegistryError::Malformed(DecodeError::Shape))
    ));
}
