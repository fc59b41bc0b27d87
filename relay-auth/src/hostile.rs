//! Hostile variants of an encoded object: what every decoder must refuse.
//!
//! Behind the feature `hostile`, for tests. Each variant has a name that says what was done.

use crate::cbor::{DecodeError, Wire};

/// A generator that is the same in each run: SplitMix64 from a seed. For tests; nothing secret may
/// come from it.
pub struct TestRng(pub u64);

impl rand_core::TryRng for TestRng {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for TestRng {}

/// Byte strings that are nearly `bytes`, an object in its one encoding, and that no decoder takes.
#[must_use]
pub fn variants(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut variants = vec![
        ("empty".to_owned(), Vec::new()),
        ("followed_by_a_byte".to_owned(), [bytes, b"\x00"].concat()),
        ("followed_by_itself".to_owned(), bytes.repeat(2)),
        ("wrapped_in_an_array".to_owned(), [b"\x81", bytes].concat()),
        ("wrapped_in_a_byte_string".to_owned(), crate::cbor::encode(&crate::cbor::Bytes::from(bytes))),
        ("tagged".to_owned(), [b"\xc1", bytes].concat()),
        ("an_integer".to_owned(), b"\x00".to_vec()),
        ("null".to_owned(), b"\xf6".to_vec()),
        ("an_endless_array".to_owned(), b"\x9f".to_vec()),
        ("a_claim_of_a_huge_array".to_owned(), b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("a_claim_of_a_huge_string".to_owned(), b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("nested_a_thousand_times".to_owned(), vec![0x81; 1000]),
    ];
    for length in 0..bytes.len().min(600) {
        variants.push((format!("cut_off_after_{length}_bytes"), bytes[..length].to_vec()));
    }
    if let Some((head @ 0x80..=0x96, rest)) = bytes.split_first() {
        let longer = [&[head + 1], rest, b"\x00"].concat();
        variants.push(("one_more_element".to_owned(), longer));
        variants.push(("one_more_null".to_owned(), [&[head + 1], rest, b"\xf6"].concat()));
        variants.push(("a_long_array_head".to_owned(), [&[0x98, head - 0x80], rest].concat()));
        variants.push(("an_indefinite_array".to_owned(), [&[0x9f], rest, b"\xff"].concat()));
    }
    variants
}

/// Holds `object` against everything that a decoder must do: read back what was written, refuse
/// every variant, refuse another version or suite as such, and never panic on altered bytes.
///
/// # Panics
/// When the decoder fails one of these; this is a test's assertion.
#[expect(clippy::panic, reason = "an assertion of tests")]
pub fn assert_strict<T: Wire + PartialEq + core::fmt::Debug>(object: &T) {
    let bytes = object.to_bytes();
    match T::from_bytes(&bytes) {
        Ok(decoded) => assert_eq!(decoded, *object, "decoding does not give back what was encoded"),
        Err(error) => panic!("an encoded object was refused: {error} {bytes:02x?}"),
    }
    assert!(bytes.len() <= T::LIMITS.bytes, "an object is over its own limit");
    for (name, hostile) in variants(&bytes) {
        assert!(T::from_bytes(&hostile).is_err(), "taken: {name}");
    }
    let oversized = vec![0x80; T::LIMITS.bytes + 1];
    assert_eq!(T::from_bytes(&oversized).err(), Some(DecodeError::TooLarge));
    let places = match T::START {
        crate::cbor::Start::Plain => 0,
        crate::cbor::Start::Version => 1,
        crate::cbor::Start::VersionAndSuite => 2,
    };
    for place in 1..=places {
        for unknown in [0, 2, 23] {
            let mut other = bytes.clone();
            other[place] = unknown;
            assert_eq!(T::from_bytes(&other).err(), Some(DecodeError::Version), "place {place}");
        }
    }
    // Altered bytes are refused or are another object in its one encoding.
    for place in 0..bytes.len().min(400) {
        for flip in [0x01, 0x20, 0x80] {
            let mut altered = bytes.clone();
            altered[place] ^= flip;
            if let Ok(decoded) = T::from_bytes(&altered) {
                assert_eq!(decoded.to_bytes(), altered);
                assert_ne!(decoded, *object);
            }
        }
    }
}
