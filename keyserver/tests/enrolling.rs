//! Publishing a first entry.

use api::{
    Code, Octets32,
    directory::{PublishRequest, Published, SignInStage},
};
use crypto_core::{
    citizen::{EntryStatus, SignedEntry},
    directory::{Head, HeadProof, Outcome},
};
use relay_auth::{cbor::Wire as _, ticket::Ticket as _};

use crate::{
    identity_provider::{ANN, BOB, OTHER_ANN},
    support::{DAY, Directory, NOW, attributes, key, known},
    vault::{Vault, entry_of, publish, publishing, voucher},
};

/// What the vault checks of the answer about its first entry.
fn check_own(directory: &Directory, vault: &Vault, publication: &PublishRequest, published: &Published) {
    vault.check_own(directory, &[entry_of(publication)], published);
}

#[tokio::test]
async fn a_person_who_enrolled_is_found_by_both_forms_of_their_details() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(ANN, 10);
    let (publication, published) = vault.enrol(&directory).await;
    check_own(&directory, &vault, &publication, &published);
    for asked in [attributes(&ANN), attributes(&ANN).without_postcode()] {
        let Outcome::Found(recipient) = directory.outcome(&asked).await else { panic!("not found") };
        assert_eq!(recipient.directory_id(), vault.id);
        assert_eq!(recipient.inbox_key(), vault.inbox_key().public_key());
        assert_eq!(recipient.person().subject(), ANN.subject());
    }
}

#[tokio::test]
async fn a_person_without_a_confirmed_address_is_found_without_a_postcode() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(BOB, 10);
    let (publication, published) = vault.enrol(&directory).await;
    assert!(published.with_postcode.is_none());
    check_own(&directory, &vault, &publication, &published);
    assert!(matches!(directory.outcome(&attributes(&BOB)).await, Outcome::Found(_)));
}

#[tokio::test]
async fn the_voucher_opens_the_mailbox_for_the_vaults_own_access_key() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let (_, published) = vault.enrol(&directory).await;
    let voucher = voucher(&published);
    assert_eq!(*voucher.mailbox.as_bytes(), published.mailbox.0);
    assert_eq!(voucher.access_key, vault.access_key().verifying_key());
    assert!(voucher.in_time(NOW).is_ok());
    assert_ne!(published.mailbox.0, *vault.id.as_bytes());
}

#[tokio::test]
async fn the_same_entry_again_gives_the_same_mailbox_and_voucher() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let (publication, first) = vault.enrol(&directory).await;
    // The sign-in is used up; asking again needs none.
    for sign_in in [publication.sign_in, None] {
        let again = publish(&directory, &PublishRequest { sign_in, ..publication.clone() }).await;
        assert_eq!((again.mailbox, &again.voucher), (first.mailbox, &first.voucher));
        check_own(&directory, &vault, &publication, &again);
    }
    // A voucher whose time is over is replaced, for the same mailbox.
    directory.set_time(NOW + 30 * DAY);
    let late = publish(&directory, &publication).await;
    assert_eq!(late.mailbox, first.mailbox);
    assert_ne!(late.voucher, first.voucher);
    assert!(voucher(&late).in_time(NOW + 30 * DAY).is_ok());
}

#[tokio::test]
async fn two_equal_requests_at_once_publish_one_entry() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let publication = vault.publication(&collected);
    let (one, other) = tokio::join!(publish(&directory, &publication), publish(&directory, &publication));
    assert_eq!((one.mailbox, one.voucher), (other.mailbox, other.voucher));
}

#[tokio::test]
async fn an_entry_is_shown_again_to_nobody_who_does_not_know_its_access_key() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let (publication, _) = vault.enrol(&directory).await;
    // All that a body has seen of her: entry and evidence.
    let access_key = Octets32(*key(99).verifying_key().as_bytes());
    let seen = PublishRequest { sign_in: None, access_key, ..publication };
    directory.refused(publishing(&seen), Code::AlreadyEnrolled).await;
}

#[tokio::test]
async fn the_first_published_entry_wins() {
    let directory = Directory::with_body().await;
    let mut first = Vault::new(ANN, 10);
    let mut second = Vault::new(ANN, 20);
    // Both sign in before either publishes.
    let (one, two) = (first.sign_in(&directory).await, second.sign_in(&directory).await);
    publish(&directory, &first.publication(&one)).await;
    directory.refused(publishing(&second.publication(&two)), Code::AlreadyEnrolled).await;
    let Outcome::Found(recipient) = directory.outcome(&attributes(&ANN)).await else { panic!("not found") };
    assert_eq!(recipient.inbox_key(), first.inbox_key().public_key());
}

