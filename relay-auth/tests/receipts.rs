//! Receipts and the chain of deposits.

use proptest::prelude::*;
use relay_auth::{
    cbor::{Bytes32, DecodeError, Suite, Version, Wire as _},
    hostile,
    id::{BlobId, MailboxId, PermitId},
    receipt::{
        ChainHead, Deposit, ListingError, MOST_BLOBS, Receipt, ReceiptError, ReceiptKey, ReceiptKeys,
        SignedReceipt, envelope_digest,
    },
};

use crate::{
    portable_test,
    support::{any_blob, any_mailbox, any_permit_id, config, key},
};

fn deposit(sequence: u64) -> Deposit {
    Deposit {
        sequence,
        time: 1_800_000_000 + sequence,
        digest: envelope_digest(&sequence.to_be_bytes()).into(),
        blobs: vec![BlobId::from([5; 16])],
    }
}

fn receipt() -> Receipt {
    Receipt {
        version: Version,
        suite: Suite,
        permit: PermitId::from([3; 16]),
        digest: envelope_digest(b"sealed").into(),
        blobs: vec![BlobId::from([5; 16])],
        time: 1_800_000_000,
        head: ChainHead::start(MailboxId::from([1; 16])).after(MailboxId::from([1; 16]), &deposit(1)),
    }
}

#[portable_test]
fn another_key_lifts_an_error_of_the_key_and_no_other() {
    let errors = [
        ReceiptError::Forged,
        ReceiptError::NotInForce,
        ReceiptError::OtherContent,
        ReceiptError::Malformed(DecodeError::Shape),
    ];
    assert_eq!(errors.map(ReceiptError::is_of_key), [true, true, false, false]);
}

#[portable_test]
fn receipts_and_deposits_have_one_encoding() {
    hostile::assert_strict(&deposit(1));
    hostile::assert_strict(&receipt());
    hostile::assert_strict(&SignedReceipt::sign(&receipt(), &key(1)));
}

#[portable_test]
fn a_receipt_holds_for_its_relay_envelope_and_attachments_only() {
    let signed = SignedReceipt::sign(&receipt(), &key(1));
    let (relay, blobs) = (ReceiptKeys::from(key(1).verifying_key()), [BlobId::from([5; 16])]);
    assert_eq!(signed.verify(&relay, b"sealed", &blobs), Ok(receipt()));
    assert_eq!(signed.verify(&relay, b"Sealed", &blobs), Err(ReceiptError::OtherContent));
    assert_eq!(signed.verify(&relay, b"sealed", &[]), Err(ReceiptError::OtherContent));
    assert_eq!(signed.verify(&key(2).verifying_key().into(), b"sealed", &blobs), Err(ReceiptError::Forged));
}

/// `LBX-RECEIPT-4`
#[portable_test]
fn a_receipt_holds_for_its_deposit_as_it_was_listed_only() {
    let Receipt { digest, blobs, time, .. } = receipt();
    let (signed, relay) =
        (SignedReceipt::sign(&receipt(), &key(1)), ReceiptKeys::from(key(1).verifying_key()));
    let listed = Deposit { sequence: 1, time, digest, blobs };
    assert_eq!(signed.verify_for(&relay, &listed), Ok(receipt()));
    let others = [
        Deposit { time: time + 1, ..listed.clone() },
        Deposit { digest: Bytes32([0; 32]), ..listed.clone() },
        Deposit { blobs: vec![], ..listed.clone() },
    ];
    for other in others {
        assert_eq!(signed.verify_for(&relay, &other), Err(ReceiptError::OtherContent), "{other:?}");
    }
    assert_eq!(signed.verify_for(&key(2).verifying_key().into(), &listed), Err(ReceiptError::Forged));
}

