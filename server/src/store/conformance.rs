//! What every engine must do. One function for each property; each takes mailboxes of its own, so
//! that they can share a store.

mod blobs;

use std::sync::Arc;

use api::sessions::{LIFE, PAUSE, REMEMBERED};
use relay_auth::{
    access::{AccessError, AccessList, SignedAccessList},
    cbor::{Suite, Version, Wire as _},
    id::{InboxKeyId, MailboxId, PermitId, VoucherId},
    receipt::{ChainHead, envelope_digest},
    request_key::RequestKeyId,
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
};

use super::{Denied, MailStore};
use crate::{
    archive::{ArchiveQuota, HIDDEN_LIFE, ObjectId, Put, Putting},
    deposits::{Deposited, LetterQuota, NewDeposit, PageLimits, SPENT_PERMIT_LIFE},
    mailboxes::{
        AccessChange, NewMailbox, Opening, Replacement,
        requests::{ByReader, ByRecoveryKey, BySession, NONCE_LIFE, Proven},
    },
    recovery::{NewRecoveryKey, Registering, StoredBundle},
    sessions::{SessionEnd, SessionOpening, StoredSession},
};

const NOW: u64 = 1_800_000_000;
const INBOX_KEY: [u8; 16] = [9; 16];
const QUOTA: LetterQuota = LetterQuota { letters: 3, bytes: 100_000 };
const ARCHIVE: ArchiveQuota = ArchiveQuota { objects: 2, bytes: 200_000 };
const PAGE: PageLimits = PageLimits { entries: 100, bytes: 1_000_000 };

type Store = Arc<dyn MailStore>;

/// Holds an engine to every promise.
pub(super) async fn all(store: &Store) {
    a_voucher_opens_one_mailbox_with_one_list(store).await;
    an_access_list_replaces_an_older_one_only(store).await;
    a_request_key_belongs_to_one_mailbox(store).await;
    a_nonce_works_once(store).await;
    a_permit_is_spent_by_one_letter(store).await;
    concurrent_deposits_make_one_chain(store).await;
    a_mailbox_takes_no_more_than_its_quota(store).await;
    filing_and_acknowledging_is_one_step(store).await;
    of_two_puts_on_one_version_one_wins(store).await;
    large_objects_come_back_whole(store).await;
    what_is_due_goes_and_nothing_else_does(store).await;
    pages_are_bounded_and_lead_to_the_end(store).await;
    what_is_announced_stands_beside_what_a_device_kept(store).await;
    a_key_is_of_one_mailbox_and_of_one_kind(store).await;
    a_restart_follows_the_list_in_force_and_leaves_one_recovery_key(store).await;
    a_refused_recovery_request_spends_its_nonce_and_nothing_else(store).await;
    a_session_reads_until_it_is_over_and_is_remembered(store).await;
    a_session_is_of_one_mailbox_and_a_restart_ends_it(store).await;
    blobs::all(store).await;
}

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from([seed; 32]))
}

fn key(seed: u8) -> VerifyingKey {
    signing_key(seed).verifying_key()
}

fn list(mailbox: MailboxId, counter: u64, keys: &[u8]) -> AccessList {
    AccessList {
        version: Version,
        suite: Suite,
        mailbox,
        counter,
        next_access_key: key(200),
        request_keys: keys.iter().map(|seed| key(*seed)).collect(),
        inbox_keys: vec![InboxKeyId::from(INBOX_KEY)],
    }
}

fn new(number: u8, keys: &[u8]) -> NewMailbox {
    let mailbox = MailboxId::from([number; 16]);
    NewMailbox {
        mailbox,
        voucher: VoucherId::from([number; 16]),
        not_after: NOW + 10,
        list: list(mailbox, 1, keys),
        signed_list: b"first list".to_vec(),
    }
}

async fn open(store: &Store, number: u8) -> MailboxId {
    assert_eq!(store.open_mailbox(new(number, &[number]), NOW).await, Ok(Opening::Open));
    MailboxId::from([number; 16])
}

/// A request of the device whose key has the mailbox's number as its seed.
fn by(mailbox: MailboxId, created: u64, nonce: u32) -> Proven {
    let key = RequestKeyId::of(&key(mailbox.as_bytes()[0]));
    Proven::for_test(mailbox, key, created, &format!("{nonce:022}"))
}

fn letter(mailbox: MailboxId, permit: u8, envelope: &[u8]) -> NewDeposit {
    NewDeposit {
        mailbox,
        permit: PermitId::from([permit; 16]),
        inbox_key: InboxKeyId::from(INBOX_KEY),
        not_after: NOW + 10,
        digest: envelope_digest(envelope),
        envelope: envelope.to_vec(),
        blobs: Vec::new(),
        quota: QUOTA,
        blob_quota: blobs::OF_MAILBOX,
    }
}

