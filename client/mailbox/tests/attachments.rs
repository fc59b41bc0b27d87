//! Attachments with a relay that is honest.

use std::collections::BTreeMap;

use client_mailbox::{
    download::{AttachmentError, Download, Saved},
    inbox::{Inbox, ViewError},
    letter::LetterView,
    local::names,
    relay::Signer,
};
use crypto_core::{
    archive::ObjectId,
    attachment::{CHUNK, Sealer, sealed_length},
    letter::{Attachment, Letter, LetterId},
};
use proptest::{collection::vec, prelude::any, prop_assert, test_runner::TestRunner};
use relay_auth::id::BlobId;

use crate::{
    device::{Device, NO_ALARM},
    fake_relay::Relay,
    journey::RELAY,
    recovered::paper,
    world::{NOW, TestRng, body_key, config, letter},
};

/// A chunk once it is sealed.
pub(crate) const SEALED_CHUNK: usize = CHUNK + 16;

/// Bytes that are not the same as those of another seed.
pub(crate) fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|place| u8::try_from(place % 251).unwrap() ^ seed).collect()
}

pub(crate) fn blob(number: u8) -> BlobId {
    BlobId::from([number; 16])
}

/// A file as a letter names it, and its sealed bytes. The same each time.
pub(crate) fn file(number: u8, content: &[u8]) -> (Attachment, Vec<u8>) {
    let size = content.len() as u64;
    let mut sealer = Sealer::new(blob(number), size, &mut TestRng(number.into())).unwrap();
    let mut sealed = Vec::new();
    sealer.update(content, &mut sealed).unwrap();
    let (key, digest) = sealer.finish(&mut sealed).unwrap();
    let attachment = Attachment {
        blob: blob(number),
        key,
        size,
        digest: digest.into(),
        file_name: format!("Cosgais à Dùn Èideann {number}.pdf"),
        encoding_format: "application/pdf".to_owned(),
        language: Some("gd".to_owned()),
        label: Some("What you owe".to_owned()),
    };
    (attachment, sealed)
}

/// Deposits a letter with files and a list of blobs, which an honest sender makes the same.
pub(crate) fn deposit(
    device: &Device,
    relay: &mut Relay,
    number: u8,
    attachments: Vec<Attachment>,
    blobs: &[BlobId],
) {
    let content = Letter { label: format!("letter {number}"), attachments, ..letter() };
    let sealed = device.sealed_as(&content, &body_key(), |statement| {
        statement.id = LetterId::from([number; 16]);
    });
    relay.deposit_with(sealed, blobs);
}

/// A device that has one letter with these files, numbered from 1, and the relay that has their blobs.
pub(crate) fn with_files(contents: &[Vec<u8>]) -> (Device, Relay, ObjectId) {
    let mut device = Device::new();
    let mut relay = Relay::new();
    let files = (1..).zip(contents).map(|(number, content)| file(number, content));
    let (attachments, sealed): (Vec<Attachment>, Vec<Vec<u8>>) = files.unzip();
    let blobs: Vec<BlobId> = attachments.iter().map(|file| file.blob).collect();
    relay.blobs.extend(blobs.iter().copied().zip(sealed));
    deposit(&device, &mut relay, 1, attachments, &blobs);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let id = newest(&device);
    (device, relay, id)
}

pub(crate) fn newest(device: &Device) -> ObjectId {
    device.inbox.find(&device.inbox.summaries(&device.registry)[0].id).unwrap()
}

fn view(device: &Device, id: &ObjectId) -> LetterView {
    let record = &device.disk[&names::letter(id)];
    device.inbox.view(id, record.content.as_ref(), &device.reader()).unwrap()
}

pub(crate) fn begin(device: &Device, id: &ObjectId, attachment: usize) -> Result<Download, ViewError> {
    let record = &device.disk[&names::letter(id)];
    device.inbox.download(id, record.content.as_ref(), attachment, &device.reader())
}

/// What the relay answers to the download's request.
fn rest<'a>(download: &Download, device: &Device, relay: &'a Relay) -> &'a [u8] {
    let signer = Signer { keys: &device.journey.keys, trust: &device.journey.trust, now: NOW };
    let request = download.request(&signer, &mut TestRng(1)).unwrap();
    relay.blob(&device.journey.keys.request().verifying_key(), &request)
}

/// A whole download, in pieces of a length.
pub(crate) fn fetch(
    device: &Device,
    relay: &Relay,
    id: &ObjectId,
    attachment: usize,
    piece: usize,
) -> Result<Saved, AttachmentError> {
    let mut download = begin(device, id, attachment).unwrap();
    for piece in rest(&download, device, relay).chunks(piece) {
        download.push(piece)?;
    }
    download.finish()
}

#[test]
fn a_letter_shows_its_files_in_their_order() {
    let (device, _, id) = with_files(&[bytes(5, 0), vec![], bytes(70_000, 1)]);
    let shown = view(&device, &id).attachments;
    let listed: Vec<_> = shown.iter().map(|file| (file.file_name.as_str(), file.size)).collect();
    assert_eq!(
        listed,
        [
            ("Cosgais à Dùn Èideann 1.pdf", 5),
            ("Cosgais à Dùn Èideann 2.pdf", 0),
            ("Cosgais à Dùn Èideann 3.pdf", 70_000)
        ]
    );
    assert_eq!((shown[0].media_type.as_str(), shown[0].language.as_deref()), ("application/pdf", Some("gd")));
    assert_eq!(shown[0].label.as_deref(), Some("What you owe"));
}

