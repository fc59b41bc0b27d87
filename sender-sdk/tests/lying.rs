//! A directory and a relay that lie. Each lie is named, and nothing is deposited on a lie of the
//! directory.

use api::Code;
use crypto_core::{
    body::{BodyEntry, BodyId, BodyStatus, SignedBodyEntry},
    citizen::{ChangeKind, Entry, Purpose, SignedEntry},
    directory::{Answer, CitizenProof},
    trust::{former_receipt_key, key_text},
};
use relay_auth::cbor::Bytes32;
use sender_sdk::{ConnectError, SendError, Sender, Settings, StandingError, TransportError};

use crate::{
    fake_directory::FakeDirectory,
    services::Manner,
    town::{Citizen, Town, citizen, deployment, first_entry, letter_to, now},
    world::{ANN, BOB, DAY, key, operators},
};

/// Sends Ann a letter on a lie of the directory. Says how it was named.
fn caught(town: &Town, lie: &Answer) -> String {
    town.tell(lie);
    let sender = town.connect().unwrap();
    let refused = town.run(sender.send(&letter_to(&ANN)));
    assert_eq!(town.counted(), (1, 0, 0));
    match refused {
        Err(error @ SendError::Lookup(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_named(told: &str, name: &str) {
    assert!(told.contains(name) && told.contains("Nothing was sealed"), "{told}");
}

#[test]
fn the_answer_about_somebody_else_is_caught() {
    let mut town = Town::new();
    town.enrol(&ANN);
    let bob = town.enrol(&BOB);
    let told = caught(&town, &town.about(&BOB, &bob));
    assert_named(&told, "did not prove whom these details lead to");
}

#[test]
fn somebody_elses_keys_under_the_right_details_are_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let bob = town.enrol(&BOB);
    let lie = Answer { citizen: town.about(&BOB, &bob).citizen, ..town.about(&ANN, &ann) };
    assert_named(&caught(&town, &lie), "did not prove which keys this person has");
}

#[test]
fn an_answer_without_its_proof_is_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let lie = Answer { citizen: None, ..town.about(&ANN, &ann) };
    assert_named(&caught(&town, &lie), "left out the proof of this person's keys");
}

#[test]
fn a_stale_head_is_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    town.directory.time = now() - DAY - 60;
    let stale = town.about(&ANN, &ann);
    town.directory.time = now();
    assert_named(&caught(&town, &stale), "more than 24 hours old");
}

#[test]
fn swapped_keys_are_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    // Signed by Ann's identity key all the same; only it is not what stands in the tree.
    let entry = Entry { salt: Bytes32([9; 32]), ..first_entry(&ANN).0 };
    let other = Citizen { chain: vec![SignedEntry::by_identity(&entry, &ANN.identity())], ..ann };
    let told = caught(&town, &town.about(&ANN, &other));
    assert_named(&told, "other keys than the ones it proved");
}

#[test]
fn a_key_of_the_directorys_own_making_is_caught_by_the_evidence() {
    // The directory publishes a key of its own under Ann's details, with Ann's real sign-in.
    let mut town = Town::new();
    let genuine = citizen(&ANN);
    let own = key(66);
    let entry = Entry { identity_key: own.verifying_key(), ..first_entry(&ANN).0 };
    let forged = Citizen { chain: vec![SignedEntry::by_identity(&entry, &own)], ..genuine };
    town.directory.enrol(&ANN.attributes(), ANN.id(), &forged.chain);
    assert_named(&caught(&town, &town.about(&ANN, &forged)), "the sign-in was made for another key");
}

#[test]
fn other_evidence_than_the_entry_names_is_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let evidence = ANN.evidence(&key(66), Purpose::Enrol, None);
    let told = caught(&town, &town.about(&ANN, &Citizen { evidence, ..ann }));
    assert_named(&told, "other evidence than the entry names");
}

