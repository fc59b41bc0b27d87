//! What text may hold: no characters that hide, reorder or break what a person reads.

use relay_auth::cbor::DecodeError;

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

/// Characters that change the direction of what follows (Unicode Technical Report 36 §2.1.5), that
/// are not seen at all, line and paragraph separators, and characters for tags. Letters hold none
/// (`LBX-LETTER-3`); who makes text out of a letter keeps it so.
#[must_use]
pub const fn is_deceptive(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{61c}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// One label of a host name (RFC 1123 §2.1), in lower case.
pub(crate) fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A host name of at least two labels, in lower case.
pub(crate) fn is_host(host: &str) -> bool {
    host.len() <= 253 && host.contains('.') && host.split('.').all(is_host_label)
}

/// The host of an `https` address without user, port or surprising characters.
pub(crate) fn https_host(address: &str) -> Option<&str> {
    if address.len() > 500
        || !address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'))
    {
        return None;
    }
    let rest = address.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|host| is_host(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_have_a_host() {
        assert_eq!(https_host("https://pay.example.scot/x?y#z"), Some("pay.example.scot"));
        assert_eq!(https_host("https://pay.example.scot"), Some("pay.example.scot"));
        for hostile in [
            "",
            "https://",
            "http://example.scot",
            "https:/example.scot",
            "//example.scot",
            "javascript:alert(1)",
            "https://user@example.scot",
            "https://example.scot:8443",
            "https://EXAMPLE.scot",
            "https://example",
            "https://[::1]/",
            "https://example.scot\\@evil.example/",
            "https://exa mple.scot",
            "https://éxample.scot",
            " https://example.scot",
            "https://example.scot/\n",
            "https://-example.scot",
            "https://example..scot",
            "https://example.scot./",
        ] {
            assert_eq!(https_host(hostile), None, "{hostile}");
        }
    }

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
    }
}
