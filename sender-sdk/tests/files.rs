//! Files that go with a letter, and a relay that has its bad days.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use api::{Code, blobs::LARGEST_PART};
use crypto_core::{
    attachment::{LARGEST, Opener, sealed_length},
    directory::Answer,
    envelope::Envelope,
    letter::{Attachment, OpenedLetter, VerifiedLetter},
};
use futures_util::future::join_all;
use relay_auth::{cbor::Wire as _, id::BlobId};
use sender_sdk::{
    File, FileError, Letter, LetterError, Outcome, Progress, Recipient, SendError, Sender, UploadError,
};

use crate::{
    delivering::delivered,
    services::{Manner, PartManner},
    town::{Town, letter_to, now},
    world::{ANN, approve, operator_keys},
};

const PART: u64 = LARGEST_PART as u64;

/// A file of several parts, the last of which is not whole.
const SEVERAL_PARTS: usize = 3 * LARGEST_PART + 12_345;

/// A town with Ann in it, whose every lookup brings another permit.
fn town() -> (Town, Sender) {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    for number in 1..=3_u8 {
        let permits = vec![vec![number; 176].into()];
        town.tell(&Answer { permits, ..town.about(&ANN, &ann) });
    }
    let sender = town.connect().unwrap();
    (town, sender)
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place * 31 % 251) as u8).collect()
}

fn write(town: &Town, name: &str, size: usize) -> PathBuf {
    let path = town.folder.path().join(name);
    fs::write(&path, content(size)).unwrap();
    path
}

/// A letter to Ann with a file of several parts.
fn letter_with_file(town: &Town) -> Letter {
    letter_to(&ANN).attach(File::open(write(town, "decision.pdf", SEVERAL_PARTS)).unwrap())
}

fn send(town: &Town, sender: &Sender, letter: &Letter) -> Result<Outcome, SendError> {
    town.run(sender.send(letter))
}

/// The letter that was stored last, as Ann's device reads it.
fn read(town: &Town) -> VerifiedLetter {
    let envelope = town.told().stored.values().next_back().unwrap().0.clone();
    let envelope = Envelope::from_bytes(&envelope).unwrap();
    let opened = OpenedLetter::open(&envelope, ANN.id(), &ANN.inbox()).unwrap();
    opened.verify(&approve(&town.body).verify(&operator_keys()).unwrap(), now()).unwrap()
}

/// The files of that letter, opened from what the relay has.
fn opened(town: &Town) -> Vec<Vec<u8>> {
    let (letter, told) = (read(town), town.told());
    let files = &letter.letter().attachments;
    assert_eq!(told.lists.last(), Some(&files.iter().map(|file| file.blob).collect()));
    let open = |file: &Attachment| {
        let (mut opener, mut opened) = (Opener::new(file).unwrap(), Vec::new());
        opener.update(&told.blobs[&file.blob].sealed, &mut opened).unwrap();
        opener.finish(&mut opened).unwrap();
        opened
    };
    files.iter().map(open).collect()
}

fn offsets(town: &Town) -> Vec<u64> {
    town.told().parts.iter().map(|part| part.offset).collect()
}

/// The numbers under which files were begun, in that order.
fn begun(town: &Town) -> Vec<BlobId> {
    let mut blobs: Vec<BlobId> = town.told().parts.iter().map(|part| part.blob).collect();
    blobs.dedup();
    blobs
}

