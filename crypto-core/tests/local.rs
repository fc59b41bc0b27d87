//! Records at rest on a device.

use crypto_core::local::{LARGEST, LocalError, SealedRecord};
use relay_auth::{cbor::Wire as _, hostile, secret::Secret};

use crate::{portable_test, world::TestRng};

fn key() -> Secret {
    Secret::from([1; 32])
}

fn sealed() -> SealedRecord {
    SealedRecord::seal("keys", b"secret", &key(), &mut TestRng(1)).unwrap()
}

#[portable_test]
fn records_have_one_encoding() {
    hostile::assert_strict(&sealed());
}

#[portable_test]
fn a_record_opens_under_its_name_and_key_only() {
    assert_eq!(**sealed().open("keys", &key()).unwrap(), *b"secret");
    let refused = Err(LocalError::OtherKeyOrAltered);
    assert_eq!(sealed().open("letters", &key()), refused);
    assert_eq!(sealed().open("keys", &Secret::from([2; 32])), refused);
}

#[portable_test]
fn a_record_with_any_byte_altered_is_refused() {
    let bytes = sealed().to_bytes();
    for place in (0..200).chain((200..bytes.len()).step_by(97)) {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let opened = SealedRecord::from_bytes(&altered).map(|record| record.open("keys", &key()));
        assert!(!matches!(opened, Ok(Ok(_))), "byte {place}");
    }
}

#[portable_test]
fn the_length_of_a_short_record_does_not_show() {
    let length = |content: &[u8]| {
        SealedRecord::seal("keys", content, &key(), &mut TestRng(1)).unwrap().to_bytes().len()
    };
    assert_eq!(length(b""), length(&[7; 4095]));
}

#[portable_test]
fn a_record_may_take_all_but_the_last_step_of_padding_below_sixteen_mebibytes() {
    // Steps of 256 KiB. The last one would leave no room for what stands beside the ciphertext.
    let longest = (16 << 20) - (256 << 10) - 1;
    let sealed = SealedRecord::seal("keys", &vec![0; longest], &key(), &mut TestRng(1)).unwrap();
    assert!(SealedRecord::from_bytes(&sealed.to_bytes()).is_ok());
}

#[portable_test]
fn a_record_beyond_the_limit_is_not_sealed() {
    let refused = SealedRecord::seal("keys", &vec![0; LARGEST], &key(), &mut TestRng(1));
    assert_eq!(refused, Err(LocalError::TooLarge));
}
