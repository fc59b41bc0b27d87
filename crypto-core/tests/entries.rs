//! Chains of entries: honest and broken.

use crypto_core::citizen::{
    ChangeKind, DirectoryId, Entry, EntrySignature, EntryStatus, History, HistoryError, InboxKey, SignedEntry,
};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Wire as _, encode},
    hostile, label,
};

use crate::{
    portable_test,
    world::{ANN, BOB, DAY, NOW, inbox_key, key},
};

fn first() -> Entry {
    ANN.first_entry().0
}

/// An entry that follows `before`.
fn next(before: &SignedEntry) -> Entry {
    Entry {
        change: ChangeKind::ByDevice,
        previous: Some(before.hash().into()),
        salt: Bytes32([9; 32]),
        ..first()
    }
}

/// An entry with a new identity key.
fn stolen(before: &SignedEntry, identity: u8, evidence: u8) -> Entry {
    Entry {
        change: ChangeKind::Reset,
        identity_key: key(identity).verifying_key(),
        evidence: Bytes32([evidence; 32]),
        ..next(before)
    }
}

fn verify(chain: &[SignedEntry]) -> Result<Vec<ChangeKind>, HistoryError> {
    History::verify(ANN.id(), chain)
        .map(|history| history.changes().iter().map(|change| change.kind).collect())
}

fn by_device(entry: &Entry) -> SignedEntry {
    SignedEntry::by_device(entry, &ANN.device(), ANN.opening().salt.0)
}

#[portable_test]
fn entries_have_one_encoding() {
    hostile::assert_strict(&first());
    let full = Entry { archive_head: Some(Bytes32([1; 32])), ..next(&ANN.first_signed()) };
    assert_eq!(Entry::from_bytes(&full.to_bytes()).unwrap(), full);
    hostile::assert_strict(&by_device(&full));
}

#[portable_test]
fn a_chain_is_first_entry_then_changes_by_device_recovery_and_reset() {
    let one = ANN.first_signed();
    let two = by_device(&next(&one));
    let recovered = Entry { change: ChangeKind::Recovery, ..stolen(&two, 31, 1) };
    let three = SignedEntry::by_recovery(&recovered, &key(31), &ANN.identity());
    let reset = stolen(&three, 32, 2);
    let four = SignedEntry::by_identity(&reset, &key(32));
    let chain = [one, two, three, four];
    let kinds = vec![ChangeKind::First, ChangeKind::ByDevice, ChangeKind::Recovery, ChangeKind::Reset];
    assert_eq!(verify(&chain), Ok(kinds));
}

#[portable_test]
fn a_chain_that_does_not_start_or_belong_here_is_refused() {
    let one = ANN.first_signed();
    assert_eq!(verify(&[]), Err(HistoryError::Empty));
    assert_eq!(verify(&[by_device(&next(&one))]), Err(HistoryError::Unanchored));
    assert_eq!(verify(&[BOB.first_signed()]), Err(HistoryError::OtherPerson));
    assert_eq!(verify(&[by_device(&first())]), Err(HistoryError::NotSigned));
    assert_eq!(verify(&[SignedEntry::by_identity(&first(), &key(99))]), Err(HistoryError::NotSigned));
    let other = Entry { directory_id: DirectoryId::from([8; 16]), ..next(&one) };
    assert_eq!(verify(&[one, by_device(&other)]), Err(HistoryError::OtherPerson));
}

#[portable_test]
fn a_chain_with_a_gap_or_a_fork_is_refused() {
    let one = ANN.first_signed();
    let two = by_device(&next(&one));
    let three = by_device(&next(&two));
    assert_eq!(verify(&[one.clone(), three.clone()]), Err(HistoryError::Broken));
    assert_eq!(verify(&[one.clone(), two.clone(), by_device(&next(&one))]), Err(HistoryError::Broken));
    assert_eq!(verify(&[one.clone(), two, three, one.clone()]), Err(HistoryError::Broken));
}

#[portable_test]
fn only_a_device_of_the_entry_before_can_change_it() {
    let one = ANN.first_signed();
    let entry = next(&one);
    let strangers = [
        SignedEntry::by_device(&entry, &key(99), ANN.opening().salt.0),
        SignedEntry::by_device(&entry, &ANN.device(), [0; 32]),
        SignedEntry::by_identity(&entry, &ANN.identity()),
        SignedEntry::by_recovery(&entry, &ANN.identity(), &ANN.identity()),
    ];
    for stranger in strangers {
        assert_eq!(verify(&[one.clone(), stranger]), Err(HistoryError::NotSigned));
    }
    // A device that an entry adds may sign the next entry, not the one that adds it.
    let new = Entry { devices: (0..4).map(|filler| Bytes32([filler; 32])).collect(), ..next(&one) };
    assert!(verify(&[one.clone(), by_device(&new)]).is_ok());
    let removed = by_device(&new);
    let after = Entry { previous: Some(removed.hash().into()), ..new };
    assert_eq!(verify(&[one, removed, by_device(&after)]), Err(HistoryError::NotSigned));
}

