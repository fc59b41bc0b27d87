//! The directory: honest answers are proven, every lie is refused by its name.

use akd::{AzksElement, AzksValue, MembershipProof, NodeLabel, NonMembershipProof, VersionFreshness};
use akd_core::Configuration as _;
use crypto_core::{
    citizen::{
        ChangeKind, DirectoryId, Entry, EntryStatus, History, HistoryError, InboxKey, Purpose, SignedEntry,
    },
    directory::{
        Absence, Answer, CheckpointError, CitizenProof, Epoch, FRESHNESS, Head, HeadError, HeadProof,
        LookupError, MATURITY, Maturity, Memory, Outcome, OwnListings, PersonList, PersonProof, Pin,
        Presence, ProvenRecipient, TreeConfiguration, TreeError, Trust, cosign, unsigned_checkpoint,
        verify_own_entry,
    },
    envelope::Envelope,
    evidence::{Evidence, EvidenceError},
    jwt::JwtError,
    letter::{Action, ActionCode, Letter, OpenedLetter, Sender, WriteError},
    person::Attributes,
};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Suite, Version, Wire as _},
    hostile,
};

use crate::{
    fake_directory::{FakeDirectory, ORIGIN, list, witness_name},
    world::{
        ANN, BOB, DAY, NOW, TestRng, attribute_claims, body, body_key, claims_token, id_claims, id_token,
        inbox_key, key, letter, letter_id, provider,
    },
};

/// A directory with Ann and Bob in it.
fn directory() -> FakeDirectory {
    let mut directory = FakeDirectory::new();
    directory.enrol(&ANN.attributes(), ANN.id(), &[ANN.first_signed()]);
    directory.enrol(&BOB.attributes(), BOB.id(), &[BOB.first_signed()]);
    directory
}

fn about_ann(directory: &FakeDirectory) -> Answer {
    directory.answer(&ANN.attributes(), ANN.id(), &[ANN.first_signed()], &ANN.first_entry().1, None)
}

fn ask(directory: &FakeDirectory, answer: &Answer) -> Result<Outcome, LookupError> {
    ask_with(&directory.trust(), answer, None, NOW)
}

fn ask_with(trust: &Trust, answer: &Answer, pin: Option<&Pin>, now: u64) -> Result<Outcome, LookupError> {
    // Through the bytes, as it comes over the wire.
    let answer = Answer::from_bytes(&answer.to_bytes())?;
    answer
        .verify(&ANN.attributes(), trust, &provider(), Memory { pin, recipient: None }, now)
        .map(|verified| verified.outcome)
}

fn found(outcome: Outcome) -> ProvenRecipient {
    match outcome {
        Outcome::Found(recipient) => *recipient,
        other => panic!("{other:?}"),
    }
}

/// The citizen's part of an answer, to be altered.
fn entries(
    answer: &mut Answer,
) -> (&mut Presence, &mut Vec<SignedEntry>, &mut Evidence, &mut Option<Maturity>) {
    match answer.citizen.as_mut() {
        Some(CitizenProof::Entries { presence, chain, evidence, maturity, .. }) => {
            (presence, chain, evidence, maturity)
        }
        other => panic!("{other:?}"),
    }
}

// --- honest

#[test]
fn a_letter_goes_from_a_proven_answer_to_the_citizens_device() {
    let directory = directory();
    let recipient = found(ask(&directory, &about_ann(&directory)).unwrap());
    assert_eq!(recipient.directory_id(), ANN.id());
    assert_eq!(recipient.person().subject(), "subject-1");
    let (body, body_key) = (body(), body_key());
    let sender = Sender::new(&body, &body_key);
    let sealed = sender.seal(letter_id(), letter(), &recipient, NOW, &mut TestRng(1)).unwrap();
    let envelope = Envelope::from_bytes(sealed.envelope()).unwrap();
    let opened = OpenedLetter::open(&envelope, ANN.id(), &ANN.inbox()).unwrap();
    assert_eq!(opened.verify(&body, NOW).unwrap().letter(), &letter());
}

#[test]
fn a_body_cannot_write_with_a_strange_key_or_to_strange_hosts() {
    let directory = directory();
    let recipient = found(ask(&directory, &about_ann(&directory)).unwrap());
    let (body, body_key, strange_key) = (body(), body_key(), key(99));
    let seal = |sender: Sender<'_>, letter, time| {
        sender.seal(letter_id(), letter, &recipient, time, &mut TestRng(1))
    };
    let strange = seal(Sender::new(&body, &strange_key), letter(), NOW);
    assert_eq!(strange, Err(WriteError::KeyNotRegistered));
    let too_late = seal(Sender::new(&body, &body_key), letter(), NOW + 400 * DAY);
    assert_eq!(too_late, Err(WriteError::KeyNotRegistered));
    let link = |url: &str| Letter {
        actions: vec![Action {
            code: ActionCode::Form,
            label: "Open".to_owned(),
            by: None,
            url: Some(url.to_owned()),
            reference: None,
            amount: None,
            start: None,
            end: None,
            place: None,
            attachment: None,
            details: None,
            until: None,
        }],
        ..letter()
    };
    assert!(seal(Sender::new(&body, &body_key), link("https://pay.example.scot/x"), NOW).is_ok());
    let elsewhere = seal(Sender::new(&body, &body_key), link("https://evil.example/x"), NOW);
    assert_eq!(elsewhere, Err(WriteError::HostNotRegistered));
    let unreadable = seal(Sender::new(&body, &body_key), Letter { label: String::new(), ..letter() }, NOW);
    assert!(matches!(unreadable, Err(WriteError::Content(_))));
}