fn put(id: u8, expected: u64, counter: u64, object: &[u8], acknowledge: &[u64]) -> Put {
    Put {
        id: ObjectId::from([id; 16]),
        counter,
        expected,
        object: object.to_vec(),
        acknowledge: acknowledge.to_vec(),
        quota: ARCHIVE,
    }
}

fn change(list: &AccessList, access_key: u8) -> AccessChange {
    let list = SignedAccessList::sign(list, &signing_key(access_key));
    AccessChange { signed_list: list.to_bytes(), list }
}

/// A request of whoever holds the code with this seed.
fn by_code(mailbox: MailboxId, seed: u8, nonce: u32) -> Proven<ByRecoveryKey> {
    Proven::for_test(mailbox, RequestKeyId::of(&key(seed)), NOW, &format!("{nonce:022}"))
}

fn recovery_key(seed: u8, bundle: &[u8]) -> NewRecoveryKey {
    NewRecoveryKey { key: key(seed), bundle: bundle.to_vec() }
}

/// Which of these recovery keys are registered, each for this mailbox.
async fn registered(store: &Store, mailbox: MailboxId, seeds: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    for seed in seeds {
        let id = RequestKeyId::of(&key(*seed));
        if let Some(known) = store.recovery_key(id).await.unwrap() {
            assert_eq!((known.mailbox, known.key), (mailbox, key(*seed)));
            found.push(*seed);
        }
    }
    found
}

async fn a_voucher_opens_one_mailbox_with_one_list(store: &Store) {
    assert_eq!(store.open_mailbox(new(1, &[1]), NOW + 11).await, Ok(Opening::Expired));
    assert_eq!(store.open_mailbox(new(1, &[1]), NOW).await, Ok(Opening::Open));
    assert_eq!(store.open_mailbox(new(1, &[1]), NOW + 99).await, Ok(Opening::Open));
    let other_list = NewMailbox { signed_list: b"other".to_vec(), ..new(1, &[1]) };
    assert_eq!(store.open_mailbox(other_list, NOW).await, Ok(Opening::VoucherSpent));
    let other_voucher = NewMailbox { voucher: VoucherId::from([99; 16]), ..new(1, &[1]) };
    assert_eq!(store.open_mailbox(other_voucher, NOW).await, Ok(Opening::OtherVoucher));
}

async fn an_access_list_replaces_an_older_one_only(store: &Store) {
    let mailbox = open(store, 2).await;
    let change = |counter, keys: &[u8]| change(&list(mailbox, counter, keys), 200);
    let in_force = store.replace_access(by(mailbox, NOW, 1), change(2, &[2, 22]), NOW).await;
    assert_eq!(in_force, Ok(Replacement::InForce));
    let again = store.replace_access(by(mailbox, NOW, 2), change(2, &[2, 22]), NOW).await;
    assert_eq!(again, Ok(Replacement::InForce));
    for (nonce, counter) in [(3, 2), (4, 1), (5, 4), (6, u64::MAX)] {
        let out_of_turn = store.replace_access(by(mailbox, NOW, nonce), change(counter, &[2]), NOW).await;
        assert_eq!(out_of_turn, Ok(Replacement::Refused(AccessError::OutOfTurn)));
    }
    // The device is removed, and with it the access key that it has.
    let without = AccessList { next_access_key: key(201), ..list(mailbox, 3, &[22]) };
    let removed = store.replace_access(by(mailbox, NOW, 7), self::change(&without, 200), NOW).await;
    assert_eq!(removed, Ok(Replacement::InForce));
    let other = |nonce| Proven::for_test(mailbox, RequestKeyId::of(&key(22)), NOW, &format!("{nonce:022}"));
    let back = store.replace_access(other(8), change(4, &[2, 22]), NOW).await;
    assert_eq!(back, Ok(Replacement::Refused(AccessError::Forged)));
    assert!(store.request_key(RequestKeyId::of(&key(2))).await.unwrap().is_none());
    assert!(store.request_key(RequestKeyId::of(&key(22))).await.unwrap().is_some());
    assert_eq!(store.spend(by(mailbox, NOW, 9), NOW).await, Err(Denied::KeyGone));
}

async fn a_request_key_belongs_to_one_mailbox(store: &Store) {
    let mailbox = open(store, 3).await;
    assert_eq!(store.open_mailbox(new(4, &[3]), NOW).await, Ok(Opening::KeyTaken));
    assert_eq!(store.open_mailbox(new(4, &[4]), NOW).await, Ok(Opening::Open));
    let theirs = change(&list(mailbox, 2, &[3, 4]), 200);
    assert_eq!(store.replace_access(by(mailbox, NOW, 1), theirs, NOW).await, Ok(Replacement::KeyTaken));
    let found = store.request_key(RequestKeyId::of(&key(4))).await.unwrap().unwrap();
    assert_eq!(found.mailbox, MailboxId::from([4; 16]));
}

