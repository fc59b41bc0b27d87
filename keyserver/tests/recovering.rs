//! Coming back with the recovery code.

use api::{
    Code, Octets32,
    directory::{LookupRequest, OwnEntriesRequest, PublishRequest, SignInStage},
};
use crypto_core::{
    citizen::{ChangeKind, Entry, Purpose, SignedEntry},
    directory::{Answer, Memory, Outcome},
    evidence::Evidence,
    person::Attributes,
};
use relay_auth::{
    cbor::{Bytes32, Wire as _},
    permit::Permit,
};

use crate::{
    identity_provider::{ANN, BOB, OTHER_ANN, Person},
    support::{DAY, Directory, NOW, attributes, key, known, posting, question, tickets},
    vault::{Former, Vault, entry_of, inbox_key, publish, publishing, voucher},
};

/// An enrolled vault, with its first entry.
async fn enrolled(directory: &Directory) -> (Vault, SignedEntry) {
    let mut vault = Vault::new(ANN, 10);
    let (publication, _) = vault.enrol(directory).await;
    (vault, entry_of(&publication))
}

/// A publication with another entry, signed as the vault signs.
fn with_entry(vault: &Vault, good: &PublishRequest, entry: &Entry) -> PublishRequest {
    PublishRequest { entry: vault.signed(entry).to_bytes().into(), ..good.clone() }
}

/// A publication with other evidence, the entry made for it.
fn with_evidence(vault: &Vault, good: &PublishRequest, evidence: &Evidence) -> PublishRequest {
    let publication = with_entry(vault, good, &vault.entry(evidence));
    PublishRequest { evidence: evidence.to_bytes().into(), ..publication }
}

/// That these details lead to the vault, and its inbox key can be sealed to now.
async fn assert_found(directory: &Directory, vault: &Vault, asked: &Attributes) {
    let Outcome::Found(recipient) = directory.outcome(asked).await else { panic!("not found") };
    assert_eq!(recipient.directory_id(), vault.id);
    assert_eq!(recipient.inbox_key(), vault.inbox_key().public_key());
    assert_eq!(recipient.person().subject(), vault.person.subject());
}

#[tokio::test]
async fn who_comes_back_is_found_at_once_as_the_same_citizen_with_the_new_key() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    let remembered = directory.found(&attributes(&ANN)).await;
    let mut back = vault.recovering(20, &first);
    back.enrol(&directory).await;
    assert_eq!(back.id, vault.id);
    for asked in [attributes(&ANN), attributes(&ANN).without_postcode()] {
        assert_found(&directory, &back, &asked).await;
    }
    let answer = directory.look_up(&attributes(&ANN)).await;
    assert!(!answer.permits.is_empty());
    for permit in &answer.permits {
        let permit: Permit = tickets().open(permit.as_ref()).unwrap();
        assert_eq!(permit.inbox_key, back.inbox_key().public_key().id());
    }

    // A body that remembers the log and the entry before goes on from there.
    let Outcome::Found(recipient) = remembered.outcome else { panic!("not found") };
    let pin = remembered.head.pin();
    let asked = LookupRequest { known: Some(known(&pin)), ..question(&attributes(&ANN)) };
    let answer = Answer::from_bytes(&directory.ok(directory.looking_up(&asked)).await).unwrap();
    let memory = Memory { pin: Some(&pin), recipient: Some(recipient.entry()) };
    let provider = directory.provider.trusted();
    let verified = answer.verify(&attributes(&ANN), &directory.trust(), &provider, memory, NOW).unwrap();
    assert!(matches!(verified.outcome, Outcome::Found(_)));
}

#[tokio::test]
async fn the_mailbox_stays_and_the_voucher_names_the_new_access_key() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let (enrolment, opened) = vault.enrol(&directory).await;
    let first = entry_of(&enrolment);
    let mut back = vault.recovering(20, &first);
    let (recovery, published) = back.enrol(&directory).await;
    assert_eq!(published.mailbox, opened.mailbox);
    let voucher = voucher(&published);
    assert_eq!(*voucher.mailbox.as_bytes(), opened.mailbox.0);
    assert_eq!(voucher.access_key, back.access_key().verifying_key());
    back.check_own(&directory, &[first, entry_of(&recovery)], &published);
    // The access key before opens nothing any more, not even with the entry before.
    directory.refused(publishing(&enrolment), Code::AlreadyEnrolled).await;
}

