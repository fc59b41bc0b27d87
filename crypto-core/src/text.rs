//! What text may hold: no characters that hide, reorder or break what a person reads.

use relay_auth::cbor::DecodeError;
use text_rules::is_deceptive;
pub(crate) use text_rules::{https_host, is_host, is_host_label, registered_host};

/// Checks a text of one line: its length in characters, and no character that is not seen as it is.
pub(crate) fn check_line(text: &str, least: usize, most: usize) -> Result<(), DecodeError> {
    let length = text.chars().count();
    if length < least || length > most {
        return Err(DecodeError::Value("a text is too short or too long"));
    }
    if text.chars().any(|sign| sign.is_control() || is_deceptive(sign)) {
        return Err(DecodeError::Value("a text has a character that would not be seen as it is"));
    }
    Ok(())
}

/// Checks a text of several lines by its length in bytes.
pub(crate) fn check_text(text: &str, least: usize, most: usize) -> Result<(), DecodeError> {
    if text.len() < least || text.len() > most {
        return Err(DecodeError::Value("a text is too short or too long"));
    }
    let is_refused = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\t') || is_deceptive(sign);
    if text.chars().any(is_refused) {
        return Err(DecodeError::Value("a text has a character that would not be seen as it is"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_deceives_the_eye_is_refused() {
        for hostile in [
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{0}b",
            "a\u{85}b",
            "a\u{e0041}b",
            "a\u{2028}b",
            "a\u{200b}b",
            "a\u{feff}b",
            "a\u{2063}b",
            "a\u{3164}b",
            "a\u{e0101}b",
        ] {
            assert!(
                check_line(hostile, 0, 10).is_err() && check_text(hostile, 0, 10).is_err(),
                "{hostile:?}"
            );
        }
        assert!(check_line("a\nb", 0, 10).is_err());
        assert!(check_text("a\nb\tc", 0, 10).is_ok() && check_text("a\rb", 0, 10).is_err());
        assert!(check_line("", 1, 10).is_err() && check_line("abc", 1, 2).is_err());
        assert!(check_line("Ciamar a tha thu? ’S math sin.", 1, 40).is_ok());
        // Persian with a joiner that parts two letters, and a sign that is to be a picture.
        assert!(
            check_line("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645} ☎\u{fe0f}", 1, 40).is_ok()
        );
    }

    #[test]
    fn a_text_may_be_as_short_and_as_long_as_its_limits() {
        for text in ["é", "éé"] {
            assert_eq!(check_line(text, 1, 2), Ok(()), "{text}: counted in characters");
            assert_eq!(check_text(text, 2, 4), Ok(()), "{text}: counted in bytes");
        }
    }
}
