//! Attachments with a relay that is not honest, and with letters that are not.

use client_mailbox::{
    download::AttachmentError,
    inbox::{Alarm, Unopenable, ViewError},
    local::names,
};
use crypto_core::{
    archive::ObjectId,
    attachment::{CHUNK, sealed_length},
    letter::{Attachment, LetterError},
};
use relay_auth::{
    cbor::{Bytes32, DecodeError},
    id::BlobId,
};

use crate::{
    attachments::{SEALED_CHUNK, begin, blob, bytes, deposit, fetch, file, newest, with_files},
    device::{Device, NO_ALARM, approvals_in},
    fake_relay::Relay,
};

#[test]
fn every_lie_about_a_blob_has_its_name_and_gives_no_file() {
    type Spoil = fn(&mut Vec<u8>, &[u8]);
    let lies: &[(&str, Spoil, AttachmentError)] = &[
        ("the first byte altered", |sealed, _| sealed[0] ^= 1, AttachmentError::Altered),
        (
            "the last byte altered",
            |sealed, _| {
                let last = sealed.len() - 1;
                sealed[last] ^= 1;
            },
            AttachmentError::Altered,
        ),
        ("nothing at all", |sealed, _| sealed.clear(), AttachmentError::Length),
        ("the last byte cut off", |sealed, _| sealed.truncate(sealed.len() - 1), AttachmentError::Length),
        (
            "the last chunk cut off",
            |sealed, _| sealed.truncate((sealed.len() - 1) / SEALED_CHUNK * SEALED_CHUNK),
            AttachmentError::Length,
        ),
        ("a byte more", |sealed, _| sealed.push(0), AttachmentError::Length),
        ("itself again", |sealed, _| sealed.extend_from_within(..), AttachmentError::Length),
        (
            "two chunks in each other's place",
            |sealed, _| sealed[..2 * SEALED_CHUNK].rotate_left(SEALED_CHUNK),
            AttachmentError::Altered,
        ),
        (
            "a chunk in another's place as well",
            |sealed, _| sealed.copy_within(..SEALED_CHUNK, SEALED_CHUNK),
            AttachmentError::Altered,
        ),
        (
            "the first chunk of another file",
            |sealed, other| sealed[..SEALED_CHUNK].copy_from_slice(&other[..SEALED_CHUNK]),
            AttachmentError::Altered,
        ),
        (
            "the last chunks of another file",
            |sealed, other| sealed[SEALED_CHUNK..].copy_from_slice(&other[SEALED_CHUNK..]),
            AttachmentError::Altered,
        ),
        ("another file", |sealed, other| sealed.copy_from_slice(other), AttachmentError::Altered),
    ];
    let contents = [bytes(3 * CHUNK, 1), bytes(3 * CHUNK, 2)];
    let (device, mut relay, id) = with_files(&contents);
    // Of the same letter, and of another one that has the same file.
    let others = [relay.blobs[&blob(2)].clone(), file(3, &contents[0]).1];
    let honest = relay.blobs[&blob(1)].clone();
    for (name, spoil, lie) in lies {
        for other in &others {
            let mut spoilt = honest.clone();
            spoil(&mut spoilt, other);
            relay.blobs.insert(blob(1), spoilt);
            for piece in [CHUNK, usize::MAX] {
                assert_eq!(fetch(&device, &relay, &id, 0, piece), Err(*lie), "{name}");
            }
        }
    }
    relay.blobs.insert(blob(1), honest);
    assert!(fetch(&device, &relay, &id, 0, CHUNK).unwrap().content == contents[0]);
}

#[test]
fn a_rest_from_another_place_is_refused() {
    let (device, relay, id) = with_files(&[bytes(3 * CHUNK, 0)]);
    let sealed = &relay.blobs[&blob(1)];
    for skewed in [0, SEALED_CHUNK - 1, SEALED_CHUNK + 1] {
        let mut download = begin(&device, &id, 0).unwrap();
        download.push(&sealed[..SEALED_CHUNK]).unwrap();
        let length = sealed.len().min(skewed + sealed.len() - SEALED_CHUNK) - skewed;
        let pushed = download.push(&sealed[skewed..skewed + length]);
        assert_eq!(pushed.and_then(|()| download.finish()), Err(AttachmentError::Altered), "{skewed}");
    }
}

