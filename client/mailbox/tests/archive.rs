//! The archive: a device that has lost everything gets its letters back, and one that has not finds
//! out what the relay has lost.

use api::archive::{ArchiveEntry, ArchiveObject, ArchivePage};
use client_mailbox::{
    inbox::{Alarm, ArchiveLie, Inbox, Reader, Received, Renewals, ViewError},
    local::names,
    registry::Registry,
};
use crypto_core::{
    archive::{ArchiveError, ObjectId},
    body::{BodyEntry, BodyError, SignedBodyEntry},
    trust::key_text,
};
use relay_auth::{cbor::Bytes32, receipt::ReceiptError};

use crate::{
    device::{Device, NO_ALARM},
    fake_relay::Relay,
    journey::{ok, trust_with},
    world::{NOW, TestRng, approve, body_entry, key, operators},
};

/// A device whose letters are filed.
fn filed(labels: &[&str]) -> (Device, Relay) {
    let mut device = Device::new();
    let mut relay = Relay::new();
    for (number, label) in (1..).zip(labels) {
        relay.deposit(device.sealed(number, label));
    }
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    (device, relay)
}

/// The device's keys are there, everything else is gone.
fn forget(device: &mut Device) {
    device.disk.clear();
    device.inbox = Inbox::new(&device.enrolled);
}

fn only_letter(device: &Device) -> ObjectId {
    device.inbox.find(&device.inbox.summaries(&device.registry)[0].id).unwrap()
}

fn refile(device: &mut Device, id: &ObjectId, record: &[u8]) -> Result<Received, ViewError> {
    let reader =
        Reader { keys: &device.journey.keys, trust: &device.journey.trust, registry: &device.registry };
    let received = device.inbox.refile(id, record, &reader, &mut TestRng(8))?;
    device.store(&received.writes);
    Ok(received)
}

#[test]
fn a_device_that_has_lost_its_storage_gets_its_letters_back() {
    let (mut device, mut relay) = filed(&["a", "b", "c"]);
    let before = device.inbox.summaries(&device.registry);
    relay.at_once = 2;
    forget(&mut device);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.labels(), Vec::<String>::new());
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert!(device.inbox.summaries(&device.registry) == before);
    // They can be read, also after a reload, and nothing is filed a second time.
    device.reload();
    for summary in device.inbox.summaries(&device.registry) {
        let id = device.inbox.find(&summary.id).unwrap();
        let record = device.disk[&names::letter(&id)].content.clone();
        assert!(device.inbox.view(&id, record.as_ref(), &device.reader()).is_ok());
    }
    assert_eq!(device.inbox.filings().count(), 0);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
}

#[test]
fn a_look_through_the_archive_that_was_broken_off_goes_on_where_it_was() {
    let (mut device, relay) = filed(&["a", "b", "c", "d", "e"]);
    forget(&mut device);
    let listed = relay.archive_page(0);
    let mut fetched = Vec::new();
    // A relay that gives two at once and then asks for a pause, as a busy one does.
    for expected in [2, 2, 1, 0] {
        let missing = device.inbox.archive_pass().listed(&device.inbox, &listed).unwrap();
        for id in missing.iter().take(2) {
            assert_eq!(device.fetch(&relay.objects[id.as_bytes()]).unwrap().alarms, NO_ALARM);
        }
        assert_eq!(missing.iter().take(2).count(), expected);
        fetched.extend(missing.into_iter().take(2));
        // As a page that is closed and opened again does.
        device.reload();
    }
    fetched.sort_unstable();
    fetched.dedup();
    assert_eq!((fetched.len(), device.labels().len()), (5, 5));
    // Nothing of it was listed as letters yet, so the next look begins with the archive again.
    assert_eq!(device.inbox.last(), 0);
}

#[test]
fn an_honest_archive_gives_no_alarm_and_nothing_to_fetch() {
    let (mut device, relay) = filed(&["a", "b"]);
    let mut pass = device.inbox.archive_pass();
    assert_eq!(pass.listed(&device.inbox, &relay.archive_page(0)), Ok(vec![]));
    assert!(pass.is_complete());
    assert_eq!(device.inbox.passed(pass).alarms, NO_ALARM);
    let mut empty = Device::new();
    assert_eq!(empty.look_through(&Relay::new()), Ok(vec![]));
}