#[test]
fn answers_and_their_proofs_have_one_encoding() {
    let directory = directory();
    let answer = about_ann(&directory);
    assert_eq!(Answer::from_bytes(&answer.to_bytes()).unwrap(), answer);
    for (name, hostile) in hostile::variants(&answer.to_bytes()) {
        assert!(Answer::from_bytes(&hostile).is_err(), "{name}");
    }
    hostile::assert_strict(&directory.head(None));
    hostile::assert_strict(&directory.head(None).epoch);
    hostile::assert_strict(&directory.pin());
    hostile::assert_strict(&directory.presence(&ANN.id().directory_label()));
    hostile::assert_strict(&directory.absence(b"nobody"));
}

#[test]
fn a_list_of_people_has_at_most_sixteen_in_order_each_once() {
    let id = |number: u8| DirectoryId::from([number; 16]);
    let read = |citizens: &[DirectoryId]| PersonList::from_bytes(&list(citizens)).map(drop);
    let people: Vec<_> = (0..17).map(id).collect();
    assert_eq!(read(&people[..16]), Ok(()));
    let refused = Err(DecodeError::Value("a list of people comes sorted, each once"));
    assert_eq!(read(&people), refused);
    assert_eq!(read(&[id(2), id(1)]), refused);
    assert_eq!(read(&[id(1), id(1)]), refused);
}

#[test]
fn an_answer_has_at_most_256_entries() {
    let answer = about_ann(&directory());
    // With as many keys as an entry may have: all of them have to fit into an answer.
    let inbox_keys = (1..=4).map(|number| InboxKey {
        key: inbox_key(number).public_key().clone(),
        rotate_after: NOW,
        not_after: NOW,
    });
    let entry = Entry { inbox_keys: inbox_keys.collect(), ..ANN.first_entry().0 };
    let signed = SignedEntry::by_identity(&entry, &ANN.identity());
    let read = |count: usize| {
        let mut answer = answer.clone();
        *entries(&mut answer).1 = vec![signed.clone(); count];
        Answer::from_bytes(&answer.to_bytes()).map(drop)
    };
    assert_eq!(read(256), Ok(()));
    assert_eq!(read(257), Err(DecodeError::Value("an answer has too many entries")));
}

#[test]
fn an_answer_has_at_most_32_permits_of_256_bytes() {
    let answer = about_ann(&directory());
    let read = |count: usize, length: usize| {
        let permits = vec![Bytes::from(vec![1; length]); count];
        Answer::from_bytes(&Answer { permits, ..answer.clone() }.to_bytes()).map(drop)
    };
    assert_eq!(read(32, 256), Ok(()));
    let refused = Err(DecodeError::Value("an answer has too many or too long permits"));
    assert_eq!(read(33, 256), refused);
    assert_eq!(read(1, 257), refused);
}

#[test]
fn a_proof_with_a_part_of_a_wrong_length_is_not_read() {
    let directory = directory();
    let label = ANN.id().directory_label();
    let refused = Err(DecodeError::Value("a directory proof has a part of a wrong length"));
    let presence = |alter: &dyn Fn(&mut akd::LookupProof)| {
        let mut proof = directory.akd_lookup(&label);
        alter(&mut proof);
        Presence::from_bytes(&Presence::from_akd(&proof).unwrap().to_bytes()).map(drop)
    };
    assert_eq!(presence(&|proof| proof.value.0 = vec![1; 1024]), Ok(()));
    assert_eq!(presence(&|proof| proof.value.0 = vec![1; 1025]), refused);
    assert_eq!(presence(&|proof| proof.value.0.clear()), refused);
    assert_eq!(presence(&|proof| proof.existence_vrf_proof.push(0)), refused);
    assert_eq!(presence(&|proof| proof.marker_vrf_proof.push(0)), refused);
    assert_eq!(presence(&|proof| proof.freshness_vrf_proof.truncate(79)), refused);
    let (vrf, gap) = directory.akd_absence(b"nobody");
    let absence =
        |vrf: &[u8]| Absence::from_bytes(&Absence::from_akd(vrf, &gap).unwrap().to_bytes()).map(drop);
    assert_eq!(absence(&vrf), Ok(()));
    assert_eq!(absence(&vrf[1..]), refused);
    assert_eq!(absence(&[0; 81]), refused);
}

/// `LBX-LOG-5`
#[test]
fn an_epoch_of_another_configuration_is_not_read_alone_nor_in_a_head() {
    let head = directory().head(None);
    let (honest, whole) = (head.epoch.to_bytes(), head.to_bytes());
    // The configuration comes last.
    let mut altered = honest.clone();
    assert_eq!(altered.pop(), Some(1));
    altered.push(2);
    assert_eq!(Epoch::from_bytes(&altered), Err(DecodeError::Version));
    let start = whole.windows(honest.len()).position(|part| part == honest).unwrap();
    let (before, after) = (&whole[..start], &whole[start + honest.len()..]);
    assert_eq!(
        HeadProof::from_bytes(&[before, altered.as_slice(), after].concat()),
        Err(DecodeError::Version)
    );
}

#[test]
fn every_other_answer_is_proven_too() {
    // Provided and keyless.
    let mut keyless = FakeDirectory::new();
    keyless.enrol(&ANN.attributes(), ANN.id(), &[]);
    let answer = Answer {
        version: Version,
        suite: Suite,
        head: keyless.head(None),
        person: PersonProof::Listed(keyless.presence(&ANN.attributes().directory_label())),
        citizen: Some(CitizenProof::Keyless(keyless.absence(&ANN.id().directory_label()))),
        permits: vec![],
    };
    assert_eq!(ask(&keyless, &answer), Ok(Outcome::NotReady));

    // Nobody, ever; nobody any more; somebody twice.
    let directory = FakeDirectory::new();
    let label = ANN.attributes().directory_label();
    let nobody = Answer {
        head: directory.head(None),
        person: PersonProof::Absent(directory.absence(&label)),
        citizen: None,
        ..answer
    };
    assert_eq!(ask(&directory, &nobody), Ok(Outcome::None));
    for (citizens, outcome) in [(vec![], Outcome::None), (vec![ANN.id(), BOB.id()], Outcome::Ambiguous)] {
        let mut directory = FakeDirectory::new();
        directory.publish(vec![(label.clone(), list(&citizens))]);
        let answer = Answer {
            head: directory.head(None),
            person: PersonProof::Listed(directory.presence(&label)),
            ..nobody.clone()
        };
        assert_eq!(ask(&directory, &answer), Ok(outcome));
    }
}

