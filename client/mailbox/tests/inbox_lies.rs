//! The inbox with a relay that is not honest, and with letters that are not.

use api::{Octets, Octets32, letters::LetterPage};
use client_mailbox::{
    inbox::{AgainPass, Alarm, RelayLie, Renewals, Unopenable},
    local::names,
    registry::{Registry, SenderError},
};
use crypto_core::{
    body::{BodyEntry, BodyStatus, SignedBodyEntry},
    directory::FRESHNESS,
    envelope::{Envelope, OpenError},
    letter::LetterError,
    trust::{VerifiedTrust, former_receipt_key, key_text},
};
use relay_auth::{
    cbor::{Bytes32, DecodeError, Wire as _},
    receipt::{Deposit, ListingError, ReceiptError, SignedReceipt},
};

use crate::{
    device::{Device, NO_ALARM, with_letters},
    fake_relay::Relay,
    journey::{ok, relay_key, trust_with},
    world::{BOB, NOW, TestRng, approve, body_entry, body_key, inbox_key, key, letter},
};

#[test]
fn every_lie_of_a_listing_has_its_name_and_changes_nothing() {
    type Spoil = fn(&mut LetterPage);
    let lies: &[(&str, Spoil, RelayLie)] = &[
        ("a letter dropped", |page| drop(page.letters.remove(1)), RelayLie::OtherChain),
        (
            "the last letter dropped, and the end hidden",
            |page| {
                page.letters.pop();
                page.last = 2;
            },
            RelayLie::OtherChain,
        ),
        ("letters reordered", |page| page.letters.swap(1, 2), RelayLie::OtherChain),
        (
            "a letter twice",
            |page| page.letters[1] = page.letters[0].clone(),
            RelayLie::OutOfOrder(ListingError),
        ),
        (
            "another envelope",
            |page| page.letters[1].envelope = page.letters[0].envelope.clone(),
            RelayLie::OtherEnvelope,
        ),
        (
            "another receipt",
            |page| page.letters[1].receipt = page.letters[0].receipt.clone(),
            RelayLie::Receipt(ReceiptError::OtherContent),
        ),
        (
            "no receipt",
            |page| page.letters[1].receipt = Octets(vec![]),
            RelayLie::Malformed(DecodeError::Truncated),
        ),
        (
            "a deposit at another time",
            |page| {
                let mut deposit = Deposit::from_bytes(page.letters[1].deposit.as_ref()).unwrap();
                deposit.time += 1;
                page.letters[1].deposit = deposit.to_bytes().into();
            },
            RelayLie::Receipt(ReceiptError::OtherContent),
        ),
        (
            "another number",
            |page| {
                let mut deposit = Deposit::from_bytes(page.letters[2].deposit.as_ref()).unwrap();
                deposit.sequence = 4;
                page.letters[2].deposit = deposit.to_bytes().into();
                page.last = 4;
            },
            RelayLie::OtherChain,
        ),
        ("another head", |page| page.head = Octets32([0; 32]), RelayLie::OtherChain),
        ("letters that are withheld", |page| page.letters.clear(), RelayLie::Withheld),
        ("an end before the letters", |page| page.last = 1, RelayLie::RolledBack),
        (
            "no deposit",
            |page| page.letters[0].deposit = Octets(vec![0x80]),
            RelayLie::Malformed(DecodeError::Shape),
        ),
    ];
    let (mut device, relay) = with_letters(&["a", "b", "c"]);
    for (name, spoil, lie) in lies {
        let mut page = relay.page(0);
        spoil(&mut page);
        assert_eq!(device.list(&page), Err(*lie), "{name}");
        assert_eq!((device.inbox.last(), device.disk.len()), (0, 0), "{name}");
    }
    assert!(device.list(&relay.page(0)).unwrap().is_complete);
}

#[test]
fn a_receipt_of_another_relay_is_refused() {
    let (mut device, relay) = with_letters(&["a"]);
    let mut page = relay.page(0);
    let deposit = Deposit::from_bytes(page.letters[0].deposit.as_ref()).unwrap();
    let honest = SignedReceipt::from_bytes(page.letters[0].receipt.as_ref()).unwrap();
    let receipt = honest.verify_for(&relay_key().verifying_key().into(), &deposit).unwrap();
    page.letters[0].receipt = SignedReceipt::sign(&receipt, &key(99)).to_bytes().into();
    assert_eq!(device.list(&page), Err(RelayLie::Receipt(ReceiptError::Forged)));
}