#[test]
fn what_the_relay_took_without_saying_so_is_found_filed() {
    let (mut device, mut relay) = filed(&[]);
    relay.deposit(device.sealed(1, "a"));
    let _ = device.list(&relay.page(0)).unwrap();
    let filing = device.inbox.filings().next().unwrap().clone();
    // The answer is lost.
    relay.file(&filing);
    device.reload();
    assert_eq!(device.inbox.filings().count(), 1);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert_eq!((device.inbox.filings().count(), device.labels()), (0, vec!["a".to_owned()]));
    device.reload();
}

#[test]
fn what_another_device_filed_is_found_without_looking_through_what_was_there_before() {
    let (mut device, mut relay) = filed(&["a", "b"]);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    let before = device.disk.clone();
    relay.deposit(device.sealed(3, "c"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    // A device that was away when the third was filed.
    device.disk = before;
    device.reload();
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.inbox.said_to_be_filed().into_iter().collect::<Vec<_>>(), [3]);

    let mut pass = device.inbox.archive_news();
    assert_eq!(pass.after(), 2);
    // Where nothing is new, the letter is missed, and nothing of before is.
    let mut older = device.inbox.archive_news();
    assert_eq!(older.listed(&device.inbox, &ArchivePage { objects: vec![], last: 2 }), Ok(vec![]));
    assert_eq!(device.inbox.passed(older).alarms, [Alarm::LetterLost { sequence: 3 }]);

    let new = pass.listed(&device.inbox, &relay.archive_page(pass.after())).unwrap();
    assert_eq!((new.len(), pass.is_complete()), (1, true));
    assert_eq!(device.fetch(&relay.objects[new[0].as_bytes()]).unwrap().alarms, NO_ALARM);
    assert_eq!(device.inbox.passed(pass).alarms, NO_ALARM);
    assert_eq!(device.labels(), ["c", "b", "a"]);
    assert!(device.inbox.said_to_be_filed().is_empty());
    assert_eq!(device.inbox.archive_news().after(), 3);
    // The archive of before is found out as ever.
    relay.changes.pop();
    let rolled_back = device.inbox.archive_news().listed(&device.inbox, &relay.archive_page(3));
    assert_eq!(rolled_back, Err(ArchiveLie::RolledBack));
}

#[test]
fn an_object_that_is_gone_is_an_alarm() {
    let (mut device, mut relay) = filed(&["a", "b"]);
    let gone = relay.changes.remove(0);
    let id = ObjectId::from(gone.id.0);
    assert_eq!(device.look_through(&relay), Ok(vec![Alarm::ObjectMissing { id }]));
}

#[test]
fn a_letter_that_was_acknowledged_and_is_not_in_the_archive_is_an_alarm() {
    let (mut device, mut relay) = filed(&["a", "b"]);
    relay.changes.remove(0);
    forget(&mut device);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    // Which of the two was filed first is chance: objects have random ids.
    let alarms = device.look_through(&relay).unwrap();
    assert!(matches!(alarms[..], [Alarm::LetterLost { sequence: 1 | 2 }]), "{alarms:?}");
    let Alarm::LetterLost { sequence } = alarms[0] else { panic!("{alarms:?}") };
    assert_eq!(device.inbox.said_to_be_filed().into_iter().collect::<Vec<_>>(), [sequence]);
    // It is not forgotten over a reload.
    device.reload();
    assert_eq!(device.look_through(&relay), Ok(alarms));
}

#[test]
fn an_older_archive_is_found_out() {
    let (mut device, mut relay) = filed(&["a", "b"]);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    device.reload();
    relay.changes.pop();
    assert_eq!(device.look_through(&relay), Err(ArchiveLie::RolledBack));
}

#[test]
fn an_older_version_of_an_object_is_found_out() {
    let (device, relay) = filed(&["a"]);
    let older = ArchiveEntry { counter: 0, ..relay.changes[0] };
    let page = ArchivePage { objects: vec![older], last: 1 };
    let listed = device.inbox.archive_pass().listed(&device.inbox, &page);
    assert_eq!(listed, Err(ArchiveLie::RolledBack));
}

#[test]
fn a_list_that_contradicts_itself_is_refused() {
    let (device, relay) = filed(&["a", "b"]);
    let [one, two] = relay.changes[..] else { panic!("two objects") };
    for (name, objects, last) in [
        ("out of order", vec![two, one], 2),
        ("twice", vec![one, one], 2),
        ("beyond the end", vec![one, two], 1),
        ("nothing of what there is", vec![], 2),
        ("a change of no number", vec![ArchiveEntry { change: 0, ..one }], 2),
    ] {
        let listed = device.inbox.archive_pass().listed(&device.inbox, &ArchivePage { objects, last });
        assert_eq!(listed, Err(ArchiveLie::Listing), "{name}");
    }
}

#[test]
fn nothing_is_believed_for_being_in_the_archive() {
    let (mut device, relay) = filed(&["a", "b"]);
    forget(&mut device);
    let ids: Vec<[u8; 16]> = relay.changes.iter().map(|entry| entry.id.0).collect();
    let refused = Err(ArchiveLie::Object(ArchiveError::NotOfThisArchiveOrAltered));
    let mut swapped = relay.objects[&ids[0]].clone();
    swapped.object = relay.objects[&ids[1]].object.clone();
    let mut newer = relay.objects[&ids[0]].clone();
    newer.counter = 2;
    let mut altered = relay.objects[&ids[0]].clone();
    let last = altered.object.0.len() - 1;
    altered.object.0[last] ^= 1;
    for object in [swapped, newer, altered] {
        assert_eq!(device.fetch(&object), refused);
    }
    assert!(device.disk.is_empty() && device.labels().is_empty());
}

/// A device that has lost everything, and a relay that gives it two objects, the first of which is altered.
/// Gives the first as it is altered, and as it is.
fn lied_to() -> (Device, Relay, ArchiveObject, ArchiveObject) {
    let (mut device, mut relay) = filed(&["a", "b"]);
    forget(&mut device);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let mut pass = device.inbox.archive_pass();
    let ids = pass.listed(&device.inbox, &relay.archive_page(0)).unwrap();
    let [lied, held] = ids[..] else { panic!("two objects") };
    let honest = relay.objects[lied.as_bytes()].clone();
    let mut altered = honest.clone();
    let last = altered.object.0.len() - 1;
    altered.object.0[last] ^= 1;
    assert!(device.fetch(&altered).is_err());
    device.inbox.refuse(lied);
    assert_eq!(device.fetch(&relay.objects[held.as_bytes()]).unwrap().alarms, NO_ALARM);
    let alarms = device.inbox.passed(pass).alarms;
    assert!(matches!(alarms[..], [Alarm::LetterLost { .. }]), "{alarms:?}");
    // What is new in the archive does not show it any more.
    let mut news = device.inbox.archive_news();
    assert_eq!(news.listed(&device.inbox, &relay.archive_page(news.after())), Ok(vec![]));
    (device, relay, altered, honest)
}

#[test]
fn what_a_relay_altered_comes_at_the_next_look_once_it_is_mended() {
    let (mut device, _, _, honest) = lied_to();
    assert_eq!(device.inbox.refused(), [ObjectId::from(honest.id.0)]);
    assert_eq!(device.fetch(&honest).unwrap().new, 1);
    assert_eq!((device.labels().len(), device.inbox.refused()), (2, vec![]));
    assert!(device.inbox.said_to_be_filed().is_empty());
}

#[test]
fn a_relay_that_goes_on_lying_about_an_object_is_asked_for_it_a_few_times_and_at_the_next_unlock() {
    let (mut device, relay, altered, _) = lied_to();
    let mut looks = 0;
    while looks < 100 && !device.inbox.refused().is_empty() {
        for id in device.inbox.refused() {
            assert!(device.fetch(&altered).is_err());
            device.inbox.refuse(id);
        }
        looks += 1;
    }
    assert_eq!(looks, 3);
    device.reload();
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert_eq!(device.labels().len(), 2);
    // Nor does one that lies about everything fill the memory.
    for number in 0..2_000_u128 {
        device.inbox.refuse(ObjectId::from(number.to_be_bytes()));
    }
    assert_eq!(device.inbox.refused().len(), 1_024);
}

#[test]
fn a_letter_whose_record_is_lost_comes_back_from_the_archive() {
    let (mut device, relay) = filed(&["a"]);
    let id = only_letter(&device);
    let name = names::letter(&id);
    let before = device.disk.remove(&name).unwrap();
    let object = relay.objects[id.as_bytes()].clone();
    let received = device.fetch(&object).unwrap();
    assert_eq!((received.new, received.alarms.len()), (0, 0));
    assert_eq!(device.disk[&name], before);
    assert_eq!(device.labels(), ["a"]);
}

#[test]
fn a_letter_that_the_relay_has_lost_is_filed_again() {
    let (mut device, mut relay) = filed(&["a"]);
    let id = only_letter(&device);
    relay.changes.clear();
    relay.objects.clear();
    relay.deposit(device.sealed(2, "b"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.look_through(&relay), Ok(vec![Alarm::ObjectMissing { id }]));

    let record = device.disk[&names::letter(&id)].content.clone();
    let received = refile(&mut device, &id, record.as_ref()).unwrap();
    assert_eq!((received.new, received.alarms.len(), received.is_complete), (0, 0, true));
    // It is on its way, also after the page was closed; asking once more makes no second one.
    device.reload();
    assert!(refile(&mut device, &id, record.as_ref()).unwrap().writes.is_empty());
    let filings: Vec<_> = device.inbox.filings().cloned().collect();
    assert_eq!((filings.len(), filings[0].id()), (1, id));
    relay.file(&filings[0]);
    let writes = device.inbox.filed(id);
    device.store(&writes);
    device.reload();
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    // What was filed is the letter: a device without storage gets it from there.
    forget(&mut device);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert_eq!(device.labels(), ["b", "a"]);
}

#[test]
fn only_the_letter_that_was_there_is_filed_again() {
    let (mut device, mut relay) = filed(&["a", "b"]);
    let ids: Vec<_> = device
        .inbox
        .summaries(&device.registry)
        .iter()
        .map(|summary| device.inbox.find(&summary.id).unwrap())
        .collect();
    let other = device.disk[&names::letter(&ids[1])].content.clone();
    assert_eq!(refile(&mut device, &ids[0], other.as_ref()), Err(ViewError::OtherLetter));
    assert_eq!(refile(&mut device, &ObjectId::from([0; 16]), other.as_ref()), Err(ViewError::NoSuchLetter));
    assert!(matches!(refile(&mut device, &ids[0], b"nothing"), Err(ViewError::Letter(_))));
    assert_eq!(device.inbox.filings().count(), 0);
    device.reload();
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
}

/// `LBX-BODY-7`
#[test]
fn a_filed_letter_stays_verifiable_after_an_operator_who_approved_its_sender_was_taken_out() {
    let (mut device, relay) = filed(&["a"]);
    let id = only_letter(&device);
    let record = device.disk[&names::letter(&id)].content.clone();
    let first = approve(&body_entry());
    let second = BodyEntry { previous: Some(Bytes32(first.hash())), ..body_entry() };
    let operators = operators();
    let second = SignedBodyEntry::new(&second).approve(&operators[1]).approve(&operators[2]);
    let entries = vec![first, second];
    device.journey.publish_body(&entries);
    device.journey.trust = trust_with(&device.journey.directory, |file| {
        file.directory.operators.remove(0);
    });

    // Nobody who is trusted vouches for the entry yet.
    let before = device.registry.clone();
    device.registry = Registry::from_record(&before.to_record(), &device.journey.trust).unwrap();
    assert!(device.registry.is_empty());
    assert_eq!(
        device.inbox.view(&id, record.as_ref(), &device.reader()).map(drop),
        Err(ViewError::Letter(ArchiveError::Sender(BodyError::NotApproved)))
    );

    // By the newest entry the operators of today do.
    let answer = ok(&device.journey.registry_answer(&[entries], None));
    device.registry = before.answered(&device.journey.trust, None, &answer, NOW).unwrap().0;
    let stored = device.registry.to_record();
    assert_eq!(Registry::from_record(&stored, &device.journey.trust).unwrap(), device.registry);
    assert!(device.inbox.view(&id, record.as_ref(), &device.reader()).is_ok());
    forget(&mut device);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert_eq!(device.labels(), ["a"]);
}

/// `LBX-BODY-7`: with the keys of operators who were taken out nobody makes a sender of filed letters.
#[test]
fn an_entry_that_nobody_who_is_trusted_vouches_for_is_no_sender_of_a_filed_letter() {
    let mut device = Device::new();
    let trust = device.journey.trust.trust().operators.clone();
    let other = BodyEntry { domain: "other.example".to_owned(), ..body_entry() };
    let other = SignedBodyEntry::new(&other).approve(&key(98)).approve(&key(99));
    assert_eq!(device.registry.filed_sender(&other, &trust), Err(BodyError::NotApproved));
    // What is in the registry is taken from there, whoever approved it, and from nowhere else.
    let registered = SignedBodyEntry::new(&body_entry());
    assert!(device.registry.filed_sender(&registered, &trust).is_ok());
    device.registry = Registry::empty();
    assert_eq!(device.registry.filed_sender(&registered, &trust), Err(BodyError::NotApproved));
}

/// `LBX-BODY-7`: the directory cannot be asked, and what was known of bodies is lost.
#[test]
fn a_letter_whose_sender_nobody_vouches_for_at_present_is_not_told_as_lost() {
    let (mut device, mut relay) = filed(&["a"]);
    let honest = std::mem::take(&mut device.registry);
    forget(&mut device);
    device.journey.trust = trust_with(&device.journey.directory, |file| {
        file.directory.operators.remove(0);
    });
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    device.reload();
    let object = relay.objects.values().next().unwrap().clone();
    let look = |device: &mut Device, is_fetched: bool| {
        let mut pass = device.inbox.archive_pass();
        assert_eq!(pass.listed(&device.inbox, &relay.archive_page(0)).map(|ids| ids.len()), Ok(1));
        if is_fetched {
            let unknown = ArchiveLie::Object(ArchiveError::Sender(BodyError::NotApproved));
            assert_eq!(device.fetch(&object), Err(unknown));
        }
        device.inbox.passed(pass).alarms
    };
    // Of a relay that lists it and does not have it, it is.
    assert_eq!(look(&mut device, false), [Alarm::LetterLost { sequence: 1 }]);
    assert_eq!(look(&mut device, true), NO_ALARM);
    assert_eq!(device.inbox.said_to_be_filed().into_iter().collect::<Vec<_>>(), [1]);
    // It is there once somebody vouches for its sender.
    device.registry = honest;
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert_eq!(device.labels(), ["a"]);
    assert!(device.inbox.said_to_be_filed().is_empty());
}

/// `LBX-RECEIPT-5`: another device, which has the trust file of today, filed it.
#[test]
fn an_object_with_a_receipt_by_a_new_key_is_judged_once_more_by_the_trust_file_of_today() {
    let (mut device, relay) = filed(&["a"]);
    let object = relay.objects.values().next().unwrap().clone();
    forget(&mut device);
    let honest = trust_with(&device.journey.directory, |_| {});
    device.journey.trust = trust_with(&device.journey.directory, |file| {
        file.relay.receipt_key = key_text(&key(99).verifying_key());
    });
    let refused = device.fetch(&object).unwrap_err();
    assert_eq!(refused, ArchiveLie::Object(ArchiveError::Arrival(ReceiptError::Forged)));
    assert!(Renewals::default().is_due(refused.receipt(), NOW));
    device.journey.trust = honest;
    assert!(device.fetch(&object).is_ok());
    assert_eq!(device.labels(), ["a"]);
    // Whatever else is wrong with an object is no matter of the trust file.
    assert_eq!((ArchiveLie::Listing.receipt(), ArchiveLie::RolledBack.receipt()), (None, None));
}
