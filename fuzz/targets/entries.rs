//! A citizen's entries, and what a sign-in is bound to.

#![no_main]

use crypto_core::citizen::{DirectoryId, Entry, History, SignIn, SignedEntry};
use letterbox_fuzz::one_encoding;
use libfuzzer_sys::fuzz_target;
use relay_auth::cbor::Wire as _;

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<Entry>(bytes);
    if let Some(sign_in) = one_encoding::<SignIn>(bytes) {
        assert_eq!(sign_in.nonce().len(), 43);
    }
    if let Some(signed) = one_encoding::<SignedEntry>(bytes) {
        if let Ok(entry) = signed.unverified() {
            assert!(one_encoding::<Entry>(&entry.to_bytes()).is_some());
        }
        if let Ok(history) = History::verify(DirectoryId::from([1; 16]), core::slice::from_ref(&signed)) {
            assert_eq!(*history.last().hash(), signed.hash());
        }
    }
});