/// `LBX-RECEIPT-5`
#[test]
fn a_receipt_by_a_key_that_was_replaced_counts_for_what_came_before_and_for_nothing_else() {
    let (mut device, relay) = with_letters(&["a"]);
    let former = key_text(&relay_key().verifying_key());
    let replaced = |not_after| {
        trust_with(&device.journey.directory, |file| {
            file.version = 2;
            file.relay.receipt_key = key_text(&key(99).verifying_key());
            file.relay.receipt_key_not_before = not_after + 1;
            file.relay.former_receipt_keys = vec![former_receipt_key(&former, 0, not_after)];
        })
    };
    let (too_early, in_time) = (replaced(NOW - 1), replaced(NOW));
    device.journey.trust = too_early;
    let refused = Err(RelayLie::Receipt(ReceiptError::NotInForce));
    assert_eq!(device.list(&relay.page(0)), refused);
    device.journey.trust = in_time;
    assert!(device.list(&relay.page(0)).unwrap().is_complete);
    assert_eq!(device.labels(), ["a"]);
}

/// What the vault does with a page: a receipt by another key is judged once more by the trust file of today.
fn judged(
    device: &mut Device,
    renewals: &mut Renewals,
    page: &LetterPage,
    today: impl FnOnce(&Device) -> VerifiedTrust,
) -> Result<(), RelayLie> {
    let listed = device.list(page).map(drop);
    if !renewals.is_due(listed.as_ref().err().and_then(RelayLie::receipt), NOW) {
        return listed;
    }
    device.journey.trust = today(device);
    device.list(page).map(drop)
}

/// `LBX-RECEIPT-5`
#[test]
fn a_receipt_by_a_new_key_is_a_lie_only_if_the_trust_file_of_today_says_so_too() {
    // The mailbox was unlocked before the key was replaced.
    let (mut device, relay) = with_letters(&["a"]);
    let mut page = relay.page(0);
    let deposit = Deposit::from_bytes(page.letters[0].deposit.as_ref()).unwrap();
    let receipt = SignedReceipt::from_bytes(page.letters[0].receipt.as_ref()).unwrap();
    let receipt = receipt.verify_for(&relay_key().verifying_key().into(), &deposit).unwrap();
    page.letters[0].receipt = SignedReceipt::sign(&receipt, &key(99)).to_bytes().into();
    let replaced = |from: u64| {
        move |device: &Device| {
            trust_with(&device.journey.directory, |file| {
                let former = former_receipt_key(&file.relay.receipt_key, 0, from - 1);
                file.version = 2;
                file.relay.receipt_key = key_text(&key(99).verifying_key());
                file.relay.receipt_key_not_before = from;
                file.relay.former_receipt_keys = vec![former];
            })
        }
    };
    let same = |device: &Device| trust_with(&device.journey.directory, |_| {});
    let forged = Err(RelayLie::Receipt(ReceiptError::Forged));
    assert_eq!(judged(&mut device, &mut Renewals::default(), &page, same), forged);
    let too_early = Err(RelayLie::Receipt(ReceiptError::NotInForce));
    assert_eq!(judged(&mut device, &mut Renewals::default(), &page, replaced(NOW + 1)), too_early);
    assert!(device.labels().is_empty());
    // By the file that says so it is none, whatever the one before said.
    let mut renewals = Renewals::default();
    assert_eq!(judged(&mut device, &mut renewals, &page, replaced(NOW)), Ok(()));
    assert_eq!(device.labels(), ["a"]);
    assert_ne!(renewals, Renewals::default());
}

/// `LBX-RECEIPT-5`, `LBX-GAP-1`
#[test]
fn no_trust_file_is_fetched_for_another_lie() {
    let (mut device, relay) = with_letters(&["a", "b", "c"]);
    let unasked = |_: &Device| -> VerifiedTrust { panic!("fetched") };
    let mut renewals = Renewals::default();
    let mut page = relay.page(0);
    page.letters.remove(1);
    assert_eq!(judged(&mut device, &mut renewals, &page, unasked), Err(RelayLie::OtherChain));
    let mut page = relay.page(0);
    page.letters[0].receipt = page.letters[1].receipt.clone();
    let other = Err(RelayLie::Receipt(ReceiptError::OtherContent));
    assert_eq!(judged(&mut device, &mut renewals, &page, unasked), other);
    assert_eq!(judged(&mut device, &mut renewals, &relay.page(0), unasked), Ok(()));
    assert_eq!(renewals, Renewals::default());
}

