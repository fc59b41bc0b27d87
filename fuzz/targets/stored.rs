//! What lies sealed at the relay and on a device, with the keys of the vectors. Unwrapping a secret is left
//! out: it takes as long as it is meant to.

#![no_main]

use crypto_core::{
    archive::{Item, ObjectId, Place, SealedObject},
    citizen::DirectoryId,
    inbox_key::InboxPrivateKey,
    local::SealedRecord,
    passphrase::WrappedSecret,
    recovery::{Bundle, SealedBundle},
};
use letterbox_fuzz::{hex_array, one_encoding, stranger};
use libfuzzer_sys::fuzz_target;
use relay_auth::secret::Secret;
use serde_json::Value;

thread_local! {
    static RECOVERY: InboxPrivateKey = recovery_key();
}

fn recovery_key() -> InboxPrivateKey {
    let vector: Value =
        serde_json::from_str(include_str!("../../docs/vectors/recovery-bundle.json")).expect("a vector");
    let seed = Secret::from(hex_array::<32>(vector["seed"].as_str().expect("a seed")));
    InboxPrivateKey::from_seed(&seed).expect("every seed is a key")
}

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<Bundle>(bytes);
    one_encoding::<WrappedSecret>(bytes);
    let owner = DirectoryId::from([1; 16]);
    if let Some(Item::Letter(letter)) = one_encoding::<Item>(bytes) {
        let key = stranger(250).verifying_key();
        assert!(letter.sender.verify(&[key]).is_err());
        assert!(letter.receipt.verify_for(&key.into(), &letter.deposit).is_err());
    }
    if let Some(sealed) = one_encoding::<SealedObject>(bytes) {
        let place = Place { owner, generation: 1, id: ObjectId::from([1; 16]), counter: 1 };
        let _ = sealed.open(&place, &Secret::from([5; 32]));
        let moved = Place { counter: 2, ..place };
        assert!(sealed.open(&moved, &Secret::from([5; 32])).is_err());
    }
    if let Some(sealed) = one_encoding::<SealedRecord>(bytes) {
        assert!(sealed.open("record", &Secret::from([250; 32])).is_err());
    }
    if let Some(sealed) = one_encoding::<SealedBundle>(bytes) {
        RECOVERY.with(|key| {
            let _ = sealed.open(key);
        });
    }
});
