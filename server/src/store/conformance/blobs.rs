//! Attachments. Ids are of one mailbox, so each function has its own.

use std::sync::Arc;

use relay_auth::{
    cbor::{Suite, Version},
    id::{BlobId, InboxKeyId, MailboxId, PermitId},
    permit::Permit,
    receipt::MOST_BLOBS,
};
use tokio::io::AsyncReadExt as _;

use super::{INBOX_KEY, NOW, QUOTA, Store, by, letter, open};
use crate::{
    blobs::{BlobQuota, Collection, NewPart, Part, PartOutcome, UPLOAD_LIFE, UPLOAD_PAUSE},
    deposits::{Deposited, LetterQuota, NewDeposit},
    store::Denied,
};

/// What a permit allows here.
const OF_PERMIT: u64 = 100;
/// What a mailbox may hold here.
pub(super) const OF_MAILBOX: BlobQuota = BlobQuota { bytes: 250, upload_bytes: 250 };
/// When an upload that nobody went on with has ended.
const AFTER: u64 = NOW + UPLOAD_PAUSE + 1;
/// When no upload from before is left, whatever came on its permit.
const LATER: u64 = NOW + UPLOAD_LIFE + 1;

pub(super) async fn all(store: &Store) {
    parts_become_an_attachment_by_the_deposit_that_names_it(store).await;
    an_attachment_is_of_one_mailbox_one_permit_and_one_length(store).await;
    an_attachment_that_is_not_whole_spends_nothing(store).await;
    a_permit_that_is_late_spent_or_for_another_key_uploads_nothing(store).await;
    of_parts_at_once_one_is_stored(store).await;
    what_is_declared_counts_until_its_time_is_over(store).await;
    uploads_that_have_ended_go_before_room_is_judged(store).await;
    an_upload_waits_an_hour_for_what_comes_on_its_permit_and_a_day_at_most(store).await;
    what_is_adopted_counts_until_a_device_deletes_it(store).await;
    a_deletion_is_of_an_adopted_attachment_of_the_own_mailbox(store).await;
    a_permit_has_no_more_uploads_than_a_letter_has_attachments(store).await;
    collecting_takes_nothing_that_is_wanted(store).await;
}

fn permit(mailbox: MailboxId, id: u8) -> Permit {
    Permit {
        version: Version,
        suite: Suite,
        mailbox,
        inbox_key: InboxKeyId::from(INBOX_KEY),
        not_after: LATER + 10,
        id: PermitId::from([id; 16]),
        blob_quota: OF_PERMIT,
    }
}

fn blob(id: u8) -> BlobId {
    BlobId::from([id; 16])
}

fn part(permit: &Permit, blob: BlobId, length: u64, offset: u64, bytes: &[u8]) -> NewPart {
    let part = Part { blob, length, offset, bytes: bytes.to_vec() };
    NewPart { permit: permit.clone(), part, quota: OF_MAILBOX }
}

/// A part of that many bytes at the start of an upload.
async fn begin(store: &Store, permit: &Permit, id: u8, length: u64, sent: u8, now: u64) -> PartOutcome {
    let bytes = vec![id; usize::from(sent)];
    store.store_part(part(permit, blob(id), length, 0, &bytes), now).await.unwrap()
}

fn stored(received: u64) -> PartOutcome {
    PartOutcome::Stored { received }
}

fn with(permit: &Permit, blobs: &[u8]) -> NewDeposit {
    let blobs = blobs.iter().map(|id| blob(*id)).collect();
    let (not_after, quota) = (permit.not_after, LetterQuota { letters: 10, ..QUOTA });
    NewDeposit { permit: permit.id, not_after, blobs, quota, ..letter(permit.mailbox, 0, b"letter") }
}

async fn deposited(store: &Store, permit: &Permit, blobs: &[u8], now: u64) {
    let outcome = store.deposit(with(permit, blobs), now).await;
    assert!(matches!(outcome, Ok(Deposited::Stored(_))), "{outcome:?}");
}

/// What a device of the mailbox reads.
async fn content(store: &Store, mailbox: MailboxId, id: u8, offset: u64) -> Option<(u64, Vec<u8>)> {
    let mut found = store.open_blob(mailbox, blob(id), offset).await.unwrap()?;
    let mut bytes = Vec::new();
    found.content.read_to_end(&mut bytes).await.unwrap();
    Some((found.length, bytes))
}