#[test]
fn nothing_mends_a_download_that_failed() {
    let (device, relay, id) = with_files(&[bytes(CHUNK, 0)]);
    let sealed = &relay.blobs[&blob(1)];
    let (most, last) = sealed.split_at(sealed.len() - 1);
    let mut download = begin(&device, &id, 0).unwrap();
    download.push(most).unwrap();
    assert_eq!(download.push(&[last[0], 0]), Err(AttachmentError::Length));
    // All of the honest bytes, at last.
    assert_eq!(download.push(last), Err(AttachmentError::Length));
    assert!(!download.is_complete());
    assert_eq!(download.finish(), Err(AttachmentError::Length));
}

#[test]
fn a_file_that_is_not_the_one_that_the_letter_names_is_not_saved() {
    let mut device = Device::new();
    let mut relay = Relay::new();
    let (attachment, sealed) = file(1, b"the bytes of a file");
    relay.blobs.insert(blob(1), sealed);
    let named = Attachment { digest: Bytes32([0; 32]), ..attachment };
    deposit(&device, &mut relay, 1, vec![named], &[blob(1)]);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let id = newest(&device);
    assert_eq!(fetch(&device, &relay, &id, 0, CHUNK), Err(AttachmentError::OtherFile));
}

#[test]
fn a_letter_whose_files_are_not_those_that_came_with_it_stays_at_the_relay() {
    let two = || vec![file(1, b"one").0, file(2, b"two").0];
    let cases: [(&str, Vec<Attachment>, Vec<BlobId>); 7] = [
        ("files and no blob", two(), vec![]),
        ("one blob missing", two(), vec![blob(1)]),
        ("one blob more", two(), vec![blob(1), blob(2), blob(3)]),
        ("another order", two(), vec![blob(2), blob(1)]),
        ("another blob", two(), vec![blob(1), blob(3)]),
        ("one blob twice", two(), vec![blob(1), blob(1)]),
        ("a blob and no file", vec![], vec![blob(1)]),
    ];
    let mut device = Device::new();
    let mut relay = Relay::new();
    for (number, (name, attachments, blobs)) in (1..).zip(cases) {
        deposit(&device, &mut relay, number, attachments, &blobs);
        let alarm = Alarm::Unopenable { sequence: number.into(), why: Unopenable::OtherFiles };
        assert_eq!(device.synchronise(&mut relay), [alarm], "{name}");
    }
    deposit(&device, &mut relay, 8, two(), &[blob(1), blob(2)]);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    device.reload();
    assert_eq!(device.labels(), ["letter 8"]);
    assert_eq!(device.inbox.unopened(), [1, 2, 3, 4, 5, 6, 7]);
    let there: Vec<_> = relay.letters.iter().map(|letter| letter.envelope.is_some()).collect();
    assert_eq!(there, [true, true, true, true, true, true, true, false]);
}

/// A file as it is sealed when the letter is sent again: under another key, for another place.
fn again(number: u8, content: &[u8]) -> (Attachment, Vec<u8>) {
    let (sealed_again, sealed) = file(number, content);
    (Attachment { file_name: file(1, content).0.file_name, ..sealed_again }, sealed)
}

#[test]
fn the_same_files_under_other_keys_are_the_same_letter_and_other_files_alarm() {
    let (mut device, mut relay, id) = with_files(&[b"one".to_vec()]);
    deposit(&device, &mut relay, 1, vec![again(2, b"one").0], &[blob(2)]);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!((device.labels().len(), newest(&device)), (1, id));
    // Acknowledged: it is not listed again and again.
    assert!(relay.letters.iter().all(|letter| letter.envelope.is_none()));

    let renamed = Attachment { file_name: "two.pdf".to_owned(), ..file(4, b"one").0 };
    let others = [(3, again(3, b"two").0), (4, renamed), (5, again(5, b"one more").0)];
    for (sequence, (number, other)) in (3..).zip(others) {
        deposit(&device, &mut relay, 1, vec![other], &[blob(number)]);
        assert_eq!(device.synchronise(&mut relay), [Alarm::TwoLettersOfOneNumber { sequence }]);
    }
    deposit(&device, &mut relay, 1, vec![], &[]);
    assert_eq!(device.synchronise(&mut relay), [Alarm::TwoLettersOfOneNumber { sequence: 6 }]);
    device.reload();
    assert_eq!((device.labels().len(), newest(&device)), (1, id));
}

