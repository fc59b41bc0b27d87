//! Letters: written, sealed, opened, verified. Sealing for real needs a proven recipient, which is in
//! `directory.rs`; here letters are put into envelopes by hand, as a hostile sender would.

use crypto_core::{
    attachment::sealed_length,
    body::BodyStatus,
    envelope::Envelope,
    letter::{
        Action, ActionCode, Alternative, AlternativeKind, Amount, Attachment, AttachmentKey, Inline, Letter,
        LetterError, LetterId, OpenedLetter, SignedLetter, ThreadId,
    },
};
use proptest::prelude::*;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Wire as _},
    hostile,
    id::BlobId,
    label,
    secret::Secret,
};

use crate::{
    portable_test,
    world::{
        ANN, BOB, DAY, NOW, Statement, TestRng, approve, body, body_entry, body_key, config, inbox_key, key,
        letter, letter_id, operator_keys, sealed_content, signed, statement,
    },
};

fn envelope(content: &[u8]) -> Envelope {
    Envelope::seal(&ANN.id().into(), ANN.inbox().public_key(), content, &mut TestRng(1)).unwrap()
}

fn open(signed: &[u8]) -> Result<OpenedLetter, LetterError> {
    OpenedLetter::open(&envelope(&sealed_content(signed)), ANN.id(), &ANN.inbox())
}

#[portable_test]
fn a_letter_is_read_after_its_signature_held() {
    let opened = open(&signed(&statement(&letter()), &body_key())).unwrap();
    assert_eq!(opened.claimed_body().as_str(), "example-council");
    let verified = opened.verify(&body(), NOW).unwrap();
    assert_eq!(verified.letter(), &letter());
    assert_eq!((verified.id(), verified.time()), (letter_id(), NOW));
    assert_eq!(verified.body().as_str(), "example-council");
}

#[portable_test]
fn a_letter_written_to_somebody_else_is_refused() {
    let content = letter();
    let forwarded = Statement { recipient: BOB.id(), ..statement(&content) };
    assert_eq!(open(&signed(&forwarded, &body_key())), Err(LetterError::OtherRecipient));
}

#[portable_test]
fn a_letter_signed_for_another_key_is_refused() {
    let content = letter();
    let other = Statement { inbox_key: inbox_key(9).public_key().id(), ..statement(&content) };
    assert_eq!(open(&signed(&other, &body_key())), Err(LetterError::OtherKey));
}

#[portable_test]
fn a_letter_in_the_name_of_a_body_needs_a_key_of_that_body() {
    let content = letter();
    let forged = open(&signed(&statement(&content), &key(99))).unwrap();
    assert_eq!(forged.verify(&body(), NOW), Err(LetterError::Forged));
    let renamed = Statement { body: "another-council", ..statement(&content) };
    let renamed = open(&signed(&renamed, &body_key())).unwrap();
    assert_eq!(renamed.verify(&body(), NOW), Err(LetterError::OtherBody));
    let old_entry = Statement { body_entry: Bytes32([0; 32]), ..statement(&content) };
    let old_entry = open(&signed(&old_entry, &body_key())).unwrap();
    assert_eq!(old_entry.verify(&body(), NOW), Err(LetterError::OtherEntry));
}

#[portable_test]
fn a_signature_counts_only_while_its_key_was_valid_on_arrival() {
    for (arrival, is_valid) in [(NOW, true), (NOW - 2 * DAY, false), (NOW + 400 * DAY, false)] {
        let opened = open(&signed(&statement(&letter()), &body_key())).unwrap();
        assert_eq!(opened.verify(&body(), arrival).is_ok(), is_valid, "{arrival}");
    }
    let mut suspended = body_entry();
    suspended.status = BodyStatus::Suspended;
    let suspended = approve(&suspended).verify(&operator_keys()).unwrap();
    let content = letter();
    let named = Statement { body_entry: Bytes32(*suspended.hash()), ..statement(&content) };
    let opened = open(&signed(&named, &body_key())).unwrap();
    assert_eq!(opened.verify(&suspended, NOW), Err(LetterError::Forged));
}

