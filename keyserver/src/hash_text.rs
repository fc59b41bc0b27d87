//! 32-byte hashes as text: 64 lower-case hexadecimal digits, the one form that is read.

use relay_auth::hex;

/// Reads a hash.
pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    let (first, second) = text.split_at_checked(32)?;
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&hex::decode(first)?);
    hash[16..].copy_from_slice(&hex::decode(second)?);
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_text_stands_for_a_hash() {
        let text = "00ff".repeat(16);
        assert_eq!(decode(&text).unwrap()[..4], [0, 255, 0, 255]);
        for hostile in ["", "00", &text[1..], &format!("{text}0"), &text.to_uppercase(), &"é".repeat(32)] {
            assert_eq!(decode(hostile), None, "{hostile}");
        }
    }
}
