//! Deterministic CBOR (RFC 8949 §4.2), decoded strictly (`LBX-ENC-2` to `LBX-ENC-4`).
//!
//! Bytes are checked before anything is allocated for them: one item and nothing after it,
//! shortest integers and lengths, definite lengths, map keys sorted and unique, no floats, no
//! tags, no simple values but `false`, `true` and `null`, limits on size, depth and the number of
//! items. Then the value is decoded, encoded again and compared, so that exactly one byte string
//! stands for each value.

use core::fmt;

use minicbor::{Decode, Decoder, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Why bytes were refused. All of them say: whoever made these bytes is at fault, nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than this object may have.
    #[error("the object is larger than its limit")]
    TooLarge,
    /// The bytes end inside an item, or an item claims more than there is.
    #[error("the object is cut off")]
    Truncated,
    /// Something follows the object.
    #[error("there are bytes after the object")]
    Trailing,
    /// An integer or length in more bytes than it needs.
    #[error("a number is not in its shortest form")]
    NonShortest,
    /// An item of indefinite length.
    #[error("an item has no definite length")]
    Indefinite,
    /// An additional-information value that RFC 8949 reserves.
    #[error("an item has a reserved form")]
    Reserved,
    /// A float, or a simple value other than `false`, `true` and `null`.
    #[error("an item is of a kind that is not used here")]
    Simple,
    /// A tagged item.
    #[error("an item is tagged")]
    Tag,
    /// Nested too deeply.
    #[error("the object is nested too deeply")]
    Depth,
    /// More items than this object may have.
    #[error("the object has too many items")]
    Items,
    /// Text that is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// Map keys out of order or twice.
    #[error("the keys of a map are out of order")]
    KeyOrder,
    /// Well-formed, but not this object: a wrong type, a wrong length, an unknown field.
    #[error("the object does not have the expected form")]
    Shape,
    /// An unknown version or suite (`LBX-ENC-1`).
    #[error("the object is of a version that this program does not know")]
    Version,
    /// The right form, but a value outside what the protocol allows.
    #[error("the object has a value that is not allowed: {0}")]
    Value(&'static str),
}

/// Limits that are checked before decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole object.
    pub bytes: usize,
    /// Levels of arrays and maps.
    pub depth: u8,
    /// Items in total, each key, value and element counted.
    pub items: u32,
}

/// What an object starts with, so that an unknown version is told apart from nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing: the object only occurs inside another, or wraps one.
    Plain,
    /// An array whose first element is the version.
    Version,
    /// An array whose first two elements are version and suite.
    VersionAndSuite,
}

/// An object with exactly one encoding.
pub trait Wire: Encode<()> + for<'b> Decode<'b, ()> {
    /// What its bytes may not exceed.
    const LIMITS: Limits;

    /// Whether it starts with a version.
    const START: Start = Start::Version;

    /// Checks values that the type alone does not rule out. Called when decoding.
    ///
    /// # Errors
    /// [`DecodeError::Version`] or [`DecodeError::Value`].
    fn validate(&self) -> Result<(), DecodeError> {
        Ok(())
    }

    /// The object's one encoding.
    #[must_use]
    fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Decodes the object's one encoding and refuses every other byte string.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        check(bytes, Self::LIMITS)?;
        // An array of up to 23 elements has a head of one byte; versions are below 24.
        let expected: &[u8] = match Self::START {
            Start::Plain => &[],
            Start::Version => &[crate::VERSION],
            Start::VersionAndSuite => &[crate::VERSION, crate::SUITE],
        };
        if !bytes.get(1..).is_some_and(|rest| rest.starts_with(expected)) && !expected.is_empty() {
            return Err(DecodeError::Version);
        }
        let mut decoder = Decoder::new(bytes);
        let object: Self = decoder.decode().map_err(|_| DecodeError::Shape)?;
        object.validate()?;
        // Catches what the derived decoder lets pass: unknown fields, explicit nulls.
        if !is_encoding(&object, bytes) {
            return Err(DecodeError::Shape);
        }
        Ok(object)
    }
}

/// Whether `bytes` are the object's encoding. Compared while it is made: a copy of a letter or of keys would
/// stay behind in memory that nobody wipes.
fn is_encoding<T: Encode<()>>(object: &T, bytes: &[u8]) -> bool {
    let mut sink = Sink::Compare(bytes);
    minicbor::encode(object, &mut sink).is_ok() && matches!(sink, Sink::Compare([]))
}

/// Where an encoding goes. It is one type for both, so that what encodes an object is there once: it is much
/// of what a browser loads.
enum Sink<'a> {
    /// Into these bytes, after what they have.
    Collect(Vec<u8>),
    /// To the bytes that are still to come, if it is what was given.
    Compare(&'a [u8]),
}