#[test]
fn a_broken_chain_is_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let entry =
        Entry { change: ChangeKind::ByDevice, previous: Some(Bytes32([8; 32])), ..first_entry(&ANN).0 };
    let second = SignedEntry::by_device(&entry, &ANN.device(), ANN.opening().salt.0);
    town.directory.publish(vec![(ANN.id().directory_label(), second.hash().to_vec())]);
    let chain = vec![ann.chain[0].clone(), second];
    let told = caught(&town, &town.about(&ANN, &Citizen { chain, ..ann }));
    assert_named(&told, "an entry does not name the one before it");
}

#[test]
fn a_history_that_contradicts_the_remembered_one_is_caught() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let known = town.directory.pin();
    let sender = town.connect().unwrap();
    // The same keys tell another story, which has a beginning of its own.
    let mut other = FakeDirectory::new();
    other.time = now();
    for number in 0..3 {
        other.publish(vec![(b"another".to_vec(), vec![number])]);
    }
    other.enrol(&ANN.attributes(), ANN.id(), &ann.chain);
    let fork = other.answer(&ANN.attributes(), ANN.id(), &ann.chain, &ann.evidence, Some(&known));
    town.tell(&fork);
    let refused = town.run(sender.send(&letter_to(&ANN))).unwrap_err();
    assert_named(&refused.to_string(), "contradicts the one it showed before");
    assert_eq!(town.counted(), (1, 0, 0));
}

#[test]
fn what_is_no_answer_is_named_and_a_flood_is_cut_off() {
    let town = Town::new();
    let sender = town.connect().unwrap();
    for (bytes, name) in [(b"nonsense".to_vec(), "in its format"), (vec![0; 3 << 20], "it was cut off")] {
        town.told().answers = [bytes].into();
        let refused = town.run(sender.send(&letter_to(&ANN))).unwrap_err();
        assert!(refused.to_string().contains(name), "{refused}");
        assert!(!refused.may_have_arrived());
    }
    assert_eq!(town.counted(), (2, 0, 0));
}

#[test]
fn a_registry_that_does_not_hold_connects_nobody() {
    let mut town = Town::new();
    // It shows another entry than the one that stands in the tree.
    town.body.name = "Another Council".to_owned();
    let refused = town.connect().unwrap_err();
    assert!(matches!(refused, ConnectError::Standing(StandingError::Registry(_))), "{refused}");
    assert!(refused.to_string().contains("another entry of a public body"), "{refused}");
}

#[test]
fn a_body_that_may_not_send_is_told_why() {
    let refused = |town: Town| match town.connect() {
        Err(ConnectError::Standing(error)) => error,
        other => panic!("{other:?}"),
    };
    let suspended = Town::with_body(|body| body.status = BodyStatus::Suspended);
    assert!(matches!(refused(suspended), StandingError::Suspended));
    let other_key = Town::with_body(|body| body.keys[0].key = key(99).verifying_key());
    assert!(matches!(refused(other_key), StandingError::KeyNotRegistered));
    let other_time = Town::with_body(|body| body.keys[0].not_after = now() - 60);
    assert!(matches!(refused(other_time), StandingError::KeyNotInTime));

    let town = Town::new();
    town.list(None);
    let settings = Settings { body: BodyId::new("other-council").unwrap(), ..town.settings() };
    let refused = town.run(Sender::connect(settings)).unwrap_err();
    assert!(matches!(refused, ConnectError::Standing(StandingError::NotListed(_))), "{refused}");
}