#[test]
fn a_file_comes_back_byte_for_byte_in_pieces_of_any_length() {
    let lengths = [0, 1, 4095, CHUNK - 1, CHUNK, 3 * CHUNK + 17];
    let contents = lengths.map(|length| bytes(length, 0));
    let (device, relay, id) = with_files(&contents);
    for (place, content) in contents.iter().enumerate() {
        for piece in [1, 1000, CHUNK, SEALED_CHUNK, usize::MAX] {
            let saved = fetch(&device, &relay, &id, place, piece).unwrap();
            assert!(saved.content == *content, "{} bytes in pieces of {piece}", content.len());
            assert_eq!(saved.file_name, format!("Cosgais à Dùn Èideann {}.pdf", place + 1));
            assert_eq!(saved.media_type, "application/pdf");
        }
    }
}

#[test]
fn a_file_comes_back_in_whatever_pieces_and_over_whatever_breaks() {
    let content = bytes(3 * CHUNK + 17, 0);
    let (device, relay, id) = with_files(std::slice::from_ref(&content));
    let steps = vec((500..2 * SEALED_CHUNK, any::<bool>()), 1..12);
    let run = TestRunner::new(config()).run(&steps, |steps| {
        let mut download = begin(&device, &id, 0).unwrap();
        let mut stream = rest(&download, &device, &relay);
        let mut steps = steps.iter().cycle();
        while !download.is_complete() {
            let (length, breaks) = steps.next().unwrap();
            let (piece, after) = stream.split_at(stream.len().min(*length));
            download.push(piece).unwrap();
            stream = if *breaks { rest(&download, &device, &relay) } else { after };
        }
        prop_assert!(download.finish().unwrap().content == content);
        Ok(())
    });
    run.unwrap();
}

#[test]
fn each_request_asks_for_the_rest_from_where_the_download_stands() {
    let content = bytes(2 * CHUNK, 0);
    let (device, relay, id) = with_files(std::slice::from_ref(&content));
    let total = relay.blobs[&blob(1)].len();
    assert_eq!(total as u64, sealed_length(content.len() as u64));
    for broken in [0, 1, SEALED_CHUNK - 1, SEALED_CHUNK, SEALED_CHUNK + 1, total - 1] {
        let mut download = begin(&device, &id, 0).unwrap();
        assert_eq!((download.received(), download.total()), (0, total as u64));
        download.push(&rest(&download, &device, &relay)[..broken]).unwrap();
        assert_eq!((download.received(), download.is_complete()), (broken as u64, false));
        let signer = Signer { keys: &device.journey.keys, trust: &device.journey.trust, now: NOW };
        let request = download.request(&signer, &mut TestRng(2)).unwrap();
        let target = format!("/v1/mailbox/blobs/01010101010101010101010101010101?offset={broken}");
        assert_eq!(request.url, format!("{RELAY}{target}"));
        download.push(rest(&download, &device, &relay)).unwrap();
        assert_eq!((download.received(), download.is_complete()), (total as u64, true));
        assert!(download.finish().unwrap().content == content, "broken after {broken}");
    }
}

#[test]
fn a_letter_from_the_archive_has_its_files() {
    let contents = [bytes(70_000, 0), vec![]];
    let (mut device, mut relay, id) = with_files(&contents);
    let before = view(&device, &id);
    device.disk.clear();
    device.inbox = Inbox::new(&device.enrolled);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    device.reload();
    assert!(view(&device, &id) == before);
    for (place, content) in contents.iter().enumerate() {
        assert!(fetch(&device, &relay, &id, place, CHUNK).unwrap().content == *content);
    }
}

#[test]
fn a_code_brings_back_letters_with_their_files() {
    let contents = [bytes(70_000, 0), vec![]];
    let (old, mut relay, id) = with_files(&contents);
    let before = view(&old, &id);
    let (code, found) = paper(&old.journey, &old.enrolled);
    let mut journey = old.journey.back(&found, &code);
    journey.confirm();
    let (_, enrolled) = journey.finish();
    let inbox = Inbox::new(&enrolled);
    let mut device = Device { journey, enrolled, inbox, disk: BTreeMap::new(), ..old };
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert!(view(&device, &id) == before);
    for (place, content) in contents.iter().enumerate() {
        assert!(fetch(&device, &relay, &id, place, CHUNK).unwrap().content == *content);
    }
}

#[test]
fn files_and_downloads_do_not_show_in_logs() {
    let (device, relay, id) = with_files(&[b"one".to_vec()]);
    let download = begin(&device, &id, 0).unwrap();
    let saved = fetch(&device, &relay, &id, 0, CHUNK).unwrap();
    assert_eq!(
        format!("{download:?} {saved:?} {:?}", view(&device, &id).attachments),
        "Download([redacted]) Saved([redacted]) [Attachment([redacted])]"
    );
}