#[tokio::test]
async fn the_same_request_again_gives_the_same_mailbox_without_a_sign_in() {
    let directory = Directory::start().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let (recovery, published) = back.enrol(&directory).await;
    for sign_in in [recovery.sign_in, None] {
        let again = publish(&directory, &PublishRequest { sign_in, ..recovery.clone() }).await;
        assert_eq!((again.mailbox, &again.voucher), (published.mailbox, &published.voucher));
        back.check_own(&directory, &[first.clone(), entry_of(&recovery)], &again);
    }
    // Whoever has seen the entry and does not know the access key learns nothing.
    let access_key = Octets32(*key(99).verifying_key().as_bytes());
    let seen = PublishRequest { sign_in: None, access_key, ..recovery };
    directory.refused(publishing(&seen), Code::SignInUnknown).await;
}

#[tokio::test]
async fn two_equal_requests_at_once_publish_one_entry() {
    let directory = Directory::start().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let collected = back.sign_in(&directory).await;
    let recovery = back.publication(&collected);
    let (one, other) = tokio::join!(publish(&directory, &recovery), publish(&directory, &recovery));
    assert_eq!(one.mailbox, other.mailbox);
    // One of them used the sign-in up.
    back.sign_in = None;
    back.stage(&directory, SignInStage::Account).await;
    assert_eq!(back.own_entries(&directory).await, [first, entry_of(&recovery)]);
}

#[tokio::test]
async fn of_two_recoveries_of_one_entry_one_wins() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    let (mut one, mut other) = (vault.recovering(20, &first), vault.recovering(30, &first));
    let (of_one, of_other) = (one.sign_in(&directory).await, other.sign_in(&directory).await);
    publish(&directory, &one.publication(&of_one)).await;
    directory.refused(publishing(&other.publication(&of_other)), Code::EntryOutOfTurn).await;
    assert_found(&directory, &one, &attributes(&ANN)).await;
}

#[tokio::test]
async fn who_married_or_moved_is_found_by_the_new_details_and_not_by_the_old_ones() {
    for changed in [
        Person { family_name: "Bruce", postcode: Some("G2 1AL"), ..ANN },
        Person { family_name: "Bruce", ..ANN },
        Person { postcode: Some("G2 1AL"), ..ANN },
        Person { postcode: None, ..ANN },
    ] {
        let directory = Directory::with_body().await;
        let (vault, first) = enrolled(&directory).await;
        let mut back = Vault { person: changed, ..vault.recovering(20, &first) };
        let (recovery, published) = back.enrol(&directory).await;
        assert_eq!(published.with_postcode.is_some(), changed.postcode.is_some());
        back.check_own(&directory, &[first, entry_of(&recovery)], &published);
        for asked in [attributes(&changed), attributes(&changed).without_postcode()] {
            assert_found(&directory, &back, &asked).await;
        }
        assert_eq!(directory.outcome(&attributes(&ANN)).await, Outcome::None, "{changed:?}");
        let has_new_name = changed.family_name != ANN.family_name;
        let outcome = directory.outcome(&attributes(&ANN).without_postcode()).await;
        assert_eq!(outcome == Outcome::None, has_new_name, "{changed:?}");
    }
}

#[tokio::test]
async fn a_namesake_stays_listed_when_somebody_else_comes_back_under_a_new_name() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    let mut namesake = Vault::new(OTHER_ANN, 40);
    namesake.enrol(&directory).await;
    assert_eq!(directory.outcome(&attributes(&ANN).without_postcode()).await, Outcome::Ambiguous);
    let married = Person { family_name: "Bruce", ..ANN };
    let mut back = Vault { person: married, ..vault.recovering(20, &first) };
    back.enrol(&directory).await;
    assert_found(&directory, &namesake, &attributes(&OTHER_ANN)).await;
    assert_found(&directory, &back, &attributes(&married)).await;
    // What they shared leads to the namesake alone now, and is not taken at once (LBX-ENTRY-8).
    let shared = directory.outcome(&attributes(&OTHER_ANN).without_postcode()).await;
    assert_eq!(shared, Outcome::Resetting);
}

