//! A device's keys, and records at rest.

use client_mailbox::{
    keys::DeviceKeys,
    local::{self, LocalError, names},
};
use relay_auth::{
    cbor::{DecodeError, Wire as _},
    hostile,
    secret::Secret,
};

use crate::{portable_test, world::TestRng};

fn keys(seed: u64) -> DeviceKeys {
    DeviceKeys::generate(&mut TestRng(seed))
}

fn vault_key() -> Secret {
    Secret::from([3; 32])
}

#[portable_test]
fn keys_have_one_encoding_and_hostile_bytes_are_refused() {
    hostile::assert_strict(&keys(1));
}

#[portable_test]
fn keys_come_back_from_their_sealed_record() {
    let sealed = keys(1).seal(&vault_key(), &mut TestRng(2)).unwrap();
    let opened = DeviceKeys::open(&sealed, &vault_key()).unwrap();
    assert_eq!(opened, keys(1));
    assert_eq!(opened.identity().verifying_key(), keys(1).identity().verifying_key());
    assert_eq!(opened.inbox_keys()[0].public_key(), keys(1).inbox_keys()[0].public_key());
}

#[portable_test]
fn no_two_keys_of_a_device_are_equal() {
    let keys = keys(1);
    let public = [keys.identity(), keys.device(), keys.request(), keys.access(), keys.next_access()]
        .map(|key| *key.verifying_key().as_bytes());
    for (place, key) in public.iter().enumerate() {
        assert!(!public[..place].contains(key), "{place}");
    }
    assert!(keys.recovery().is_some_and(|(key, _)| key != *keys.inbox_keys()[0].public_key()));
}

#[portable_test]
fn sealed_keys_open_under_their_own_name_and_vault_key_only() {
    let sealed = keys(1).seal(&vault_key(), &mut TestRng(2)).unwrap();
    let refused = Some(LocalError::OtherKeyOrAltered);
    assert_eq!(DeviceKeys::open(&sealed, &Secret::from([4; 32])).err(), refused);
    assert_eq!(local::open(names::ENROLLED, &sealed, &vault_key()).err(), refused);
    for place in (0..sealed.len()).step_by(41) {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(DeviceKeys::open(&altered, &vault_key()).is_err(), "byte {place}");
    }
}

#[portable_test]
fn a_record_that_is_no_keys_is_refused() {
    for (name, content) in [("nothing", vec![]), ("something else", b"\x82\x01\x01".to_vec())] {
        let sealed = local::seal(names::KEYS, &content, &vault_key(), &mut TestRng(2)).unwrap();
        let opened = DeviceKeys::open(&sealed, &vault_key());
        assert!(matches!(opened, Err(LocalError::Malformed(_))), "{name}");
    }
    let mut other_version = keys(1).to_bytes();
    other_version[1] = 2;
    assert_eq!(DeviceKeys::from_bytes(&other_version).err(), Some(DecodeError::Version));
}

#[portable_test]
fn keys_do_not_show_in_logs() {
    assert_eq!(format!("{:?}", keys(1)), "DeviceKeys([redacted])");
}
