//! How keys are laid out in the one tree.
//!
//! A row is `r ‖ key`. A part of a long value is `l ‖ key ‖ index`: index 0 is its header, 1 and up
//! are its chunks, so that all parts are neighbours on the disk. The first byte keeps rows and long
//! values with the same key apart; and because the index always takes exactly one byte, no two
//! (key, index) pairs have the same stored key, whatever bytes the keys end in.

use crate::{KEY_LIMIT, StoreError};

const ROW: u8 = b'r';
const LONG: u8 = b'l';

/// What a stored key says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored<'a> {
    /// A row.
    Row { key: &'a [u8] },
    /// The header (index 0) or a chunk of a long value.
    Part { key: &'a [u8], index: u8 },
}

impl<'a> Stored<'a> {
    /// `None` for what this crate never writes.
    pub(crate) fn parse(stored: &'a [u8]) -> Option<Self> {
        match stored {
            [ROW, key @ ..] => Some(Self::Row { key }),
            [LONG, key @ .., index] => Some(Self::Part { key, index: *index }),
            _ => None,
        }
    }

    /// The key that the caller knows.
    pub(crate) fn key(&self) -> &'a [u8] {
        match self {
            Self::Row { key } | Self::Part { key, .. } => key,
        }
    }
}

/// Refuses a key over the limit.
pub(crate) fn check(key: &[u8]) -> Result<(), StoreError> {
    if key.len() <= KEY_LIMIT {
        Ok(())
    } else {
        Err(StoreError::TooLarge { what: "a key", length: key.len(), limit: KEY_LIMIT })
    }
}

/// The stored key of a row; also turns a prefix of keys into a prefix of stored keys.
pub(crate) fn row(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(key.len() + 1);
    stored.push(ROW);
    stored.extend_from_slice(key);
    stored
}

/// The stored key of a part of a long value.
pub(crate) fn part(key: &[u8], index: u8) -> Vec<u8> {
    let mut stored = Vec::with_capacity(key.len() + 2);
    stored.push(LONG);
    stored.extend_from_slice(key);
    stored.push(index);
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_keys_say_what_they_are() {
        assert_eq!(Stored::parse(&row(b"")), Some(Stored::Row { key: b"" }));
        assert_eq!(Stored::parse(&row(b"a\xff")), Some(Stored::Row { key: b"a\xff" }));
        assert_eq!(Stored::parse(&part(b"", 0)), Some(Stored::Part { key: b"", index: 0 }));
        assert_eq!(Stored::parse(&part(b"\xff", 255)), Some(Stored::Part { key: b"\xff", index: 255 }));
        assert_eq!(Stored::parse(b""), None);
        assert_eq!(Stored::parse(b"l"), None);
        assert_eq!(Stored::parse(b"x1"), None);
    }

    #[test]
    fn parts_of_different_keys_never_share_a_stored_key() {
        assert_ne!(part(b"a", 5), part(b"a\x05", 0));
        assert_ne!(part(b"a", 255), part(b"a\xff", 0));
    }

    #[test]
    fn a_key_of_one_byte_over_the_limit_is_refused() {
        assert!(check(&[0; KEY_LIMIT]).is_ok());
        assert!(matches!(check(&[0; KEY_LIMIT + 1]), Err(StoreError::TooLarge { length: 129, .. })));
    }
}
