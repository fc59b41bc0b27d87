//! A session that reads (`LBX-SESSION-9`), with a relay that is honest and with one that lies.

use std::collections::BTreeMap;

use api::{Octets32, letters::LetterPage};
use client_mailbox::{
    enrolment::Visit,
    inbox::{AgainPass, Alarm, Inbox, Opens as _, Reader, Received, RelayLie, Unopenable},
    local::{Record, names},
    reading::Reading,
    relay::{self, Signer},
};
use crypto_core::{
    archive::{Item, ObjectId, Place, SealedObject},
    body::BodyEntry,
    letter::LetterError,
};
use relay_auth::{
    cbor::Wire as _,
    receipt::{Deposit, ListingError, ReceiptError, SignedReceipt},
};

use crate::{
    device::{Device, NO_ALARM},
    fake_relay::{Relay, verify},
    journey::{RELAY, relay_key},
    recovered::paper,
    world::{BOB, NOW, TestRng, approve, body_entry, body_key, key, letter},
};

/// A session with the code of a device's mailbox, and what it has in memory.
struct Guest {
    keys: Reading,
    inbox: Inbox,
    memory: BTreeMap<String, Record>,
    rng: TestRng,
}

impl Guest {
    fn of(device: &Device) -> Self {
        let (_, found) = paper(&device.journey, &device.enrolled);
        let visit = Visit::begin(&found, NOW, &mut TestRng(60));
        let keys = Reading::of(found, visit);
        let inbox = Inbox::reading(keys.owner());
        Self { keys, inbox, memory: BTreeMap::new(), rng: TestRng(61) }
    }

    fn keep(&mut self, received: &Received) {
        for record in &received.writes.put {
            self.memory.insert(record.name.clone(), record.clone());
        }
    }

    fn list(&mut self, device: &Device, page: &LetterPage) -> Result<Received, RelayLie> {
        let received = self.inbox.listed(page, &reader(&self.keys, device), &mut self.rng)?;
        self.keep(&received);
        Ok(received)
    }

    /// Lists everything. Gives what was alarming.
    fn list_all(&mut self, device: &Device, relay: &Relay) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        loop {
            let received = self.list(device, &relay.page(self.inbox.last())).unwrap();
            alarms.extend(received.alarms);
            if received.is_complete {
                return alarms;
            }
        }
    }

    /// Looks through the archive. Gives what was alarming; what does not hold counts as missing.
    fn look_through(&mut self, device: &Device, relay: &Relay) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        let mut pass = self.inbox.archive_pass();
        while !pass.is_complete() {
            for id in pass.listed(&self.inbox, &relay.archive_page(pass.after())).unwrap() {
                let object = &relay.objects[id.as_bytes()];
                match self.inbox.archived(object, &reader(&self.keys, device)) {
                    Ok(received) => {
                        self.keep(&received);
                        alarms.extend(received.alarms);
                    }
                    Err(_) => alarms.push(Alarm::ObjectMissing { id }),
                }
            }
        }
        alarms.extend(self.inbox.passed(pass).alarms);
        alarms
    }

    fn labels(&self, device: &Device) -> Vec<String> {
        self.inbox.summaries(&device.registry).into_iter().map(|summary| summary.label).collect()
    }

    /// What somebody reads who opens each letter of the list.
    fn read(&self, device: &Device) -> Vec<String> {
        let view = |id: &str| {
            let id = self.inbox.find(id).unwrap();
            let content = &self.memory[&names::letter(&id)].content;
            self.inbox.view(&id, content.as_ref(), &reader(&self.keys, device)).unwrap().summary.label
        };
        self.inbox.summaries(&device.registry).iter().map(|summary| view(&summary.id)).collect()
    }
}

fn reader<'a>(keys: &'a Reading, device: &'a Device) -> Reader<'a> {
    Reader { keys, trust: &device.journey.trust, registry: &device.registry }
}

