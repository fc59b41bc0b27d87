//! The check that every CBOR object passes first.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relay_auth::cbor::{DecodeError, Limits, check};

const LIMITS: Limits = Limits { bytes: 4096, depth: 8, items: 512 };

fuzz_target!(|bytes: &[u8]| {
    if check(bytes, LIMITS).is_err() {
        return;
    }
    // An item ends where it ends: no beginning of it is one, nor is anything longer.
    for end in 0..bytes.len().min(512) {
        assert_eq!(check(&bytes[..end], LIMITS), Err(DecodeError::Truncated));
    }
    if bytes.len() < LIMITS.bytes {
        assert_eq!(check(&[bytes, &[0]].concat(), LIMITS), Err(DecodeError::Trailing));
    }
});
