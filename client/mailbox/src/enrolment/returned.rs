//! What ScotAccount sends back with the browser (RFC 6749 §4.1.2, RFC 9207).

use crate::enrolment::EnrolmentError;

/// The longest part after the question mark that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

#[derive(PartialEq, Eq)]
pub(super) enum Outcome {
    /// A code, to be redeemed once.
    Code(String),
    /// ScotAccount's word for why there is none.
    Error(String),
}

/// What came back with the browser. Not believed: anybody can make such a link.
#[derive(PartialEq, Eq)]
pub struct Returned {
    pub(super) state: String,
    pub(super) outcome: Outcome,
    /// Who it says it is from.
    pub(super) issuer: Option<String>,
}

redacted!(Returned);

impl Returned {
    /// Reads the part after the question mark, with or without the mark.
    ///
    /// # Errors
    /// [`EnrolmentError::UnknownSignIn`]: it is not what ScotAccount sends.
    pub fn parse(query: &str) -> Result<Self, EnrolmentError> {
        Self::read(query).ok_or(EnrolmentError::UnknownSignIn)
    }

    fn read(query: &str) -> Option<Self> {
        let query = query.strip_prefix('?').unwrap_or(query);
        if query.len() > LONGEST {
            return None;
        }
        let (mut code, mut error, mut state, mut issuer) = (None, None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "code" => &mut code,
                "error" => &mut error,
                "state" => &mut state,
                "iss" => &mut issuer,
                _ => continue,
            };
            // Twice would be read by some as the first, by others as the last.
            if place.replace(decoded(value)?).is_some() {
                return None;
            }
        }
        let outcome = match (code, error) {
            (Some(code), None) if !code.is_empty() => Outcome::Code(code),
            (None, Some(error)) if !error.is_empty() => Outcome::Error(error),
            _ => return None,
        };
        Some(Self { state: state?, outcome, issuer })
    }
}

/// `application/x-www-form-urlencoded`: `+` for a space, `%XX` for a byte.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

const fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_or_an_error_comes_back_with_its_state() {
        let returned = Returned::parse("?code=a%2Fb+c&state=s&iss=https%3A%2F%2Fa.example&x=1").unwrap();
        assert!(returned.outcome == Outcome::Code("a/b c".to_owned()));
        assert_eq!((returned.state.as_str(), returned.issuer.as_deref()), ("s", Some("https://a.example")));
        let refused = Returned::parse("error=access_denied&error_description=No&state=s").unwrap();
        assert!(refused.outcome == Outcome::Error("access_denied".to_owned()));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for hostile in [
            "",
            "?",
            "code=a",
            "state=s",
            "code=&state=s",
            "code=a&code=b&state=s",
            "code=a&state=s&state=t",
            "code=a&error=b&state=s",
            "code=%2&state=s",
            "code=%zz&state=s",
            "code=%ff&state=s",
            "code=%&state=s",
            &format!("code={}&state=s", "a".repeat(LONGEST)),
        ] {
            assert_eq!(Returned::parse(hostile).err(), Some(EnrolmentError::UnknownSignIn), "{hostile}");
        }
    }
}