/// Sends Ann a letter with a file while the relay does this. Nothing is deposited.
fn not_uploaded(manners: Vec<PartManner>) -> (Town, UploadError) {
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    town.told().part_manners.extend(manners);
    let refused = send(&town, &sender, &letter).unwrap_err();
    assert!(!refused.may_have_arrived(), "{refused}");
    assert!(refused.to_string().contains("Nothing was deposited"), "{refused}");
    assert_eq!(town.counted().1, 0);
    match refused {
        SendError::Upload(error) => (town, error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_files_go_the_whole_way() {
    let (town, sender) = town();
    let sizes = [0, 1, SEVERAL_PARTS];
    let [empty, one, several] = ["empty.txt", "x", "file.bin"];
    let letter = letter_to(&ANN)
        .attach(File::open(write(&town, empty, sizes[0])).unwrap())
        .attach(File::open(write(&town, one, sizes[1])).unwrap().named("Ìomhaigh.png"))
        .attach(
            File::open(write(&town, several, sizes[2]))
                .unwrap()
                .named("Co-dhùnadh.pdf")
                .labelled("The decision")
                .in_language("gd"),
        );
    let mut told = Vec::new();
    let outcome = town.run(sender.send_with_progress(&letter, &mut |progress| told.push(progress)));
    let delivery = delivered(outcome);
    assert_eq!(delivery.letter, letter.id());

    assert!(opened(&town) == sizes.map(content));
    let letter = read(&town);
    let described: Vec<_> = letter
        .letter()
        .attachments
        .iter()
        .map(|file| (file.file_name.as_str(), file.encoding_format.as_str(), file.size))
        .collect();
    let size = SEVERAL_PARTS as u64;
    assert_eq!(
        described,
        [
            ("empty.txt", "text/plain", 0),
            ("Ìomhaigh.png", "image/png", 1),
            ("Co-dhùnadh.pdf", "application/pdf", size)
        ]
    );
    let last = &letter.letter().attachments[2];
    assert_eq!((last.label.as_deref(), last.language.as_deref()), (Some("The decision"), Some("gd")));

    // Each byte went once, and nothing was held back in the telling.
    let total = sealed_length(0) + sealed_length(1) + sealed_length(size);
    assert_eq!(town.told().parts.iter().map(|part| part.bytes as u64).sum::<u64>(), total);
    assert!(told.is_sorted_by_key(|progress| (progress.file, progress.sent)));
    assert!(told.iter().all(|progress| (progress.files, progress.total) == (3, total)));
    assert_eq!(told.last(), Some(&Progress { file: 3, files: 3, sent: total, total }));
    assert!(told.iter().any(|progress| progress.file == 3 && progress.sent > 0 && progress.sent < total));
}

#[test]
fn no_request_is_larger_than_a_part_however_large_the_file() {
    let (town, sender) = town();
    let path = town.folder.path().join("large.bin");
    fs::File::create(&path).unwrap().set_len(LARGEST).unwrap();
    let letter = letter_to(&ANN).attach(File::open(&path).unwrap());
    let _ = delivered(send(&town, &sender, &letter));
    let largest = town.told().parts.iter().map(|part| part.bytes).max();
    assert_eq!(largest, Some(LARGEST_PART));
    assert_eq!(town.told().parts.len() as u64, sealed_length(LARGEST).div_ceil(PART));
}

#[test]
fn a_letter_with_files_can_be_sent_from_any_task() {
    fn is_sendable<T: Send>(_: &T) {}
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    is_sendable(&sender.send_with_progress(&letter, &mut |_| {}));
}

// --- a relay and a network with bad days

#[test]
fn a_connection_that_breaks_inside_a_part_goes_on_where_the_relay_is() {
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    town.told().part_manners.extend([PartManner::Stores, PartManner::BreaksOffAfter(1000)]);
    let _ = delivered(send(&town, &sender, &letter));
    assert!(opened(&town) == [content(SEVERAL_PARTS)]);
    // The same place again, of which the relay says that it has 1,000 bytes more. The line may be slow, so
    // the parts are smaller from now on.
    assert_eq!(offsets(&town)[..5], [0, PART, PART, PART + 1000, PART + 1000 + PART / 2]);
    assert_eq!(begun(&town).len(), 1);
}

#[test]
fn a_part_whose_answer_is_lost_is_sent_again_and_stored_once() {
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    town.told().part_manners.extend([PartManner::LosesAnswer, PartManner::Refuses(Code::Unavailable)]);
    let _ = delivered(send(&town, &sender, &letter));
    assert!(opened(&town) == [content(SEVERAL_PARTS)]);
    assert_eq!(offsets(&town)[..4], [0, 0, 0, PART]);
    assert_eq!(begun(&town).len(), 1);
}

#[test]
fn a_relay_that_lost_bytes_which_are_still_here_gets_them_again() {
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    let left = LARGEST_PART + 500;
    town.told().part_manners.extend([
        PartManner::Stores,
        PartManner::BreaksOffAfter(1000),
        PartManner::HasLeft(left),
    ]);
    let _ = delivered(send(&town, &sender, &letter));
    assert!(opened(&town) == [content(SEVERAL_PARTS)]);
    assert_eq!(offsets(&town)[..4], [0, PART, PART, PART + 500]);
    assert_eq!(begun(&town).len(), 1);
}

#[test]
fn a_relay_that_lost_bytes_which_are_gone_gets_the_file_anew_on_another_permit() {
    // So large that one permit does not allow it twice (`LBX-BLOB-3`).
    let (town, sender) = town();
    let path = town.folder.path().join("large.bin");
    fs::File::create(&path).unwrap().set_len(LARGEST).unwrap();
    let letter = letter_to(&ANN).attach(File::open(&path).unwrap());
    let left = LARGEST_PART / 2;
    town.told().part_manners.extend([PartManner::Stores, PartManner::Stores, PartManner::HasLeft(left)]);
    let _ = delivered(send(&town, &sender, &letter));
    assert!(opened(&town) == [vec![0; LARGEST as usize]]);
    assert_eq!(offsets(&town)[..5], [0, PART, 2 * PART, 0, PART]);
    let [first, second] = begun(&town)[..] else { panic!("not begun twice") };
    assert_eq!(town.told().lists, [[second]]);
    let told = town.told();
    assert_eq!((&told.blobs[&first].permit, &told.blobs[&second].permit), (&vec![1; 176], &vec![2; 176]));
    // Under one key the same file would be the same bytes.
    assert!(told.blobs[&first].sealed[..left] != told.blobs[&second].sealed[..left]);
}

#[test]
fn a_part_that_is_late_is_followed_by_smaller_ones_until_they_come_in_time() {
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    town.told().largest_in_time = Some(100_000);
    let _ = delivered(send(&town, &sender, &letter));
    assert!(opened(&town) == [content(SEVERAL_PARTS)]);
    let sizes: Vec<usize> = town.told().parts.iter().map(|part| part.bytes).collect();
    let part = LARGEST_PART;
    assert_eq!(sizes[..6], [part, part / 2, part / 4, part / 8, part / 16, part / 16]);
    // Larger ones are tried now and then, and cost one part that is late.
    let late = sizes.iter().filter(|size| **size > 100_000).count();
    assert!(late > 4 && late < sizes.len() / 4, "{late} of {}", sizes.len());
    assert_eq!(begun(&town).len(), 1);
}

#[test]
fn a_line_that_is_too_slow_for_the_smallest_part_ends_the_upload() {
    let (town, sender) = town();
    let letter = letter_with_file(&town);
    town.told().largest_in_time = Some(1000);
    let refused = send(&town, &sender, &letter).unwrap_err();
    assert!(refused.to_string().contains("too-slow"), "{refused}");
    let sizes: Vec<usize> = town.told().parts.iter().map(|part| part.bytes).collect();
    let (part, least) = (LARGEST_PART, LARGEST_PART / 16);
    assert_eq!(sizes, [part, part / 2, part / 4, part / 8, least, least, least]);
    assert_eq!(town.counted().1, 0);
}

#[test]
fn a_few_letters_at_a_time_have_files_on_their_way() {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    let letters = 9;
    for number in 1..=letters {
        let permits = vec![vec![number; 176].into()];
        town.tell(&Answer { permits, ..town.about(&ANN, &ann) });
    }
    let sender = town.connect().unwrap();
    // No part is answered before all could have sent one.
    town.told().lookups_before_parts = letters.into();
    let file = File::open(write(&town, "decision.pdf", SEVERAL_PARTS)).unwrap();
    let letters: Vec<Letter> = (0..letters).map(|_| letter_to(&ANN).attach(file.clone())).collect();
    for outcome in town.run(join_all(letters.iter().map(|letter| sender.send(letter)))) {
        let _ = delivered(outcome);
    }

    let told = town.told();
    let mut on_their_way: BTreeMap<BlobId, usize> = BTreeMap::new();
    let mut most = 0;
    for part in &told.parts {
        let sealed = on_their_way.entry(part.blob).or_default();
        *sealed += part.bytes;
        most = most.max(on_their_way.len());
        on_their_way.retain(|blob, sealed| (*sealed as u64) < told.blobs[blob].length);
    }
    assert_eq!(most, 4);
}

#[test]
fn a_relay_that_keeps_nothing_is_told_and_not_tried_for_ever() {
    let loses = || [PartManner::Stores, PartManner::HasLeft(0)];
    let (town, error) = not_uploaded([loses(), loses(), loses()].into_iter().flatten().collect());
    assert!(matches!(error, UploadError::NotKept), "{error}");
    assert_eq!(offsets(&town), [0, PART, 0, PART, 0, PART]);
    assert_eq!(begun(&town).len(), 3);

    let nothing = || PartManner::StoresNothing;
    let (town, error) = not_uploaded(vec![PartManner::Stores, nothing(), nothing(), nothing()]);
    assert!(matches!(error, UploadError::NotKept), "{error}");
    assert_eq!(offsets(&town), [0, PART, PART, PART]);
}

#[test]
fn a_relay_that_says_it_has_more_than_it_was_sent_is_not_believed() {
    for claimed in [PART + 1, u64::MAX] {
        let (town, error) = not_uploaded(vec![PartManner::Claims(claimed)]);
        assert!(matches!(error, UploadError::MoreThanSent), "{error}");
        assert_eq!(offsets(&town), [0]);
    }
}

#[test]
fn a_relay_without_room_for_the_files_is_told() {
    for code in [Code::PermitBlobsFull, Code::MailboxBlobsFull] {
        let (town, error) = not_uploaded(vec![PartManner::Stores, PartManner::Refuses(code)]);
        assert!(error.to_string().contains(&format!("the relay refused ({})", code.as_str())), "{error}");
        assert_eq!(offsets(&town), [0, PART]);
    }
}

#[test]
fn a_relay_that_cannot_be_reached_during_the_upload_has_no_letter() {
    let gone = || PartManner::BreaksOffAfter(0);
    let (town, error) = not_uploaded(vec![PartManner::Stores, gone(), gone(), gone()]);
    assert!(error.to_string().contains("the relay cannot be reached"), "{error}");
    assert_eq!(offsets(&town), [0, PART, PART, PART]);
}

#[test]
fn files_are_uploaded_anew_when_the_key_the_permit_or_a_file_does_not_hold_any_more() {
    type Prepare = fn(&Town);
    let cases: [(&str, Prepare); 7] = [
        ("a key that changed before the deposit", |town| {
            town.told().manners.push_back(Manner::Refuses(Code::RecipientKeyChanged));
        }),
        ("a permit that expired before the deposit", |town| {
            town.told().manners.push_back(Manner::Refuses(Code::PermitExpired));
        }),
        ("a key that changed during the upload", |town| {
            let changed = PartManner::Refuses(Code::RecipientKeyChanged);
            town.told().part_manners.extend([PartManner::Stores, changed]);
        }),
        ("a permit that expired during the upload", |town| {
            let expired = PartManner::Refuses(Code::PermitExpired);
            town.told().part_manners.extend([PartManner::Stores, expired]);
        }),
        ("a file that is gone before the deposit", |town| {
            town.told().manners.push_back(Manner::Refuses(Code::BlobMissing));
        }),
        ("a number that is in use", |town| {
            let taken = PartManner::Refuses(Code::BlobTaken);
            town.told().part_manners.extend([PartManner::Stores, taken]);
        }),
        ("a part that is gone during the upload", |town| {
            let left = PartManner::HasLeft(LARGEST_PART);
            town.told().part_manners.extend([PartManner::Stores, PartManner::Stores, left]);
        }),
    ];
    for (case, prepare) in cases {
        let (town, sender) = town();
        let letter = letter_with_file(&town);
        prepare(&town);
        let delivery = delivered(send(&town, &sender, &letter));
        assert_eq!(delivery.letter, letter.id(), "{case}");
        assert_eq!((town.counted().0, town.counted().2), (2, 1), "{case}");
        let [first, second] = begun(&town)[..] else { panic!("{case}: not begun twice") };
        assert_eq!(town.told().lists.last(), Some(&vec![second]), "{case}");
        assert!(opened(&town) == [content(SEVERAL_PARTS)], "{case}");
        let told = town.told();
        assert_eq!((&told.blobs[&first].permit, &told.blobs[&second].permit), (&vec![1; 176], &vec![2; 176]));
        assert!(told.parts.iter().all(|part| part.permit == told.blobs[&part.blob].permit), "{case}");
        let sealed = |blob: &BlobId| &told.blobs[blob].sealed[..LARGEST_PART];
        assert!(sealed(&first) != sealed(&second), "{case}: under the same key");
    }
}

#[test]
fn a_receipt_for_other_files_is_no_delivery() {
    // LBX-RECEIPT-3
    let others: [fn(&mut Vec<BlobId>); 4] = [
        |blobs| blobs.reverse(),
        |blobs| blobs.truncate(1),
        |blobs| blobs.push(BlobId::from([9; 16])),
        |blobs| blobs.clear(),
    ];
    for alter in others {
        let (town, sender) = town();
        let letter = ["one", "two"]
            .into_iter()
            .fold(letter_to(&ANN), |letter, name| letter.attach(File::open(write(&town, name, 10)).unwrap()));
        town.told().manners.push_back(Manner::SignsForOtherBlobs(alter));
        let refused = send(&town, &sender, &letter).unwrap_err();
        assert!(matches!(refused, SendError::Receipt(_)), "{refused:?}");
        assert!(refused.to_string().contains("for something else than what was deposited"), "{refused}");
        assert!(refused.may_have_arrived());
    }
}

// --- files that may not go

/// What somebody does to a file while it is sent.
type Change = fn(&Path);

#[test]
fn a_file_that_is_changed_while_it_is_read_is_not_sent() {
    let changes: [(&str, Change); 4] = [
        ("longer", |path| {
            OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
        }),
        ("shorter", |path| OpenOptions::new().write(true).open(path).unwrap().set_len(10).unwrap()),
        ("other bytes in it", |path| {
            let mut file = OpenOptions::new().write(true).open(path).unwrap();
            file.write_all(b"other").unwrap();
            // The clock of the file system may be too coarse to show it.
            file.set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap();
        }),
        ("longer and back again", |path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(2 * LARGEST).unwrap();
            file.set_len(SEVERAL_PARTS as u64).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap();
        }),
    ];
    for (case, change) in changes {
        let (town, sender) = town();
        let good = write(&town, "good.txt", 10);
        let path = write(&town, "decision.pdf", SEVERAL_PARTS);
        let files = [&good, &path].map(|path| File::open(path).unwrap());
        let letter = files.into_iter().fold(letter_to(&ANN), Letter::attach);
        let happens = Box::new(move || change(&path));
        town.told().part_manners.extend([PartManner::Stores, PartManner::Meanwhile(happens)]);
        let refused = send(&town, &sender, &letter).unwrap_err();
        let is_named =
            matches!(refused, SendError::Upload(UploadError::File { number: 2, cause: FileError::Changed }));
        assert!(is_named, "{case}: {refused:?}");
        assert_eq!(town.counted(), (1, 0, 0), "{case}");
    }
}

#[test]
fn a_file_that_was_changed_or_removed_before_it_is_sent_is_not_begun() {
    let (town, sender) = town();
    let path = write(&town, "decision.pdf", 10);
    let letter = letter_to(&ANN).attach(File::open(&path).unwrap());
    fs::write(&path, "another content").unwrap();
    let refused = send(&town, &sender, &letter).unwrap_err();
    assert!(refused.to_string().contains("file 1: the file was changed"), "{refused}");
    fs::remove_file(&path).unwrap();
    let refused = send(&town, &sender, &letter).unwrap_err();
    assert!(refused.to_string().contains("file 1: the file cannot be read"), "{refused}");
    assert!(town.told().parts.is_empty());
    assert_eq!(town.counted().1, 0);
}

#[test]
fn a_letter_whose_files_may_not_be_sent_asks_about_nobody() {
    let (town, sender) = town();
    let file = File::open(write(&town, "decision.pdf", 10)).unwrap();
    let long = "x".repeat(101);
    for name in
        ["../passwd", "/etc/passwd", "a\\b.pdf", "C:x", ".hidden", "a\u{202e}fdp.exe", "a\nb", "", &long]
    {
        let letter = letter_to(&ANN).attach(file.clone()).attach(file.clone().named(name));
        let refused = send(&town, &sender, &letter);
        let is_named = matches!(refused, Err(SendError::Letter(LetterError::File { number: 2, .. })));
        assert!(is_named, "{name:?}: {refused:?}");
    }
    for bad in [
        file.clone().media_type("PDF"),
        file.clone().media_type("text/plain; charset=utf-8"),
        file.clone().labelled(""),
        file.clone().in_language("English, please"),
    ] {
        let refused = send(&town, &sender, &letter_to(&ANN).attach(bad));
        let is_named = matches!(refused, Err(SendError::Letter(LetterError::File { number: 1, .. })));
        assert!(is_named, "{refused:?}");
    }
    let too_many = (0..33).fold(letter_to(&ANN), |letter, _| letter.attach(file.clone()));
    let large = town.folder.path().join("large.bin");
    fs::File::create(&large).unwrap().set_len(17 * 1024 * 1024).unwrap();
    let large = File::open(&large).unwrap();
    let too_large = letter_to(&ANN).attach(large.clone()).attach(large);
    for letter in [too_many, too_large] {
        let refused = send(&town, &sender, &letter);
        assert!(matches!(refused, Err(SendError::Letter(LetterError::Files))), "{refused:?}");
    }
    assert_eq!(town.counted(), (0, 0, 0));
    assert!(town.told().parts.is_empty());
}

#[test]
fn thirty_two_files_of_one_name_go_with_one_letter() {
    let (town, sender) = town();
    let file = File::open(write(&town, "decision.pdf", 10)).unwrap();
    let letter = (0..32).fold(letter_to(&ANN), |letter, _| letter.attach(file.clone()));
    let _ = delivered(send(&town, &sender, &letter));
    assert!(opened(&town) == vec![content(10); 32]);
}

#[test]
fn a_letter_that_is_too_long_with_its_files_uploads_none_of_them() {
    let (town, sender) = town();
    let file = File::open(write(&town, "decision.pdf", 10)).unwrap();
    let long = letter_to(&ANN).text("x".repeat(60_000)).summary("x".repeat(4000));
    let refused = send(&town, &sender, &long.attach(file)).unwrap_err();
    assert!(matches!(refused, SendError::Letter(LetterError::Write(_))), "{refused:?}");
    assert!(town.told().parts.is_empty());
}

#[test]
fn a_letter_is_sealed_with_the_files_that_were_uploaded_and_no_others() {
    let (town, sender) = town();
    let [first, second] = ["one", "two"].map(|name| File::open(write(&town, name, 10)).unwrap());
    let (with_first, with_second) = (letter_to(&ANN).attach(first), letter_to(&ANN).attach(second));
    let without = letter_to(&ANN);
    for (uploaded, sealed) in
        [(None, &with_first), (Some(&with_first), &with_second), (Some(&with_first), &without)]
    {
        let refused = town.run(async {
            let proven = match sender.find(&ANN.attributes()).await?.prove().await? {
                Recipient::Proven(proven) => proven,
                Recipient::NotSealed(obstacle) => panic!("{obstacle}"),
            };
            let proven = match uploaded {
                Some(letter) => proven.upload(letter, &mut |_| {}).await?,
                None => proven,
            };
            proven.seal(sealed).map(drop)
        });
        assert!(matches!(refused, Err(SendError::Letter(LetterError::NotUploaded))), "{refused:?}");
    }
}