#[test]
fn a_closed_mailbox_is_none() {
    let first = ANN.first_signed();
    let (entry, evidence) = ANN.first_entry();
    let closed = Entry {
        status: EntryStatus::Closed,
        change: ChangeKind::ByDevice,
        inbox_keys: vec![],
        previous: Some(first.hash().into()),
        ..entry
    };
    let chain = [first, SignedEntry::by_device(&closed, &ANN.device(), ANN.opening().salt.0)];
    let mut directory = FakeDirectory::new();
    directory.enrol(&ANN.attributes(), ANN.id(), &chain[..1]);
    directory.enrol(&ANN.attributes(), ANN.id(), &chain);
    let answer = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
    assert_eq!(ask(&directory, &answer), Ok(Outcome::None));
}

#[test]
fn after_a_change_of_keys_the_newest_entry_is_proven_and_the_old_one_is_not() {
    let first = ANN.first_signed();
    let (entry, evidence) = ANN.first_entry();
    let second = Entry {
        change: ChangeKind::ByDevice,
        previous: Some(first.hash().into()),
        salt: Bytes32([8; 32]),
        ..entry
    };
    let second = SignedEntry::by_device(&second, &ANN.device(), ANN.opening().salt.0);
    let mut directory = directory();
    let old = about_ann(&directory);
    directory.enrol(&ANN.attributes(), ANN.id(), &[first.clone(), second.clone()]);
    let chain = [first.clone(), second.clone()];
    let new = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
    let recipient = found(ask(&directory, &new).unwrap());
    assert_eq!(recipient.entry().hash(), &second.hash());
    // The old proof of the old entry, under the new head.
    let stale = Answer { head: directory.head(None), person: new.person.clone(), ..old };
    assert_eq!(ask(&directory, &stale), Err(LookupError::Citizen(TreeError::OtherRoot)));
    // The new proof with the old chain.
    let shortened = directory.answer(&ANN.attributes(), ANN.id(), &[first], &evidence, None);
    assert_eq!(ask(&directory, &shortened), Err(LookupError::SwappedKeys));
}

// --- a reset

struct Reset {
    chain: Vec<SignedEntry>,
    evidence: Evidence,
}

fn reset() -> Reset {
    let first = ANN.first_signed();
    let new_identity = key(60);
    let previous = Bytes32(first.hash());
    let evidence = ANN.evidence(&new_identity, Purpose::Reset, Some(previous));
    let entry = Entry {
        change: ChangeKind::Reset,
        previous: Some(previous),
        identity_key: new_identity.verifying_key(),
        evidence: evidence.hash().into(),
        ..ANN.first_entry().0
    };
    Reset { chain: vec![first, SignedEntry::by_identity(&entry, &new_identity)], evidence }
}

#[test]
fn after_a_reset_nothing_is_sealed_for_seventy_two_hours_of_the_witnesses_time() {
    let Reset { chain, evidence } = reset();
    let mut directory = directory();
    let before_head = directory.head(None);
    let before_presence = directory.presence(&ANN.id().directory_label());
    directory.enrol(&ANN.attributes(), ANN.id(), &chain);
    let reset_head = directory.head(None);
    let reset_presence = directory.presence(&ANN.id().directory_label());
    let reset_pin = directory.pin();
    let answer_with = |directory: &FakeDirectory, maturity: Option<Maturity>| {
        let mut answer = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
        *entries(&mut answer).3 = maturity;
        answer
    };
    assert_eq!(ask(&directory, &answer_with(&directory, None)), Ok(Outcome::Resetting));

    // Three days later, in another epoch.
    let matured = NOW + 72 * 60 * 60;
    directory.time = matured;
    directory.publish(vec![(b"another".to_vec(), vec![1])]);
    let consistency = directory.head(Some(&reset_pin)).consistency;
    let maturity = Maturity {
        head: HeadProof { consistency: consistency.clone(), ..reset_head },
        presence: reset_presence.clone(),
    };
    let trust = directory.trust();
    let mature = answer_with(&directory, Some(maturity.clone()));
    let recipient = found(ask_with(&trust, &mature, None, matured).unwrap());
    assert_eq!(recipient.entry().hash(), &chain[1].hash());
    let too_early = ask_with(&trust, &mature, None, matured - 1);
    assert_eq!(too_early, Ok(Outcome::Resetting));

    // An old head at which the old identity key stood proves nothing for the new one.
    let of_the_old_key = Maturity {
        head: HeadProof {
            consistency: directory.head(Some(&Pin { size: 3, root: Bytes32([0; 32]) })).consistency,
            ..before_head
        },
        presence: before_presence,
    };
    let answer = answer_with(&directory, Some(of_the_old_key));
    assert_eq!(ask_with(&trust, &answer, None, matured), Ok(Outcome::Resetting));

    // An old head of another history is a lie.
    let forked =
        Maturity { head: HeadProof { consistency: vec![], ..maturity.head.clone() }, ..maturity.clone() };
    let answer = answer_with(&directory, Some(forked));
    assert_eq!(ask_with(&trust, &answer, None, matured), Err(LookupError::Head(HeadError::Forked)));
    let other_presence = Maturity { presence: directory.presence(&BOB.id().directory_label()), ..maturity };
    let answer = answer_with(&directory, Some(other_presence));
    let refused = ask_with(&trust, &answer, None, matured);
    assert!(matches!(refused, Err(LookupError::Citizen(_))), "{refused:?}");
}