async fn parts_become_an_attachment_by_the_deposit_that_names_it(store: &Store) {
    let mailbox = open(store, 30).await;
    let permit = permit(mailbox, 1);
    let send = |offset, bytes: &[u8]| store.store_part(part(&permit, blob(1), 11, offset, bytes), NOW);
    assert_eq!(send(3, b"early").await, Ok(PartOutcome::OutOfTurn { received: 0 }));
    assert_eq!(send(0, b"first").await, Ok(stored(5)));
    // Sent again, as after a lost answer.
    assert_eq!(send(0, b"first").await, Ok(PartOutcome::OutOfTurn { received: 5 }));
    assert_eq!(send(6, b"econd").await, Ok(PartOutcome::OutOfTurn { received: 5 }));
    assert_eq!(send(5, b"second").await, Ok(stored(11)));
    assert_eq!(send(5, b"altere").await, Ok(PartOutcome::OutOfTurn { received: 11 }));
    assert_eq!(content(store, mailbox, 1, 0).await, None, "nobody was sent it yet");

    assert_eq!(begin(store, &permit, 2, 3, 3, NOW).await, stored(3));
    let Ok(Deposited::Stored(receipt)) = store.deposit(with(&permit, &[2, 1]), NOW).await else {
        panic!("a deposit was refused");
    };
    assert_eq!(receipt.blobs, [blob(2), blob(1)]);
    assert_eq!(content(store, mailbox, 1, 0).await, Some((11, b"firstsecond".to_vec())));
    assert_eq!(content(store, mailbox, 1, 5).await, Some((11, b"second".to_vec())));
    assert_eq!(content(store, mailbox, 1, 11).await, Some((11, Vec::new())));
    assert_eq!(content(store, mailbox, 2, 0).await, Some((3, vec![2; 3])));

    let again = store.deposit(with(&permit, &[2, 1]), NOW + 1000).await;
    assert_eq!(again, Ok(Deposited::Repeated(receipt.clone())));
    for other in [&[1, 2][..], &[2], &[]] {
        assert_eq!(store.deposit(with(&permit, other), NOW).await, Ok(Deposited::PermitSpent), "{other:?}");
    }
    let listed = store.letters_after(mailbox, 0, super::PAGE).await.unwrap();
    assert_eq!(listed.letters[0].deposit.blobs, receipt.blobs);
    assert_eq!(listed.letters[0].receipt, receipt);
    assert_eq!(listed.head, receipt.head);
}

async fn an_attachment_is_of_one_mailbox_one_permit_and_one_length(store: &Store) {
    let (mine, theirs) = (open(store, 31).await, open(store, 32).await);
    let (first, second, elsewhere) = (permit(mine, 1), permit(mine, 2), permit(theirs, 1));
    assert_eq!(begin(store, &first, 10, 5, 5, NOW).await, stored(5));
    // Also once it is adopted.
    for _ in 0..2 {
        assert_eq!(begin(store, &second, 10, 5, 5, NOW).await, PartOutcome::Taken);
        assert_eq!(begin(store, &elsewhere, 10, 5, 5, NOW).await, PartOutcome::Taken);
        for thief in [&second, &elsewhere] {
            assert_eq!(store.deposit(with(thief, &[10]), NOW).await, Ok(Deposited::BlobMissing));
        }
        if content(store, mine, 10, 0).await.is_none() {
            assert_eq!(begin(store, &first, 10, 6, 5, NOW).await, PartOutcome::Taken);
            deposited(store, &first, &[10], NOW).await;
        }
    }
    assert_eq!(content(store, mine, 10, 0).await, Some((5, vec![10; 5])));
    assert_eq!(content(store, theirs, 10, 0).await, None);
    assert_eq!(content(store, mine, 11, 0).await, None);
}

async fn an_attachment_that_is_not_whole_spends_nothing(store: &Store) {
    let mailbox = open(store, 33).await;
    let permit = permit(mailbox, 1);
    assert_eq!(begin(store, &permit, 20, 5, 5, NOW).await, stored(5));
    assert_eq!(begin(store, &permit, 21, 5, 4, NOW).await, stored(4));
    for missing in [&[20, 21][..], &[21], &[20, 22]] {
        let refused = store.deposit(with(&permit, missing), NOW).await;
        assert_eq!(refused, Ok(Deposited::BlobMissing), "{missing:?}");
        assert_eq!(content(store, mailbox, 20, 0).await, None);
    }
    let rest = store.store_part(part(&permit, blob(21), 5, 4, &[21]), NOW).await;
    assert_eq!(rest, Ok(stored(5)));
    deposited(store, &permit, &[20, 21], NOW).await;
    assert_eq!(content(store, mailbox, 21, 0).await, Some((5, vec![21; 5])));
}

