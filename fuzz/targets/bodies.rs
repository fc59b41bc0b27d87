//! Public bodies' entries.

#![no_main]

use crypto_core::body::{BodyEntry, BodyId, SignedBodyEntry};
use letterbox_fuzz::{one_encoding, stranger};
use libfuzzer_sys::fuzz_target;
use relay_auth::cbor::Wire as _;

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<BodyEntry>(bytes);
    if let Some(signed) = one_encoding::<SignedBodyEntry>(bytes) {
        if let Ok(entry) = signed.unverified() {
            assert!(one_encoding::<BodyEntry>(&entry.to_bytes()).is_some());
        }
        let operators = [stranger(250), stranger(251)].map(|key| key.verifying_key());
        assert!(signed.verify(&operators).is_err());
    }
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Ok(id) = BodyId::new(text)
    {
        assert_eq!(id.as_str(), text);
    }
});