#[test]
fn a_head_that_was_set_back_by_the_log_or_one_witness_makes_no_reset_mature() {
    let Reset { chain, evidence } = reset();
    let mut directory = directory();
    directory.enrol(&ANN.attributes(), ANN.id(), &chain);
    let Pin { size, root } = directory.pin();
    let text = unsigned_checkpoint(ORIGIN, size, &root.0);
    let trust = directory.trust();
    let line = |number: usize, time| cosign(&text, &witness_name(number), &directory.witnesses[number], time);
    let long_ago = NOW - 2 * MATURITY;
    let with_times = |own: u64, times: [u64; 3]| {
        let mut note = directory.log_note_at(own);
        for (number, time) in times.into_iter().enumerate() {
            note.push_str(&line(number, time));
        }
        let mut answer = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
        *entries(&mut answer).3 = Some(Maturity {
            head: directory.head_with_note(&note, None),
            presence: directory.presence(&ANN.id().directory_label()),
        });
        ask_with(&trust, &answer, None, NOW)
    };
    assert_eq!(with_times(long_ago, [NOW; 3]), Ok(Outcome::Resetting));
    assert_eq!(with_times(long_ago, [long_ago, NOW, NOW]), Ok(Outcome::Resetting));
    assert!(matches!(with_times(NOW, [long_ago, long_ago, NOW]), Ok(Outcome::Found(_))));
}

#[test]
fn a_recovery_after_a_reset_does_not_make_the_reset_any_older() {
    let Reset { mut chain, .. } = reset();
    let newest = key(61);
    let previous = Bytes32(chain[1].hash());
    let evidence = ANN.evidence(&newest, Purpose::Recover, Some(previous));
    let entry = Entry {
        change: ChangeKind::Recovery,
        previous: Some(previous),
        identity_key: newest.verifying_key(),
        evidence: evidence.hash().into(),
        ..ANN.first_entry().0
    };
    let mut directory = directory();
    directory.enrol(&ANN.attributes(), ANN.id(), &chain);
    chain.push(SignedEntry::by_recovery(&entry, &newest, &key(60)));
    directory.enrol(&ANN.attributes(), ANN.id(), &chain);
    let answer = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
    assert_eq!(ask(&directory, &answer), Ok(Outcome::Resetting));
}

#[test]
fn a_first_entry_over_another_and_a_new_person_under_old_details_are_not_taken_at_once() {
    // A second first entry under the same label.
    let attacker = key(66);
    let evidence = ANN.evidence(&attacker, Purpose::Enrol, None);
    let entry = Entry {
        identity_key: attacker.verifying_key(),
        evidence: evidence.hash().into(),
        ..ANN.first_entry().0
    };
    let chain = [SignedEntry::by_identity(&entry, &attacker)];
    let mut over_another = directory();
    over_another.enrol(&ANN.attributes(), ANN.id(), &chain);
    let answer = over_another.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
    assert_eq!(ask(&over_another, &answer), Err(LookupError::HiddenChange));

    // Ann's details lead to a new citizen.
    let mut relisted = FakeDirectory::new();
    relisted.enrol(&ANN.attributes(), BOB.id(), &[BOB.first_signed()]);
    relisted.enrol(&ANN.attributes(), ANN.id(), &[ANN.first_signed()]);
    assert_eq!(ask(&relisted, &about_ann(&relisted)), Ok(Outcome::Resetting));
}

#[test]
fn what_was_proven_before_is_not_forgotten() {
    let directory = directory();
    let (trust, answer) = (directory.trust(), about_ann(&directory));
    let known = found(ask(&directory, &answer).unwrap()).entry().clone();
    let with = |recipient| {
        let memory = Memory { pin: None, recipient: Some(recipient) };
        answer.verify(&ANN.attributes(), &trust, &provider(), memory, NOW).map(|verified| verified.outcome)
    };
    assert!(matches!(with(&known), Ok(Outcome::Found(_))));
    let another = Entry { salt: Bytes32([0; 32]), ..ANN.first_entry().0 };
    let another = History::verify(ANN.id(), &[SignedEntry::by_identity(&another, &ANN.identity())]).unwrap();
    assert_eq!(with(another.last()), Err(LookupError::ForkedHistory));
    let bob = History::verify(BOB.id(), &[BOB.first_signed()]).unwrap();
    assert_eq!(with(bob.last()), Ok(Outcome::Resetting));
}

#[test]
fn an_answer_to_a_question_with_postcode_shows_the_confirmed_address() {
    let directory = directory();
    let mut answer = about_ann(&directory);
    let Some(CitizenProof::Entries { address, .. }) = answer.citizen.as_mut() else { panic!() };
    *address = None;
    assert_eq!(ask(&directory, &answer), Err(LookupError::Evidence(EvidenceError::OtherAddress)));
}

// --- lies about the head

#[test]
fn a_head_that_nobody_confirmed_lately_is_refused() {
    let directory = directory();
    let (trust, answer) = (directory.trust(), about_ann(&directory));
    let at = |now| ask_with(&trust, &answer, None, now).err();
    assert_eq!(at(NOW + DAY), None);
    assert_eq!(at(NOW + DAY + 1), Some(LookupError::Head(HeadError::Stale)));
    assert_eq!(at(NOW - 300), None);
    assert_eq!(at(NOW - 301), Some(LookupError::Head(HeadError::FromTheFuture)));
}