async fn a_permit_that_is_late_spent_or_for_another_key_uploads_nothing(store: &Store) {
    let mailbox = open(store, 34).await;
    let late = Permit { not_after: NOW - 1, ..permit(mailbox, 1) };
    assert_eq!(begin(store, &late, 30, 5, 5, NOW).await, PartOutcome::Expired);
    let other_key = Permit { inbox_key: InboxKeyId::from([8; 16]), ..permit(mailbox, 1) };
    assert_eq!(begin(store, &other_key, 30, 5, 5, NOW).await, PartOutcome::KeyNotAccepted);
    let nowhere = permit(MailboxId::from([251; 16]), 1);
    assert_eq!(begin(store, &nowhere, 30, 5, 5, NOW).await, PartOutcome::KeyNotAccepted);
    let spent = permit(mailbox, 2);
    assert_eq!(begin(store, &spent, 31, 5, 4, NOW).await, stored(4));
    deposited(store, &spent, &[], NOW).await;
    assert_eq!(begin(store, &spent, 30, 5, 5, NOW).await, PartOutcome::PermitSpent);
    let rest = store.store_part(part(&spent, blob(31), 5, 4, &[31]), NOW).await;
    assert_eq!(rest, Ok(PartOutcome::PermitSpent));
    // None of this has the id.
    assert_eq!(begin(store, &permit(mailbox, 3), 30, 5, 5, NOW).await, stored(5));
}

async fn of_parts_at_once_one_is_stored(store: &Store) {
    let mailbox = open(store, 35).await;
    let permit = permit(mailbox, 1);
    assert_eq!(begin(store, &permit, 40, 20, 10, NOW).await, stored(10));
    let running: Vec<_> = (0..16_u8)
        .map(|racer| {
            let (store, part) = (Arc::clone(store), part(&permit, blob(40), 20, 10, &[racer; 10]));
            tokio::spawn(async move { (racer, store.store_part(part, NOW).await) })
        })
        .collect();
    let mut winners = Vec::new();
    for race in running {
        match race.await.unwrap() {
            (racer, Ok(PartOutcome::Stored { received: 20 })) => winners.push(racer),
            (_, Ok(PartOutcome::OutOfTurn { received: 20 })) => {}
            other => panic!("{other:?}"),
        }
    }
    let [winner] = winners[..] else { panic!("{winners:?}") };
    deposited(store, &permit, &[40], NOW).await;
    let whole = [[40; 10], [winner; 10]].concat();
    assert_eq!(content(store, mailbox, 40, 0).await, Some((20, whole)));
}

async fn what_is_declared_counts_until_its_time_is_over(store: &Store) {
    let mailbox = open(store, 36).await;
    let [first, second, third, fourth, fifth] = [1, 2, 3, 4, 5].map(|id| permit(mailbox, id));
    // One byte came; sixty count, and count once.
    for _ in 0..2 {
        begin(store, &first, 50, 60, 1, NOW).await;
    }
    assert_eq!(begin(store, &first, 51, 41, 1, NOW).await, PartOutcome::PermitFull);
    assert_eq!(begin(store, &first, 51, 40, 1, NOW).await, stored(1));
    assert_eq!(begin(store, &first, 52, 1, 1, NOW).await, PartOutcome::PermitFull);
    assert_eq!(begin(store, &second, 53, 100, 1, NOW + 1).await, stored(1));
    // Fifty are left: not enough for a permit, and no length says how many there are.
    for length in [1, 50, 51, 100] {
        let crowded = begin(store, &third, 54, length, 1, NOW + 1).await;
        assert_eq!(crowded, PartOutcome::Crowded, "{length}");
    }
    // The first two end; nothing else does.
    assert_eq!(begin(store, &third, 54, 50, 1, AFTER - 1).await, PartOutcome::Crowded);
    assert_eq!(begin(store, &third, 54, 50, 1, AFTER).await, stored(1));
    assert_eq!(begin(store, &fourth, 55, 1, 1, AFTER).await, stored(1));
    assert_eq!(begin(store, &fifth, 56, 1, 1, AFTER).await, PartOutcome::Crowded);
    // What ended begins at its start, under any permit.
    assert_eq!(begin(store, &fourth, 50, 60, 1, AFTER + 1).await, stored(1));
    let ended = store.store_part(part(&first, blob(50), 60, 1, b"x"), AFTER + 1).await;
    assert_eq!(ended, Ok(PartOutcome::Taken));
}

