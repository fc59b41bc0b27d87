//! Signing keys come and go, and what they signed stays.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _};

use scotaccount_sim::keys::{KeyError, KeyRing};
use serde_json::Value;

use crate::support::{IDENTITY, World, here, verified};

fn ids(keys: &Value) -> Vec<String> {
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_rotation_puts_the_newest_first_and_old_tokens_go_on_verifying() {
    let world = World::start();
    let before = (ids(&world.id_keys().await), ids(&world.attribute_keys().await));
    let old = world.tokens("mairi", IDENTITY).await;
    let made = world.control("/sim/rotate-keys", &[], here()).await.json();

    let keys = world.id_keys().await;
    assert_eq!(ids(&keys), [made["login"].as_str().unwrap(), before.0[0].as_str()]);
    assert_eq!(
        ids(&world.attribute_keys().await),
        [made["attributes"].as_str().unwrap(), before.1[0].as_str()]
    );
    assert!(verified(&keys, old["id_token"].as_str().unwrap()).is_some());
    assert_eq!(world.released(&old).await.status.as_u16(), 200);
    let new = world.tokens("mairi", IDENTITY).await;
    let (header, _) = verified(&keys, new["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(header.kid.as_deref(), made["login"].as_str());

    let world = world.restart(|_| {});
    assert_eq!(world.id_keys().await, keys);
}

#[tokio::test]
async fn keys_outlive_the_process_and_are_their_owners_alone() {
    let world = World::start();
    let (login, attributes) = (world.id_keys().await, world.attribute_keys().await);
    let old = world.tokens("mairi", "openid").await;
    let world = world.restart(|_| {});
    assert_eq!((world.id_keys().await, world.attribute_keys().await), (login, attributes));
    assert!(verified(&world.id_keys().await, old["id_token"].as_str().unwrap()).is_some());
    // The two services share no key.
    let all: BTreeSet<_> =
        ids(&world.id_keys().await).into_iter().chain(ids(&world.attribute_keys().await)).collect();
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn what_stands_in_the_key_set_is_public() {
    let keys = World::start().id_keys().await;
    for key in keys["keys"].as_array().unwrap() {
        let names: BTreeSet<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["alg", "e", "kid", "kty", "n", "use"]));
        // 2048 bits, no leading zero: 256 bytes.
        assert_eq!((key["n"].as_str().unwrap().len(), key["e"].as_str().unwrap()), (342, "AQAB"));
    }
}

#[test]
fn a_key_file_that_others_can_read_or_that_is_none_is_refused() {
    let world = World::start();
    let folder = world.key_folder();
    let file = folder.join("login-0001.pem");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(KeyRing::open(&folder, "login"), Err(KeyError::Open(_))));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    assert!(matches!(KeyRing::open(&folder, "login"), Err(KeyError::NotAKey { .. })));
}