/// What was encoded is not what was given.
struct Differs;

impl minicbor::encode::Write for Sink<'_> {
    type Error = Differs;

    fn write_all(&mut self, written: &[u8]) -> Result<(), Differs> {
        match self {
            Self::Collect(bytes) => bytes.extend_from_slice(written),
            Self::Compare(rest) => *rest = rest.strip_prefix(written).ok_or(Differs)?,
        }
        Ok(())
    }
}

/// Encodes a value. Definite lengths and shortest integers are all that minicbor's encoder writes.
#[must_use]
pub fn encode<T: Encode<()> + ?Sized>(value: &T) -> Vec<u8> {
    encode_after(&[], value)
}

/// `before || CBOR(value)`.
pub(crate) fn encode_after<T: Encode<()> + ?Sized>(before: &[u8], value: &T) -> Vec<u8> {
    let mut sink = Sink::Collect(before.to_vec());
    // Collecting does not fail, and no type of ours refuses to be encoded.
    let written = minicbor::encode(value, &mut sink);
    debug_assert!(written.is_ok());
    match sink {
        Sink::Collect(bytes) => bytes,
        Sink::Compare(_) => Vec::new(),
    }
}

/// Checks that `bytes` are one item in deterministic encoding, within `limits`. Allocates nothing.
///
/// # Errors
/// See [`DecodeError`].
pub fn check(bytes: &[u8], limits: Limits) -> Result<(), DecodeError> {
    if bytes.len() > limits.bytes {
        return Err(DecodeError::TooLarge);
    }
    let mut items = limits.items;
    let rest = item(bytes, limits.depth, &mut items)?;
    if rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
}

struct Head<'a> {
    major: u8,
    argument: u64,
    rest: &'a [u8],
}

fn head(bytes: &[u8]) -> Result<Head<'_>, DecodeError> {
    let (initial, rest) = bytes.split_first().ok_or(DecodeError::Truncated)?;
    let (major, information) = (initial >> 5, initial & 0x1f);
    if major == 7 {
        return match information {
            20..=22 => Ok(Head { major, argument: u64::from(information), rest }),
            _ => Err(DecodeError::Simple),
        };
    }
    let (width, least) = match information {
        0..=23 => return Ok(Head { major, argument: u64::from(information), rest }),
        24 => (1, 24),
        25 => (2, 0x100),
        26 => (4, 0x1_0000),
        27 => (8, 0x1_0000_0000),
        31 => return Err(DecodeError::Indefinite),
        _ => return Err(DecodeError::Reserved),
    };
    let (number, rest) = rest.split_at_checked(width).ok_or(DecodeError::Truncated)?;
    let argument = number.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    if argument < least {
        return Err(DecodeError::NonShortest);
    }
    Ok(Head { major, argument, rest })
}

/// Checks one item and returns what follows it.
fn item<'a>(bytes: &'a [u8], depth: u8, items: &mut u32) -> Result<&'a [u8], DecodeError> {
    *items = items.checked_sub(1).ok_or(DecodeError::Items)?;
    let Head { major, argument, rest } = head(bytes)?;
    match major {
        0 | 1 | 7 => Ok(rest),
        2 | 3 => {
            let length = usize::try_from(argument).map_err(|_| DecodeError::Truncated)?;
            let (content, rest) = rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
            if major == 3 && core::str::from_utf8(content).is_err() {
                return Err(DecodeError::Utf8);
            }
            Ok(rest)
        }
        4 | 5 => container(rest, major == 5, argument, depth, items),
        _ => Err(DecodeError::Tag),
    }
}

fn container<'a>(
    content: &'a [u8],
    is_map: bool,
    count: u64,
    depth: u8,
    items: &mut u32,
) -> Result<&'a [u8], DecodeError> {
    let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
    // Every element takes a byte at least, so a larger claim is refused before it costs anything.
    let least = count.checked_mul(if is_map { 2 } else { 1 }).ok_or(DecodeError::Truncated)?;
    if least > content.len() as u64 {
        return Err(DecodeError::Truncated);
    }
    let mut rest = content;
    let mut previous: Option<&[u8]> = None;
    for _ in 0..count {
        let before = rest;
        rest = item(rest, depth, items)?;
        if is_map {
            let key = before.get(..before.len() - rest.len()).unwrap_or_default();
            if previous.is_some_and(|previous| previous >= key) {
                return Err(DecodeError::KeyOrder);
            }
            previous = Some(key);
            rest = item(rest, depth, items)?;
        }
    }
    Ok(rest)
}

macro_rules! constant {
    ($(#[$doc:meta])* $name:ident = $value:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.u8($value)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                if decoder.u8()? == $value {
                    Ok(Self)
                } else {
                    Err(minicbor::decode::Error::message(concat!("unknown ", stringify!($name))))
                }
            }
        }
    };
}

