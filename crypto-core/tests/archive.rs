//! Archive objects.

use crypto_core::{
    archive::{ArchiveError, FiledLetter, Item, ObjectId, Place, SealedObject},
    directory::TreeDomain,
    letter::{LetterError, SignedLetter},
};
use relay_auth::{cbor::Wire as _, hostile, receipt::Deposit, secret::Secret};

use crate::{
    portable_test,
    world::{
        ANN, BOB, NOW, TestRng, approve, body_entry, body_key, key, letter, operator_keys, signed, statement,
    },
};

fn place() -> Place {
    Place { owner: ANN.id(), generation: 1, id: ObjectId::from([1; 16]), counter: 1 }
}

fn filed() -> FiledLetter {
    FiledLetter {
        signed: SignedLetter::from_bytes(&signed(&statement(&letter()), &body_key())).unwrap(),
        sender: approve(&body_entry()),
        deposit: Deposit { sequence: 1, time: NOW, digest: [2; 32].into(), blobs: vec![] },
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
fn a_filed_letter_comes_back_and_verifies_again() {
    let object = SealedObject::from_bytes(&sealed().to_bytes()).unwrap();
    let Item::Letter(filed) = object.open(&place(), &Secret::from([5; 32])).unwrap();
    let verified = filed.verify(ANN.id(), &operator_keys()).unwrap();
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
    let unapproved = FiledLetter {
        sender: crypto_core::body::SignedBodyEntry::new(&body_entry()).approve(&key(98)).approve(&key(99)),
        ..filed()
    };
    assert!(matches!(unapproved.verify(ANN.id(), &operator_keys()), Err(ArchiveError::Sender(_))));
    let too_early = FiledLetter { deposit: Deposit { time: 0, ..filed().deposit }, ..filed() };
    assert_eq!(too_early.verify(ANN.id(), &operator_keys()), Err(ArchiveError::Letter(LetterError::Forged)));
    assert_eq!(
        filed().verify(BOB.id(), &operator_keys()),
        Err(ArchiveError::Letter(LetterError::OtherRecipient))
    );
}

#[portable_test]
fn the_directorys_tree_has_a_domain_of_its_own() {
    use akd_core::DomainLabel as _;
    assert_eq!(TreeDomain::domain_label(), b"letterbox/v1/directory-tree\0");
}