/// `LBX-LOG-4`
#[test]
fn a_head_has_the_times_of_its_quorum() {
    let directory = directory();
    let Pin { size, root } = directory.pin();
    let text = unsigned_checkpoint(ORIGIN, size, &root.0);
    let times = |own: u64| {
        let mut note = directory.log_note_at(own);
        for (number, time) in [NOW - 30, NOW - 10, NOW - 20].into_iter().enumerate() {
            note.push_str(&cosign(&text, &witness_name(number), &directory.witnesses[number], time));
        }
        let proof = directory.head_with_note(&note, None);
        let head = Head::verify(&proof, &directory.trust(), None, NOW).unwrap();
        (head.confirmed(), head.existed_by())
    };
    assert_eq!(times(NOW), (NOW - 20, NOW - 20));
    assert_eq!(times(NOW - 40), (NOW - 40, NOW - 20));
}

#[test]
fn a_directory_that_goes_back_or_tells_two_histories_is_refused() {
    let mut directory = directory();
    let early = about_ann(&directory);
    directory.publish(vec![(b"another".to_vec(), vec![1])]);
    let pin = directory.pin();
    let trust = directory.trust();
    let rolled_back = ask_with(&trust, &early, Some(&pin), NOW);
    assert_eq!(rolled_back, Err(LookupError::Head(HeadError::RolledBack)));
    directory.publish(vec![(b"one more".to_vec(), vec![1])]);
    let honest = Answer { head: directory.head(Some(&pin)), ..about_ann(&directory) };
    assert!(ask_with(&trust, &honest, Some(&pin), NOW).is_ok());
    let without_proof = about_ann(&directory);
    assert_eq!(ask_with(&trust, &without_proof, Some(&pin), NOW), Err(LookupError::Head(HeadError::Forked)));
    let other = Pin { root: Bytes32([0; 32]), ..pin };
    assert_eq!(ask_with(&trust, &honest, Some(&other), NOW), Err(LookupError::Head(HeadError::Forked)));
}

#[test]
fn a_head_of_another_log_or_with_forged_or_missing_signatures_is_refused() {
    let directory = directory();
    let honest = directory.head(None);
    let check = |trust: &Trust, proof: &HeadProof| Head::verify(proof, trust, None, NOW).map(|_| ());
    let trust = directory.trust();
    assert_eq!(check(&trust, &honest), Ok(()));

    let mut other_origin = trust.clone();
    other_origin.log.origin = "elsewhere.example/log".to_owned();
    assert_eq!(check(&other_origin, &honest), Err(CheckpointError::OtherOrigin.into()));
    let mut other_key = trust.clone();
    other_key.log.key = key(99).verifying_key();
    assert_eq!(check(&other_key, &honest), Err(CheckpointError::NotSigned.into()));
    let other_vrf = Trust { vrf_key: [1; 32], ..trust.clone() };
    assert_eq!(check(&other_vrf, &honest), Err(HeadError::OtherVrfKey));

    // The log alone, and with one witness under two names.
    let Pin { size, root } = directory.pin();
    let text = unsigned_checkpoint(ORIGIN, size, &root.0);
    let line = |number: usize, key: usize, time| {
        cosign(&text, &witness_name(number), &directory.witnesses[key], time)
    };
    let too_few = |found| Err(CheckpointError::TooFewWitnesses { found, needed: 2 }.into());
    let with = |lines: &[String]| directory.head_with_note(&(directory.log_note() + &lines.concat()), None);
    assert_eq!(check(&trust, &with(&[])), too_few(0));
    assert_eq!(check(&trust, &with(&[line(0, 0, NOW), line(0, 0, NOW)])), too_few(1));
    assert_eq!(check(&trust, &with(&[line(0, 0, NOW), line(1, 0, NOW)])), too_few(1));
    assert_eq!(check(&trust, &with(&[line(0, 0, NOW), line(2, 2, NOW)])), Ok(()));
    let mut one_key_twice = trust.clone();
    one_key_twice.witnesses[1] = one_key_twice.witnesses[0].clone();
    one_key_twice.witnesses[1].name = witness_name(1);
    let doubled = with(&[line(0, 0, NOW), line(1, 0, NOW)]);
    assert_eq!(check(&one_key_twice, &doubled), too_few(1));
    let mut log_as_witness = trust.clone();
    log_as_witness.witnesses[0] =
        crypto_core::directory::Witness { name: ORIGIN.to_owned(), key: directory.log_key.verifying_key() };
    assert_eq!(check(&log_as_witness, &with(&[line(1, 1, NOW)])), too_few(1));

    // Old cosignatures do not confirm; the log's own time counts as well.
    let old = with(&[line(0, 0, NOW), line(1, 1, NOW - FRESHNESS - 1)]);
    assert_eq!(check(&trust, &old), Err(HeadError::Stale));
    let no_own_time =
        directory.log_note().lines().take(5).map(|line| format!("{line}\n")).collect::<String>();
    let no_own_time = directory.head_with_note(&no_own_time, None);
    assert_eq!(check(&trust, &no_own_time), Err(CheckpointError::NotSigned.into()));

    // Another root or size under the same signatures.
    let note = String::from_utf8(honest.checkpoint.0.clone()).unwrap();
    for (from, to) in [("\n3\n", "\n4\n"), ("\n3\n", "\n03\n"), ("\n3\n", "\n+3\n")] {
        let altered = directory.head_with_note(&note.replacen(from, to, 1), None);
        assert!(check(&trust, &altered).is_err(), "{to:?}");
    }
    for place in 0..note.len() {
        let mut altered = note.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let Ok(altered) = String::from_utf8(altered) else { continue };
        assert_ne!(altered, note);
        let result = check(&Trust { quorum: 3, ..trust.clone() }, &directory.head_with_note(&altered, None));
        assert!(result.is_err(), "byte {place}");
    }
    for hostile in [
        "",
        "\n",
        "\n\n",
        "a\n\n",
        &note[..note.len() - 1],
        &format!("{note}\n"),
        &note.replace('\u{2014}', "-"),
    ] {
        let result = check(&trust, &directory.head_with_note(hostile, None));
        assert_eq!(result, Err(CheckpointError::Malformed.into()), "{hostile:?}");
    }
    let long = "a".repeat(9000);
    assert_eq!(check(&trust, &directory.head_with_note(&long, None)), Err(CheckpointError::Malformed.into()));
}

