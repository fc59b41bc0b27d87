//! The registry of public bodies, against akd's real tree.

use crypto_core::{
    body::{BodyEntry, BodyError, BodyId, BodyStatus, RegisteredBody, RegistryError, SignedBodyEntry},
    directory::{Head, TreeError},
};
use relay_auth::cbor::Bytes32;

use crate::{
    fake_directory::FakeDirectory,
    world::{NOW, approve, body_entry, key, operators},
};

/// The body's first entry and one that suspends it.
fn entries() -> Vec<SignedBodyEntry> {
    let first = approve(&body_entry());
    let second =
        BodyEntry { status: BodyStatus::Suspended, previous: Some(Bytes32(first.hash())), ..body_entry() };
    vec![first, approve(&second)]
}

/// A directory that published the entries one after the other.
fn directory(entries: &[SignedBodyEntry]) -> FakeDirectory {
    let mut directory = FakeDirectory::new();
    for entry in entries {
        directory.publish(vec![(body_entry().id.directory_label(), entry.hash().to_vec())]);
    }
    directory
}

fn verify(directory: &FakeDirectory, shown: &[SignedBodyEntry]) -> Result<RegisteredBody, RegistryError> {
    let trust = directory.trust();
    let head = Head::verify(&directory.head(None), &trust, None, NOW).unwrap();
    let presence = directory.presence(&body_entry().id.directory_label());
    RegisteredBody::verify(shown, &presence, &head, &trust)
}

#[test]
fn the_newest_entry_is_in_force_and_older_ones_are_found_by_their_hash() {
    let entries = entries();
    let body = verify(&directory(&entries), &entries).unwrap();
    assert_eq!(body.newest().entry().status, BodyStatus::Suspended);
    let (signed, first) = body.by_hash(&entries[0].hash()).unwrap();
    assert_eq!((signed, first.entry()), (&entries[0], &body_entry()));
    assert!(body.by_hash(&[0; 32]).is_none());
}

#[test]
fn an_entry_that_is_not_the_proven_one_is_refused() {
    let entries = entries();
    let directory = directory(&entries);
    assert_eq!(verify(&directory, &entries[..1]), Err(RegistryError::OtherEntry));
    assert_eq!(verify(&directory, &[]), Err(RegistryError::Empty));
    assert_eq!(verify(&directory, &entries[1..]), Err(RegistryError::Broken));
    let twice = [entries[0].clone(), entries[0].clone()];
    assert_eq!(verify(&directory, &twice), Err(RegistryError::Broken));
}

#[test]
fn an_entry_of_another_body_does_not_follow() {
    let first = approve(&body_entry());
    let other = BodyEntry {
        id: BodyId::new("other-council").unwrap(),
        previous: Some(Bytes32(first.hash())),
        ..body_entry()
    };
    let entries = [first, approve(&other)];
    assert_eq!(verify(&directory(&entries), &entries), Err(RegistryError::Broken));
}

#[test]
fn an_entry_that_one_operator_approved_is_refused() {
    let one = SignedBodyEntry::new(&body_entry()).approve(&operators()[0]);
    let refused = Err(RegistryError::Entry(BodyError::NotApproved));
    assert_eq!(verify(&directory(std::slice::from_ref(&one)), &[one]), refused);
}

#[test]
fn an_operator_who_left_does_not_take_the_history_along() {
    let (gone, stayed, new) = (key(98), &operators()[0], &operators()[1]);
    let first = SignedBodyEntry::new(&body_entry()).approve(&gone).approve(stayed);
    let second = BodyEntry { previous: Some(Bytes32(first.hash())), ..body_entry() };
    let second = SignedBodyEntry::new(&second).approve(stayed).approve(new);
    let entries = [first.clone(), second];
    let body = verify(&directory(&entries), &entries).unwrap();
    assert!(body.by_hash(&first.hash()).is_some());
    // On its own it is not approved by two who are operators now.
    let refused = Err(RegistryError::Entry(BodyError::NotApproved));
    assert_eq!(verify(&directory(std::slice::from_ref(&first)), &[first]), refused);
}

#[test]
fn a_change_that_was_made_and_undone_shows_in_the_version() {
    let entries = entries();
    let label = body_entry().id.directory_label();
    let mut directory = directory(&entries);
    directory.publish(vec![(label.clone(), vec![7; 32])]);
    directory.publish(vec![(label, entries[1].hash().to_vec())]);
    assert_eq!(verify(&directory, &entries), Err(RegistryError::HiddenChange));
}

#[test]
fn the_proof_of_another_body_is_refused() {
    let entries = entries();
    let mut directory = directory(&entries);
    let other = BodyId::new("other-council").unwrap().directory_label();
    directory.publish(vec![(other.clone(), entries[1].hash().to_vec())]);
    let trust = directory.trust();
    let head = Head::verify(&directory.head(None), &trust, None, NOW).unwrap();
    let refused = RegisteredBody::verify(&entries, &directory.presence(&other), &head, &trust);
    assert_eq!(refused, Err(RegistryError::Proof(TreeError::OtherLabel)));
}
