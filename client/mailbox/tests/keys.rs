//! A device's keys, and records at rest.

use client_mailbox::{
    keys::DeviceKeys,
    local::{self, LocalError, names},
    recovery::Found,
};
use crypto_core::{
    citizen::DirectoryId,
    recovery::{ArchiveRoot, Bundle, RecoveryCode},
    seed::Seed,
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
    assert!(!public.contains(keys.recovery_request_key().as_bytes()));
    assert_ne!(keys.recovery().0, *keys.inbox_keys()[0].public_key());
}

/// Keys of a device that came back to a mailbox with so many generations of keys.
fn recovered(inbox: u8, roots: u64) -> (DeviceKeys, Found, RecoveryCode) {
    let seed = |byte| Seed::from(Secret::from([byte; 32]));
    let inbox = (1..=inbox).map(seed).collect();
    let roots = (1..=roots).rev().map(|generation| ArchiveRoot { generation, root: seed(9) }).collect();
    let bundle = Bundle::new(DirectoryId::from([1; 16]), [2; 32], seed(3), inbox, roots);
    let found = Found { bundle, digest: [4; 32] };
    let code = RecoveryCode::generate(&mut TestRng(6));
    (DeviceKeys::recover(&found, &code, &mut TestRng(7)).unwrap(), found, code)
}

#[portable_test]
fn a_recovery_makes_every_key_anew_and_keeps_those_that_open_what_is_there() {
    let (recovered, found, code) = recovered(2, 3);
    let inbox: Vec<_> = recovered.inbox_keys().iter().map(|key| key.seed().duplicate()).collect();
    let kept: Vec<_> = found.bundle.inbox.iter().map(|seed| seed.secret().duplicate()).collect();
    assert_eq!((inbox.len(), &inbox[1..]), (3, &kept[..]));
    assert!(!kept.contains(&inbox[0]));
    let accepted: Vec<_> = recovered.accepted_inbox_keys().iter().map(|key| key.public_key().id()).collect();
    assert_eq!(accepted, [recovered.inbox_keys()[0].public_key().id()]);
    let generations: Vec<_> = recovered.archive_roots().map(|(generation, _)| generation).collect();
    assert_eq!((recovered.archive_generation(), generations), (4, vec![4, 3, 2, 1]));
    assert!(recovered.archive_roots().skip(1).all(|(_, root)| root != recovered.archive_root()));
    assert_ne!(recovered.identity().verifying_key(), found.bundle.identity.signing_key().verifying_key());
    assert_ne!(recovered.recovery_code().unwrap(), code);

    let former = recovered.former().unwrap();
    let old_key = found.bundle.identity.signing_key().verifying_key();
    assert_eq!(former.identity().verifying_key(), old_key);
    let typed = code.keys().unwrap().request().verifying_key();
    assert_eq!(former.request().unwrap().verifying_key(), typed);
    assert_eq!((former.bundle_digest(), former.bundle_salt()), ([4; 32], [2; 32]));
    assert_eq!(former.directory_id(), DirectoryId::from([1; 16]));
    hostile::assert_strict(&recovered);
}

#[portable_test]
fn keys_of_many_generations_fit_into_their_record_and_the_oldest_are_left_behind() {
    let (fullest, ..) = recovered(8, 64);
    assert_eq!((fullest.inbox_keys().len(), fullest.archive_roots().count()), (8, 64));
    assert_eq!(fullest.archive_roots().map(|(generation, _)| generation).min(), Some(2));
    hostile::assert_strict(&fullest);
    let sealed = fullest.seal(&vault_key(), &mut TestRng(2)).unwrap();
    assert_eq!(DeviceKeys::open(&sealed, &vault_key()).unwrap(), fullest);
}

#[portable_test]
fn a_bundle_that_does_not_hold_together_makes_no_keys() {
    let code = RecoveryCode::generate(&mut TestRng(6));
    for generations in [vec![], vec![u64::MAX], vec![1, 2], vec![2, 2], vec![1, 0]] {
        let (_, mut found, _) = recovered(1, 1);
        let root = |generation: &u64| ArchiveRoot {
            generation: *generation,
            root: Seed::from(Secret::from([9; 32])),
        };
        found.bundle.roots = generations.iter().map(root).collect();
        let refused = DeviceKeys::recover(&found, &code, &mut TestRng(7)).err();
        assert!(matches!(refused, Some(DecodeError::Value(_))), "{generations:?}");
    }
}

#[portable_test]
fn the_code_is_kept_until_the_mailbox_is_ready_and_its_public_halves_for_ever() {
    let (mut keys, ..) = recovered(1, 1);
    let code = keys.recovery_code().unwrap().keys().unwrap();
    let (public, salt) = keys.recovery();
    assert!(!keys.is_code_written_down());
    keys.code_is_written_down();
    assert!(keys.is_code_written_down() && keys.recovery_code().is_some() && keys.former().is_some());
    keys.finish();
    assert!(keys.is_code_written_down() && keys.recovery_code().is_none() && keys.former().is_none());
    assert_eq!(keys.recovery(), (public.clone(), salt));
    assert_eq!(public, *code.seal().public_key());
    assert_eq!(keys.recovery_request_key(), code.request().verifying_key());
    hostile::assert_strict(&keys);
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
    let (keys, found, _) = recovered(1, 1);
    let shown = format!("{keys:?} {found:?} {:?}", keys.former());
    assert_eq!(shown, "DeviceKeys([redacted]) Found([redacted]) Some(Former([redacted]))");
}
