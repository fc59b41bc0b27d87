//! `letterbox send`: each outcome has its exit code, and words that say what to do.

use std::{fs, path::PathBuf};

use api::Code;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{attachment::LARGEST, directory::Answer, envelope::Envelope, letter::OpenedLetter};
use relay_auth::{cbor::Wire as _, hex, receipt::SignedReceipt};

use crate::{
    cases,
    desk::Desk,
    services::{Manner, PartManner, receipt_key},
    town::{Town, deployment, now},
    world::{ANN, BOB, approve, key, operator_keys},
};

/// A desk in a town with Ann in it. Each lookup gives another permit.
fn desk() -> Desk {
    let mut desk = Desk::new();
    let ann = desk.town.enrol(&ANN);
    for number in 1..=2_u8 {
        let permits = vec![vec![number; 176].into()];
        desk.town.tell(&Answer { permits, ..desk.town.about(&ANN, &ann) });
    }
    desk
}

#[test]
fn a_letter_is_sent_and_its_receipt_is_printed() {
    let desk = desk();
    let (code, json, said) =
        desk.send(&["--language", "en", "--summary", "Pay by 1 April.", "--unit", "Revenue"]);
    assert_eq!((code, &json["outcome"]), (0, &"sent".into()), "{said}");
    assert!(said.starts_with("Sent: "), "{said}");

    // The run that printed JSON was the second one, with the second permit.
    let told = desk.town.told();
    assert_eq!(told.stored.len(), 2);
    let (envelope, receipt) = told.stored.values().next_back().unwrap();
    assert_eq!(json["receipt"], Base64UrlUnpadded::encode_string(receipt));
    let receipt = SignedReceipt::from_bytes(receipt).unwrap();
    let receipt = receipt.verify(&receipt_key().verifying_key().into(), envelope, &[]).unwrap();
    assert_eq!(json["time"], receipt.time);
    assert_eq!(json["envelope_digest"], Base64UrlUnpadded::encode_string(&receipt.digest.0));
    assert_eq!(json["chain_head"], Base64UrlUnpadded::encode_string(receipt.head.as_bytes()));

    let opened =
        OpenedLetter::open(&Envelope::from_bytes(envelope).unwrap(), ANN.id(), &ANN.inbox()).unwrap();
    let body = approve(&desk.town.body).verify(&operator_keys()).unwrap();
    let read = opened.verify(&body, now()).unwrap();
    assert_eq!(json["letter_id"], hex::encode(read.id().as_bytes()));
    assert_eq!(read.letter().text, "Dear neighbour,\n\nyour **council tax** is due.\n");
    assert_eq!(read.letter().summary.as_deref(), Some("Pay by 1 April."));
    assert_eq!(read.letter().unit.as_deref(), Some("Revenue"));
}

#[test]
fn each_proven_obstacle_has_its_code_and_says_what_to_do() {
    type Case = fn(&mut Town) -> Answer;
    let cases: [(Case, i32, &str, &str); 5] = [
        (cases::no_mailbox, 10, "no-mailbox", "print the letter"),
        (cases::not_ready, 11, "not-ready", "print the letter, or try again later"),
        (cases::resetting, 12, "resetting", "hold the letter"),
        (cases::ambiguous, 13, "ambiguous", "with the postcode"),
        (cases::expired, 14, "expired", "print the letter"),
    ];
    for (answer, expected, outcome, advice) in cases {
        let mut desk = Desk::new();
        let answer = answer(&mut desk.town);
        desk.town.tell(&answer);
        let (code, json, said) = desk.send(&[]);
        assert_eq!((code, &json["outcome"]), (expected, &outcome.into()), "{said}");
        assert!(said.contains(advice), "{said}");
        assert_eq!(desk.town.counted(), (2, 0, 0));
    }
}

#[test]
fn a_lie_of_the_directory_is_20_and_nothing_is_deposited() {
    let mut desk = Desk::new();
    desk.town.enrol(&ANN);
    let bob = desk.town.enrol(&BOB);
    desk.town.tell(&desk.town.about(&BOB, &bob));
    let (code, _, said) = desk.send(&[]);
    assert_eq!(code, 20, "{said}");
    assert!(said.contains("Nothing was sealed"), "{said}");
    assert_eq!(desk.town.counted(), (2, 0, 0));
}