#[tokio::test]
async fn a_sign_in_of_another_person_brings_nobodys_mailbox_back() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    // He has found her code and signs in as himself, bound to her entry.
    let mut thief = Vault { person: BOB, ..vault.recovering(30, &first) };
    for stage in [SignInStage::Account, SignInStage::Identity] {
        thief.id = vault.id;
        thief.stage(&directory, stage).await;
        assert_ne!(thief.id, vault.id);
    }
    thief.id = vault.id;
    let collected = thief.collect(&directory).await;
    directory.refused(publishing(&thief.publication(&collected)), Code::OtherDirectoryId).await;

    // Nor does he publish what she made, before she does.
    let mut back = vault.recovering(20, &first);
    let collected = back.sign_in(&directory).await;
    let good = back.publication(&collected);
    let stolen = PublishRequest { sign_in: thief.sign_in, ..good.clone() };
    directory.refused(publishing(&stolen), Code::OtherDirectoryId).await;
    publish(&directory, &good).await;
    assert_found(&directory, &back, &attributes(&ANN)).await;
}

#[tokio::test]
async fn a_sign_in_for_something_else_or_another_entry_is_refused() {
    let directory = Directory::start().await;
    let (vault, first) = enrolled(&directory).await;
    let back = vault.recovering(20, &first);

    // The same keys, signed in to enrol.
    let mut enrolling = Vault { former: None, ..back.clone() };
    let collected = enrolling.sign_in(&directory).await;
    let good = Vault { sign_in: enrolling.sign_in, ..back.clone() }.publication(&collected);
    let to_enrol = with_evidence(&back, &good, &enrolling.evidence(&collected));
    directory.refused(publishing(&to_enrol), Code::EvidenceRefused).await;
    // What it was for cannot be said otherwise later.
    directory.refused(publishing(&good), Code::EvidenceRefused).await;

    // The same keys, signed in to follow another entry.
    let mut elsewhere = back.clone();
    elsewhere.former = back.former.map(|former| Former { previous: Bytes32([1; 32]), ..former });
    let collected = elsewhere.sign_in(&directory).await;
    let good = Vault { sign_in: elsewhere.sign_in, ..back.clone() }.publication(&collected);
    let to_follow_another = with_evidence(&back, &good, &elsewhere.evidence(&collected));
    directory.refused(publishing(&to_follow_another), Code::EvidenceRefused).await;
    directory.refused(publishing(&good), Code::EvidenceRefused).await;

    let mut back = back;
    let collected = back.sign_in(&directory).await;
    let (good, evidence) = (back.publication(&collected), back.evidence(&collected));
    for hostile in [
        Evidence { purpose: Purpose::Enrol, previous: None, ..evidence.clone() },
        Evidence { purpose: Purpose::Reset, ..evidence.clone() },
        Evidence { previous: None, ..evidence.clone() },
        Evidence { salt: Bytes32([0; 32]), ..evidence.clone() },
    ] {
        let request = publishing(&with_evidence(&back, &good, &hostile));
        directory.refused(request, Code::EvidenceRefused).await;
    }
    // Whoever has the sign-in, the code and other keys: the nonce is not for them.
    let thief = Vault { seed: 30, ..back.clone() };
    directory.refused(publishing(&thief.publication(&collected)), Code::EvidenceRefused).await;
    publish(&directory, &good).await;
}

#[tokio::test]
async fn an_entry_that_does_not_follow_the_newest_is_out_of_turn() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let publication = vault.publication(&collected);
    publish(&directory, &publication).await;
    let (first, entry) = (entry_of(&publication), vault.entry(&vault.evidence(&collected)));
    let mut late = vault.recovering(20, &first);
    let of_late = late.sign_in(&directory).await;
    // Meanwhile a device that is still there changes the entry.
    let second = vault.by_device(&vault.next_entry(&first, &entry, 60));
    publish(&directory, &vault.change(&second)).await;
    directory.refused(publishing(&late.publication(&of_late)), Code::EntryOutOfTurn).await;
    let mut back = vault.recovering(30, &second);
    back.enrol(&directory).await;
    assert_found(&directory, &back, &attributes(&ANN)).await;
}

