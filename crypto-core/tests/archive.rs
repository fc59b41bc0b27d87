//! Archive objects.

use crypto_core::{
    archive::{ArchiveError, FiledLetter, Item, LARGEST, ObjectId, Place, SealedObject},
    body::{BodyEntry, SignedBodyEntry},
    directory::TreeDomain,
    letter::{Attachment, AttachmentKey, Letter, LetterError, SignedLetter},
};
use relay_auth::{
    cbor::{DecodeError, Suite, Version, Wire as _},
    hostile,
    id::{BlobId, PermitId},
    label,
    receipt::{
        ChainHead, Deposit, MOST_BLOBS, Receipt, ReceiptError, ReceiptKey, ReceiptKeys, SignedReceipt,
    },
    secret::Secret,
    signing::SigningKey,
};

use crate::{
    portable_test,
    world::{
        ANN, BOB, NOW, TestRng, approve, body, body_entry, body_key, key, letter, operator_keys, signed,
        statement,
    },
};

fn place() -> Place {
    Place { owner: ANN.id(), generation: 1, id: ObjectId::from([1; 16]), counter: 1 }
}

fn relay() -> SigningKey {
    key(6)
}

fn relay_keys() -> ReceiptKeys {
    relay().verifying_key().into()
}

fn deposit() -> Deposit {
    Deposit { sequence: 1, time: NOW, digest: [2; 32].into(), blobs: vec![] }
}

fn receipt() -> Receipt {
    Receipt {
        version: Version,
        suite: Suite,
        permit: PermitId::from([3; 16]),
        digest: deposit().digest,
        blobs: vec![],
        time: NOW,
        head: ChainHead::from([4; 32]),
    }
}

fn filed() -> FiledLetter {
    FiledLetter {
        signed: SignedLetter::from_bytes(&signed(&statement(&letter()), &body_key())).unwrap(),
        sender: approve(&body_entry()),
        deposit: deposit(),
        receipt: SignedReceipt::sign(&receipt(), &relay()),
    }
}

fn sealed() -> SealedObject {
    SealedObject::seal(&Item::Letter(filed()), &place(), &Secret::from([5; 32]), &mut TestRng(1)).unwrap()
}

#[portable_test]
fn archive_objects_have_one_encoding() {
    hostile::assert_strict(&Item::Letter(filed()));
    hostile::assert_strict(&sealed());
}

#[portable_test]
fn an_object_beyond_the_limit_is_not_sealed() {
    let sender = SignedBodyEntry::new(&BodyEntry { name: "x".repeat(LARGEST), ..body_entry() });
    let item = Item::Letter(FiledLetter { sender, ..filed() });
    let refused = SealedObject::seal(&item, &place(), &Secret::from([5; 32]), &mut TestRng(1));
    assert_eq!(refused, Err(ArchiveError::TooLarge));
}

#[portable_test]
fn a_filed_letter_came_with_no_more_files_than_a_letter_may_have() {
    let read = |files: usize| {
        let deposit = Deposit { blobs: vec![BlobId::from([6; 16]); files], ..deposit() };
        Item::from_bytes(&Item::Letter(FiledLetter { deposit, ..filed() }).to_bytes())
    };
    assert!(read(MOST_BLOBS).is_ok());
    assert!(matches!(read(MOST_BLOBS + 1), Err(DecodeError::Value(_))));
}

#[portable_test]
fn a_filed_letter_comes_back_and_verifies_again() {
    let object = SealedObject::from_bytes(&sealed().to_bytes()).unwrap();
    let Item::Letter(filed) = object.open(&place(), &Secret::from([5; 32])).unwrap();
    let verified = filed.verify(ANN.id(), &body(), &relay_keys()).unwrap();
    assert_eq!(verified.letter(), &letter());
}

#[portable_test]
fn an_object_opens_only_in_its_place_and_archive() {
    let object = sealed();
    let root = Secret::from([5; 32]);
    let elsewhere = [
        Place { owner: BOB.id(), ..place() },
        Place { generation: 2, ..place() },
        Place { id: ObjectId::from([2; 16]), ..place() },
        Place { counter: 2, ..place() },
    ];
    for place in elsewhere {
        assert_eq!(object.open(&place, &root), Err(ArchiveError::NotOfThisArchiveOrAltered));
    }
    let refused = object.open(&place(), &Secret::from([6; 32]));
    assert_eq!(refused, Err(ArchiveError::NotOfThisArchiveOrAltered));
    let bytes = object.to_bytes();
    for byte in (0..bytes.len()).step_by(53) {
        let mut altered = bytes.clone();
        altered[byte] ^= 1;
        let opened = SealedObject::from_bytes(&altered).map(|object| object.open(&place(), &root));
        assert!(!matches!(opened, Ok(Ok(_))), "byte {byte}");
    }
}