#[test]
fn a_listing_that_is_older_than_before_is_found_out() {
    let (mut device, mut relay) = with_letters(&["a", "b"]);
    device.synchronise(&mut relay);
    let mut shorter = with_letters(&["a"]).1;
    shorter.letters[0].envelope = None;
    let page = LetterPage { letters: vec![], ..shorter.page(1) };
    assert_eq!(device.list(&page), Err(RelayLie::RolledBack));
    let mut other = relay.page(2);
    other.head = Octets32([1; 32]);
    assert_eq!(device.list(&other), Err(RelayLie::OtherChain));
}

#[test]
fn a_letter_whose_sender_is_not_verified_is_never_shown_and_stays_at_the_relay() {
    let content = letter();
    let sealed = |device: &Device| {
        let other_key = inbox_key(99);
        let to_other_key = Envelope::seal(&device.id().into(), other_key.public_key(), b"x", &mut TestRng(5));
        vec![
            (device.sealed_as(&content, &key(99), |_| ()), Unopenable::Letter(LetterError::Forged)),
            (
                device.sealed_as(&content, &body_key(), |statement| statement.body = "other-council"),
                Unopenable::Sender(SenderError::Unknown),
            ),
            (
                device.sealed_as(&content, &body_key(), |statement| statement.body_entry = Bytes32([0; 32])),
                Unopenable::Sender(SenderError::UnknownEntry),
            ),
            (
                device.sealed_as(&content, &body_key(), |statement| statement.recipient = BOB.id()),
                Unopenable::Letter(LetterError::OtherRecipient),
            ),
            (
                device.sealed_as(&content, &body_key(), |statement| statement.time = NOW + 301),
                Unopenable::Letter(LetterError::FromTheFuture),
            ),
            (to_other_key.unwrap().to_bytes(), Unopenable::NoKey),
            (
                b"not sealed at all".to_vec(),
                Unopenable::Letter(LetterError::Open(OpenError::Malformed(DecodeError::Truncated))),
            ),
        ]
    };
    let mut device = Device::new();
    let mut relay = Relay::new();
    let cases = sealed(&device);
    let expected: Vec<Alarm> =
        (1..).zip(&cases).map(|(sequence, (_, why))| Alarm::Unopenable { sequence, why: *why }).collect();
    for (envelope, _) in cases {
        relay.deposit(envelope);
    }
    relay.deposit(device.sealed(1, "good"));
    let alarms = device.synchronise(&mut relay);
    assert_eq!(alarms.len(), expected.len());
    for (alarm, expected) in alarms.iter().zip(&expected) {
        // What exactly is wrong with nonsense is of no matter.
        match (alarm, expected) {
            (
                Alarm::Unopenable {
                    why: Unopenable::Letter(LetterError::Open(OpenError::Malformed(_))), ..
                },
                Alarm::Unopenable {
                    why: Unopenable::Letter(LetterError::Open(OpenError::Malformed(_))), ..
                },
            ) => {}
            _ => assert_eq!(alarm, expected),
        }
    }
    assert_eq!(device.labels(), ["good"]);
    assert_eq!(device.inbox.unopened(), [1, 2, 3, 4, 5, 6, 7]);
    let there: Vec<_> = relay.letters.iter().map(|letter| letter.envelope.is_some()).collect();
    assert_eq!(there, [true, true, true, true, true, true, true, false]);
    assert_eq!(device.disk.keys().filter(|name| name.starts_with(names::LETTER)).count(), 1);
}

#[test]
fn a_letter_that_is_given_again_is_the_one_that_was_listed() {
    let (mut device, mut relay) = with_letters(&["a"]);
    let known = std::mem::replace(&mut device.registry, Registry::empty());
    device.synchronise(&mut relay);
    device.registry = known;
    let mut other = Relay::new();
    other.deposit(device.sealed(2, "b"));
    assert_eq!(device.again(1, &other.page(0)), Err(RelayLie::OtherDeposit));
    assert_eq!(device.inbox.unopened(), [1]);
}

