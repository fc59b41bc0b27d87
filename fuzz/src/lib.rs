//! What the fuzz targets assert, and the keys that they use. Each target gets bytes that grew out of
//! `docs/vectors` (`seeds.mjs`) and hands them to every decoder of its group. The target `markdown` reads a
//! letter's text, which is no encoding; it says for itself what it asserts.
//!
//! A decoder may refuse. It may not panic, take long, or take a second encoding of an object
//! (`LBX-ENC-2` to `LBX-ENC-4`); and what is signed or sealed may not be altered unseen.

#![forbid(unsafe_code)]

use relay_auth::{
    cbor::{DecodeError, Wire},
    secret::Secret,
    signing::SigningKey,
};

/// Decodes an object. What is taken is its one encoding, within its limit, and ends where it ends.
pub fn one_encoding<T: Wire>(bytes: &[u8]) -> Option<T> {
    let object = T::from_bytes(bytes).ok()?;
    assert!(object.to_bytes() == bytes, "a second encoding was taken");
    assert!(bytes.len() <= T::LIMITS.bytes, "an object over its limit was taken");
    let longer = [bytes, &[0]].concat();
    let refused = T::from_bytes(&longer).err();
    assert!(
        matches!(refused, Some(DecodeError::Trailing | DecodeError::TooLarge)),
        "bytes after an object were taken"
    );
    Some(object)
}

/// A key that signed none of the seeds.
pub fn stranger(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from([number; 32]))
}

/// Bytes of a vector, which writes them in hexadecimal.
///
/// # Panics
/// For anything else.
pub fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("a vector's bytes");
    (0..text.len()).step_by(2).map(digit).collect()
}

/// [`hex`] of a known length.
///
/// # Panics
/// For another length.
pub fn hex_array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().expect("a vector's bytes have their length")
}