async fn a_nonce_works_once(store: &Store) {
    let mailbox = open(store, 5).await;
    assert_eq!(store.spend(by(mailbox, NOW, 1), NOW).await, Ok(()));
    assert_eq!(store.spend(by(mailbox, NOW, 1), NOW).await, Err(Denied::Replayed));
    assert_eq!(store.spend(by(mailbox, NOW, 2), NOW).await, Ok(()));
    // A request that came to nothing cannot be tried again either.
    let conflict = store.put_archive(by(mailbox, NOW, 3), put(1, 7, 8, b"object", &[]), NOW).await;
    assert_eq!(conflict, Ok(Putting::Conflict));
    let replayed = store.put_archive(by(mailbox, NOW, 3), put(1, 0, 1, b"object", &[]), NOW).await;
    assert_eq!(replayed, Err(Denied::Replayed));
    // Remembered for as long as promised, whatever else happens meanwhile.
    for nonce in 10..40 {
        assert_eq!(store.spend(by(mailbox, NOW, nonce), NOW + NONCE_LIFE).await, Ok(()));
    }
    assert_eq!(store.spend(by(mailbox, NOW, 1), NOW + NONCE_LIFE).await, Err(Denied::Replayed));
}

async fn a_permit_is_spent_by_one_letter(store: &Store) {
    let mailbox = open(store, 6).await;
    let late = store.deposit(letter(mailbox, 1, b"one"), NOW + 11).await;
    assert_eq!(late, Ok(Deposited::Expired));
    let Ok(Deposited::Stored(first)) = store.deposit(letter(mailbox, 1, b"one"), NOW).await else {
        panic!("a deposit was refused");
    };
    for later in [NOW, NOW + 11, NOW + 1000] {
        let again = store.deposit(letter(mailbox, 1, b"one"), later).await;
        assert_eq!(again, Ok(Deposited::Repeated(first.clone())));
        let other = store.deposit(letter(mailbox, 1, b"two"), later).await;
        assert_eq!(other, Ok(Deposited::PermitSpent));
    }
    let other_key = NewDeposit { inbox_key: InboxKeyId::from([8; 16]), ..letter(mailbox, 2, b"x") };
    assert_eq!(store.deposit(other_key, NOW).await, Ok(Deposited::KeyNotAccepted));
    let nowhere = letter(MailboxId::from([251; 16]), 2, b"x");
    assert_eq!(store.deposit(nowhere, NOW).await, Ok(Deposited::KeyNotAccepted));
    assert_eq!(store.letters_after(mailbox, 0, PAGE).await.unwrap().letters.len(), 1);
}

async fn concurrent_deposits_make_one_chain(store: &Store) {
    let mailbox = open(store, 7).await;
    let quota = LetterQuota { letters: 1000, bytes: 1_000_000 };
    let running: Vec<_> = (0..64)
        .map(|permit| {
            let store = Arc::clone(store);
            let new = NewDeposit { quota, ..letter(mailbox, permit, &[permit; 100]) };
            tokio::spawn(async move { store.deposit(new, NOW).await })
        })
        .collect();
    let mut heads = Vec::new();
    for deposit in running {
        match deposit.await.unwrap() {
            Ok(Deposited::Stored(receipt)) => heads.push(receipt.head),
            other => panic!("{other:?}"),
        }
    }
    let listed = store.letters_after(mailbox, 0, PAGE).await.unwrap();
    assert_eq!(listed.letters.len(), 64);
    let (mut head, mut last) = (ChainHead::start(mailbox), 0);
    for letter in &listed.letters {
        assert!(letter.deposit.sequence > last);
        last = letter.deposit.sequence;
        head = head.after(mailbox, &letter.deposit);
        assert!(heads.contains(&head), "each receipt names a head of the one chain");
        assert_eq!(envelope_digest(letter.envelope.as_ref().unwrap()), letter.deposit.digest.0);
    }
    assert_eq!((listed.last, listed.head), (last, head));
    assert_eq!(store.sequences_after(mailbox, last - 2, 9).await, Ok(vec![last - 1, last]));
}

