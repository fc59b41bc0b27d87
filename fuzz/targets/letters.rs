//! Letters: sealed, signed, written.

#![no_main]

use crypto_core::{
    citizen::DirectoryId,
    envelope::Envelope,
    inbox_key::InboxPrivateKey,
    letter::{Letter, OpenedLetter, SignedLetter},
    padding::{pad, unpad},
};
use letterbox_fuzz::one_encoding;
use libfuzzer_sys::fuzz_target;
use relay_auth::secret::Secret;

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<Letter>(bytes);
    // The recipient of the vectors, and their key.
    let recipient = DirectoryId::from([1; 16]);
    if let Some(signed) = one_encoding::<SignedLetter>(bytes) {
        let _ = OpenedLetter::from_signed(signed, recipient);
    }
    if let Some(envelope) = one_encoding::<Envelope>(bytes) {
        let key = InboxPrivateKey::from_seed(&Secret::from([1; 32])).expect("every seed is a key");
        let _ = OpenedLetter::open(&envelope, recipient, &key);
    }
    if let Ok(content) = unpad(bytes) {
        assert!(pad(content).as_slice() == bytes, "a second padding was taken");
    }
});