#[tokio::test]
async fn without_the_signature_of_the_identity_key_before_nothing_is_published() {
    let directory = Directory::start().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let collected = back.sign_in(&directory).await;
    let good = back.publication(&collected);
    let entry = back.entry(&back.evidence(&collected));
    let reset = Entry { change: ChangeKind::Reset, ..entry.clone() };
    for hostile in [
        SignedEntry::by_identity(&entry, &back.identity()),
        SignedEntry::by_identity(&reset, &back.identity()),
        SignedEntry::by_recovery(&reset, &back.identity(), &vault.identity()),
        SignedEntry::by_recovery(&entry, &back.identity(), &key(99)),
        SignedEntry::by_recovery(&entry, &key(99), &vault.identity()),
        SignedEntry::by_recovery(&entry, &back.identity(), &vault.device()),
    ] {
        let hostile = PublishRequest { entry: hostile.to_bytes().into(), ..good.clone() };
        directory.refused(publishing(&hostile), Code::EntryRefused).await;
    }
    // None of it has used the sign-in up.
    publish(&directory, &good).await;
}

#[tokio::test]
async fn a_code_that_was_replaced_brings_nothing_back() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let (recovery, _) = back.enrol(&directory).await;
    let second = entry_of(&recovery);
    let mut old_code = vault.recovering(30, &second);
    let collected = old_code.sign_in(&directory).await;
    directory.refused(publishing(&old_code.publication(&collected)), Code::EntryRefused).await;
    let mut again = back.recovering(40, &second);
    again.enrol(&directory).await;
    assert_found(&directory, &again, &attributes(&ANN)).await;
}

#[tokio::test]
async fn a_sign_in_that_is_unknown_over_used_up_or_incomplete_brings_nothing_back() {
    let directory = Directory::start().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let collected = back.sign_in(&directory).await;
    let good = back.publication(&collected);
    let with = |sign_in| publishing(&PublishRequest { sign_in, ..good.clone() });
    directory.refused(with(None), Code::SignInUnknown).await;
    directory.refused(with(Some(Octets32([7; 32]))), Code::SignInUnknown).await;
    // The one with which she enrolled.
    directory.refused(with(vault.sign_in), Code::SignInUnknown).await;

    let mut begun = vault.recovering(20, &first);
    begun.stage(&directory, SignInStage::Account).await;
    directory.refused(with(begun.sign_in), Code::SignInIncomplete).await;

    directory.set_time(NOW + 3601);
    directory.refused(with(good.sign_in), Code::SignInUnknown).await;
    directory.set_time(NOW + 3600);
    publish(&directory, &good).await;

    // Used up: it does not bring the mailbox back once more.
    let other = Vault { sign_in: back.sign_in, ..back.recovering(30, &entry_of(&good)) };
    directory.refused(publishing(&other.publication(&collected)), Code::SignInUnknown).await;
}

#[tokio::test]
async fn evidence_of_an_earlier_sign_in_serves_no_new_key() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let of_enrolment = vault.sign_in(&directory).await;
    let enrolment = vault.publication(&of_enrolment);
    publish(&directory, &enrolment).await;
    let mut earlier = vault.recovering(20, &entry_of(&enrolment));
    let old = earlier.sign_in(&directory).await;
    let mut back = Vault { sign_in: None, ..earlier.clone() };
    directory.set_time(NOW + 1);
    let new = back.sign_in(&directory).await;
    let good = back.publication(&new);
    let (old, new) = (back.evidence(&old), back.evidence(&new));
    // Tokens of the same person, key and entry, a second older.
    for hostile in [
        old.clone(),
        Evidence { id_token: old.id_token.clone(), ..new.clone() },
        Evidence { claims_token: old.claims_token.clone(), ..new.clone() },
    ] {
        let request = publishing(&with_evidence(&back, &good, &hostile));
        directory.refused(request, Code::EvidenceRefused).await;
    }
    // What the first entry was published with, which every body has seen who wrote to her.
    let seen = with_evidence(&back, &good, &vault.evidence(&of_enrolment));
    directory.refused(publishing(&seen), Code::EntryRefused).await;
    publish(&directory, &good).await;
}