async fn a_mailbox_takes_no_more_than_its_quota(store: &Store) {
    let mailbox = open(store, 8).await;
    let large = NewDeposit { quota: LetterQuota { bytes: 10, ..QUOTA }, ..letter(mailbox, 1, &[1; 11]) };
    assert_eq!(store.deposit(large, NOW).await, Ok(Deposited::Full));
    for permit in 1..=3 {
        let stored = store.deposit(letter(mailbox, permit, &[permit]), NOW).await;
        assert!(matches!(stored, Ok(Deposited::Stored(_))));
    }
    assert_eq!(store.deposit(letter(mailbox, 4, b"4"), NOW).await, Ok(Deposited::Full));
    // What is filed does not count any more, and the permit was not spent.
    let filed = store.put_archive(by(mailbox, NOW, 1), put(1, 0, 1, b"object", &[1, 2]), NOW).await;
    assert_eq!(filed, Ok(Putting::Done));
    assert!(matches!(store.deposit(letter(mailbox, 4, b"4"), NOW).await, Ok(Deposited::Stored(_))));

    assert_eq!(
        store.put_archive(by(mailbox, NOW, 2), put(2, 0, 1, b"object", &[]), NOW).await,
        Ok(Putting::Done)
    );
    assert_eq!(
        store.put_archive(by(mailbox, NOW, 3), put(3, 0, 1, b"object", &[]), NOW).await,
        Ok(Putting::Full)
    );
}

async fn filing_and_acknowledging_is_one_step(store: &Store) {
    let mailbox = open(store, 9).await;
    for permit in 1..=2 {
        store.deposit(letter(mailbox, permit, &[permit]), NOW).await.unwrap();
    }
    let unknown = store.put_archive(by(mailbox, NOW, 1), put(1, 0, 1, b"object", &[1, 3]), NOW).await;
    assert_eq!(unknown, Ok(Putting::NoSuchLetter));
    assert_eq!(store.archive_object(mailbox, ObjectId::from([1; 16])).await, Ok(None));
    let listed = store.letters_after(mailbox, 0, PAGE).await.unwrap();
    assert!(listed.letters.iter().all(|letter| letter.envelope.is_some()));

    let done = store.put_archive(by(mailbox, NOW, 2), put(1, 0, 1, b"object", &[1]), NOW).await;
    assert_eq!(done, Ok(Putting::Done));
    let again = store.put_archive(by(mailbox, NOW, 3), put(1, 0, 1, b"object", &[1]), NOW).await;
    assert_eq!(again, Ok(Putting::Done));
    let after = store.letters_after(mailbox, 0, PAGE).await.unwrap();
    assert_eq!((after.last, after.head), (listed.last, listed.head));
    assert_eq!(after.letters[0].deposit, listed.letters[0].deposit);
    assert_eq!(after.letters[0].envelope, None);
    assert_eq!(after.letters[1], listed.letters[1]);
}

