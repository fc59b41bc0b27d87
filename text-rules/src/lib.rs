//! Which characters a text may hold, and which address in it may be opened.
//!
//! The rules are the same for whoever signs a letter, verifies it and shows it (`LBX-LETTER-3`,
//! `LBX-LETTER-7`): the SDK has them through `crypto-core`, the vault through it and `client-mailbox`, the
//! page, which links no cryptography, through `client-markdown`. So they stand here once, and need nothing.

#![forbid(unsafe_code)]

/// Characters that change the direction of what follows (Unicode Technical Report 36 §2.1.5), that
/// are not seen at all, line and paragraph separators, and signs around annotations. Letters hold none
/// (`LBX-LETTER-3`); who makes text out of a letter keeps it so.
#[must_use]
pub const fn is_deceptive(sign: char) -> bool {
    is_unseen(sign) || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
}

/// Characters that programs show as nothing: those with Unicode's property `Default_Ignorable_Code_Point`
/// (Unicode Standard Annex 44; the table is that of 17.0), also where no character is assigned yet. A name that
/// is nothing but fillers would look empty, two that look the same could differ, and with variation selectors
/// or tags a whole text can be written that nobody sees.
///
/// Four of them pass, because what people write needs them: the two joiners (U+200C, U+200D), without which
/// Persian, Urdu and the scripts of India are misspelt, and the two selectors that choose between a plain sign
/// and a picture (U+FE0E, U+FE0F). All others are for programs, for music and shorthand, deprecated, or for
/// what letters do without: old Korean syllables, forms of Mongolian letters, rare forms of Chinese
/// characters, and the flags of Scotland, England and Wales as pictures, which are written with tags.
const fn is_unseen(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// One label of a host name (RFC 1123 §2.1), in lower case.
#[must_use]
pub fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A host name of at least two labels, in lower case.
#[must_use]
pub fn is_host(host: &str) -> bool {
    host.len() <= 253 && host.contains('.') && host.split('.').all(is_host_label)
}

/// The host of an `https` address without user, port or surprising characters.
#[must_use]
pub fn https_host(address: &str) -> Option<&str> {
    if address.len() > 500
        || !address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'))
    {
        return None;
    }
    let rest = address.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|host| is_host(host))
}

/// The host of an address that may be opened: plain `https`, and the host is one of `hosts`, which the body
/// that wrote the letter has registered. Anything else is shown as text (`LBX-LETTER-7`).
#[must_use]
pub fn registered_host<'a>(address: &'a str, hosts: &[String]) -> Option<&'a str> {
    https_host(address).filter(|host| hosts.iter().any(|registered| registered == host))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 19] = [
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
    ];

    #[test]
    fn what_is_not_seen_as_it_is_deceives_and_nothing_else_does() {
        for sign in
            "\u{ad}\u{61c}\u{200b}\u{200f}\u{2028}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{fffb}\u{e0041}"
                .chars()
        {
            assert!(is_deceptive(sign), "{sign:?}");
        }
        for sign in "aÀ’£ \n\u{fffd}\u{200c}\u{200d}\u{5d0}".chars() {
            assert!(!is_deceptive(sign), "{sign:?}");
        }
    }

    #[test]
    fn of_what_unicode_leaves_unseen_only_joiners_and_the_choice_of_a_look_pass() {
        // First and last of each run with the property, as Unicode's own file has them.
        let runs = [
            ('\u{ad}', '\u{ad}'),
            ('\u{34f}', '\u{34f}'),
            ('\u{61c}', '\u{61c}'),
            ('\u{115f}', '\u{1160}'),
            ('\u{17b4}', '\u{17b5}'),
            ('\u{180b}', '\u{180f}'),
            ('\u{200b}', '\u{200f}'),
            ('\u{202a}', '\u{202e}'),
            ('\u{2060}', '\u{206f}'),
            ('\u{3164}', '\u{3164}'),
            ('\u{fe00}', '\u{fe0f}'),
            ('\u{feff}', '\u{feff}'),
            ('\u{ffa0}', '\u{ffa0}'),
            ('\u{fff0}', '\u{fff8}'),
            ('\u{1bca0}', '\u{1bca3}'),
            ('\u{1d173}', '\u{1d17a}'),
            ('\u{e0000}', '\u{e0fff}'),
        ];
        let has_property = |sign: char| runs.iter().any(|(first, last)| (*first..=*last).contains(&sign));
        let (unseen, seen): (Vec<char>, Vec<char>) = ('\0'..=char::MAX).partition(|sign| has_property(*sign));
        assert_eq!(unseen.len(), 4174, "as many as the file says");
        let passing: Vec<char> = unseen.into_iter().filter(|sign| !is_deceptive(*sign)).collect();
        assert_eq!(passing, ['\u{200c}', '\u{200d}', '\u{fe0e}', '\u{fe0f}']);
        let others: Vec<char> = seen.into_iter().filter(|sign| is_deceptive(*sign)).collect();
        assert_eq!(others, ['\u{2028}', '\u{2029}', '\u{fff9}', '\u{fffa}', '\u{fffb}']);
    }

    #[test]
    fn a_host_has_labels_that_names_of_hosts_may_have() {
        let longest = "a".repeat(63);
        for host in ["example.scot", "a-b.1.example", &format!("{longest}.scot")] {
            assert!(is_host(host), "{host}");
        }
        let too_long = format!("{}a.scot", "abc.".repeat(63));
        for host in [
            "",
            "scot",
            ".scot",
            "scot.",
            "-a.scot",
            "a-.scot",
            "a_b.scot",
            &format!("{longest}a.scot"),
            &too_long,
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn only_plain_https_addresses_have_a_host() {
        assert_eq!(https_host("https://pay.example.scot/x?y#z"), Some("pay.example.scot"));
        assert_eq!(https_host("https://pay.example.scot"), Some("pay.example.scot"));
        for hostile in HOSTILE {
            assert_eq!(https_host(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn an_address_opens_only_where_its_whole_host_is_registered() {
        let hosts = ["pay.example.scot".to_owned(), "example".to_owned(), "[::1]".to_owned()];
        for address in
            ["https://pay.example.scot", "https://pay.example.scot/x", "https://pay.example.scot?x#y"]
        {
            assert_eq!(registered_host(address, &hosts), Some("pay.example.scot"), "{address}");
            assert_eq!(registered_host(address, &[]), None, "{address}");
        }
        let elsewhere = [
            "https://example.scot/",
            "https://not.pay.example.scot/",
            "https://pay.example.scot.evil.example/",
            "https://evil.example/pay.example.scot",
            "https://evil.example/?https://pay.example.scot/",
            "http://pay.example.scot/",
        ];
        // Not even a host that should never have been registered makes more of an address.
        for address in elsewhere.iter().chain(&HOSTILE) {
            assert_eq!(registered_host(address, &hosts), None, "{address}");
        }
    }
}