#[portable_test]
fn a_filed_letter_is_not_believed_for_being_in_the_archive() {
    // It is of the entry that its statement names, or of none.
    let other = BodyEntry { domain: "other.example".to_owned(), ..body_entry() };
    let other = approve(&other).verify(&operator_keys()).unwrap();
    let refused = filed().verify(ANN.id(), &other, &relay_keys());
    assert_eq!(refused, Err(ArchiveError::Letter(LetterError::OtherEntry)));
    let set_back = FiledLetter { deposit: Deposit { time: 0, ..deposit() }, ..filed() };
    let refused = set_back.verify(ANN.id(), &body(), &relay_keys());
    assert_eq!(refused, Err(ArchiveError::Arrival(ReceiptError::OtherContent)));
    let refused = filed().verify(ANN.id(), &body(), &key(99).verifying_key().into());
    assert_eq!(refused, Err(ArchiveError::Arrival(ReceiptError::Forged)));
    let too_early = FiledLetter {
        deposit: Deposit { time: 0, ..deposit() },
        receipt: SignedReceipt::sign(&Receipt { time: 0, ..receipt() }, &relay()),
        ..filed()
    };
    assert_eq!(
        too_early.verify(ANN.id(), &body(), &relay_keys()),
        Err(ArchiveError::Letter(LetterError::FromTheFuture))
    );
    assert_eq!(
        filed().verify(BOB.id(), &body(), &relay_keys()),
        Err(ArchiveError::Letter(LetterError::OtherRecipient))
    );
}

/// `LBX-RECEIPT-5`
#[portable_test]
fn a_filed_letter_stays_verifiable_after_the_relays_receipt_key_was_replaced() {
    let verified = |not_after| {
        let newest = ReceiptKey { key: key(7).verifying_key(), not_before: NOW + 1, not_after: u64::MAX };
        let former = ReceiptKey { key: relay().verifying_key(), not_before: 0, not_after };
        filed().verify(ANN.id(), &body(), &vec![newest, former].into()).map(drop)
    };
    assert_eq!(verified(NOW), Ok(()));
    assert_eq!(verified(NOW - 1), Err(ArchiveError::Arrival(ReceiptError::NotInForce)));
}

#[portable_test]
fn a_filed_letter_names_the_files_that_came_with_it_and_no_others() {
    let (one, two) = (BlobId::from([6; 16]), BlobId::from([7; 16]));
    let attachment = |blob| Attachment {
        blob,
        key: AttachmentKey(Secret::from([8; 32])),
        size: 1,
        digest: [9; 32].into(),
        file_name: "a.pdf".to_owned(),
        encoding_format: "application/pdf".to_owned(),
        language: None,
        label: None,
    };
    let verified = |blobs: &[BlobId]| {
        let content = Letter { attachments: vec![attachment(one), attachment(two)], ..letter() };
        let receipt = Receipt { blobs: blobs.to_vec(), ..receipt() };
        let filed = FiledLetter {
            signed: SignedLetter::from_bytes(&signed(&statement(&content), &body_key())).unwrap(),
            deposit: Deposit { blobs: blobs.to_vec(), ..deposit() },
            receipt: SignedReceipt::sign(&receipt, &relay()),
            ..filed()
        };
        filed.verify(ANN.id(), &body(), &relay_keys()).map(|_| ())
    };
    assert_eq!(verified(&[one, two]), Ok(()));
    for other in [vec![], vec![one], vec![two, one], vec![one, two, two]] {
        assert_eq!(verified(&other), Err(ArchiveError::OtherFiles), "{} files", other.len());
    }
}

#[portable_test]
fn the_directorys_tree_has_a_domain_of_its_own() {
    use akd_core::DomainLabel as _;
    let domain = [label::DIRECTORY_TREE.as_bytes(), b"\0"].concat();
    assert_eq!(TreeDomain::domain_label(), domain);
}