#[tokio::test]
async fn nobody_publishes_under_somebody_elses_id() {
    let directory = Directory::start().await;
    let mut ann = Vault::new(ANN, 10);
    ann.enrol(&directory).await;
    let mut bob = Vault { id: ann.id, ..Vault::new(BOB, 20) };
    let collected = bob.sign_in(&directory).await;
    // He got another id, to which his sign-in is bound; hers is refused as one that is enrolled.
    assert_ne!(bob.id, ann.id);
    bob.id = ann.id;
    directory.refused(publishing(&bob.publication(&collected)), Code::AlreadyEnrolled).await;
}

#[tokio::test]
async fn an_inbox_key_that_would_outlive_its_owner_is_refused() {
    let directory = Directory::start().await;
    let mut ann = Vault::new(ANN, 10);
    let collected = ann.sign_in(&directory).await;
    let good = ann.publication(&collected);
    let mut entry = SignedEntry::from_bytes(good.entry.as_ref()).unwrap().unverified().unwrap();
    entry.inbox_keys[0].not_after = NOW + 402 * DAY;
    let entry = SignedEntry::by_identity(&entry, &ann.identity()).to_bytes().into();
    directory.refused(publishing(&PublishRequest { entry, ..good.clone() }), Code::EntryRefused).await;
    publish(&directory, &good).await;
}

#[tokio::test]
async fn a_sign_in_that_is_unknown_over_used_up_or_incomplete_publishes_nothing() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let good = vault.publication(&collected);
    let with = |sign_in| publishing(&PublishRequest { sign_in, ..good.clone() });
    directory.refused(with(None), Code::SignInUnknown).await;
    directory.refused(with(Some(Octets32([7; 32]))), Code::SignInUnknown).await;

    let mut begun = Vault::new(ANN, 20);
    begun.stage(&directory, SignInStage::Account).await;
    directory.refused(with(begun.sign_in), Code::SignInIncomplete).await;

    directory.set_time(NOW + 3601);
    directory.refused(with(good.sign_in), Code::SignInUnknown).await;
    directory.set_time(NOW + 3600);
    publish(&directory, &good).await;

    // Used up: it does not publish another entry.
    let other = Vault { seed: 30, id: [77; 16].into(), ..vault.clone() };
    directory.refused(publishing(&other.publication(&collected)), Code::SignInUnknown).await;
}

#[tokio::test]
async fn an_entry_that_nobody_could_use_is_refused() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let evidence = vault.evidence(&collected);
    let entry = vault.entry(&evidence);
    let good = vault.publication(&collected);
    let with = |entry: SignedEntry| PublishRequest { entry: entry.to_bytes().into(), ..good.clone() };

    let forged = SignedEntry::by_identity(&entry, &key(77));
    directory.refused(publishing(&with(forged)), Code::EntryRefused).await;

    let mut expired = entry.clone();
    expired.inbox_keys[0].rotate_after = NOW - 2;
    expired.inbox_keys[0].not_after = NOW - 1;
    let expired = SignedEntry::by_identity(&expired, &vault.identity());
    directory.refused(publishing(&with(expired)), Code::EntryRefused).await;

    let mut closed = entry.clone();
    (closed.status, closed.inbox_keys) = (EntryStatus::Closed, Vec::new());
    let closed = SignedEntry::by_identity(&closed, &vault.identity());
    directory.refused(publishing(&with(closed)), Code::EntryRefused).await;

    let by_device = vault.next_entry(&SignedEntry::by_identity(&entry, &vault.identity()), &entry, 60);
    let by_device = vault.by_device(&by_device);
    directory.refused(publishing(&with(by_device)), Code::EntryRefused).await;

    // None of it has used the sign-in up.
    publish(&directory, &good).await;
}

#[tokio::test]
async fn people_with_the_same_details_are_told_apart_by_the_postcode_alone() {
    let directory = Directory::with_body().await;
    let (mut one, mut other) = (Vault::new(ANN, 10), Vault::new(OTHER_ANN, 20));
    one.enrol(&directory).await;
    let (publication, published) = other.enrol(&directory).await;
    check_own(&directory, &other, &publication, &published);
    assert_eq!(directory.outcome(&attributes(&ANN).without_postcode()).await, Outcome::Ambiguous);
    for vault in [one, other] {
        let asked = attributes(&vault.person);
        let Outcome::Found(recipient) = directory.outcome(&asked).await else { panic!("not found") };
        assert_eq!(recipient.directory_id(), vault.id);
    }
}

#[tokio::test]
async fn a_vault_that_remembers_another_log_is_told_so_before_anything_is_published() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let good = vault.publication(&collected);
    let elsewhere = Directory::start().await;
    let (_, published) = Vault::new(BOB, 20).enrol(&elsewhere).await;
    let proof = HeadProof::from_bytes(published.head.as_ref()).unwrap();
    let pin = Head::verify(&proof, &elsewhere.trust(), None, NOW).unwrap().pin();
    let hostile = PublishRequest { known: Some(known(&pin)), ..good.clone() };
    directory.refused(publishing(&hostile), Code::UnknownLog).await;
    publish(&directory, &good).await;
}
