//! Proven answers that say: there is nobody to seal to.

use crypto_core::directory::{Answer, PersonProof};
use sender_sdk::{Obstacle, Outcome, SendError};

use crate::{
    cases,
    town::{Town, letter_to},
    world::{ANN, BOB},
};

/// Sends Ann a letter that cannot be sealed.
fn obstacle(answer: impl FnOnce(&mut Town) -> Answer) -> Obstacle {
    let mut town = Town::new();
    let answer = answer(&mut town);
    town.tell(&answer);
    let sender = town.connect().unwrap();
    let outcome = town.run(sender.send(&letter_to(&ANN)));
    assert_eq!(town.counted(), (1, 0, 0));
    match outcome {
        Ok(Outcome::NotSealed(obstacle)) => obstacle,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_with_these_details_has_a_mailbox() {
    assert_eq!(obstacle(cases::no_mailbox), Obstacle::NoMailbox);
}

#[test]
fn without_a_proof_that_nobody_has_a_mailbox_it_is_an_error_and_no_reason_to_print() {
    let town = Town::new();
    let other = PersonProof::Absent(town.directory.absence(&BOB.attributes().directory_label()));
    town.tell(&town.about_nobody(other));
    let sender = town.connect().unwrap();
    let refused = town.run(sender.send(&letter_to(&ANN)));
    assert!(matches!(refused, Err(SendError::Lookup(_))), "{refused:?}");
}

#[test]
fn a_mailbox_that_nobody_opened_is_not_ready() {
    assert_eq!(obstacle(cases::not_ready), Obstacle::NotReady);
}

#[test]
fn two_people_with_the_same_details_are_ambiguous() {
    assert_eq!(obstacle(cases::ambiguous), Obstacle::Ambiguous);
}

#[test]
fn after_a_reset_the_letter_waits() {
    assert_eq!(obstacle(cases::resetting), Obstacle::Resetting);
}

#[test]
fn keys_that_have_all_expired_take_no_letter() {
    assert_eq!(obstacle(cases::expired), Obstacle::Expired);
}

#[test]
fn a_proven_key_without_a_permit_is_an_error_and_no_reason_to_print() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    town.tell(&Answer { permits: vec![], ..town.about(&ANN, &ann) });
    let sender = town.connect().unwrap();
    let refused = town.run(sender.send(&letter_to(&ANN)));
    assert!(matches!(refused, Err(SendError::NoPermit)), "{refused:?}");
}