#[test]
fn a_relay_that_refuses_or_forges_is_21() {
    let desk = desk();
    let full = || Manner::Refuses(Code::MailboxFull);
    desk.town.told().manners.extend([full(), full()]);
    let (code, json, said) = desk.send(&[]);
    assert_eq!(code, 21, "{said}");
    assert!(said.contains("mailbox-full") && json.get("letter_id").is_none(), "{said}");

    // What became of the letter is not known: the id to send it with again is told.
    desk.town.told().manners.push_back(Manner::SignsWithAnotherKey);
    let words = String::from_utf8(desk.sending(&[]).stderr).unwrap();
    assert!(words.contains("may have arrived"), "{words}");
    let (_, rest) = words.split_once("--id ").unwrap();
    let id = &rest[..32];
    assert!(hex::decode(id).is_some(), "{words}");
    assert_eq!(desk.sending(&["--id", &id.to_uppercase()]).status.code(), Some(2));
}

#[test]
fn a_service_that_is_not_there_is_22() {
    let desk = desk();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    desk.town.write_trust(&deployment(), |file| file.directory.url = format!("http://127.0.0.1:{port}"));
    let (code, _, said) = desk.send(&["--tries", "1"]);
    assert_eq!(code, 22, "{said}");
    assert!(said.contains("the directory cannot be reached"), "{said}");
}

#[test]
fn a_trust_file_of_somebody_else_is_23() {
    let desk = desk();
    desk.town.write_trust(&key(99), |_| {});
    let (code, _, said) = desk.send(&[]);
    assert_eq!(code, 23, "{said}");
    assert_eq!(desk.town.counted(), (0, 0, 0));
}

#[test]
fn a_letter_that_may_not_be_sent_is_24_and_asks_about_nobody() {
    let desk = desk();
    for (text, reason) in [
        (b"one\n\n<b>two</b>".to_vec(), "line 3"),
        (b"[pay](https://evil.example/)".to_vec(), "line 1"),
        (vec![b'a', 0xff], "not UTF-8"),
        (vec![b'a'; 70_000], "longer than 60000 bytes"),
        (vec![], "empty"),
    ] {
        fs::write(desk.text(), text).unwrap();
        let (code, _, said) = desk.send(&[]);
        assert_eq!(code, 24, "{said}");
        assert!(said.contains(reason), "{said}");
    }
    fs::remove_file(desk.text()).unwrap();
    assert_eq!(desk.send(&[]).0, 24);
    assert_eq!(desk.town.counted(), (0, 0, 0));
}

