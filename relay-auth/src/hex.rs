//! 16-byte identifiers as text: 32 lower-case hexadecimal digits, the one form that is read back.

use core::fmt::Write as _;

/// The 32 digits of an identifier.
#[must_use]
pub fn encode(bytes: &[u8; 16]) -> String {
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads what [`encode`] writes, and nothing else: no capitals, no other length.
#[must_use]
pub fn decode(text: &str) -> Option<[u8; 16]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_text_stands_for_an_identifier() {
        let bytes = core::array::from_fn(|place| (place as u8) * 17);
        let text = encode(&bytes);
        assert_eq!(text, "00112233445566778899aabbccddeeff");
        assert_eq!(decode(&text), Some(bytes));
        for hostile in ["", "00", &text.to_uppercase(), &format!("{text}0"), &text.replace('a', "g")] {
            assert_eq!(decode(hostile), None, "{hostile}");
        }
    }
}