#[portable_test]
fn a_letter_that_arrived_before_it_was_written_is_refused() {
    let content = letter();
    for (time, is_valid) in [(NOW + 300, true), (NOW + 301, false), (u64::MAX, false), (0, true)] {
        let opened = open(&signed(&Statement { time, ..statement(&content) }, &body_key())).unwrap();
        let verified = opened.verify(&body(), NOW).map(|_| ());
        assert_eq!(verified, if is_valid { Ok(()) } else { Err(LetterError::FromTheFuture) }, "{time}");
    }
}

#[portable_test]
fn only_addresses_on_hosts_of_the_body_may_be_opened() {
    let verified = open(&signed(&statement(&letter()), &body_key())).unwrap().verify(&body(), NOW).unwrap();
    assert!(verified.may_open("https://pay.example.scot/bill?1"));
    assert_eq!(verified.hosts(), ["pay.example.scot"]);
    for elsewhere in [
        "https://evil.example",
        "http://pay.example.scot",
        "https://pay.example.scot.evil.example",
        "https://x.pay.example.scot",
        "javascript:alert(1)",
        "",
        "https://pay.example.scot@evil.example",
    ] {
        assert!(!verified.may_open(elsewhere), "{elsewhere}");
    }
}

#[portable_test]
fn letters_do_not_show_in_logs() {
    let opened = open(&signed(&statement(&full_letter()), &body_key())).unwrap();
    let before = format!("{opened:?}");
    let shown = format!("{before} {:?} {:?}", opened.verify(&body(), NOW).unwrap(), full_letter());
    for secret in ["council tax", "Council Tax", "bill.pdf", "CT1", "[7, 7", "pay.example.scot/ct"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let Letter { actions, attachments, alternatives, .. } = full_letter();
    let inline = alternatives[1].inline.as_ref().unwrap();
    assert_eq!(
        format!("{:?} {:?} {:?} {:?} {inline:?}", letter(), actions[0], attachments[0], alternatives[1]),
        "Letter([redacted]) Action([redacted]) Attachment([redacted]) Alternative([redacted]) Inline([redacted])"
    );
}

#[portable_test]
fn what_was_sealed_and_is_no_letter_is_refused() {
    for (name, hostile) in hostile::variants(&signed(&statement(&letter()), &body_key())) {
        assert!(matches!(open(&hostile), Err(LetterError::Malformed(_))), "{name}");
    }
}

#[portable_test]
fn a_signed_letter_with_any_byte_altered_is_refused() {
    let content = signed(&statement(&letter()), &body_key());
    for place in 0..content.len() {
        let mut altered = content.clone();
        altered[place] ^= 1;
        let verified = open(&altered).and_then(|opened| opened.verify(&body(), NOW));
        assert!(verified.is_err(), "byte {place}");
    }
}

fn fingerprint(letter: &Letter, time: u64) -> [u8; 32] {
    let statement = Statement { time, ..statement(letter) };
    open(&signed(&statement, &body_key())).unwrap().verify(&body(), NOW).unwrap().fingerprint()
}

#[portable_test]
fn the_same_letter_has_the_same_fingerprint_and_another_has_another() {
    assert_eq!(fingerprint(&letter(), NOW), fingerprint(&letter(), NOW));
    // Sealed again a little later, because the key had changed: still the same letter.
    assert_eq!(fingerprint(&letter(), NOW), fingerprint(&letter(), NOW + 1));
    let other = Letter { label: "Something else".to_owned(), ..letter() };
    assert_ne!(fingerprint(&letter(), NOW), fingerprint(&other, NOW));
}

// What devices remember of letters does not change with the rule.
#[portable_test]
fn a_letter_without_files_and_reply_permits_has_the_fingerprint_of_its_encoding() {
    let mut full = full_letter();
    full.attachments.clear();
    full.reply_permits.clear();
    full.alternatives.remove(0);
    for letter in [letter(), full] {
        let whole = label::LETTER_FINGERPRINT.hash(&(letter_id(), ANN.id(), "example-council", &letter));
        assert_eq!(fingerprint(&letter, NOW), whole);
    }
}

#[portable_test]
fn a_letter_stays_the_same_when_only_keys_places_and_reply_permits_are_new() {
    let mut again = full_letter();
    again.attachments[0].blob = BlobId::from([1; 16]);
    again.attachments[0].key = AttachmentKey(Secret::from([1; 32]));
    assert_eq!(fingerprint(&full_letter(), NOW), fingerprint(&again, NOW + 1));
    let permits: [Vec<Bytes>; 2] = [vec![], vec![vec![2; 176].into(), vec![3; 176].into()]];
    for permits in permits {
        again.reply_permits = permits;
        assert_eq!(fingerprint(&full_letter(), NOW), fingerprint(&again, NOW));
    }
}

#[portable_test]
fn every_other_change_makes_another_letter() {
    type Change = fn(&mut Letter);
    let changes: &[(&str, Change)] = &[
        ("label", |letter| letter.label.push('!')),
        ("language", |letter| letter.language = "gd".to_owned()),
        ("text", |letter| letter.text.push('!')),
        ("summary", |letter| letter.summary = None),
        ("unit", |letter| letter.unit = None),
        ("contact", |letter| letter.contact = None),
        ("case", |letter| letter.case_id = None),
        ("thread", |letter| letter.thread = None),
        ("answered letter", |letter| letter.in_reply_to = None),
        ("legal effect", |letter| letter.legal_notification = false),
        ("receipt", |letter| letter.receipt_requested = false),
        ("time to answer", |letter| letter.reply_by = None),
        ("time to print", |letter| letter.print_after = None),
        ("no action", |letter| letter.actions.clear()),
        ("an action", |letter| letter.actions[0].label.push('!')),
        ("no other form", |letter| letter.alternatives.clear()),
        ("another form", |letter| letter.alternatives[1].language = "ga".to_owned()),
        ("size", |letter| letter.attachments[0].size += 1),
        ("digest", |letter| letter.attachments[0].digest = Bytes32([9; 32])),
        ("file name", |letter| letter.attachments[0].file_name = "bill.html".to_owned()),
        ("media type", |letter| letter.attachments[0].encoding_format = "text/html".to_owned()),
        ("language of a file", |letter| letter.attachments[0].language = None),
        ("label of a file", |letter| letter.attachments[0].label = None),
        ("one file more", |letter| {
            letter.attachments.push(Attachment { blob: BlobId::from([9; 16]), ..attachment() });
        }),
    ];
    for (name, change) in changes {
        let mut changed = full_letter();
        change(&mut changed);
        assert_ne!(fingerprint(&full_letter(), NOW), fingerprint(&changed, NOW), "{name}");
    }
    // Two files in the other order: a form and an action name a file by its place.
    let two = |order: [u8; 2]| Letter {
        attachments: order
            .map(|number| Attachment {
                blob: BlobId::from([number; 16]),
                digest: Bytes32([number; 32]),
                ..attachment()
            })
            .into(),
        ..full_letter()
    };
    assert_ne!(fingerprint(&two([1, 2]), NOW), fingerprint(&two([2, 1]), NOW));
}

fn full_letter() -> Letter {
    Letter {
        unit: Some("Council Tax team".to_owned()),
        contact: Some("0131 496 0000".to_owned()),
        case_id: Some("CT-2027-1".to_owned()),
        thread: Some(ThreadId::from([4; 16])),
        in_reply_to: Some(LetterId::from([5; 16])),
        legal_notification: true,
        receipt_requested: true,
        reply_by: Some(NOW + 14 * DAY),
        print_after: Some(NOW + 21 * DAY),
        actions: vec![pay(), appointment()],
        attachments: vec![attachment()],
        alternatives: vec![
            Alternative {
                kind: AlternativeKind::LargePrint,
                language: "en".to_owned(),
                attachment: Some(0),
                url: None,
                inline: None,
            },
            Alternative {
                kind: AlternativeKind::Translation,
                language: "gd".to_owned(),
                attachment: None,
                url: None,
                inline: Some(Inline {
                    label: "A’ chìs chomhairle agad".to_owned(),
                    text: "A Bh-uas. O’Neil".to_owned(),
                    summary: None,
                }),
            },
        ],
        reply_permits: vec![vec![1; 176].into()],
        ..letter()
    }
}

fn pay() -> Action {
    Action {
        code: ActionCode::Pay,
        label: "Pay £120".to_owned(),
        by: Some(NOW + 30 * DAY),
        url: Some("https://pay.example.scot/ct".to_owned()),
        reference: Some("CT1".to_owned()),
        amount: Some(Amount { minor_units: 12_000, currency: "GBP".to_owned() }),
        start: None,
        end: None,
        place: None,
        attachment: None,
        details: None,
        until: None,
    }
}

fn appointment() -> Action {
    Action {
        code: ActionCode::Appointment,
        label: "Come in".to_owned(),
        by: None,
        url: None,
        reference: None,
        amount: None,
        start: Some(NOW),
        end: Some(NOW + 3600),
        place: Some("1 High Street\nEdinburgh".to_owned()),
        attachment: None,
        details: None,
        until: None,
    }
}

fn attachment() -> Attachment {
    Attachment {
        blob: BlobId::from([6; 16]),
        key: AttachmentKey(Secret::from([7; 32])),
        size: 1234,
        digest: Bytes32([8; 32]),
        file_name: "bill.pdf".to_owned(),
        encoding_format: "application/pdf".to_owned(),
        language: Some("en".to_owned()),
        label: Some("The bill".to_owned()),
    }
}

#[portable_test]
fn letters_have_one_encoding_with_every_field_and_with_none() {
    hostile::assert_strict(&letter());
    hostile::assert_strict(&full_letter());
    hostile::assert_strict(
        &SignedLetter::from_bytes(&signed(&statement(&full_letter()), &body_key())).unwrap(),
    );
}

#[portable_test]
fn letters_that_would_mislead_or_lead_nowhere_are_refused() {
    type Spoil = fn(&mut Letter);
    let spoils: &[(&str, Spoil)] = &[
        ("no label", |letter| letter.label.clear()),
        ("a label of 256 characters", |letter| letter.label = "x".repeat(256)),
        ("a label of two lines", |letter| letter.label = "a\nb".to_owned()),
        ("a label that is turned around", |letter| letter.label = "a\u{202e}b".to_owned()),
        ("a text with a control character", |letter| letter.text = "a\u{0}".to_owned()),
        ("a text that is too long", |letter| letter.text = "x".repeat(60_001)),
        ("an empty summary", |letter| letter.summary = Some(String::new())),
        ("no language", |letter| letter.language = String::new()),
        ("a language that is none", |letter| letter.language = "en_GB".to_owned()),
        ("nine actions", |letter| letter.actions = vec![pay(); 9]),
        ("a payment without an amount", |letter| letter.actions[0].amount = None),
        ("an answer by a time in milliseconds", |letter| letter.reply_by = Some(NOW * 1000)),
        ("a printing after the year 9999", |letter| letter.print_after = Some(253_402_300_800)),
        ("an action at the end of time", |letter| letter.actions[0].by = Some(u64::MAX)),
        ("more money than there is", |letter| {
            letter.actions[0].amount = Some(Amount { minor_units: u64::MAX, currency: "GBP".to_owned() });
        }),
        ("a payment in pounds", |letter| {
            letter.actions[0].amount = Some(Amount { minor_units: 1, currency: "£".to_owned() });
        }),
        ("a payment in small letters", |letter| {
            letter.actions[0].amount = Some(Amount { minor_units: 1, currency: "gbp".to_owned() });
        }),
        ("a link that is a script", |letter| letter.actions[0].url = Some("javascript:alert(1)".to_owned())),
        ("a link without encryption", |letter| {
            letter.actions[0].url = Some("http://pay.example.scot".to_owned())
        }),
        ("an appointment without a time", |letter| letter.actions[1].start = None),
        ("an appointment that ends before it begins", |letter| letter.actions[1].end = Some(0)),
        ("an end without a beginning", |letter| letter.actions[0].end = Some(NOW)),
        ("a file name with a path", |letter| letter.attachments[0].file_name = "../bill.pdf".to_owned()),
        ("a hidden file", |letter| letter.attachments[0].file_name = ".profile".to_owned()),
        ("a file name that is turned around", |letter| {
            letter.attachments[0].file_name = "bill\u{202e}fdp.exe".to_owned();
        }),
        ("a media type that is none", |letter| letter.attachments[0].encoding_format = "pdf".to_owned()),
        ("a media type with a parameter", |letter| {
            letter.attachments[0].encoding_format = "text/html;x".to_owned();
        }),
        ("another form that is not there", |letter| letter.alternatives[0].attachment = Some(1)),
        ("another form in two places", |letter| {
            letter.alternatives[0].url = Some("https://example.scot".to_owned());
        }),
        ("another form that is a script", |letter| {
            letter.alternatives[0].attachment = None;
            letter.alternatives[0].url = Some("javascript:alert(1)".to_owned());
        }),
        ("another form that is empty", |letter| letter.alternatives[1].inline.as_mut().unwrap().text.clear()),
        ("a file of more than 25 MiB", |letter| letter.attachments[0].size = 25 * 1024 * 1024 + 1),
        ("a file of a size beyond all numbers", |letter| letter.attachments[0].size = u64::MAX),
        ("files that are too large together", |letter| {
            letter.attachments[0].size = 20 << 20;
            letter.attachments.push(Attachment {
                blob: BlobId::from([9; 16]),
                size: 20 << 20,
                ..attachment()
            });
        }),
        ("two files in one place", |letter| letter.attachments.push(attachment())),
        ("an action about a file that is not there", |letter| letter.actions[0].attachment = Some(1)),
        ("a request to sign nothing", |letter| letter.actions[0].code = ActionCode::Sign),
        ("a request to share nothing", |letter| letter.actions[0].code = ActionCode::Share),
        ("a reply permit that is too long", |letter| letter.reply_permits = vec![vec![0; 257].into()]),
    ];
    for (name, spoil) in spoils {
        let mut letter = full_letter();
        spoil(&mut letter);
        let refused = Letter::from_bytes(&letter.to_bytes());
        assert!(matches!(refused, Err(DecodeError::Value(_))), "{name}: {refused:?}");
        let sealed = open(&signed(&statement(&letter), &body_key()));
        assert!(matches!(sealed, Err(LetterError::Malformed(_))), "{name}");
    }
}

/// LBX-LETTER-3.
#[portable_test]
fn letters_at_the_limits_are_read() {
    type Change = fn(&mut Letter);
    let changes: &[(&str, Change)] = &[
        ("a text of 60,000 bytes", |letter| letter.text = "x".repeat(60_000)),
        ("all the money there is", |letter| {
            let minor_units = 1_000_000_000_000_000;
            letter.actions[0].amount = Some(Amount { minor_units, currency: "GBP".to_owned() });
        }),
        ("a file to sign", |letter| {
            letter.actions[0].code = ActionCode::Sign;
            letter.actions[0].attachment = Some(0);
        }),
        ("a file of 25 MiB", |letter| letter.attachments[0].size = 25 << 20),
        ("another form at an address", |letter| {
            letter.alternatives[0].attachment = None;
            letter.alternatives[0].url = Some("https://example.scot/large-print".to_owned());
        }),
    ];
    for (name, change) in changes {
        let mut letter = full_letter();
        change(&mut letter);
        assert_eq!(Letter::from_bytes(&letter.to_bytes()).as_ref(), Ok(&letter), "{name}");
        let signed = signed(&statement(&letter), &body_key());
        assert!(SignedLetter::from_bytes(&signed).is_ok(), "{name}");
        assert!(open(&signed).is_ok(), "{name}");
    }
}

/// LBX-LETTER-3.
#[portable_test]
fn a_letter_has_as_many_parts_as_it_may_have_and_not_one_more() {
    type Fill = fn(&mut Letter, u8);
    let parts: &[(&str, u8, Fill)] = &[
        ("actions", 8, |letter, count| letter.actions = vec![pay(); usize::from(count)]),
        ("files", 32, |letter, count| {
            let file = |number: u8| Attachment { blob: BlobId::from([number; 16]), ..attachment() };
            letter.attachments = (0..count).map(file).collect();
        }),
        ("other forms", 8, |letter, count| {
            let form = full_letter().alternatives.remove(1);
            letter.alternatives = vec![form; usize::from(count)];
        }),
        ("reply permits", 8, |letter, count| {
            // As long as they may be.
            letter.reply_permits = vec![Bytes::from(vec![0; 256]); usize::from(count)];
        }),
    ];
    for (name, most, fill) in parts {
        let read = |count| {
            let mut letter = letter();
            fill(&mut letter, count);
            Letter::from_bytes(&letter.to_bytes()).map(|_| ())
        };
        assert_eq!(read(*most), Ok(()), "{name}");
        let refused = read(most + 1);
        assert!(matches!(refused, Err(DecodeError::Value(_))), "{name}: {refused:?}");
    }
}

/// LBX-ATT-1.
#[portable_test]
fn the_sealed_files_of_a_letter_have_32_mebibytes_together_and_not_more() {
    // Once padded: 128 KiB, twice as much each time up to 16 MiB, and 120 KiB. That is 512 chunks, and 16
    // bytes more for each of them.
    let padded = (17..=24).map(|power| 1_u64 << power).chain([120 << 10]);
    let file = |(padded, number): (u64, u8)| Attachment {
        blob: BlobId::from([number; 16]),
        size: padded - 1,
        ..attachment()
    };
    let mut letter = Letter { attachments: padded.zip(0..).map(file).collect(), ..letter() };
    let together: u64 = letter.attachments.iter().map(|file| sealed_length(file.size)).sum();
    assert_eq!(together, 32 << 20);
    assert_eq!(Letter::from_bytes(&letter.to_bytes()).map(|_| ()), Ok(()));
    letter.attachments[0].size += 1;
    assert!(matches!(Letter::from_bytes(&letter.to_bytes()), Err(DecodeError::Value(_))));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_letter_comes_back(
        label in "[A-Za-z0-9 £éà.,?!]{1,80}", text in "[A-Za-z0-9 \n#*_`<>&éà]{0,2000}",
        summary in proptest::option::of("[A-Za-z ]{1,100}"), reply_by in proptest::option::of(0..=253_402_300_799_u64), time in 0..=NOW,
    ) {
        let content = Letter { label, text, summary, reply_by, ..letter() };
        prop_assert_eq!(&Letter::from_bytes(&content.to_bytes()).unwrap(), &content);
        let statement = Statement { time, ..statement(&content) };
        let verified = open(&signed(&statement, &body_key())).unwrap().verify(&body(), NOW).unwrap();
        prop_assert_eq!(verified.letter(), &content);
        prop_assert_eq!(verified.time(), time);
    }

    #[test]
    fn any_bytes_are_refused_or_are_a_letter_in_its_one_encoding(bytes: Vec<u8>) {
        if let Ok(letter) = Letter::from_bytes(&bytes) {
            prop_assert_eq!(letter.to_bytes(), bytes);
        }
    }
}