#[tokio::test]
async fn an_entry_to_which_nobody_could_seal_brings_nothing_back() {
    let directory = Directory::start().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let collected = back.sign_in(&directory).await;
    let (good, entry) = (back.publication(&collected), back.entry(&back.evidence(&collected)));
    let mut expired = entry.clone();
    (expired.inbox_keys[0].rotate_after, expired.inbox_keys[0].not_after) = (NOW - 2, NOW - 1);
    let mut too_long = entry;
    too_long.inbox_keys[0].not_after = NOW + 402 * DAY;
    for hostile in [expired, too_long] {
        let request = publishing(&with_entry(&back, &good, &hostile));
        directory.refused(request, Code::EntryRefused).await;
    }
    publish(&directory, &good).await;
}

#[tokio::test]
async fn a_device_of_the_entry_before_changes_nothing_after_a_recovery() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    let mut back = vault.recovering(20, &first);
    let collected = back.sign_in(&directory).await;
    let recovery = back.publication(&collected);
    let published = publish(&directory, &recovery).await;
    let (second, entry) = (entry_of(&recovery), back.entry(&back.evidence(&collected)));

    let next = back.next_entry(&second, &entry, 60);
    directory.refused(publishing(&vault.change(&vault.by_device(&next))), Code::EntryRefused).await;
    let first_entry = first.unverified().unwrap();
    let before = vault.by_device(&vault.next_entry(&first, &first_entry, 61));
    directory.refused(publishing(&vault.change(&before)), Code::EntryOutOfTurn).await;

    // The new device does, and what was confirmed at the recovery still shows whose key it is.
    let changed = publish(&directory, &back.change(&back.by_device(&next))).await;
    assert_eq!(changed.mailbox, published.mailbox);
    let Outcome::Found(recipient) = directory.outcome(&attributes(&ANN)).await else { panic!("not found") };
    assert_eq!(recipient.inbox_key(), inbox_key(60).public_key());
}

#[tokio::test]
async fn all_of_it_is_there_after_a_restart() {
    let directory = Directory::with_body().await;
    let (vault, first) = enrolled(&directory).await;
    let married = Person { family_name: "Bruce", ..ANN };
    let mut back = Vault { person: married, ..vault.recovering(20, &first) };
    let (recovery, published) = back.enrol(&directory).await;
    let chain = [first, entry_of(&recovery)];

    let directory = directory.restart().await;
    for asked in [attributes(&married), attributes(&married).without_postcode()] {
        assert_found(&directory, &back, &asked).await;
    }
    assert_eq!(directory.outcome(&attributes(&ANN)).await, Outcome::None);
    directory.refused(back.asking_for_entries(), Code::SignInUnknown).await;
    let again = publish(&directory, &recovery).await;
    assert_eq!((again.mailbox, &again.voucher), (published.mailbox, &published.voucher));
    back.check_own(&directory, &chain, &again);
    let mut third = back.recovering(30, &chain[1]);
    third.stage(&directory, SignInStage::Account).await;
    assert_eq!(third.own_entries(&directory).await, chain);
}

#[tokio::test]
async fn entries_are_shown_to_their_owner_who_has_signed_in_and_to_nobody_else() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    // Without an entry.
    directory.refused(vault.asking_for_entries(), Code::SignInUnknown).await;
    let enrolment = vault.publication(&collected);
    publish(&directory, &enrolment).await;
    // With the sign-in that is used up, and with none.
    directory.refused(vault.asking_for_entries(), Code::SignInUnknown).await;
    let strange = OwnEntriesRequest { sign_in: Octets32([7; 32]) };
    directory.refused(posting("/v1/sign-ins/entries", &strange), Code::SignInUnknown).await;

    let first = entry_of(&enrolment);
    let mut back = vault.recovering(20, &first);
    back.stage(&directory, SignInStage::Account).await;
    for _ in 0..2 {
        assert_eq!(back.own_entries(&directory).await, std::slice::from_ref(&first));
    }
    // Somebody else sees their own.
    let mut bob = Vault::new(BOB, 40);
    let (of_bob, _) = bob.enrol(&directory).await;
    let mut bob = bob.recovering(50, &entry_of(&of_bob));
    bob.stage(&directory, SignInStage::Account).await;
    assert_eq!(bob.own_entries(&directory).await, [entry_of(&of_bob)]);

    directory.set_time(NOW + 3601);
    directory.refused(back.asking_for_entries(), Code::SignInUnknown).await;
    directory.refused(bob.asking_for_entries(), Code::SignInUnknown).await;
}