async fn uploads_that_have_ended_go_before_room_is_judged(store: &Store) {
    let mailbox = open(store, 40).await;
    let quota = BlobQuota { upload_bytes: 64, ..OF_MAILBOX };
    let [first, second, third] = [1, 2, 3].map(|id| Permit { blob_quota: 32, ..permit(mailbox, id) });
    let send = |permit: &Permit, id: u8, now| {
        let new = NewPart { quota, ..part(permit, blob(id), 1, 0, b"x") };
        store.store_part(new, now)
    };
    // Many more than one write takes away.
    for number in 0..32 {
        assert_eq!(send(&first, 140 + number, NOW).await, Ok(stored(1)));
        assert_eq!(send(&second, 172 + number, NOW).await, Ok(stored(1)));
    }
    assert_eq!(send(&third, 204, NOW).await, Ok(PartOutcome::Crowded));
    assert_eq!(send(&third, 204, AFTER).await, Ok(stored(1)));
}

async fn an_upload_waits_an_hour_for_what_comes_on_its_permit_and_a_day_at_most(store: &Store) {
    let mailbox = open(store, 41).await;
    let [first, second, third] = [1, 2, 3].map(|id| permit(mailbox, id));
    assert_eq!(begin(store, &first, 80, 2, 2, NOW).await, stored(2));
    assert_eq!(begin(store, &second, 81, 2, 2, NOW).await, stored(2));
    deposited(store, &first, &[80], AFTER - 1).await;
    assert_eq!(store.deposit(with(&second, &[81]), AFTER).await, Ok(Deposited::BlobMissing));

    // The first file of a letter waits for the second, whose parts come slowly.
    assert_eq!(begin(store, &third, 82, 2, 2, NOW).await, stored(2));
    let slowly = usize::try_from(UPLOAD_PAUSE - 600).unwrap();
    for (offset, now) in (0..).zip((NOW..NOW + UPLOAD_LIFE).step_by(slowly)) {
        let next = store.store_part(part(&third, blob(83), 98, offset, b"x"), now).await;
        assert_eq!(next, Ok(stored(offset + 1)));
        store.collect_blobs(Collection::Uploads, now).await.unwrap();
    }
    let stands = begin(store, &third, 82, 2, 2, LATER - 1).await;
    assert_eq!(stands, PartOutcome::OutOfTurn { received: 2 });
    assert_eq!(store.deposit(with(&third, &[82]), LATER).await, Ok(Deposited::BlobMissing));
}

async fn what_is_adopted_counts_until_a_device_deletes_it(store: &Store) {
    let mailbox = open(store, 37).await;
    let [first, second, third, fourth, fifth] = [1, 2, 3, 4, 5].map(|id| permit(mailbox, id));
    assert_eq!(begin(store, &first, 60, 50, 50, NOW).await, stored(50));
    // Uploaded on the same permit, and in no letter: it ends with the permit.
    assert_eq!(begin(store, &first, 61, 50, 50, NOW).await, stored(50));
    deposited(store, &first, &[60], NOW).await;
    store.collect_blobs(Collection::Everything, AFTER).await.unwrap();
    assert_eq!(content(store, mailbox, 60, 0).await, Some((50, vec![60; 50])));

    // Each found room when it began; uploads take nothing from what lasts.
    assert_eq!(begin(store, &second, 62, 100, 100, AFTER).await, stored(100));
    assert_eq!(begin(store, &third, 63, 100, 100, AFTER).await, stored(100));
    deposited(store, &second, &[62], AFTER).await;
    assert_eq!(begin(store, &fourth, 64, 100, 100, AFTER).await, stored(100));
    deposited(store, &third, &[63], AFTER).await;
    let full = || store.deposit(with(&fourth, &[64]), AFTER);
    assert_eq!(full().await, Ok(Deposited::BlobsFull));
    assert_eq!(begin(store, &fifth, 65, 1, 1, AFTER).await, PartOutcome::MailboxFull);
    assert_eq!(content(store, mailbox, 64, 0).await, None);

    assert_eq!(store.delete_blob(by(mailbox, AFTER, 1), blob(60), AFTER).await, Ok(true));
    assert_eq!(full().await, Ok(Deposited::BlobsFull));
    assert_eq!(store.delete_blob(by(mailbox, AFTER, 2), blob(62), AFTER).await, Ok(true));
    assert!(matches!(full().await, Ok(Deposited::Stored(_))));
    for gone in [60, 62] {
        assert_eq!(content(store, mailbox, gone, 0).await, None);
    }
    for kept in [63, 64] {
        assert_eq!(content(store, mailbox, kept, 0).await, Some((100, vec![kept; 100])));
    }
}