#[test]
fn a_file_that_is_lost_or_altered_is_fetched_from_another_copy_of_the_letter() {
    let content = bytes(70_000, 0);
    let (mut device, mut relay, id) = with_files(std::slice::from_ref(&content));
    assert!(device.inbox.copies(&id).is_empty());
    let (attachment, sealed) = again(2, &content);
    relay.blobs.insert(blob(2), sealed);
    deposit(&device, &mut relay, 1, vec![attachment], &[blob(2)]);
    relay.deposit(device.sealed(2, "another letter"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    device.reload();

    let [copy] = device.inbox.copies(&id)[..] else { panic!("not one copy") };
    assert_ne!(copy, id);
    // It lies in the archive, where the device gets it when it is needed.
    let object = relay.objects[copy.as_bytes()].clone();
    assert_eq!(device.fetch(&object).unwrap().alarms, NO_ALARM);
    relay.blobs.get_mut(&blob(1)).unwrap()[0] ^= 1;
    assert_eq!(fetch(&device, &relay, &id, 0, CHUNK), Err(AttachmentError::Altered));
    assert!(fetch(&device, &relay, &copy, 0, CHUNK).unwrap().content == content);
    // A copy that is not what it says gives nothing either.
    relay.blobs.get_mut(&blob(2)).unwrap()[0] ^= 1;
    assert_eq!(fetch(&device, &relay, &copy, 0, CHUNK), Err(AttachmentError::Altered));
    assert!(device.inbox.copies(&ObjectId::from([0; 16])).is_empty());
    assert_eq!(device.labels().len(), 2);
}

#[test]
fn only_a_file_of_the_letter_is_fetched() {
    let (mut device, mut relay, id) = with_files(&[b"one".to_vec(), b"two".to_vec()]);
    relay.deposit(device.sealed(2, "without files"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let summaries = device.inbox.summaries(&device.registry);
    let without = summaries.iter().find(|summary| summary.label == "without files").unwrap();
    let without = device.inbox.find(&without.id).unwrap();
    assert!(begin(&device, &id, 1).is_ok());
    for place in [2, usize::MAX] {
        assert_eq!(begin(&device, &id, place).err(), Some(ViewError::NoSuchAttachment));
    }
    assert_eq!(begin(&device, &without, 0).err(), Some(ViewError::NoSuchAttachment));

    // The letter is verified again.
    let record = device.disk[&names::letter(&id)].content.0.clone();
    let download = |id: &ObjectId, record: &[u8]| {
        device.inbox.download(id, record, 0, &device.reader()).map(|download| download.total())
    };
    assert_eq!(download(&id, &record), Ok(sealed_length(3)));
    assert_eq!(download(&without, &record), Err(ViewError::OtherLetter));
    assert_eq!(download(&ObjectId::from([0; 16]), &record), Err(ViewError::NoSuchLetter));
    for place in (0..record.len()).step_by(7) {
        let mut altered = record.clone();
        altered[place] ^= 1;
        let begun = download(&id, &altered);
        let is_approval = approvals_in(&record).contains(&place) && begun == Ok(sealed_length(3));
        assert!(begun.is_err() || is_approval, "byte {place}");
    }
}

#[test]
fn a_letter_with_a_hostile_file_name_is_not_opened() {
    let long = "a".repeat(101);
    let hostile = [
        "",
        "..",
        "../a.pdf",
        ".profile",
        "a/b.pdf",
        "a\\b.pdf",
        "C:a.pdf",
        "<img src=x onerror=alert(1)>.pdf",
        "a\".pdf",
        "a\n.pdf",
        "a\0.pdf",
        "bill\u{202e}fdp.exe",
        "a\u{200b}.pdf",
        &long,
    ];
    let mut device = Device::new();
    let mut relay = Relay::new();
    for (number, file_name) in (1..).zip(hostile) {
        let attachment = Attachment { file_name: file_name.to_owned(), ..file(1, b"one").0 };
        deposit(&device, &mut relay, number, vec![attachment], &[blob(1)]);
        let alarms = device.synchronise(&mut relay);
        let [Alarm::Unopenable { why: Unopenable::Letter(LetterError::Malformed(why)), .. }] = alarms[..]
        else {
            panic!("{file_name:?}: {alarms:?}")
        };
        assert!(matches!(why, DecodeError::Value(_)), "{file_name:?}: {why:?}");
    }
    assert_eq!(device.labels(), Vec::<String>::new());
}
