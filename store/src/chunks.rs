//! Long values as consecutive rows.
//!
//! The header row holds the value's length and CRC-32 (both big-endian `u32`); the number of chunks
//! follows from the length. All parts are written in one batch, so a value is there whole or not at
//! all; header and checksum are for the day when that is not true: a missing, foreign or damaged
//! chunk is an error, never a shorter value.

use crate::{LONG_LIMIT, Row, StoreError, VALUE_LIMIT, keys};

/// The length of every chunk but the last, in bytes.
pub(crate) const CHUNK: usize = VALUE_LIMIT;

/// The most chunks that a long value can have.
pub(crate) const MOST_CHUNKS: u8 = 64;

const _: () = assert!(LONG_LIMIT == CHUNK * MOST_CHUNKS as usize, "the index of a chunk is one byte");

/// What the header row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    length: usize,
    chunks: u8,
    checksum: u32,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Corrupt { what: "the header of a long value is not one".to_owned() };
        let bytes: [u8; 8] = bytes.try_into().map_err(|_| damaged())?;
        let [l0, l1, l2, l3, c0, c1, c2, c3] = bytes;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).map_err(|_| damaged())?;
        let chunks = u8::try_from(length.div_ceil(CHUNK)).map_err(|_| damaged())?;
        if chunks > MOST_CHUNKS {
            return Err(damaged());
        }
        Ok(Self { length, chunks, checksum: u32::from_be_bytes([c0, c1, c2, c3]) })
    }

    /// How many chunks follow.
    pub(crate) fn chunks(self) -> u8 {
        self.chunks
    }
}

/// The rows of a long value, the header first.
pub(crate) fn split(key: &[u8], value: &[u8]) -> Result<Vec<Row>, StoreError> {
    let too_large = || StoreError::TooLarge { what: "a long value", length: value.len(), limit: LONG_LIMIT };
    if value.len() > LONG_LIMIT {
        return Err(too_large());
    }
    let length = u32::try_from(value.len()).map_err(|_| too_large())?;
    let mut header = length.to_be_bytes().to_vec();
    header.extend_from_slice(&crc32fast::hash(value).to_be_bytes());
    let chunks = (1..=MOST_CHUNKS).zip(value.chunks(CHUNK));
    let chunks = chunks.map(|(index, chunk)| (keys::part(key, index), chunk.to_vec()));
    Ok(std::iter::once((keys::part(key, 0), header)).chain(chunks).collect())
}

/// Puts a long value together from its rows; `None` if it has no header.
pub(crate) fn join(
    key: &[u8],
    lookup: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(header) = lookup(&keys::part(key, 0))? else {
        return Ok(None);
    };
    let header = Header::parse(&header)?;
    let mut value = Vec::with_capacity(header.length);
    for index in 1..=header.chunks {
        let Some(chunk) = lookup(&keys::part(key, index))? else {
            let what = format!("chunk {index} of {} of a long value is missing", header.chunks);
            return Err(StoreError::Corrupt { what });
        };
        value.extend_from_slice(&chunk);
    }
    if value.len() == header.length && crc32fast::hash(&value) == header.checksum {
        Ok(Some(value))
    } else {
        Err(StoreError::Corrupt { what: "a long value does not match its checksum".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn value(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at % 251) as u8).collect()
    }

    fn stored(value: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
        split(b"key", value).unwrap().into_iter().collect()
    }

    fn read(rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Option<Vec<u8>>, StoreError> {
        join(b"key", |key| Ok(rows.get(key).cloned()))
    }

    #[test]
    fn every_length_comes_back_whole() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * 1024, LONG_LIMIT - 1, LONG_LIMIT] {
            let value = value(length);
            let rows = stored(&value);
            assert_eq!(rows.len(), 1 + length.div_ceil(CHUNK), "{length}");
            assert!(rows.values().all(|row| row.len() <= VALUE_LIMIT));
            assert_eq!(read(&rows).unwrap(), Some(value), "{length}");
        }
    }

    #[test]
    fn one_byte_over_the_limit_is_refused() {
        assert!(matches!(split(b"key", &value(LONG_LIMIT + 1)), Err(StoreError::TooLarge { .. })));
    }

    #[test]
    fn a_missing_shortened_or_altered_chunk_is_never_a_value() {
        let whole = stored(&value(3 * CHUNK + 7));
        for index in 1..=4 {
            let mut rows = whole.clone();
            rows.remove(&keys::part(b"key", index));
            assert!(matches!(read(&rows), Err(StoreError::Corrupt { .. })), "missing {index}");

            let mut rows = whole.clone();
            rows.entry(keys::part(b"key", index)).and_modify(|chunk| chunk.truncate(3));
            assert!(matches!(read(&rows), Err(StoreError::Corrupt { .. })), "shortened {index}");

            let mut rows = whole.clone();
            rows.entry(keys::part(b"key", index)).and_modify(|chunk| chunk[0] ^= 1);
            assert!(matches!(read(&rows), Err(StoreError::Corrupt { .. })), "altered {index}");
        }
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused() {
        let mut rows = stored(&value(10));
        rows.insert(keys::part(b"key", 0), [0xff; 8].to_vec());
        assert!(matches!(read(&rows), Err(StoreError::Corrupt { .. })));
        rows.insert(keys::part(b"key", 0), Vec::new());
        assert!(matches!(read(&rows), Err(StoreError::Corrupt { .. })));
    }
}
