//! Public keys, the recovery code, and addresses.

#![no_main]

use crypto_core::{
    inbox_key::InboxPublicKey,
    recovery::RecoveryCode,
    trust::{authority_of, key_text, parse_key},
};
use libfuzzer_sys::fuzz_target;
use relay_auth::signing::VerifyingKey;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(candidate) = <&[u8; 32]>::try_from(bytes)
        && let Ok(key) = VerifyingKey::from_bytes(candidate)
    {
        assert!(key.as_bytes() == candidate, "a second encoding was taken");
    }
    if let Ok(key) = InboxPublicKey::from_bytes(bytes) {
        assert!(key.to_bytes() == bytes, "a second encoding was taken");
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(code) = RecoveryCode::parse(text) {
        let shown = code.groups().join(" ");
        assert!(RecoveryCode::parse(&shown).is_ok_and(|read| read == code), "a code is read as another");
    }
    if let Ok(key) = parse_key(text, "key") {
        assert_eq!(key_text(&key), text);
    }
    if let Some(authority) = authority_of(text) {
        assert!(text == format!("https://{authority}") || text == format!("http://{authority}"));
    }
});