/// `LBX-BODY-8`
#[test]
fn another_body_that_the_operators_did_not_approve_keeps_nobody_from_sending() {
    let beside = |times: usize, published: fn(&SignedBodyEntry) -> Vec<u8>| {
        let mut town = Town::new();
        let other = BodyEntry { id: BodyId::new("other-council").unwrap(), ..town.body.clone() };
        let label = other.id.directory_label();
        let other = SignedBodyEntry::new(&other).approve(&operators()[0]);
        town.directory.publish(vec![(label, published(&other))]);
        town.list_beside(None, &vec![other; times]);
        town.run(Sender::connect(town.settings())).map(drop)
    };
    assert!(beside(1, |other| other.hash().to_vec()).is_ok());
    // It is listed once, as any other.
    let twice = beside(2, |other| other.hash().to_vec()).unwrap_err();
    assert!(twice.to_string().contains("lists a public body twice"), "{twice}");
    // What does not stand so in the log is a lie about any body.
    let unproven = beside(1, |_| vec![7; 32]).unwrap_err();
    assert!(unproven.to_string().contains("another entry of a public body"), "{unproven}");
}

/// `LBX-BODY-8`
#[test]
fn a_body_that_the_operators_of_today_did_not_approve_is_told_so() {
    let town = Town::new();
    town.write_trust(&deployment(), |file| {
        file.directory.operators = [98, 99].map(|seed| key_text(&key(seed).verifying_key())).into();
    });
    let refused = town.connect().unwrap_err();
    assert!(matches!(refused, ConnectError::Standing(StandingError::Registry(_))), "{refused}");
    assert!(refused.to_string().contains("is not approved by 2 operators"), "{refused}");
}

// --- the relay

/// Sends Ann a letter to a relay that misbehaves.
fn misbehaved(manner: Manner) -> SendError {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    town.told().manners.push_back(manner);
    town.run(sender.send(&letter_to(&ANN))).unwrap_err()
}

#[test]
fn a_receipt_that_does_not_hold_is_no_delivery() {
    for (manner, name) in [
        (Manner::SignsForOtherBytes, "for something else than what was deposited"),
        (Manner::SignsWithAnotherKey, "not signed by this relay's receipt key"),
        (Manner::Floods, "it was cut off"),
    ] {
        let refused = misbehaved(manner);
        assert!(refused.to_string().contains(name), "{refused}");
        assert!(refused.may_have_arrived());
    }
}

/// `LBX-RECEIPT-5`
#[test]
fn a_receipt_by_a_key_that_was_replaced_is_no_delivery() {
    let sent = |manners: Vec<Manner>| {
        let mut town = Town::new();
        let ann = town.enrol(&ANN);
        town.tell(&town.about(&ANN, &ann));
        town.write_trust(&deployment(), |file| {
            let former = former_receipt_key(&file.relay.receipt_key, 0, 999);
            file.version = 2;
            file.relay.former_receipt_keys = vec![former];
            file.relay.receipt_key = key_text(&key(4).verifying_key());
            file.relay.receipt_key_not_before = 1000;
        });
        let sender = town.connect().unwrap();
        town.told().manners.extend(manners);
        town.run(sender.send(&letter_to(&ANN)))
    };
    // The other key is the one in force.
    assert!(sent(vec![Manner::SignsWithAnotherKey]).is_ok());
    let refused = sent(vec![]).unwrap_err();
    assert!(refused.to_string().contains("not in force at its time"), "{refused}");
    assert!(refused.may_have_arrived());
}

#[test]
fn a_refusal_is_passed_on_and_the_letter_has_not_arrived() {
    let refused = misbehaved(Manner::Refuses(Code::MailboxFull));
    assert!(refused.to_string().contains("the relay refused (mailbox-full)"), "{refused}");
    assert!(!refused.may_have_arrived());
    assert!(matches!(refused, SendError::Transport(TransportError::Refused(_))));
}

#[test]
fn a_citizen_that_is_told_to_have_no_key_needs_a_proof_of_it() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let elsewhere = town.directory.absence(&BOB.id().directory_label());
    let lie = Answer { citizen: Some(CitizenProof::Keyless(elsewhere)), ..town.about(&ANN, &ann) };
    assert_named(&caught(&town, &lie), "did not prove which keys this person has");
}