#[test]
fn a_page_of_letters_that_are_given_again_leaves_none_out_and_gives_none_twice() {
    let (mut device, mut relay) = with_letters(&["a", "b", "c"]);
    let known = std::mem::replace(&mut device.registry, Registry::empty());
    device.synchronise(&mut relay);
    device.registry = known;
    let page = |of: &[usize]| LetterPage {
        letters: of.iter().map(|place| relay.letters[*place].clone()).collect(),
        ..relay.page(0)
    };
    let lies: [(&[usize], RelayLie); 5] = [
        (&[], RelayLie::Withheld),
        (&[1, 2], RelayLie::Withheld),
        (&[0, 2], RelayLie::Withheld),
        (&[0, 0], RelayLie::OtherDeposit),
        (&[1, 0], RelayLie::OtherDeposit),
    ];
    for (given, lie) in lies {
        let mut pass = AgainPass::of(&[1, 2, 3]);
        assert_eq!(device.again_of(&mut pass, &page(given)), Err(lie), "{given:?}");
        assert_eq!((pass, device.inbox.unopened()), (AgainPass::of(&[1, 2, 3]), vec![1, 2, 3]));
    }
    let mut pass = AgainPass::of(&[1, 2, 3]);
    assert!(device.again_of(&mut pass, &page(&[0, 1])).is_ok());
    assert_eq!((pass, device.inbox.unopened()), (AgainPass::of(&[3]), vec![3]));
}

#[test]
fn an_entry_that_was_replaced_counts_for_a_day() {
    let (mut device, mut relay) = with_letters(&[]);
    let first = approve(&body_entry());
    let next =
        BodyEntry { status: BodyStatus::Suspended, previous: Some(Bytes32(first.hash())), ..body_entry() };
    let entries = vec![first, approve(&next)];
    device.journey.publish_body(&entries);
    let answer = device.journey.registry_answer(&[entries], None);
    let trust = &device.journey.trust;
    device.registry = device.registry.answered(trust, None, &ok(&answer), NOW).unwrap().0;
    relay.time = NOW + FRESHNESS;
    relay.deposit(device.sealed(1, "in time"));
    relay.time += 1;
    relay.deposit(device.sealed(2, "too late"));
    let why = Unopenable::Sender(SenderError::Replaced);
    assert_eq!(device.synchronise(&mut relay), [Alarm::Unopenable { sequence: 2, why }]);
    assert_eq!(device.labels(), ["in time"]);
    assert!(device.inbox.summaries(&device.registry)[0].sender.is_suspended);
}

/// `LBX-BODY-7`: whoever has an entry approved that stands on one of the directory's own making makes no sender of
/// that one.
#[test]
fn an_entry_that_no_operator_approved_sends_nothing_new_whatever_stands_above_it() {
    let (mut device, mut relay) = with_letters(&["before"]);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let first = SignedBodyEntry::new(&body_entry());
    let next = BodyEntry { previous: Some(Bytes32(first.hash())), ..body_entry() };
    let entries = vec![first, approve(&next)];
    device.journey.publish_body(&entries);
    let answer = device.journey.registry_answer(&[entries], None);
    let trust = &device.journey.trust;
    device.registry = device.registry.answered(trust, None, &ok(&answer), NOW).unwrap().0;
    relay.deposit(device.sealed(1, "after"));
    let why = Unopenable::Sender(SenderError::UnknownEntry);
    assert_eq!(device.synchronise(&mut relay), [Alarm::Unopenable { sequence: 2, why }]);
    assert_eq!(device.labels(), ["before"]);
}

#[test]
fn a_second_form_of_a_letter_alarms_and_is_not_shown() {
    let (mut device, mut relay) = with_letters(&["true"]);
    relay.deposit(device.sealed(1, "false"));
    let alarms = device.synchronise(&mut relay);
    assert_eq!(alarms, [Alarm::TwoLettersOfOneNumber { sequence: 2 }]);
    assert_eq!((device.labels(), device.inbox.unopened()), (vec!["true".to_owned()], vec![2]));
    assert!(relay.letters[1].envelope.is_some());
    // Also when it comes after the page was closed.
    device.reload();
    relay.deposit(device.sealed(1, "false again"));
    assert_eq!(device.synchronise(&mut relay), [Alarm::TwoLettersOfOneNumber { sequence: 3 }]);
}