/// `LBX-RECEIPT-5`
#[portable_test]
fn a_receipt_counts_by_the_key_that_was_in_force_at_its_time_and_by_no_other() {
    let replaced = receipt().time;
    let span = |seed: u8, not_before, not_after| ReceiptKey {
        key: key(seed).verifying_key(),
        not_before,
        not_after,
    };
    let keys =
        ReceiptKeys::from(vec![span(3, replaced, u64::MAX), span(1, 0, 99), span(2, 100, replaced - 1)]);
    let verified = |seed: u8, time| {
        let receipt = Receipt { time, ..receipt() };
        let signed = SignedReceipt::sign(&receipt, &key(seed));
        let listed = Deposit { sequence: 1, time, digest: receipt.digest, blobs: receipt.blobs };
        let listed = signed.verify_for(&keys, &listed).map(drop);
        assert_eq!(signed.verify(&keys, b"sealed", &[BlobId::from([5; 16])]).map(drop), listed);
        listed
    };
    for (seed, time) in [(1, 0), (1, 99), (2, 100), (2, replaced - 1), (3, replaced), (3, u64::MAX)] {
        assert_eq!(verified(seed, time), Ok(()), "{seed} {time}");
    }
    for (seed, time) in [(1, 100), (1, replaced), (2, 99), (2, replaced), (3, replaced - 1), (3, 0)] {
        assert_eq!(verified(seed, time), Err(ReceiptError::NotInForce), "{seed} {time}");
    }
    assert_eq!(verified(4, replaced), Err(ReceiptError::Forged));
}

/// `LBX-RECEIPT-5`
#[portable_test]
fn a_key_in_place_of_a_lost_one_counts_for_receipts_of_before_and_so_does_the_lost_one() {
    let span = |seed: u8, not_after| ReceiptKey { key: key(seed).verifying_key(), not_before: 0, not_after };
    let keys = ReceiptKeys::from(vec![span(2, u64::MAX), span(1, 99)]);
    let verified = |seed: u8, time| {
        let signed = SignedReceipt::sign(&Receipt { time, ..receipt() }, &key(seed));
        signed.verify(&keys, b"sealed", &[BlobId::from([5; 16])]).map(drop)
    };
    for (seed, time) in [(2, 0), (2, 99), (2, 100), (1, 0), (1, 99)] {
        assert_eq!(verified(seed, time), Ok(()), "{seed} {time}");
    }
    assert_eq!(verified(1, 100), Err(ReceiptError::NotInForce));
}

#[portable_test]
fn a_receipt_with_any_byte_altered_is_refused() {
    let bytes = SignedReceipt::sign(&receipt(), &key(1)).to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let verified = SignedReceipt::from_bytes(&altered)
            .map(|signed| signed.verify(&key(1).verifying_key().into(), b"sealed", &[BlobId::from([5; 16])]));
        assert!(!matches!(verified, Ok(Ok(_))), "byte {place}");
    }
}

#[portable_test]
fn a_letter_dropped_doubled_swapped_or_altered_changes_the_head() {
    let head = |deposits: &[Deposit]| {
        deposits.iter().fold(ChainHead::start(MailboxId::from([1; 16])), |head, deposit| {
            head.after(MailboxId::from([1; 16]), deposit)
        })
    };
    let [one, two, three] = [deposit(1), deposit(2), deposit(3)];
    let honest = head(&[one.clone(), two.clone(), three.clone()]);
    let lies = [
        vec![one.clone(), three.clone()],
        vec![one.clone(), two.clone()],
        vec![one.clone(), two.clone(), two.clone(), three.clone()],
        vec![two.clone(), one.clone(), three.clone()],
        vec![one.clone(), Deposit { time: 1, ..two.clone() }, three.clone()],
        vec![one.clone(), Deposit { blobs: vec![], ..two.clone() }, three.clone()],
        vec![one.clone(), Deposit { digest: Bytes32([0; 32]), ..two.clone() }, three.clone()],
        vec![one.clone(), Deposit { sequence: 9, ..two.clone() }, three.clone()],
    ];
    for lie in lies {
        assert_ne!(head(&lie), honest, "{lie:?}");
    }
    let elsewhere =
        [one, two, three].iter().fold(ChainHead::start(MailboxId::from([2; 16])), |head, deposit| {
            head.after(MailboxId::from([2; 16]), deposit)
        });
    assert_ne!(elsewhere, honest);
}