async fn a_deletion_is_of_an_adopted_attachment_of_the_own_mailbox(store: &Store) {
    let (mine, theirs) = (open(store, 42).await, open(store, 43).await);
    let (first, second) = (permit(mine, 1), permit(mine, 2));
    assert_eq!(begin(store, &first, 90, 5, 5, NOW).await, stored(5));
    assert_eq!(begin(store, &second, 91, 5, 5, NOW).await, stored(5));
    deposited(store, &first, &[90], NOW).await;
    assert_eq!(store.delete_blob(by(theirs, NOW, 1), blob(90), NOW).await, Ok(false));
    assert_eq!(store.delete_blob(by(mine, NOW, 1), blob(91), NOW).await, Ok(false));
    assert_eq!(store.delete_blob(by(mine, NOW, 2), blob(92), NOW).await, Ok(false));
    deposited(store, &second, &[91], NOW).await;

    assert_eq!(store.delete_blob(by(mine, NOW, 3), blob(90), NOW).await, Ok(true));
    assert_eq!(store.delete_blob(by(mine, NOW, 3), blob(90), NOW).await, Err(Denied::Replayed));
    assert_eq!(store.delete_blob(by(mine, NOW, 4), blob(90), NOW).await, Ok(false));
    assert_eq!(content(store, mine, 90, 0).await, None);
    assert_eq!(content(store, mine, 91, 0).await, Some((5, vec![91; 5])));
    // The receipt is what it was.
    let again = store.deposit(with(&first, &[90]), NOW).await;
    assert!(matches!(again, Ok(Deposited::Repeated(_))), "{again:?}");
}

async fn a_permit_has_no_more_uploads_than_a_letter_has_attachments(store: &Store) {
    let mailbox = open(store, 38).await;
    let permit = permit(mailbox, 1);
    let most = u8::try_from(MOST_BLOBS).unwrap();
    let ids: Vec<u8> = (0..most).map(|number| 100 + number).collect();
    for id in &ids {
        assert_eq!(begin(store, &permit, *id, 1, 1, NOW).await, stored(1));
    }
    assert_eq!(begin(store, &permit, 100 + most, 1, 1, NOW).await, PartOutcome::PermitFull);
    deposited(store, &permit, &ids, NOW).await;
    assert_eq!(content(store, mailbox, 100 + most - 1, 0).await, Some((1, vec![100 + most - 1])));
}

async fn collecting_takes_nothing_that_is_wanted(store: &Store) {
    let mailbox = open(store, 39).await;
    let (first, second) = (permit(mailbox, 1), permit(mailbox, 2));
    assert_eq!(begin(store, &first, 70, 10, 10, NOW).await, stored(10));
    assert_eq!(begin(store, &second, 71, 10, 5, NOW).await, stored(5));
    deposited(store, &first, &[70], NOW).await;
    for what in [Collection::Uploads, Collection::Everything] {
        store.collect_blobs(what, AFTER - 1).await.unwrap();
        assert_eq!(content(store, mailbox, 70, 0).await, Some((10, vec![70; 10])));
    }
    let rest = store.store_part(part(&second, blob(71), 10, 5, &[71; 5]), AFTER - 1).await;
    assert_eq!(rest, Ok(stored(10)));
    deposited(store, &second, &[71], AFTER - 1).await;
    for what in [Collection::Uploads, Collection::Everything] {
        store.collect_blobs(what, AFTER).await.unwrap();
        assert_eq!(content(store, mailbox, 71, 0).await, Some((10, vec![71; 10])));
    }
}