/// `LBX-LOG-2`
#[test]
fn a_note_of_another_form_or_over_its_limit_is_refused() {
    let directory = directory();
    let trust = directory.trust();
    let note = String::from_utf8(directory.head(None).checkpoint.0.clone()).unwrap();
    let check =
        |note: &str| Head::verify(&directory.head_with_note(note, None), &trust, None, NOW).map(|_| ());
    let malformed = Err(HeadError::Checkpoint(CheckpointError::Malformed));
    // A line of somebody unknown is passed over, if it is one of a signed note.
    let with = |name: &str| format!("{note}\u{2014} {name} AAAAAAAA\n");
    assert_eq!(check(&with("unknown")), Ok(()));
    for name in ["", "un+known", "un\u{a0}known"] {
        assert_eq!(check(&with(name)), malformed, "{name:?}");
    }
    let room = 8 * 1024 - with("").len();
    assert_eq!(check(&with(&"a".repeat(room))), Ok(()));
    assert_eq!(check(&with(&"a".repeat(room + 1))), malformed);
    // An extension line; no origin.
    assert_eq!(check(&note.replacen("\n\n", "\nextension\n\n", 1)), malformed);
    assert_eq!(check(&note.replacen(ORIGIN, "", 1)), malformed);
}

#[test]
fn an_epoch_that_is_not_the_logs_last_is_refused() {
    let mut directory = directory();
    let earlier = directory.head(None);
    directory.publish(vec![(b"another".to_vec(), vec![1])]);
    let honest = directory.head(None);
    let trust = directory.trust();
    for altered in [
        HeadProof { epoch: earlier.epoch.clone(), ..honest.clone() },
        HeadProof { epoch: earlier.epoch, inclusion: earlier.inclusion, ..honest.clone() },
        HeadProof { inclusion: vec![], ..honest },
    ] {
        assert_eq!(Head::verify(&altered, &trust, None, NOW), Err(HeadError::NotInLog));
    }
}

// --- lies about people

#[test]
fn an_answer_about_somebody_else_is_refused() {
    let directory = directory();
    // Bob's listing for Ann's details.
    let mut answer = about_ann(&directory);
    answer.person = PersonProof::Listed(directory.presence(&BOB.attributes().directory_label()));
    assert_eq!(ask(&directory, &answer), Err(LookupError::Person(TreeError::OtherLabel)));
    // Bob's keys for Ann.
    let mut answer = about_ann(&directory);
    *entries(&mut answer).0 = directory.presence(&BOB.id().directory_label());
    assert_eq!(ask(&directory, &answer), Err(LookupError::Citizen(TreeError::OtherLabel)));
    let mut answer = about_ann(&directory);
    *entries(&mut answer).1 = vec![BOB.first_signed()];
    assert_eq!(ask(&directory, &answer), Err(LookupError::History(HistoryError::OtherPerson)));
}

#[test]
fn a_directory_that_lists_ann_with_bobs_entry_is_caught_by_the_evidence() {
    let mut directory = FakeDirectory::new();
    directory.enrol(&ANN.attributes(), BOB.id(), &[BOB.first_signed()]);
    let evidence = BOB.first_entry().1;
    let answer = directory.answer(&ANN.attributes(), BOB.id(), &[BOB.first_signed()], &evidence, None);
    assert_eq!(ask(&directory, &answer), Err(LookupError::Evidence(EvidenceError::OtherPerson)));
}

#[test]
fn a_directory_that_makes_up_a_key_for_ann_is_caught_by_the_evidence() {
    // Everything is published and proven; only ScotAccount's word for this key is missing.
    let attacker = key(66);
    let claims = attribute_claims("subject-1", &ANN);
    let forgeries = [
        (ANN.first_entry().1, EvidenceError::OtherKey),
        (
            Evidence { id_token: id_token(&id_claims("subject-1", "x")), ..ANN.first_entry().1 },
            EvidenceError::OtherKey,
        ),
        (
            Evidence {
                id_token: {
                    let good = ANN.evidence(&attacker, Purpose::Enrol, None).id_token;
                    let (signed, _) = good.rsplit_once('.').unwrap();
                    let other = ANN.first_entry().1.id_token;
                    let (_, signature) = other.rsplit_once('.').unwrap();
                    format!("{signed}.{signature}")
                },
                ..ANN.first_entry().1
            },
            EvidenceError::IdToken(JwtError::Forged),
        ),
        (
            Evidence {
                claims_token: claims_token(&claims).replace('.', ".."),
                ..ANN.evidence(&attacker, Purpose::Enrol, None)
            },
            EvidenceError::ClaimsToken(JwtError::Forged),
        ),
    ];
    for (evidence, expected) in forgeries {
        let entry = Entry {
            identity_key: attacker.verifying_key(),
            evidence: evidence.hash().into(),
            ..ANN.first_entry().0
        };
        let chain = [SignedEntry::by_identity(&entry, &attacker)];
        let mut directory = FakeDirectory::new();
        directory.enrol(&ANN.attributes(), ANN.id(), &chain);
        let answer = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
        assert_eq!(ask(&directory, &answer), Err(LookupError::Evidence(expected)));
    }
}