/// A file on the desk.
fn file(desk: &Desk, name: &str, content: &[u8]) -> PathBuf {
    let path = desk.town.folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn files_go_with_the_letter_in_the_order_in_which_they_were_given() {
    let desk = desk();
    let first = file(&desk, "Co-dhùnadh.pdf", &[1; 5000]);
    let second = file(&desk, "empty.txt", b"");
    let [first, second] = [&first, &second].map(|path| path.to_str().unwrap());
    // Nothing of the progress is written where there is no terminal: the other output stands alone.
    let (code, _, said) = desk.send(&["--attach", first, "--attach", second]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("Sent: ") && !said.contains("file 1"), "{said}");

    let told = desk.town.told();
    assert_eq!(told.stored.len(), 2);
    let envelope = &told.stored.values().next_back().unwrap().0;
    let opened =
        OpenedLetter::open(&Envelope::from_bytes(envelope).unwrap(), ANN.id(), &ANN.inbox()).unwrap();
    let body = approve(&desk.town.body).verify(&operator_keys()).unwrap();
    let read = opened.verify(&body, now()).unwrap();
    let files = &read.letter().attachments;
    let described: Vec<_> = files
        .iter()
        .map(|file| (file.file_name.as_str(), file.encoding_format.as_str(), file.size))
        .collect();
    assert_eq!(described, [("Co-dhùnadh.pdf", "application/pdf", 5000), ("empty.txt", "text/plain", 0)]);
    let blobs: Vec<_> = files.iter().map(|file| file.blob).collect();
    assert_eq!(told.lists.last(), Some(&blobs));
}

#[test]
fn a_file_that_may_not_be_sent_is_24_and_asks_about_nobody() {
    let desk = desk();
    let good = file(&desk, "good.txt", b"good");
    let large = file(&desk, "O’Neil.pdf", b"");
    fs::File::options().write(true).open(&large).unwrap().set_len(LARGEST + 1).unwrap();
    let missing = desk.town.folder.path().join("O’Neil.txt");
    let folder = desk.town.folder.path().to_owned();
    let with_path = file(&desk, "O’Neil\\1980-02-29.pdf", b"x");
    for (bad, reason) in [
        (large, "larger than 25 MiB"),
        (missing, "cannot be read"),
        (folder, "is a folder"),
        (with_path, "a path or a character that systems refuse"),
    ] {
        let [good, bad] = [&good, &bad].map(|path| path.to_str().unwrap());
        let (code, _, said) = desk.send(&["--attach", good, "--attach", bad]);
        assert_eq!(code, 24, "{said}");
        assert!(said.contains("file 2: ") && said.contains(reason), "{said}");
    }
    let many = ["--attach", good.to_str().unwrap()].repeat(33);
    let (code, _, said) = desk.send(&many);
    assert_eq!(code, 24, "{said}");
    assert!(said.contains("up to 32 files"), "{said}");
    assert_eq!(desk.town.counted(), (0, 0, 0));
    assert!(desk.town.told().parts.is_empty());
}

#[test]
fn a_relay_that_does_not_take_the_files_is_21_or_22_and_nothing_is_deposited() {
    let desk = desk();
    let path = file(&desk, "decision.pdf", &[1; 5000]);
    for (refused, expected) in [(Code::MailboxBlobsFull, 21), (Code::Unavailable, 22)] {
        let manners = [PartManner::Refuses(refused), PartManner::Refuses(refused)];
        desk.town.told().part_manners.extend(manners);
        let (code, json, said) = desk.send(&["--tries", "1", "--attach", path.to_str().unwrap()]);
        assert_eq!(code, expected, "{said}");
        assert!(said.contains(refused.as_str()) && said.contains("Nothing was deposited"), "{said}");
        assert!(!said.contains("may have arrived") && json.get("letter_id").is_none(), "{said}");
    }
    assert_eq!(desk.town.counted().1, 0);
}

#[test]
fn a_letter_with_files_that_may_have_arrived_is_sent_again_under_its_id_and_stays_the_same() {
    let desk = desk();
    let path = file(&desk, "decision.pdf", &[1; 5000]);
    let attach = ["--attach", path.to_str().unwrap()];
    desk.town.list(None);
    desk.town.told().manners.push_back(Manner::SignsWithAnotherKey);
    let words = String::from_utf8(desk.sending(&attach).stderr).unwrap();
    let (_, rest) = words.split_once("may have arrived all the same. Send it again with --id ").unwrap();
    assert!(rest.contains("the reader sees it once"), "{words}");
    let again = desk.sending(&[&attach[..], &["--id", &rest[..32]]].concat());
    assert_eq!(again.status.code(), Some(0), "{again:?}");

    let body = approve(&desk.town.body).verify(&operator_keys()).unwrap();
    let told = desk.town.told();
    let read = |(envelope, _): &(Vec<u8>, Vec<u8>)| {
        let envelope = Envelope::from_bytes(envelope).unwrap();
        let opened = OpenedLetter::open(&envelope, ANN.id(), &ANN.inbox()).unwrap();
        opened.verify(&body, now()).unwrap()
    };
    let letters: Vec<_> = told.stored.values().map(read).collect();
    let [first, second] = letters.as_slice() else { panic!("not two letters") };
    assert_ne!(first.letter().attachments[0].blob, second.letter().attachments[0].blob);
    // LBX-LETTER-5
    assert_eq!(first.fingerprint(), second.fingerprint());
}
