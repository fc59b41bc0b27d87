//! Letters that arrive.

use api::Code;
use crypto_core::{
    citizen::{ChangeKind, Entry, InboxKey, SignedEntry},
    envelope::Envelope,
    letter::{LetterId, OpenedLetter},
};
use relay_auth::{cbor::Wire as _, receipt::SignedReceipt};
use sender_sdk::{Delivery, LetterError, Outcome, Recipient, SendError};

use crate::{
    services::{Manner, receipt_key},
    town::{Citizen, Town, first_entry, letter_to, now},
    world::{ANN, BOB, DAY, approve, inbox_key, operator_keys},
};

pub(crate) fn delivered(outcome: Result<Outcome, SendError>) -> Delivery {
    match outcome {
        Ok(Outcome::Delivered(delivery)) => delivery,
        other => panic!("{other:?}"),
    }
}

/// A town with Ann in it.
fn town() -> (Town, Citizen) {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    (town, ann)
}

#[test]
fn a_letter_goes_the_whole_way_and_the_relay_signs_for_it() {
    let (town, ann) = town();
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    let id = LetterId::from([7; 16]);
    let letter = letter_to(&ANN).with_id(id).language("en").unit("Council Tax");
    let delivery = delivered(town.run(sender.send(&letter)));

    let told = town.told();
    assert_eq!(told.lookups.len(), 1);
    assert_eq!(told.lookups[0].permits, 1);
    let known = told.lookups[0].known.unwrap();
    assert_eq!((known.size, known.root.0), (town.directory.pin().size, town.directory.pin().root.0));
    let [(permit, envelope)] = told.deposits.as_slice() else { panic!("not one deposit") };
    assert_eq!(*permit, vec![1; 176]);

    // The relay's receipt is for these bytes.
    let receipt = SignedReceipt::from_bytes(&delivery.receipt).unwrap();
    let receipt = receipt.verify(&receipt_key().verifying_key().into(), envelope, &[]).unwrap();
    assert_eq!((delivery.letter, delivery.time), (id, receipt.time));
    assert_eq!((delivery.digest, delivery.chain_head), (receipt.digest.0, *receipt.head.as_bytes()));

    // Ann's device reads what was written, by whom it was written.
    let opened =
        OpenedLetter::open(&Envelope::from_bytes(envelope).unwrap(), ANN.id(), &ANN.inbox()).unwrap();
    let body = approve(&town.body).verify(&operator_keys()).unwrap();
    let read = opened.verify(&body, now()).unwrap();
    assert_eq!(read.id(), id);
    assert_eq!(read.letter().unit.as_deref(), Some("Council Tax"));
    assert!(read.letter().text.contains("council tax"));
}

#[test]
fn a_letter_can_be_sent_from_any_task() {
    fn is_sendable<T: Send>(_: &T) {}
    let (town, _) = town();
    let sender = town.connect().unwrap();
    let letter = letter_to(&ANN);
    is_sendable(&sender.send(&letter));
}

#[test]
fn a_connection_that_breaks_gives_one_deposit_with_one_receipt() {
    let (town, ann) = town();
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    town.told().manners.extend([Manner::BreaksOff, Manner::Refuses(Code::Unavailable)]);
    let delivery = delivered(town.run(sender.send(&letter_to(&ANN))));
    let told = town.told();
    assert_eq!((told.lookups.len(), told.deposits.len(), told.stored.len()), (1, 3, 1));
    assert_eq!(told.deposits[0], told.deposits[1]);
    assert_eq!(told.deposits[0], told.deposits[2]);
    assert_eq!(told.stored.values().next().unwrap().1, delivery.receipt);
}

#[test]
fn a_key_that_changed_on_the_way_is_looked_up_again_and_the_letter_keeps_its_id() {
    let (mut town, ann) = town();
    let known = town.directory.pin();
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();

    // Ann's device makes a new key.
    let key = inbox_key(77).public_key().clone();
    let second = Entry {
        change: ChangeKind::ByDevice,
        previous: Some(ann.chain[0].hash().into()),
        inbox_keys: vec![InboxKey { key, rotate_after: now() + DAY, not_after: now() + DAY }],
        ..first_entry(&ANN).0
    };
    let second = SignedEntry::by_device(&second, &ANN.device(), ANN.opening().salt.0);
    let ann = Citizen { chain: vec![ann.chain[0].clone(), second.clone()], ..ann };
    town.directory.publish(vec![(ANN.id().directory_label(), second.hash().to_vec())]);
    let mut answer = town.about_since(&ANN, &ann, Some(&known));
    answer.permits = vec![vec![2; 176].into()];
    town.tell(&answer);
    town.told().manners.push_back(Manner::Refuses(Code::RecipientKeyChanged));

    let letter = letter_to(&ANN);
    let delivery = delivered(town.run(sender.send(&letter)));
    assert_eq!(delivery.letter, letter.id());
    let told = town.told();
    assert_eq!((told.lookups.len(), told.deposits.len(), told.stored.len()), (2, 2, 1));
    let envelope = Envelope::from_bytes(&told.stored[&vec![2; 176]].0).unwrap();
    assert_eq!(envelope.inbox_key(), inbox_key(77).public_key().id());
}

#[test]
fn a_relay_that_accepts_no_key_is_asked_three_times_and_then_told() {
    let (town, ann) = town();
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    for _ in 0..3 {
        town.told().manners.push_back(Manner::Refuses(Code::RecipientKeyChanged));
    }
    let refused = town.run(sender.send(&letter_to(&ANN)));
    assert!(matches!(refused, Err(SendError::KeyKeepsChanging)), "{refused:?}");
    assert_eq!(town.counted(), (3, 3, 0));
}

#[test]
fn a_relay_that_takes_every_new_permit_for_expired_has_a_name_of_its_own() {
    let (town, ann) = town();
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    for _ in 0..3 {
        town.told().manners.push_back(Manner::Refuses(Code::PermitExpired));
    }
    let refused = town.run(sender.send(&letter_to(&ANN)));
    assert!(matches!(refused, Err(SendError::PermitsExpire)), "{refused:?}");
    assert_eq!(town.counted(), (3, 3, 0));
}

#[test]
fn a_letter_that_may_not_be_sent_asks_about_nobody() {
    let (town, _) = town();
    let sender = town.connect().unwrap();
    for letter in [
        letter_to(&ANN).text("one\n<b>two</b>"),
        letter_to(&ANN).text("[pay](https://evil.example/)"),
        letter_to(&ANN).text(""),
        letter_to(&ANN).subject(""),
        letter_to(&ANN).language("English, please"),
        letter_to(&ANN).also_in("gd", "Cìs", "![dealbh](https://pay.example.scot/x.png)", None),
    ] {
        let refused = town.run(sender.send(&letter));
        assert!(matches!(refused, Err(SendError::Letter(_))), "{refused:?}");
    }
    assert_eq!(town.counted(), (0, 0, 0));
}

#[test]
fn what_was_proven_for_one_person_seals_no_letter_to_another() {
    let (town, ann) = town();
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    let Recipient::Proven(proven) =
        town.run(async { sender.find(&ANN.attributes()).await?.prove().await }).unwrap()
    else {
        panic!("Ann has a key")
    };
    let refused = proven.seal(&letter_to(&BOB)).map(drop);
    assert!(matches!(refused, Err(SendError::Letter(LetterError::OtherRecipient))), "{refused:?}");
}
