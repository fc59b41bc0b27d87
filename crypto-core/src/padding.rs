//! Padding: what a sealed length may tell (`LBX-PAD-1`).
//!
//! Padmé (Nikitin, Barman, Lueks, Underwood, Hubaux, Ford: *Reducing Metadata Leakage from
//! Encrypted Files and Communication with PURBs*, 2019): a length of L bytes shows O(log log L)
//! bits, for at most 12 % more. Everything below 4 KiB looks alike.

use zeroize::Zeroizing;

/// Nothing is shorter than this once padded, in bytes.
pub const FLOOR: usize = 4096;

/// The padding was not as [`pad`] makes it: whoever sealed this broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the padding is not in its one form")]
pub struct PaddingError;

/// The length to which `length` bytes of content are padded.
#[must_use]
pub const fn padded_length(length: u64) -> u64 {
    // One byte marks the end of the content.
    let length = length.saturating_add(1);
    if length <= FLOOR as u64 {
        return FLOOR as u64;
    }
    // E = floor(log2 L), S = floor(log2 E) + 1: the last E - S bits of the length are zero.
    let exponent = length.ilog2();
    let zero_bits = exponent - (exponent.ilog2() + 1);
    let mask = (1 << zero_bits) - 1;
    length.saturating_add(mask) & !mask
}

/// Pads content: a byte 0x80, then zeros (ISO/IEC 7816-4).
#[must_use]
pub fn pad(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = usize::try_from(padded_length(content.len() as u64)).unwrap_or(usize::MAX);
    // Reserved at once: growing would leave copies of the content behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(content);
    padded.push(0x80);
    padded.resize(length, 0);
    padded
}

/// Takes the padding off, and refuses any that [`pad`] would not have made.
///
/// # Errors
/// [`PaddingError`].
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(PaddingError)?;
    let (content, rest) = padded.split_at(end);
    let is_marked = rest.first() == Some(&0x80);
    let is_shortest = padded_length(content.len() as u64) == padded.len() as u64;
    if is_marked && is_shortest { Ok(content) } else { Err(PaddingError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_padme_from_the_floor_on() {
        for (length, padded) in [
            (0, 4096),
            (4095, 4096),
            (4096, 4352), // 4097: E = 12, S = 4, 8 zero bits
            (5000, 5120),
            (65_535, 65_536),
            (65_536, 67_584), // 65,537: E = 16, S = 5, 11 zero bits
            (26_214_400, 26_738_688),
        ] {
            assert_eq!(padded_length(length), padded, "{length}");
        }
    }

    #[test]
    fn padding_costs_at_most_twelve_per_cent_above_the_floor() {
        for length in (4096..2_000_000_u64).step_by(997) {
            let padded = padded_length(length);
            assert!(padded > length && (padded - length) * 100 <= length * 12, "{length}");
        }
    }

    #[test]
    fn padding_in_any_other_form_is_refused() {
        let padded = pad(b"letter");
        assert_eq!(unpad(&padded).unwrap(), b"letter");
        let mut unmarked = padded.clone();
        unmarked[6] = 1;
        let mut longer = padded.clone();
        longer.push(0);
        for hostile in [&[][..], &[0; 4096], &padded[..4095], &unmarked, &longer, b"letter\x80"] {
            assert_eq!(unpad(hostile), Err(PaddingError));
        }
    }
}