#[test]
fn evidence_from_a_sign_in_for_something_else_is_refused() {
    let first_hash = Bytes32(ANN.first_signed().hash());
    let identity = ANN.identity();
    let others = [
        ANN.evidence(&identity, Purpose::AddDevice, None),
        ANN.evidence(&identity, Purpose::Reset, None),
        ANN.evidence(&identity, Purpose::Enrol, Some(first_hash)),
    ];
    for evidence in others {
        let entry = Entry { evidence: evidence.hash().into(), ..ANN.first_entry().0 };
        let chain = [SignedEntry::by_identity(&entry, &identity)];
        let mut directory = FakeDirectory::new();
        directory.enrol(&ANN.attributes(), ANN.id(), &chain);
        let answer = directory.answer(&ANN.attributes(), ANN.id(), &chain, &evidence, None);
        assert_eq!(ask(&directory, &answer), Err(LookupError::Evidence(EvidenceError::OtherPurpose)));
    }
}

#[test]
fn swapped_keys_broken_chains_and_other_evidence_are_refused() {
    let directory = directory();
    let swapped = Entry { salt: Bytes32([0; 32]), ..ANN.first_entry().0 };
    let mut answer = about_ann(&directory);
    *entries(&mut answer).1 = vec![SignedEntry::by_identity(&swapped, &ANN.identity())];
    assert_eq!(ask(&directory, &answer), Err(LookupError::SwappedKeys));
    let mut answer = about_ann(&directory);
    *entries(&mut answer).1 = vec![SignedEntry::by_identity(&swapped, &key(66))];
    assert_eq!(ask(&directory, &answer), Err(LookupError::History(HistoryError::NotSigned)));
    let mut answer = about_ann(&directory);
    *entries(&mut answer).1 = vec![ANN.first_signed(), ANN.first_signed()];
    assert_eq!(ask(&directory, &answer), Err(LookupError::History(HistoryError::Broken)));
    let mut answer = about_ann(&directory);
    *entries(&mut answer).1 = vec![];
    assert_eq!(ask(&directory, &answer), Err(LookupError::History(HistoryError::Empty)));
    let mut answer = about_ann(&directory);
    *entries(&mut answer).2 = BOB.first_entry().1;
    assert_eq!(ask(&directory, &answer), Err(LookupError::Evidence(EvidenceError::OtherEvidence)));
    let answer = Answer { citizen: None, ..about_ann(&directory) };
    assert_eq!(ask(&directory, &answer), Err(LookupError::Missing));
}

#[test]
fn expired_keys_are_not_sealed_to() {
    let mut directory = directory();
    directory.time = NOW + 401 * DAY;
    let expired = ask_with(&directory.trust(), &about_ann(&directory), None, NOW + 401 * DAY);
    assert_eq!(expired, Ok(Outcome::Expired));
}

#[test]
fn an_answer_with_any_byte_altered_is_refused() {
    let directory = directory();
    let bytes = about_ann(&directory).to_bytes();
    let trust = Trust { quorum: 3, ..directory.trust() };
    // The permits at the end are sealed for the relay, which checks them.
    let proven = bytes.len() - 180;
    for place in (0..proven).step_by(37) {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let result = Answer::from_bytes(&altered)
            .map(|answer| answer.verify(&ANN.attributes(), &trust, &provider(), Memory::default(), NOW));
        assert!(!matches!(result, Ok(Ok(_))), "byte {place}");
    }
}

// --- lies about presence and absence

#[test]
fn an_absence_forged_for_a_present_person_is_refused() {
    let directory = directory();
    let label = ANN.attributes().directory_label();
    let head = Head::verify(&directory.head(None), &directory.trust(), None, NOW).unwrap();
    // The root and its true children as "proof".
    let root_gap = gap_from(&directory.membership(&label, VersionFreshness::Fresh, 1));
    let (vrf, _) = directory.akd_absence(&label);
    let forged = Absence::from_akd(&vrf, &root_gap).unwrap();
    assert_eq!(forged.verify(&label, &head, &directory.trust().vrf_key), Err(TreeError::Shape));
    let answer = Answer { person: PersonProof::Absent(forged), citizen: None, ..about_ann(&directory) };
    assert_eq!(ask(&directory, &answer), Err(LookupError::Person(TreeError::Shape)));
    // What the honest code gives for a label that is there.
    let (vrf, own) = directory.akd_absence(&label);
    let own = Absence::from_akd(&vrf, &own).unwrap();
    assert!(own.verify(&label, &head, &directory.trust().vrf_key).is_err());
    // The proof of somebody else's absence.
    let other = directory.absence(b"nobody");
    assert!(other.verify(b"nobody", &head, &directory.trust().vrf_key).is_ok());
    assert_eq!(other.verify(&label, &head, &directory.trust().vrf_key), Err(TreeError::OtherLabel));
}

#[test]
fn an_absence_under_another_head_or_with_other_children_is_refused() {
    let mut directory = directory();
    let trust = directory.trust();
    let head = Head::verify(&directory.head(None), &trust, None, NOW).unwrap();
    let (vrf, mut gap) = directory.akd_absence(b"nobody");
    let honest = Absence::from_akd(&vrf, &gap).unwrap();
    assert_eq!(honest.verify(b"nobody", &head, &trust.vrf_key), Ok(()));
    gap.longest_prefix_children[0].value.0[0] ^= 1;
    let altered = Absence::from_akd(&vrf, &gap).unwrap();
    assert_eq!(altered.verify(b"nobody", &head, &trust.vrf_key), Err(TreeError::OtherRoot));
    directory.publish(vec![(b"another".to_vec(), vec![1])]);
    let later = Head::verify(&directory.head(None), &trust, None, NOW).unwrap();
    assert_eq!(honest.verify(b"nobody", &later, &trust.vrf_key), Err(TreeError::OtherRoot));
}