#[portable_test]
fn a_listing_out_of_order_is_refused() {
    let mailbox = MailboxId::from([1; 16]);
    let start = ChainHead::start(mailbox);
    let after = |last: Option<&Deposit>, listing: &[Deposit]| start.after_listing(mailbox, last, listing);
    let honest = start.after(mailbox, &deposit(1)).after(mailbox, &deposit(3));
    assert_eq!(after(None, &[deposit(1), deposit(3)]), Ok(honest));
    assert_eq!(after(None, &[]), Ok(start));
    let earlier = Deposit { time: 0, ..deposit(3) };
    for listing in [vec![deposit(3), deposit(1)], vec![deposit(1); 2], vec![deposit(1), earlier]] {
        assert_eq!(after(None, &listing), Err(ListingError));
    }
    assert_eq!(after(Some(&deposit(3)), &[deposit(3)]), Err(ListingError));
    assert!(after(Some(&deposit(3)), &[deposit(4)]).is_ok());
    let in_the_same_second = Deposit { time: deposit(3).time, ..deposit(4) };
    assert!(after(Some(&deposit(3)), &[in_the_same_second]).is_ok());
}

#[portable_test]
fn who_has_two_receipts_cannot_try_whether_one_follows_the_other() {
    // The link depends on the number of the mailbox, which no receipt shows.
    let head = ChainHead::start(MailboxId::from([1; 16]));
    let next = head.after(MailboxId::from([1; 16]), &deposit(2));
    assert_ne!(next, head.after(MailboxId::from([0; 16]), &deposit(2)));
}

#[portable_test]
fn a_receipt_shows_neither_mailbox_nor_sequence() {
    let bytes = SignedReceipt::sign(&receipt(), &key(1)).to_bytes();
    assert!(!bytes.windows(16).any(|window| window == [1; 16]));
}

#[portable_test]
fn as_many_attachments_as_there_may_be_are_taken_and_one_more_is_refused() {
    let with = |count: usize| {
        let blobs = vec![BlobId::from([5; 16]); count];
        (Deposit { blobs: blobs.clone(), ..deposit(1) }, Receipt { blobs, ..receipt() })
    };
    let (deposit, receipt) = with(MOST_BLOBS);
    assert_eq!(Deposit::from_bytes(&deposit.to_bytes()), Ok(deposit));
    assert_eq!(Receipt::from_bytes(&receipt.to_bytes()), Ok(receipt));
    let (deposit, receipt) = with(MOST_BLOBS + 1);
    assert!(matches!(Deposit::from_bytes(&deposit.to_bytes()), Err(DecodeError::Value(_))));
    assert!(matches!(Receipt::from_bytes(&receipt.to_bytes()), Err(DecodeError::Value(_))));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_receipt_comes_back(
        permit in any_permit_id(), envelope: Vec<u8>, mailbox in any_mailbox(), time: u64, sequence: u64,
        blobs in proptest::collection::vec(any_blob(), 0..=MOST_BLOBS),
    ) {
        let deposit = Deposit { sequence, time, digest: envelope_digest(&envelope).into(), blobs: blobs.clone() };
        hostile::assert_strict(&deposit);
        let receipt = Receipt {
            version: Version, suite: Suite, permit, digest: deposit.digest, blobs: blobs.clone(), time,
            head: ChainHead::start(mailbox).after(mailbox, &deposit),
        };
        hostile::assert_strict(&receipt);
        let signed = SignedReceipt::from_bytes(&SignedReceipt::sign(&receipt, &key(1)).to_bytes()).unwrap();
        prop_assert_eq!(signed.verify(&key(1).verifying_key().into(), &envelope, &blobs), Ok(receipt));
    }
}
