//! Random texts, and the names under which relying parties know people.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};
use sha2::{Digest as _, Sha256};

/// 256 random bits: a code, a token, the value of a cookie.
pub(crate) fn random_text() -> String {
    Base64UrlUnpadded::encode_string(&random::<32>())
}

/// A random UUID (RFC 9562 §5.4).
pub(crate) fn random_uuid() -> String {
    uuid(random(), 4)
}

/// The name under which a relying party knows a person: the same each time, another for each
/// relying party; without one, the same for all.
///
/// It follows from the two names and no secret, so that it is the same in each store. Anybody can
/// compute it; its people are invented.
pub(crate) fn subject(client_id: Option<&str>, person: &str) -> String {
    let mut hash = Sha256::new();
    // Lengths go in front, so that no two pairs of names give the same bytes.
    for part in ["scotaccount-sim subject", client_id.unwrap_or_default(), person] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid(bytes, 8)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    UnwrapErr(SysRng).fill_bytes(&mut bytes);
    bytes
}

fn uuid(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_stable_and_differs_by_client_and_person() {
        let subject_of = |client: &str, person: &str| subject(Some(client), person);
        assert_eq!(subject_of("letterbox", "mairi"), subject_of("letterbox", "mairi"));
        assert_ne!(subject_of("letterbox", "mairi"), subject_of("other", "mairi"));
        assert_ne!(subject_of("letterbox", "mairi"), subject_of("letterbox", "paul"));
        assert_ne!(subject_of("a", "bc"), subject_of("ab", "c"));
        assert_ne!(subject(None, "mairi"), subject_of("letterbox", "mairi"));
    }

    #[test]
    fn subjects_look_like_uuids() {
        let subject = subject(Some("letterbox"), "mairi");
        let lengths: Vec<_> = subject.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(random_uuid().as_bytes()[14], b'4');
        assert!(subject.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
    }
}