/// A mailbox with two letters that are filed and one that waits.
fn mailbox() -> (Device, Relay) {
    let (mut device, mut relay) = (Device::new(), Relay::new());
    relay.deposit(device.sealed(1, "one"));
    relay.deposit(device.sealed(2, "two"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    relay.deposit(device.sealed(3, "waiting"));
    (device, relay)
}

/// `LBX-SESSION-1`, `LBX-SESSION-8`
#[test]
fn a_letter_that_waits_and_those_that_are_filed_are_read_and_nothing_is_filed() {
    let (device, relay) = mailbox();
    let mut guest = Guest::of(&device);
    assert_eq!(guest.look_through(&device, &relay), NO_ALARM);
    assert_eq!(guest.list_all(&device, &relay), NO_ALARM);
    assert_eq!(guest.labels(&device), ["waiting", "two", "one"]);
    assert_eq!(guest.read(&device), guest.labels(&device));
    assert_eq!((guest.inbox.last(), guest.inbox.unopened()), (3, vec![]));
    // There is nothing that could be sent, and no place from which to go on another time.
    assert_eq!(guest.inbox.filings().count(), 0);
    assert!(guest.keys.files_under().is_none());
    let is_of_letters = |name: &String| name.starts_with(names::LETTER) || name.starts_with(names::SUMMARY);
    assert!(guest.memory.keys().all(is_of_letters), "{:?}", guest.memory.keys());
    // What the relay has lost is for a device to file again.
    let id = guest.inbox.find(&guest.inbox.summaries(&device.registry)[2].id).unwrap();
    let content = guest.memory[&names::letter(&id)].content.clone();
    let refiled =
        guest.inbox.refile(&id, content.as_ref(), &reader(&guest.keys, &device), &mut guest.rng).unwrap();
    assert!(refiled.writes.is_empty() && guest.inbox.filings().count() == 0);
}

#[test]
fn a_letter_that_a_device_files_meanwhile_is_shown_once() {
    let (mut device, mut relay) = mailbox();
    let mut guest = Guest::of(&device);
    assert_eq!(guest.list_all(&device, &relay), NO_ALARM);
    // Those that were filed before are to be in the archive, as the listing says.
    assert_eq!(guest.inbox.said_to_be_filed().len(), 2);
    assert_eq!(guest.labels(&device), ["waiting"]);
    assert_eq!(guest.look_through(&device, &relay), NO_ALARM);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(guest.look_through(&device, &relay), NO_ALARM);
    assert_eq!(guest.list_all(&device, &relay), NO_ALARM);
    assert_eq!(guest.labels(&device), ["waiting", "two", "one"]);
}

#[test]
fn a_letter_that_is_said_to_be_filed_and_is_not_there_is_an_alarm_in_a_session() {
    let (device, mut relay) = mailbox();
    relay.changes.remove(0);
    let mut guest = Guest::of(&device);
    assert_eq!(guest.list_all(&device, &relay), NO_ALARM);
    let alarms = guest.look_through(&device, &relay);
    assert!(matches!(alarms[..], [Alarm::LetterLost { sequence: 1 | 2 }]), "{alarms:?}");
}

/// `LBX-SESSION-5`
#[test]
fn what_a_session_asks_is_signed_by_its_own_key() {
    let (device, _) = mailbox();
    let (_, found) = paper(&device.journey, &device.enrolled);
    let visit = Visit::begin(&found, NOW, &mut TestRng(62));
    let key = visit.key().verifying_key();
    let reading = Reading::of(found, visit);
    let signer = Signer { keys: &reading, trust: &device.journey.trust, now: NOW };
    let rng = &mut TestRng(63);
    let id = ObjectId::from([0xab; 16]);
    for (request, target) in [
        (relay::letters(0, None, &signer, rng), "/v1/mailbox/letters?after=0&limit=64".to_owned()),
        (relay::archive(3, &signer, rng), "/v1/mailbox/archive?after=3".to_owned()),
        (relay::archive_object(&id, &signer, rng), format!("/v1/mailbox/archive/{}", "ab".repeat(16))),
    ] {
        let request = request.unwrap();
        assert_eq!((request.method, request.url.clone()), ("GET", format!("{RELAY}{target}")));
        verify(&key, &request);
    }
    assert_ne!(key, device.journey.keys.request().verifying_key());
    assert_eq!(format!("{reading:?}"), "Reading([redacted])");
}

/// `LBX-SESSION-9`
#[test]
fn every_lie_of_a_listing_that_needs_no_chain_has_its_name_and_changes_nothing() {
    type Spoil = fn(&mut LetterPage);
    let lies: &[(&str, Spoil, RelayLie)] = &[
        ("letters reordered", |page| page.letters.swap(1, 2), RelayLie::OutOfOrder(ListingError)),
        (
            "a letter twice",
            |page| page.letters[1] = page.letters[0].clone(),
            RelayLie::OutOfOrder(ListingError),
        ),
        (
            "another envelope",
            |page| page.letters[2].envelope = Some(b"another".to_vec().into()),
            RelayLie::OtherEnvelope,
        ),
        (
            "another receipt",
            |page| page.letters[1].receipt = page.letters[0].receipt.clone(),
            RelayLie::Receipt(ReceiptError::OtherContent),
        ),
        (
            "the last letter dropped, and the end hidden",
            |page| {
                page.letters.pop();
                page.last = 2;
            },
            RelayLie::OtherChain,
        ),
        ("another head", |page| page.head = Octets32([0; 32]), RelayLie::OtherChain),
        ("letters that are withheld", |page| page.letters.clear(), RelayLie::Withheld),
        ("an end before the letters", |page| page.last = 1, RelayLie::RolledBack),
    ];
    let (device, relay) = mailbox();
    let mut guest = Guest::of(&device);
    for (name, spoil, lie) in lies {
        let mut page = relay.page(0);
        spoil(&mut page);
        assert_eq!(guest.list(&device, &page), Err(*lie), "{name}");
        assert_eq!((guest.inbox.last(), guest.memory.len()), (0, 0), "{name}");
    }
    assert!(guest.list(&device, &relay.page(0)).unwrap().is_complete);
    // The head of a mailbox without letters is one of which a session knows nothing.
    assert!(Guest::of(&device).list(&device, &Relay::new().page(0)).unwrap().is_complete);
}

#[test]
fn a_receipt_of_another_relay_is_refused_in_a_session() {
    let (device, relay) = mailbox();
    let mut page = relay.page(0);
    let deposit = Deposit::from_bytes(page.letters[2].deposit.as_ref()).unwrap();
    let honest = SignedReceipt::from_bytes(page.letters[2].receipt.as_ref()).unwrap();
    let receipt = honest.verify_for(&relay_key().verifying_key().into(), &deposit).unwrap();
    page.letters[2].receipt = SignedReceipt::sign(&receipt, &key(99)).to_bytes().into();
    let mut guest = Guest::of(&device);
    assert_eq!(guest.list(&device, &page), Err(RelayLie::Receipt(ReceiptError::Forged)));
}

#[test]
fn a_letter_for_somebody_else_and_one_of_an_unknown_sender_are_not_shown_in_a_session() {
    let (device, mut relay) = mailbox();
    let to_bob = device.sealed_as(&letter(), &body_key(), |statement| statement.recipient = BOB.id());
    relay.deposit(to_bob);
    relay.deposit(device.sealed_as(&letter(), &key(99), |_| ()));
    let mut guest = Guest::of(&device);
    assert_eq!(guest.look_through(&device, &relay), NO_ALARM);
    let refused = |sequence, why| Alarm::Unopenable { sequence, why: Unopenable::Letter(why) };
    let expected = [refused(4, LetterError::OtherRecipient), refused(5, LetterError::Forged)];
    assert_eq!(guest.list_all(&device, &relay), expected);
    assert_eq!(guest.labels(&device), ["waiting", "two", "one"]);
    // Tried again, they are what they were.
    let mut pass = AgainPass::of(&guest.inbox.unopened());
    let page = relay.page(pass.part().unwrap().after);
    let again = guest.inbox.again(&mut pass, &page, &reader(&guest.keys, &device), &mut guest.rng);
    assert_eq!(again.unwrap().alarms, expected);
}

#[test]
fn a_filed_letter_with_another_sender_is_refused_in_a_session() {
    let (device, mut relay) = mailbox();
    let (owner, root) = (device.id(), device.journey.keys.archive_root());
    // Sealed by somebody who has the archive's keys, and who cannot sign for a body.
    let object = relay.objects.values_mut().next().unwrap();
    let place = Place { owner, generation: 1, id: ObjectId::from(object.id.0), counter: object.counter };
    let Item::Letter(mut filed) =
        SealedObject::from_bytes(object.object.as_ref()).unwrap().open(&place, root).unwrap();
    filed.sender = approve(&BodyEntry { name: "Another Council".to_owned(), ..body_entry() });
    let spoilt = SealedObject::seal(&Item::Letter(filed), &place, root, &mut TestRng(64)).unwrap();
    object.object = spoilt.to_bytes().into();
    let mut guest = Guest::of(&device);
    assert_eq!(guest.look_through(&device, &relay), [Alarm::ObjectMissing { id: place.id }]);
    assert_eq!(guest.labels(&device).len(), 1);
}