/// `LBX-DIR-6`
#[test]
fn versions_and_epochs_that_cannot_be_are_refused_before_akds_verifier_sees_them() {
    // A first version, of the first epoch, under its head: the least that there is, and all three are equal.
    let directory = FakeDirectory::new();
    let trust = directory.trust();
    let head = Head::verify(&directory.head(None), &trust, None, NOW).unwrap();
    let verify = |epoch: u64, version: u64| {
        let proof = akd::LookupProof { epoch, version, ..directory.akd_lookup(&[0]) };
        Presence::from_akd(&proof).unwrap().verify(&[0], &head, &trust.vrf_key).map(<[u8]>::to_vec)
    };
    assert_eq!(verify(1, 1), Ok(vec![1]));
    for (epoch, version) in [(1, 0), (1, 2), (2, 1), (2, 2)] {
        assert_eq!(verify(epoch, version), Err(TreeError::Shape), "{epoch} {version}");
    }
}

/// A gap right below the root, with the root's two true children, for a leaf that is there.
fn gap_from(existence: &MembershipProof) -> NonMembershipProof {
    let parent = |left: &AzksElement, right: &AzksElement| {
        TreeConfiguration::compute_parent_hash_from_children(
            &left.value,
            &left.label.value::<TreeConfiguration>(),
            &right.value,
            &right.label.value::<TreeConfiguration>(),
        )
    };
    let on_left = |direction| direction == akd_core::Direction::Left;
    // Computes the child of the root on the way to the leaf from the leaf's own path.
    let mut node = AzksElement { label: existence.label, value: existence.hash_val };
    let (top, below) = existence.sibling_proofs.split_first().unwrap();
    for step in below.iter().rev() {
        let sibling = &step.siblings[0];
        let value: AzksValue =
            if on_left(step.direction) { parent(&node, sibling) } else { parent(sibling, &node) };
        node = AzksElement { label: step.label, value };
    }
    let children = if on_left(top.direction) { [node, top.siblings[0]] } else { [top.siblings[0], node] };
    NonMembershipProof {
        label: existence.label,
        longest_prefix: NodeLabel::root(),
        longest_prefix_children: children,
        longest_prefix_membership_proof: MembershipProof {
            label: NodeLabel::root(),
            hash_val: parent(&children[0], &children[1]),
            sibling_proofs: vec![],
        },
    }
}

#[test]
fn the_forgery_is_one_that_akds_own_verifier_takes() {
    // Guards the test above: a forgery that nobody would take proves nothing. The same trick inside a
    // lookup proof passes akd's verifier and is refused here.
    let first = ANN.first_signed();
    let second =
        Entry { change: ChangeKind::ByDevice, previous: Some(first.hash().into()), ..ANN.first_entry().0 };
    let second = SignedEntry::by_device(&second, &ANN.device(), ANN.opening().salt.0);
    let label = ANN.id().directory_label();
    let mut directory = directory();
    directory.enrol(&ANN.attributes(), ANN.id(), &[first.clone(), second]);
    // Version 1 was replaced: the leaf "version 1 is stale" is there. It is "proven" absent, and
    // version 1 served as the newest.
    let stale = directory.akd_gap(&label, VersionFreshness::Stale, 1);
    let newest = directory.akd_lookup(&label);
    let old = directory.old_version(&label, 1, &first.hash());
    let stale_leaf = directory.membership(&label, VersionFreshness::Stale, 1);
    let forged =
        akd::LookupProof { freshness_vrf_proof: stale.0, freshness_proof: gap_from(&stale_leaf), ..old };
    let head = Head::verify(&directory.head(None), &directory.trust(), None, NOW).unwrap();
    let trust = directory.trust();
    let by_akd = akd_core::verify::lookup_verify::<TreeConfiguration>(
        &trust.vrf_key,
        *head.root(),
        head.epoch(),
        akd::AkdLabel(label.clone()),
        forged.clone(),
    );
    assert!(by_akd.is_ok(), "{by_akd:?}");
    let ours = Presence::from_akd(&forged).unwrap();
    assert_eq!(ours.verify(&label, &head, &trust.vrf_key), Err(TreeError::Shape));
    let honest = Presence::from_akd(&newest).unwrap();
    assert!(honest.verify(&label, &head, &trust.vrf_key).is_ok());
}

// --- the citizen's own look

#[test]
fn a_citizen_sees_when_the_directory_shows_another_entry_or_leaves_them_out() {
    let directory = directory();
    let trust = directory.trust();
    let head = Head::verify(&directory.head(None), &trust, None, NOW).unwrap();
    let own = History::verify(ANN.id(), &[ANN.first_signed()]).unwrap();
    let presence = directory.presence(&ANN.id().directory_label());
    let person = ANN.attributes();
    let listed = |form: &Attributes| directory.presence(&form.directory_label());
    let listings = OwnListings {
        without_postcode: listed(&person.without_postcode()),
        with_postcode: Some(listed(&person)),
    };
    let look = |own: &History, person: &Attributes, listings: &OwnListings| {
        verify_own_entry(own, &presence, person, listings, &trust, &head)
    };
    assert_eq!(look(&own, &person, &listings), Ok(()));
    let one_form = OwnListings { with_postcode: None, ..listings.clone() };
    assert_eq!(look(&own, &person, &one_form), Err(LookupError::NotListed));
    assert_eq!(look(&own, &person.without_postcode(), &one_form), Ok(()));
    let of_bob = OwnListings {
        without_postcode: listed(&BOB.attributes().without_postcode()),
        with_postcode: Some(listed(&BOB.attributes())),
    };
    assert_eq!(look(&own, &BOB.attributes(), &of_bob), Err(LookupError::NotListed));
    assert_eq!(look(&own, &person, &of_bob), Err(LookupError::Person(TreeError::OtherLabel)));
    let other = Entry { salt: Bytes32([0; 32]), ..ANN.first_entry().0 };
    let other = History::verify(ANN.id(), &[SignedEntry::by_identity(&other, &ANN.identity())]).unwrap();
    assert_eq!(look(&other, &person, &listings), Err(LookupError::OtherEntry));
}