constant! {
    /// The version of an object. It has one value, so that no object can be made with another.
    Version = crate::VERSION
}

constant! {
    /// The suite of an object. It has one value, so that no object can be made with another.
    Suite = crate::SUITE
}

/// A byte string of any length, as a CBOR byte string. It may hold a statement with keys in it, so
/// it is wiped when dropped and shows only its length.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
pub struct Bytes(#[cbor(with = "minicbor::bytes")] pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bytes([{} bytes])", self.0.len())
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// 32 public bytes, such as a hash or a salt, as a CBOR byte string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Bytes32(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Debug for Bytes32 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A hash can stand for a person as a mailbox number does.
        crate::id::redacted("Bytes32", formatter)
    }
}

impl From<[u8; 32]> for Bytes32 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Bytes32 {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 64, depth: 3, items: 16 };

    #[test]
    fn a_byte_string_shows_its_length_alone_and_a_hash_nothing() {
        assert_eq!(format!("{:?}", Bytes::from(vec![7; 3])), "Bytes([3 bytes])");
        assert_eq!(Bytes::from(&[7_u8; 3][..]), Bytes::from(vec![7; 3]));
        assert_eq!(format!("{:?}", Bytes32([7; 32])), "Bytes32([redacted])");
    }

    #[test]
    fn a_hash_is_read_as_the_bytes_that_it_was_made_of() {
        let hash = Bytes32::from([7; 32]);
        let bytes: &[u8] = hash.as_ref();
        assert_eq!(bytes, [7_u8; 32]);
    }

    /// `LBX-ENC-4`
    #[test]
    fn bytes_that_are_longer_shorter_or_other_than_the_encoding_are_not_the_encoding() {
        let object = (1_u8, 2_u8);
        assert!(is_encoding(&object, b"\x82\x01\x02"));
        let others: [&[u8]; 4] = [b"", b"\x82\x01", b"\x82\x01\x02\x00", b"\x82\x01\x03"];
        for other in others {
            assert!(!is_encoding(&object, other), "{other:02x?}");
        }
    }

    #[test]
    fn an_object_may_have_as_many_bytes_as_its_limit() {
        let full = [&b"\x58\x3e"[..], &[0; 62]].concat();
        assert_eq!(full.len(), LIMITS.bytes);
        assert_eq!(check(&full, LIMITS), Ok(()));
    }

    #[test]
    fn each_departure_from_the_one_encoding_has_its_own_refusal() {
        let cases: &[(&[u8], Result<(), DecodeError>)] = &[
            (b"\x83\x00\x41\x01\xf6", Ok(())),
            (b"\xa2\x00\x01\x01\x02", Ok(())),
            (b"", Err(DecodeError::Truncated)),
            (b"\x83\x00\x41", Err(DecodeError::Truncated)),
            (b"\x00\x00", Err(DecodeError::Trailing)),
            (b"\x18\x17", Err(DecodeError::NonShortest)),
            (b"\x19\x00\xff", Err(DecodeError::NonShortest)),
            (b"\x1a\x00\x00\xff\xff", Err(DecodeError::NonShortest)),
            (b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff", Err(DecodeError::NonShortest)),
            (b"\x58\x01\x00", Err(DecodeError::NonShortest)),
            (b"\x98\x00", Err(DecodeError::NonShortest)),
            (b"\x9f\xff", Err(DecodeError::Indefinite)),
            (b"\x5f\x41\x00\xff", Err(DecodeError::Indefinite)),
            (b"\x1c", Err(DecodeError::Reserved)),
            (b"\xf9\x00\x00", Err(DecodeError::Simple)),
            (b"\xfb\x00\x00\x00\x00\x00\x00\x00\x00", Err(DecodeError::Simple)),
            (b"\xf7", Err(DecodeError::Simple)),
            (b"\xe0", Err(DecodeError::Simple)),
            (b"\xff", Err(DecodeError::Simple)),
            (b"\xc0\x00", Err(DecodeError::Tag)),
            (b"\x81\x81\x81\x81\x00", Err(DecodeError::Depth)),
            (b"\x91\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", Err(DecodeError::Items)),
            (b"\x61\xff", Err(DecodeError::Utf8)),
            (b"\xa2\x01\x00\x00\x00", Err(DecodeError::KeyOrder)),
            (b"\xa2\x00\x00\x00\x00", Err(DecodeError::KeyOrder)),
            (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", Err(DecodeError::Truncated)),
            (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", Err(DecodeError::Truncated)),
            (b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", Err(DecodeError::Truncated)),
            (&[0; 65], Err(DecodeError::TooLarge)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(check(bytes, LIMITS), *expected, "{bytes:02x?}");
        }
    }
}