async fn of_two_puts_on_one_version_one_wins(store: &Store) {
    let mailbox = open(store, 10).await;
    assert_eq!(
        store.put_archive(by(mailbox, NOW, 1), put(1, 0, 4, b"first", &[]), NOW).await,
        Ok(Putting::Done)
    );
    let running: Vec<_> = (0..16_u8)
        .map(|racer| {
            let store = Arc::clone(store);
            let request = by(mailbox, NOW, 100 + u32::from(racer));
            tokio::spawn(async move { store.put_archive(request, put(1, 4, 5, &[racer], &[]), NOW).await })
        })
        .collect();
    let mut wins = 0;
    for race in running {
        match race.await.unwrap() {
            Ok(Putting::Done) => wins += 1,
            Ok(Putting::Conflict) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(wins, 1);
    // Each object is listed once, by its latest change.
    let listed = store.archive_after(mailbox, 0, 9).await.unwrap();
    assert_eq!(listed.objects.len(), 1);
    assert_eq!((listed.objects[0].counter, listed.objects[0].change), (5, listed.last));
    assert!(store.archive_after(mailbox, listed.last, 9).await.unwrap().objects.is_empty());
}

async fn large_objects_come_back_whole(store: &Store) {
    let mailbox = open(store, 11).await;
    let mut counter = 0;
    for length in [1, 65_536, 65_537, 98_304, 3] {
        let object: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
        let next = put(1, counter, counter + 1, &object, &[]);
        counter += 1;
        let nonce = u32::try_from(counter).unwrap();
        assert_eq!(store.put_archive(by(mailbox, NOW, nonce), next, NOW).await, Ok(Putting::Done));
        let stored = store.archive_object(mailbox, ObjectId::from([1; 16])).await.unwrap().unwrap();
        assert_eq!((stored.counter, stored.object == object), (counter, true), "{length}");
    }
}

async fn what_is_due_goes_and_nothing_else_does(store: &Store) {
    let mailbox = open(store, 12).await;
    for permit in 1..=2 {
        store.deposit(letter(mailbox, permit, &[permit]), NOW).await.unwrap();
    }
    let filed = store.put_archive(by(mailbox, NOW, 1), put(1, 0, 1, b"object", &[1]), NOW).await;
    assert_eq!(filed, Ok(Putting::Done));
    let later = NOW + HIDDEN_LIFE + SPENT_PERMIT_LIFE;
    store.spend(by(mailbox, later, 2), later).await.unwrap();
    // The permits are forgotten, and still worth nothing.
    let again = store.deposit(letter(mailbox, 1, &[1]), later).await;
    assert_eq!(again, Ok(Deposited::Expired));
    let listed = store.letters_after(mailbox, 0, PAGE).await.unwrap();
    assert_eq!(listed.letters.len(), 2, "the chain can still be followed");
    assert_eq!(listed.letters[1].envelope, Some(vec![2]), "what is not acknowledged stays");
}

async fn pages_are_bounded_and_lead_to_the_end(store: &Store) {
    let mailbox = open(store, 13).await;
    for permit in 1..=3 {
        store.deposit(letter(mailbox, permit, &[permit; 100]), NOW).await.unwrap();
    }
    for limits in [PageLimits { entries: 1, bytes: 1000 }, PageLimits { entries: 9, bytes: 1 }] {
        let (mut after, mut seen) = (0, 0);
        loop {
            let page = store.letters_after(mailbox, after, limits).await.unwrap();
            assert_eq!(page.letters.len(), 1);
            after = page.letters[0].deposit.sequence;
            seen += 1;
            if after == page.last {
                break;
            }
        }
        assert_eq!(seen, 3);
    }
}

async fn what_is_announced_stands_beside_what_a_device_kept(store: &Store) {
    let mailbox = open(store, 14).await;
    let all = [110, 111, 112, 113, 114];
    let kept = store.keep_recovery_key(by(mailbox, NOW, 1), recovery_key(110, b"ten"), NOW).await;
    assert_eq!(kept, Ok(Registering::Done));
    for (nonce, asks, announced, expected) in [
        (2, 110, 111, &[110, 111][..]),
        (3, 110, 111, &[110, 111]),
        (4, 110, 112, &[110, 112]),
        (5, 112, 113, &[110, 112, 113]),
        (11, 113, 111, &[110, 113, 111]),
        (12, 110, 113, &[110, 113]),
    ] {
        let new = recovery_key(announced, &[announced]);
        let announcing = store.announce_recovery_key(by_code(mailbox, asks, nonce), new, NOW).await;
        assert_eq!(announcing, Ok(Registering::Done));
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(registered(store, mailbox, &all).await, expected, "{asks} announces {announced}");
    }
    let pushed_out = store.announce_recovery_key(by_code(mailbox, 113, 13), recovery_key(110, b"x"), NOW);
    assert_eq!(pushed_out.await, Ok(Registering::KeyTaken));
    let found = store.recovery_bundle(by_code(mailbox, 113, 6), NOW).await;
    assert_eq!(found, Ok(StoredBundle { access_counter: 1, bundle: vec![113] }));
    // A device changes nothing of it.
    for (nonce, other, bundle) in [(7, 114, &b"last"[..]), (8, 110, b"garbage")] {
        let kept = store.keep_recovery_key(by(mailbox, NOW, nonce), recovery_key(other, bundle), NOW).await;
        assert_eq!(kept, Ok(Registering::KeyTaken));
    }
    let found = store.recovery_bundle(by_code(mailbox, 110, 9), NOW).await;
    assert_eq!(found, Ok(StoredBundle { access_counter: 1, bundle: b"ten".to_vec() }));
    // What is gone can do nothing any more.
    let restarted = change(&list(mailbox, 2, &[14]), 110);
    let restarted = store.restart(by_code(mailbox, 110, 14), restarted, recovery_key(110, b"ten"), NOW).await;
    assert_eq!(restarted, Ok(Replacement::InForce));
    let gone = store.recovery_bundle(by_code(mailbox, 113, 10), NOW).await;
    assert_eq!(gone, Err(Denied::KeyGone));
    let gone = store.announce_recovery_key(by_code(mailbox, 113, 10), recovery_key(111, b"x"), NOW).await;
    assert_eq!(gone, Err(Denied::KeyGone));
    let list = change(&list(mailbox, 3, &[14]), 113);
    assert_eq!(
        store.restart(by_code(mailbox, 113, 10), list, recovery_key(113, b"new"), NOW).await,
        Err(Denied::KeyGone)
    );
    assert_eq!(registered(store, mailbox, &all).await, [110]);
}

async fn a_key_is_of_one_mailbox_and_of_one_kind(store: &Store) {
    let (mine, theirs) = (open(store, 15).await, open(store, 16).await);
    // A request key becomes no recovery key, neither a device's own nor another mailbox's, and another
    // mailbox's recovery key does not either.
    for (nonce, taken) in [(2, 15), (3, 16)] {
        let kept = store.keep_recovery_key(by(mine, NOW, nonce), recovery_key(taken, b"x"), NOW).await;
        assert_eq!(kept, Ok(Registering::KeyTaken), "{taken}");
    }
    let kept = store.keep_recovery_key(by(mine, NOW, 1), recovery_key(115, b"mine"), NOW).await;
    assert_eq!(kept, Ok(Registering::Done));
    for (nonce, mailbox, taken) in [(2, theirs, 15), (3, theirs, 115)] {
        let kept = store.keep_recovery_key(by(mailbox, NOW, nonce), recovery_key(taken, b"x"), NOW).await;
        assert_eq!(kept, Ok(Registering::KeyTaken), "{taken}");
    }
    for (nonce, taken) in [(4, 15), (5, 16), (6, 115)] {
        let asks = by_code(mine, 115, nonce);
        let announced = store.announce_recovery_key(asks, recovery_key(taken, b"x"), NOW).await;
        assert_eq!(announced, Ok(Registering::KeyTaken), "{taken}");
    }
    // A recovery key becomes no request key.
    assert_eq!(store.open_mailbox(new(250, &[115]), NOW).await, Ok(Opening::KeyTaken));
    for (nonce, mailbox, device) in [(7, mine, 15), (4, theirs, 16)] {
        let list = change(&list(mailbox, 2, &[device, 115]), 200);
        let replaced = store.replace_access(by(mailbox, NOW, nonce), list, NOW).await;
        assert_eq!(replaced, Ok(Replacement::KeyTaken));
    }
    for (nonce, taken) in [(8, 16), (9, 115)] {
        let list = change(&list(mine, 2, &[taken]), 115);
        let restarted = store.restart(by_code(mine, 115, nonce), list, recovery_key(115, b"new"), NOW).await;
        assert_eq!(restarted, Ok(Replacement::KeyTaken), "{taken}");
    }
    // None of this changed anything.
    assert_eq!(store.spend(by(mine, NOW, 10), NOW).await, Ok(()));
    assert_eq!(store.spend(by(theirs, NOW, 10), NOW).await, Ok(()));
    assert!(store.request_key(RequestKeyId::of(&key(115))).await.unwrap().is_none());
    let found = store.recovery_bundle(by_code(mine, 115, 11), NOW).await;
    assert_eq!(found, Ok(StoredBundle { access_counter: 1, bundle: b"mine".to_vec() }));
    // A recovery key that is gone may be anybody's.
    let list = change(&list(mine, 2, &[15]), 116);
    let restarted = store.restart(by_code(mine, 115, 12), list, recovery_key(116, b"next"), NOW).await;
    assert_eq!(restarted, Ok(Replacement::InForce));
    let kept = store.keep_recovery_key(by(theirs, NOW, 12), recovery_key(115, b"theirs"), NOW).await;
    assert_eq!(kept, Ok(Registering::Done));
    assert_eq!(registered(store, theirs, &[115]).await, [115]);
}

/// `LBX-ACCESS-2`
async fn a_restart_follows_the_list_in_force_and_leaves_one_recovery_key(store: &Store) {
    let mailbox = open(store, 17).await;
    store.keep_recovery_key(by(mailbox, NOW, 1), recovery_key(117, b"old"), NOW).await.unwrap();
    let announced = recovery_key(118, b"new");
    store.announce_recovery_key(by_code(mailbox, 117, 2), announced, NOW).await.unwrap();
    let next = |counter| list(mailbox, counter, &[120]);
    let elsewhere = list(MailboxId::from([14; 16]), 2, &[120]);
    for (nonce, refused, error) in [
        (3, change(&next(2), 200), AccessError::Forged),
        (4, change(&next(2), 117), AccessError::Forged),
        (5, change(&next(1), 118), AccessError::OutOfTurn),
        (6, change(&next(3), 118), AccessError::OutOfTurn),
        (7, change(&elsewhere, 118), AccessError::OtherMailbox),
    ] {
        let restarted =
            store.restart(by_code(mailbox, 118, nonce), refused, recovery_key(118, b"new"), NOW).await;
        assert_eq!(restarted, Ok(Replacement::Refused(error)));
    }
    assert_eq!(store.spend(by(mailbox, NOW, 8), NOW).await, Ok(()));
    assert_eq!(registered(store, mailbox, &[117, 118]).await, [117, 118]);

    for nonce in [9, 10] {
        let restarted = store
            .restart(by_code(mailbox, 118, nonce), change(&next(2), 118), recovery_key(118, b"new"), NOW)
            .await;
        assert_eq!(restarted, Ok(Replacement::InForce));
        assert_eq!(store.spend(by(mailbox, NOW, 11), NOW).await, Err(Denied::KeyGone));
        assert!(store.request_key(RequestKeyId::of(&key(17))).await.unwrap().is_none());
        assert!(store.request_key(RequestKeyId::of(&key(120))).await.unwrap().is_some());
        assert_eq!(registered(store, mailbox, &[117, 118]).await, [118]);
    }
    // Sent again, it takes nothing away that was announced since.
    store.announce_recovery_key(by_code(mailbox, 118, 16), recovery_key(119, b"x"), NOW).await.unwrap();
    let again =
        store.restart(by_code(mailbox, 118, 17), change(&next(2), 118), recovery_key(118, b"new"), NOW);
    assert_eq!(again.await, Ok(Replacement::InForce));
    assert_eq!(registered(store, mailbox, &[118, 119]).await, [118, 119]);
    let found = store.recovery_bundle(by_code(mailbox, 118, 12), NOW).await;
    assert_eq!(found, Ok(StoredBundle { access_counter: 2, bundle: b"new".to_vec() }));

    // A list that the devices put in force is none that restarts.
    let device = Proven::for_test(mailbox, RequestKeyId::of(&key(120)), NOW, &format!("{:022}", 13));
    let replaced = store.replace_access(device, change(&next(3), 200), NOW).await;
    assert_eq!(replaced, Ok(Replacement::InForce));
    let restarted =
        store.restart(by_code(mailbox, 118, 14), change(&next(3), 200), recovery_key(118, b"new"), NOW).await;
    assert_eq!(restarted, Ok(Replacement::Refused(AccessError::Forged)));
    let stale =
        store.restart(by_code(mailbox, 118, 15), change(&next(2), 118), recovery_key(118, b"new"), NOW).await;
    assert_eq!(stale, Ok(Replacement::Refused(AccessError::OutOfTurn)));
}

async fn a_refused_recovery_request_spends_its_nonce_and_nothing_else(store: &Store) {
    let mailbox = open(store, 18).await;
    let kept = store.keep_recovery_key(by(mailbox, NOW, 1), recovery_key(18, b"x"), NOW).await;
    assert_eq!(kept, Ok(Registering::KeyTaken));
    let again = store.keep_recovery_key(by(mailbox, NOW, 1), recovery_key(121, b"x"), NOW).await;
    assert_eq!(again, Err(Denied::Replayed));
    assert!(registered(store, mailbox, &[18, 121]).await.is_empty());

    store.keep_recovery_key(by(mailbox, NOW, 2), recovery_key(121, b"kept"), NOW).await.unwrap();
    let announced = store.announce_recovery_key(by_code(mailbox, 121, 3), recovery_key(18, b"x"), NOW).await;
    assert_eq!(announced, Ok(Registering::KeyTaken));
    let again = store.announce_recovery_key(by_code(mailbox, 121, 3), recovery_key(122, b"x"), NOW).await;
    assert_eq!(again, Err(Denied::Replayed));
    let good = || change(&list(mailbox, 2, &[123]), 121);
    assert_eq!(
        store.restart(by_code(mailbox, 121, 3), good(), recovery_key(121, b"new"), NOW).await,
        Err(Denied::Replayed)
    );
    assert_eq!(store.recovery_bundle(by_code(mailbox, 121, 3), NOW).await, Err(Denied::Replayed));
    let forged = store
        .restart(
            by_code(mailbox, 121, 4),
            change(&list(mailbox, 2, &[123]), 122),
            recovery_key(121, b"new"),
            NOW,
        )
        .await;
    assert_eq!(forged, Ok(Replacement::Refused(AccessError::Forged)));
    assert_eq!(
        store.restart(by_code(mailbox, 121, 4), good(), recovery_key(121, b"new"), NOW).await,
        Err(Denied::Replayed)
    );
    assert_eq!(registered(store, mailbox, &[121, 122]).await, [121]);
    assert_eq!(store.spend(by(mailbox, NOW, 5), NOW).await, Ok(()));
}

/// A request that reads, or ends a session, by the key with this seed.
fn by_key<By>(mailbox: MailboxId, seed: u8, created: u64, nonce: u32) -> Proven<By> {
    Proven::for_test(mailbox, RequestKeyId::of(&key(seed)), created, &format!("{nonce:022}"))
}

fn reading(mailbox: MailboxId, seed: u8, created: u64, nonce: u32) -> Proven<ByReader> {
    by_key(mailbox, seed, created, nonce)
}

fn leaving(mailbox: MailboxId, seed: u8, created: u64, nonce: u32) -> Proven<BySession> {
    by_key(mailbox, seed, created, nonce)
}

/// A mailbox whose code has this seed.
async fn with_code(store: &Store, number: u8, seed: u8) -> MailboxId {
    let mailbox = open(store, number).await;
    let kept = store.keep_recovery_key(by(mailbox, NOW, 1), recovery_key(seed, b"bundle"), NOW).await;
    assert_eq!(kept, Ok(Registering::Done));
    mailbox
}

/// `LBX-SESSION-4` to `LBX-SESSION-7`
async fn a_session_reads_until_it_is_over_and_is_remembered(store: &Store) {
    let mailbox = with_code(store, 19, 130).await;
    let opened = |nonce| store.open_session(by_code(mailbox, 130, nonce), key(131), NOW);
    assert_eq!(opened(2).await, Ok(SessionOpening::New));
    assert_eq!(opened(3).await, Ok(SessionOpening::Open));
    // A nonce works once, and an answer that is lost is asked for with another one.
    assert_eq!(opened(3).await, Err(Denied::Replayed));
    assert!(store.session_key(RequestKeyId::of(&key(131))).await.unwrap().is_some());
    assert!(store.request_key(RequestKeyId::of(&key(131))).await.unwrap().is_none());

    assert_eq!(store.spend_reading(reading(mailbox, 131, NOW, 4), NOW).await, Ok(()));
    assert_eq!(store.spend_reading(reading(mailbox, 131, NOW, 4), NOW).await, Err(Denied::Replayed));
    // A device reads as before, and is not taken for a session.
    assert_eq!(store.spend_reading(reading(mailbox, 19, NOW, 5), NOW).await, Ok(()));
    let later = NOW + PAUSE;
    assert_eq!(store.spend_reading(reading(mailbox, 131, later, 6), later).await, Ok(()));
    let session = StoredSession { key: RequestKeyId::of(&key(131)), opened: NOW, asked: later, ended: None };
    assert_eq!(store.sessions(mailbox).await, Ok(vec![session]));
    let over = later + PAUSE + 1;
    assert_eq!(store.spend_reading(reading(mailbox, 131, over, 7), over).await, Err(Denied::KeyGone));
    assert_eq!(store.end_own_session(leaving(mailbox, 131, over, 8), over).await, Err(Denied::KeyGone));
    let again = store.open_session(by_code(mailbox, 130, 9), key(131), NOW + LIFE + 1).await;
    assert_eq!(again, Ok(SessionOpening::Over));
    // Ended after its time, it is over by its time.
    let ended = store.end_session(by(mailbox, NOW, 10), RequestKeyId::of(&key(131)), over).await;
    assert_eq!(ended, Ok(true));
    let session = StoredSession { ended: Some((later + PAUSE, SessionEnd::Time)), ..session };
    assert_eq!(store.sessions(mailbox).await, Ok(vec![session]));
    // Also by a clock that is set back.
    let denied = store.spend_reading(reading(mailbox, 131, later, 13), later).await;
    assert_eq!(denied, Err(Denied::KeyGone));
    assert_eq!(store.end_session(by(mailbox, NOW, 11), RequestKeyId::of(&key(132)), over).await, Ok(false));

    let forgotten = NOW + REMEMBERED + 1;
    store.spend(by(mailbox, forgotten, 12), forgotten).await.unwrap();
    assert_eq!(store.sessions(mailbox).await, Ok(Vec::new()));
    assert!(store.session_key(RequestKeyId::of(&key(131))).await.unwrap().is_none());
}

async fn a_session_is_of_one_mailbox_and_a_restart_ends_it(store: &Store) {
    let (mine, theirs) = (with_code(store, 20, 133).await, with_code(store, 21, 134).await);
    let opened = store.open_session(by_code(mine, 133, 2), key(135), NOW).await;
    assert_eq!(opened, Ok(SessionOpening::New));
    for taken in [20, 21, 133, 134] {
        let opened = store.open_session(by_code(mine, 133, u32::from(taken)), key(taken), NOW).await;
        assert_eq!(opened, Ok(SessionOpening::KeyTaken), "{taken}");
    }
    let opened = store.open_session(by_code(theirs, 134, 2), key(135), NOW).await;
    assert_eq!(opened, Ok(SessionOpening::KeyTaken));
    let ended = store.end_session(by(theirs, NOW, 3), RequestKeyId::of(&key(135)), NOW).await;
    assert_eq!(ended, Ok(false));
    assert_eq!(store.spend_reading(reading(theirs, 135, NOW, 4), NOW).await, Err(Denied::KeyGone));
    assert_eq!(store.spend_reading(reading(mine, 135, NOW, 5), NOW).await, Ok(()));
    assert_eq!(store.sessions(theirs).await, Ok(Vec::new()));

    let restart = change(&list(mine, 2, &[136]), 133);
    let restarted =
        store.restart(by_code(mine, 133, 6), restart, recovery_key(133, b"bundle"), NOW + 7).await;
    assert_eq!(restarted, Ok(Replacement::InForce));
    assert_eq!(store.spend_reading(reading(mine, 135, NOW, 8), NOW).await, Err(Denied::KeyGone));
    let told = store.sessions(mine).await.unwrap();
    assert_eq!(told[0].ended, Some((NOW + 7, SessionEnd::Restart)));
}
