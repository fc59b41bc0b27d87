//! Looking people up.

use api::{Code, directory::LookupRequest};
use crypto_core::{
    citizen::SignedEntry,
    directory::{Answer, CitizenProof, LookupError, Memory, Outcome, PersonProof},
    person::Attributes,
};
use letterbox_keyserver::app::Limits;
use relay_auth::{
    cbor::Wire as _,
    permit::{LONGEST_LIFE, Permit},
};

use crate::{
    identity_provider::{ANN, BOB},
    support::{DAY, Directory, NOW, approved, attributes, body_entry, generous, known, question, tickets},
    vault::{Vault, publish},
};

fn permits(answer: &Answer) -> Vec<Permit> {
    answer.permits.iter().map(|permit| tickets().open(permit.as_ref()).unwrap()).collect()
}

#[tokio::test]
async fn that_nobody_has_these_details_is_proven() {
    let directory = Directory::with_body().await;
    let answer = directory.look_up(&attributes(&ANN)).await;
    assert!(matches!(answer.person, PersonProof::Absent(_)) && answer.permits.is_empty());
    assert_eq!(directory.outcome(&attributes(&ANN)).await, Outcome::None);
}

#[tokio::test]
async fn permits_are_for_the_mailbox_and_its_present_key_and_for_a_day_at_most() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(ANN, 10);
    let (_, published) = vault.enrol(&directory).await;
    for (wanted, given) in [(0, 0), (1, 1), (8, 8), (255, 8)] {
        let asked = LookupRequest { permits: wanted, ..question(&attributes(&ANN)) };
        let answer = Answer::from_bytes(&directory.ok(directory.looking_up(&asked)).await).unwrap();
        let permits = permits(&answer);
        assert_eq!(permits.len(), given);
        for (place, permit) in permits.iter().enumerate() {
            assert_eq!(*permit.mailbox.as_bytes(), published.mailbox.0);
            assert_eq!(permit.inbox_key, vault.inbox_key().public_key().id());
            assert_eq!(permit.not_after, NOW + LONGEST_LIFE);
            assert!(permits[..place].iter().all(|earlier| earlier.id != permit.id));
        }
    }
}

#[tokio::test]
async fn keys_that_have_expired_get_no_permits() {
    let directory = Directory::with_body().await;
    Vault::new(ANN, 10).enrol(&directory).await;
    // The last hour of the key: permits end with it.
    directory.set_time(NOW + 400 * DAY - 3600);
    let entry = body_entry();
    let mut renewed = entry.clone();
    renewed.previous = Some(approved(&entry).hash().into());
    renewed.keys[0].not_after = NOW + 500 * DAY;
    directory.register(&approved(&renewed)).await;
    let answer = directory.look_up(&attributes(&ANN)).await;
    assert!(permits(&answer).iter().all(|permit| permit.not_after == NOW + 400 * DAY));
    assert!(matches!(directory.outcome(&attributes(&ANN)).await, Outcome::Found(_)));
    directory.set_time(NOW + 400 * DAY + 1);
    assert_eq!(directory.outcome(&attributes(&ANN)).await, Outcome::Expired);
    assert!(directory.look_up(&attributes(&ANN)).await.permits.is_empty());
}

#[tokio::test]
async fn the_address_is_shown_only_to_who_asked_with_the_postcode() {
    let directory = Directory::with_body().await;
    Vault::new(ANN, 10).enrol(&directory).await;
    let shown = async |asked: &Attributes| match directory.look_up(asked).await.citizen {
        Some(CitizenProof::Entries { address, .. }) => address.is_some(),
        _ => panic!("no entries"),
    };
    assert!(shown(&attributes(&ANN)).await);
    assert!(!shown(&attributes(&ANN).without_postcode()).await);
}

#[tokio::test]
async fn an_answer_extends_what_the_body_remembers() {
    let directory = Directory::with_body().await;
    let first = directory.found(&attributes(&ANN)).await.head.pin();
    let mut vault = Vault::new(ANN, 10);
    let (publication, _) = vault.enrol(&directory).await;
    let asked = LookupRequest { known: Some(known(&first)), ..question(&attributes(&ANN)) };
    let answer = Answer::from_bytes(&directory.ok(directory.looking_up(&asked)).await).unwrap();
    let provider = directory.provider.trusted();
    let memory = Memory { pin: Some(&first), recipient: None };
    let verified = answer.verify(&attributes(&ANN), &directory.trust(), &provider, memory, NOW).unwrap();
    let Outcome::Found(recipient) = verified.outcome else { panic!("not found") };

    // A change by device, and a body that remembers both log and entry.
    let before = SignedEntry::from_bytes(publication.entry.as_ref()).unwrap();
    let next = vault.next_entry(&before, recipient.entry().entry(), 60);
    publish(&directory, &vault.change(&vault.by_device(&next))).await;
    let pin = verified.head.pin();
    let asked = LookupRequest { known: Some(known(&pin)), ..question(&attributes(&ANN)) };
    let answer = Answer::from_bytes(&directory.ok(directory.looking_up(&asked)).await).unwrap();
    let memory = Memory { pin: Some(&pin), recipient: Some(recipient.entry()) };
    let verified = answer.verify(&attributes(&ANN), &directory.trust(), &provider, memory, NOW).unwrap();
    assert!(matches!(verified.outcome, Outcome::Found(_)));
}

#[tokio::test]
async fn an_answer_about_one_person_does_not_hold_for_another() {
    let directory = Directory::with_body().await;
    Vault::new(ANN, 10).enrol(&directory).await;
    let answer = directory.look_up(&attributes(&ANN)).await;
    let provider = directory.provider.trusted();
    let asked = attributes(&BOB);
    let refused = answer.verify(&asked, &directory.trust(), &provider, Memory::default(), NOW);
    assert!(matches!(refused, Err(LookupError::Person(_))), "{refused:?}");
}

#[tokio::test]
async fn a_log_that_the_directory_never_had_is_told_as_unknown() {
    let directory = Directory::with_body().await;
    let mut pin = directory.found(&attributes(&ANN)).await.head.pin();
    pin.root.0[0] ^= 1;
    let asked = LookupRequest { known: Some(known(&pin)), ..question(&attributes(&ANN)) };
    directory.refused(directory.looking_up(&asked), Code::UnknownLog).await;
    pin.size = u64::MAX;
    let asked = LookupRequest { known: Some(known(&pin)), ..question(&attributes(&ANN)) };
    directory.refused(directory.looking_up(&asked), Code::UnknownLog).await;
}

#[tokio::test]
async fn a_body_looks_up_no_more_people_in_a_day_than_it_may() {
    let directory = Directory::with(Limits { lookups_a_day: 2, ..generous() }).await;
    directory.register(&approved(&body_entry())).await;
    for _ in 0..2 {
        directory.look_up(&attributes(&ANN)).await;
    }
    let asked = question(&attributes(&ANN));
    directory.refused(directory.looking_up(&asked), Code::LookupsUsedUp).await;
    let directory = directory.restart().await;
    directory.refused(directory.looking_up(&asked), Code::LookupsUsedUp).await;
    directory.set_time(NOW + DAY);
    directory.look_up(&attributes(&ANN)).await;
}
