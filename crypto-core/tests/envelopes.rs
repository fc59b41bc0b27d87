//! Envelopes: sealed, opened, altered.

use crypto_core::{
    body::BodyId,
    citizen::DirectoryId,
    envelope::{Envelope, LARGEST, MOST_CONTENT, OpenError, Recipient, SealError},
    inbox_key::{InboxPrivateKey, InboxPublicKey},
};
use proptest::prelude::*;
use relay_auth::{
    cbor::{DecodeError, Wire as _},
    hostile,
    secret::Secret,
};
use sha2::{Digest as _, Sha256};

use crate::{
    portable_test,
    world::{ANN, TestRng, config, inbox_key},
};

fn sealed(content: &[u8]) -> Envelope {
    Envelope::seal(&ANN.id().into(), ANN.inbox().public_key(), content, &mut TestRng(1)).unwrap()
}

#[portable_test]
fn an_envelope_opens_for_its_recipient_and_key_only() {
    let envelope = sealed(b"content");
    assert_eq!(envelope.open(&ANN.id().into(), &ANN.inbox()).unwrap().as_slice(), b"content");
    assert_eq!(envelope.open(&ANN.id().into(), &inbox_key(9)), Err(OpenError::OtherKey));
    let elsewhere = Recipient::from(DirectoryId::from([9; 16]));
    assert_eq!(envelope.open(&elsewhere, &ANN.inbox()), Err(OpenError::NotForThisKeyOrAltered));
    let body = Recipient::Body(BodyId::new("example-council").unwrap());
    assert_eq!(envelope.open(&body, &ANN.inbox()), Err(OpenError::NotForThisKeyOrAltered));
}

#[portable_test]
fn envelopes_have_one_encoding() {
    hostile::assert_strict(&sealed(b"content"));
}

#[portable_test]
fn an_envelope_with_any_bit_altered_does_not_open() {
    let bytes = sealed(b"content").to_bytes();
    let mut places: Vec<usize> = (0..64).collect();
    places.extend((64..bytes.len()).step_by(61));
    places.extend(bytes.len() - 40..bytes.len());
    for place in places {
        for bit in [0, 7] {
            let mut altered = bytes.clone();
            altered[place] ^= 1 << bit;
            let opened =
                Envelope::from_bytes(&altered).map(|envelope| envelope.open(&ANN.id().into(), &ANN.inbox()));
            assert!(!matches!(opened, Ok(Ok(_))), "byte {place} bit {bit}");
        }
    }
}

/// LBX-ENV-1.
#[portable_test]
fn an_encapsulated_key_of_another_length_is_refused_before_anything_is_opened() {
    let bytes = sealed(b"content").to_bytes();
    // After version and suite (3) and the key's id (17): a byte string of 1,120.
    assert_eq!(bytes[20..23], [0x59, 0x04, 0x60]);
    let (before, after) = (&bytes[..20], &bytes[23..]);
    let shorter = [before, &[0x59, 0x04, 0x5f], &after[1..]].concat();
    let longer = [before, &[0x59, 0x04, 0x61, 0], after].concat();
    for hostile in [shorter, longer] {
        assert!(matches!(Envelope::from_bytes(&hostile), Err(DecodeError::Value(_))));
    }
}

#[portable_test]
fn every_length_up_to_the_floor_looks_alike_and_the_longest_fits() {
    let length = |content: usize| sealed(&vec![b'x'; content]).to_bytes().len();
    assert_eq!(length(0), length(4095));
    assert!(length(4096) > length(4095));
    assert!(length(MOST_CONTENT) <= LARGEST);
    let too_long = Envelope::seal(
        &ANN.id().into(),
        ANN.inbox().public_key(),
        &vec![0; MOST_CONTENT + 1],
        &mut TestRng(1),
    );
    assert_eq!(too_long, Err(SealError::TooLong { length: MOST_CONTENT + 1 }));
}

#[portable_test]
fn two_envelopes_of_one_content_share_nothing() {
    let seal = |seed| {
        let key = ANN.inbox();
        Envelope::seal(&ANN.id().into(), key.public_key(), b"content", &mut TestRng(seed)).unwrap().to_bytes()
    };
    let (one, other) = (seal(1), seal(2));
    let equal = one.iter().zip(&other).skip(30).filter(|(one, other)| one == other).count();
    assert!(equal < one.len() / 64, "{equal} of {}", one.len());
}

#[portable_test]
fn keys_that_are_no_keys_are_refused() {
    let good = ANN.inbox().public_key().to_bytes();
    assert_eq!(good.len(), 1216);
    assert!(InboxPublicKey::from_bytes(&good).is_ok());
    let mut not_reduced = good.clone();
    not_reduced[..3].fill(0xff); // two coefficients of 4095, where 3328 is the largest
    for hostile in [&good[1..], &[good.as_slice(), &[0]].concat(), &not_reduced, &[]] {
        assert!(matches!(InboxPublicKey::from_bytes(hostile), Err(DecodeError::Value(_))));
    }
}

/// The first vector of draft-connolly-cfrg-xwing-kem: its seed, and SHA-256 of its public key.
#[portable_test]
fn a_seed_is_the_decapsulation_key_of_the_x_wing_draft() {
    const SEED: &str = "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26";
    const PUBLIC_KEY: &str = "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb";
    let digits = |text: &str| -> [u8; 32] {
        core::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    };
    let key = InboxPrivateKey::from_seed(&Secret::from(digits(SEED))).unwrap();
    let hash: [u8; 32] = Sha256::digest(key.public_key().to_bytes()).into();
    assert_eq!(hash, digits(PUBLIC_KEY));
}

#[portable_test]
fn inbox_keys_do_not_show() {
    assert_eq!(format!("{:?}", ANN.inbox()), "InboxPrivateKey([redacted])");
    assert_eq!(format!("{:?}", ANN.inbox().public_key()), "InboxPublicKey([redacted])");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_content_comes_back(content in proptest::collection::vec(any::<u8>(), 0..9000), seed: u64) {
        let envelope = Envelope::seal(&ANN.id().into(), ANN.inbox().public_key(), &content, &mut TestRng(seed)).unwrap();
        let envelope = Envelope::from_bytes(&envelope.to_bytes()).unwrap();
        let opened = envelope.open(&ANN.id().into(), &ANN.inbox()).unwrap();
        prop_assert_eq!(opened.as_slice(), content.as_slice());
    }
}