#[portable_test]
fn a_new_identity_key_needs_new_evidence_and_its_own_signature() {
    let one = ANN.first_signed();
    let same_evidence = Entry { evidence: first().evidence, ..stolen(&one, 31, 1) };
    let signed = SignedEntry::by_identity(&same_evidence, &key(31));
    assert_eq!(verify(&[one.clone(), signed]), Err(HistoryError::EvidenceMismatch));
    let same_identity = Entry { evidence: Bytes32([1; 32]), ..next(&one) };
    assert_eq!(verify(&[one.clone(), by_device(&same_identity)]), Err(HistoryError::EvidenceMismatch));
    let reset = stolen(&one, 31, 1);
    let recovery = Entry { change: ChangeKind::Recovery, ..reset.clone() };
    for entry in [&reset, &recovery, &Entry { change: ChangeKind::ByDevice, ..reset.clone() }] {
        for signed in [
            by_device(entry),
            SignedEntry::by_identity(entry, &ANN.identity()),
            SignedEntry::by_recovery(entry, &key(31), &key(99)),
            SignedEntry::by_recovery(entry, &key(99), &ANN.identity()),
        ] {
            assert_eq!(verify(&[one.clone(), signed]), Err(HistoryError::NotSigned));
        }
    }
    // A recovery stays one: without the old key's signature it does not become a reset.
    let stripped = SignedEntry::by_identity(&recovery, &key(31));
    assert_eq!(verify(&[one.clone(), stripped]), Err(HistoryError::NotSigned));
    let dressed_up = SignedEntry::by_recovery(&reset, &key(31), &ANN.identity());
    assert_eq!(verify(&[one, dressed_up]), Err(HistoryError::NotSigned));
}

#[portable_test]
fn an_identity_key_that_was_replaced_does_not_come_back() {
    let one = ANN.first_signed();
    let two = SignedEntry::by_identity(&stolen(&one, 31, 1), &key(31));
    let old_key = Entry { identity_key: first().identity_key, ..stolen(&two, 32, 2) };
    let old_key = SignedEntry::by_identity(&old_key, &ANN.identity());
    assert_eq!(verify(&[one.clone(), two.clone(), old_key]), Err(HistoryError::Returned));
    let old_evidence = Entry { evidence: first().evidence, ..stolen(&two, 32, 2) };
    let old_evidence = SignedEntry::by_identity(&old_evidence, &key(32));
    assert_eq!(verify(&[one, two, old_evidence]), Err(HistoryError::Returned));
}

#[portable_test]
fn nothing_follows_a_closed_entry() {
    let one = ANN.first_signed();
    let closed = Entry { status: EntryStatus::Closed, inbox_keys: vec![], ..next(&one) };
    let two = by_device(&closed);
    assert!(verify(&[one.clone(), two.clone()]).is_ok());
    let three = by_device(&next(&two));
    assert_eq!(verify(&[one, two, three]), Err(HistoryError::Closed));
}

#[portable_test]
fn a_signed_entry_with_any_byte_altered_breaks_the_chain() {
    let one = ANN.first_signed();
    let bytes = one.to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let verified = SignedEntry::from_bytes(&altered).map(|entry| verify(&[entry]));
        assert!(!matches!(verified, Ok(Ok(_))), "byte {place}");
    }
}

#[portable_test]
fn entries_that_no_device_makes_are_refused() {
    let key = first().inbox_keys[0].clone();
    let backwards = InboxKey { rotate_after: 2, not_after: 1, ..key.clone() };
    let refused = [
        Entry { previous: Some(Bytes32([1; 32])), ..first() },
        Entry { change: ChangeKind::ByDevice, ..first() },
        Entry { devices: vec![], ..first() },
        Entry { inbox_keys: vec![], ..first() },
        Entry { status: EntryStatus::Closed, ..first() },
        Entry { inbox_keys: vec![key.clone(), key.clone()], ..first() },
        Entry { inbox_keys: vec![key; 5], ..first() },
        Entry { inbox_keys: vec![backwards], ..first() },
        Entry { devices: first().devices[..3].to_vec(), ..first() },
        Entry { devices: first().devices.into_iter().rev().collect(), ..first() },
        Entry { devices: vec![Bytes32([1; 32]); 4], ..first() },
    ];
    for entry in refused {
        assert!(matches!(Entry::from_bytes(&entry.to_bytes()), Err(DecodeError::Value(_))), "{entry:?}");
    }
}

/// LBX-ENTRY-4.
#[portable_test]
fn the_fullest_entry_is_taken_and_one_with_a_key_more_is_not() {
    // Each another one, to be used until it is to be replaced and no longer.
    let keys = |count: u8| -> Vec<InboxKey> {
        let key = |number| inbox_key(number).public_key().clone();
        (0..count).map(|number| InboxKey { key: key(number), rotate_after: NOW, not_after: NOW }).collect()
    };
    let devices = (0..32).map(|filler| Bytes32([filler; 32])).collect();
    let fullest = Entry { inbox_keys: keys(4), devices, ..first() };
    assert_eq!(Entry::from_bytes(&fullest.to_bytes()).as_ref(), Ok(&fullest));
    let more = Entry { inbox_keys: keys(5), ..fullest };
    assert!(matches!(Entry::from_bytes(&more.to_bytes()), Err(DecodeError::Value(_))));
}

#[portable_test]
fn an_entry_has_one_signature_or_two() {
    let entry = first().to_bytes();
    let signature = EntrySignature::Identity(ANN.identity().sign(label::ENTRY_SIGNATURE, &entry));
    for (count, is_taken) in [(0, false), (1, true), (2, true), (3, false)] {
        let signed = encode(&(Bytes::from(entry.clone()), vec![signature.clone(); count]));
        assert_eq!(SignedEntry::from_bytes(&signed).is_ok(), is_taken, "{count}");
    }
}

#[portable_test]
fn senders_use_the_newest_key_until_its_last_second() {
    let history = History::verify(ANN.id(), &[ANN.first_signed()]).unwrap();
    assert!(history.last().inbox_key_at(NOW + 400 * DAY).is_some());
    assert!(history.last().inbox_key_at(NOW + 400 * DAY + 1).is_none());
}
