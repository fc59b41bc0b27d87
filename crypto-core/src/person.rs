//! How a public body names a person (`LBX-PERSON-1` to `LBX-PERSON-3`).
//!
//! Given name, family name and birth date, with or without the postcode. Body and directory write
//! the same name in different ways, so both sides compare a canonical form: Unicode compatibility
//! caseless matching (Unicode 16, D146), without accents, apostrophes and differences of spacing.
//! The form is for comparing only; it is never shown. Two people with the same form are told apart
//! by the directory's answer *ambiguous*, never by a guess.

use core::fmt;

use caseless::default_case_fold_str;
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{DecodeError, Limits, Start, Wire},
    label,
};
use unicode_normalization::{UnicodeNormalization as _, char::is_public_assigned};

/// Which rules of canonical form are in force; they are part of every label.
pub const RULES: u8 = 1;

const LONGEST_NAME: usize = 400; // bytes; ScotAccount's given names have at most 100 characters

/// Why a person cannot be named like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// A name with nothing in it that can be compared.
    #[error("a name is empty, or has no letter in it")]
    EmptyName,
    /// A name beyond every limit.
    #[error("a name is longer than {LONGEST_NAME} bytes")]
    LongName,
    /// A character that no name has: a control character or one that Unicode has not assigned.
    #[error("a name has a character that cannot be part of a name")]
    Character,
    /// No date.
    #[error("the birth date is not a date: write it as 1980-12-31")]
    BirthDate,
    /// No postcode.
    #[error("the postcode is not a postcode: write it as EH1 1AA")]
    Postcode,
}

/// A calendar date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Date {
    #[n(0)]
    year: u16,
    #[n(1)]
    month: u8,
    #[n(2)]
    day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD` (ISO 8601) and refuses days that the calendar does not have.
    ///
    /// # Errors
    /// [`PersonError::BirthDate`].
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let read = || {
            let mut parts = text.split('-');
            let mut part = |length: usize| {
                parts
                    .next()
                    .filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
            };
            let (year, month, day) = (part(4)?.parse().ok()?, part(2)?.parse().ok()?, part(2)?.parse().ok()?);
            parts.next().is_none().then_some(Self { year, month, day })
        };
        read().filter(Self::is_valid).ok_or(PersonError::BirthDate)
    }

    fn is_valid(&self) -> bool {
        let leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        self.year >= 1850 && (1..=days).contains(&self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Date([redacted])")
    }
}

/// A person's attributes in canonical form.
#[derive(Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Attributes {
    #[n(0)]
    rules: u8,
    #[n(1)]
    given_name: String,
    #[n(2)]
    family_name: String,
    #[n(3)]
    born: Date,
    #[n(4)]
    postcode: Option<String>,
}

impl Attributes {
    /// Brings attributes, as written by a person or a register, into canonical form.
    ///
    /// # Errors
    /// [`PersonError`].
    pub fn new(
        given_name: &str,
        family_name: &str,
        born: &str,
        postcode: Option<&str>,
    ) -> Result<Self, PersonError> {
        Ok(Self {
            rules: RULES,
            given_name: canonical_name(given_name)?,
            family_name: canonical_name(family_name)?,
            born: Date::parse(born)?,
            postcode: postcode.map(canonical_postcode).transpose()?,
        })
    }

    /// The same person with a postcode, as written by a register.
    ///
    /// # Errors
    /// [`PersonError::Postcode`].
    pub fn with_postcode(&self, postcode: &str) -> Result<Self, PersonError> {
        Ok(Self { postcode: Some(canonical_postcode(postcode)?), ..self.clone() })
    }

    /// The same person without the postcode: the second form under which everybody is listed.
    #[must_use]
    pub fn without_postcode(&self) -> Self {
        Self { postcode: None, ..self.clone() }
    }

    /// The postcode in canonical form.
    #[must_use]
    pub fn postcode(&self) -> Option<&str> {
        self.postcode.as_deref()
    }

    /// Whether name and birth date are the same. Evidence holds these; the address has its own.
    #[must_use]
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.without_postcode() == other.without_postcode()
    }

    /// The label under which the directory lists this person (`LBX-DIR-2`).
    #[must_use]
    pub fn directory_label(&self) -> Vec<u8> {
        label::DIRECTORY_PERSON.with_encoded(&self.to_bytes())
    }
}

impl Wire for Attributes {
    const LIMITS: Limits = Limits { bytes: 2048, depth: 2, items: 10 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.rules != RULES {
            return Err(DecodeError::Version);
        }
        let canonical = |name: &str| canonical_name(name).is_ok_and(|form| form == name);
        let postcode = self.postcode.as_deref();
        let is_canonical = canonical(&self.given_name)
            && canonical(&self.family_name)
            && self.born.is_valid()
            && postcode.is_none_or(|code| canonical_postcode(code).is_ok_and(|form| form == code));
        if is_canonical {
            Ok(())
        } else {
            Err(DecodeError::Value("attributes that are not in canonical form"))
        }
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Attributes([redacted])")
    }
}

fn canonical_name(name: &str) -> Result<String, PersonError> {
    if name.len() > LONGEST_NAME {
        return Err(PersonError::LongName);
    }
    // Normalisation and folding keep their results across Unicode versions for assigned characters.
    if name.chars().any(|sign| sign.is_control() || !is_public_assigned(sign)) {
        return Err(PersonError::Character);
    }
    // Apostrophes go first: one of them decomposes into a space and an accent.
    let bare: String = name.chars().filter(|sign| !is_left_out(*sign)).collect();
    let once = compatible(&default_case_fold_str(&bare.nfd().collect::<String>()));
    let kept: String = compatible(&default_case_fold_str(&once))
        .chars()
        .filter(|sign| !is_accent(*sign) && !is_left_out(*sign))
        .map(|sign| if is_hyphen(sign) { ' ' } else { sign })
        .collect();
    let folded: String = kept.nfkc().collect();
    let canonical = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    if canonical.len() > LONGEST_NAME {
        return Err(PersonError::LongName);
    }
    if canonical.chars().any(char::is_alphabetic) { Ok(canonical) } else { Err(PersonError::EmptyName) }
}

// Text by text: in one chain of iterators each step is a type of its own, with all its code.
fn compatible(text: &str) -> String {
    text.nfkd().collect()
}

/// The blocks of combining diacritical marks. Vowel signs of other scripts are letters, not accents.
const fn is_accent(sign: char) -> bool {
    matches!(
        sign,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Apostrophes and their stand-ins (O'Neil, O’Neil, ONeil), full stops of initials, and characters
/// that are not seen.
const fn is_left_out(sign: char) -> bool {
    matches!(
        sign,
        '\'' | '`' | '.' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bb}' | '\u{2bc}' | '\u{2032}'
            | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

const fn is_hyphen(sign: char) -> bool {
    matches!(sign, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Capitals and digits, five to seven of them, without the space.
pub(crate) fn canonical_postcode(postcode: &str) -> Result<String, PersonError> {
    let code: String =
        postcode.chars().filter(|sign| !sign.is_whitespace()).map(|sign| sign.to_ascii_uppercase()).collect();
    let is_code = (5..=7).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && code.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && code.as_bytes().get(code.len() - 3).is_some_and(u8::is_ascii_digit)
        && code.as_bytes()[code.len() - 2..].iter().all(u8::is_ascii_alphabetic);
    if is_code { Ok(code) } else { Err(PersonError::Postcode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_written_in_different_ways_is_one_name() {
        for (one, other) in [
            ("Màiri", "mairi"),
            ("O'Neil", "O’NEIL"),
            ("O'Neil", "oneil"),
            ("O\u{b4}Neil", "oneil"),
            ("Smith-Jones", "Smith  Jones"),
            ("MacAoidh", "MACAOIDH"),
            ("Strauß", "STRAUSS"),
            ("\u{c9}ilidh", "E\u{301}ilidh"),
            ("J. R.", "J R"),
            (" Anna\u{200b} ", "anna"),
        ] {
            assert_eq!(canonical_name(one), canonical_name(other), "{one}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        for (one, other) in [("Anna", "Ann"), ("Mac Donald", "MacDonald"), ("Ian", "Iain"), ("राम", "रीमा")]
        {
            assert_ne!(canonical_name(one), canonical_name(other), "{one}");
        }
    }

    #[test]
    fn what_is_no_name_date_or_postcode_is_refused() {
        for name in ["", "  ", "'-'", "123", "\u{301}"] {
            assert_eq!(canonical_name(name), Err(PersonError::EmptyName), "{name:?}");
        }
        for name in ["a\nb", "a\0", "a\u{e000}", "a\u{378}"] {
            assert_eq!(canonical_name(name), Err(PersonError::Character), "{name:?}");
        }
        assert_eq!(canonical_name(&"a".repeat(401)), Err(PersonError::LongName));
        assert_eq!(canonical_name(&"a".repeat(400)), Ok("a".repeat(400)));
        for date in [
            "",
            "1980-1-1",
            "1980-02-30",
            "1900-02-29",
            "1980-13-01",
            "1980-00-10",
            "1980-10-00",
            "01-01-1980",
            "1980-01-01-01",
            "1980-01-0١",
            "1849-12-31",
            "+980-01-01",
            "1980/01/01",
        ] {
            assert_eq!(Date::parse(date), Err(PersonError::BirthDate), "{date}");
        }
        for date in ["2000-02-29", "1996-02-29", "1981-02-28"] {
            assert!(Date::parse(date).is_ok(), "{date}");
        }
        for code in ["", "EH1", "EH111111AA", "1H1 1AA", "EH1 AAA", "EH1 1A1", "ÉH1 1AA", "EH1-1AA"] {
            assert_eq!(canonical_postcode(code), Err(PersonError::Postcode), "{code}");
        }
        assert_eq!(canonical_postcode(" eh1 1aa ").unwrap(), "EH11AA");
    }

    #[test]
    fn a_canonical_form_is_its_own_canonical_form() {
        for name in ["Màiri Anna", "O'Neil-Smith", "ﬁona", "İpek", "ΣΊΣΥΦΟΣ", "ǆ", "Ȟ", "Ω", "한글"]
        {
            let form = canonical_name(name).unwrap();
            assert_eq!(canonical_name(&form).unwrap(), form, "{name}");
        }
    }

    #[test]
    fn with_and_without_postcode_are_two_labels_of_one_person() {
        let with = Attributes::new("Ann", "Bell", "1980-02-29", Some("EH1 1AA")).unwrap();
        let without = Attributes::new("Ann", "Bell", "1980-02-29", None).unwrap();
        assert_eq!(with.without_postcode(), without);
        assert!(with.is_same_person(&without));
        assert_eq!(without.with_postcode("eh1 1aa").unwrap(), with);
        assert_ne!(with.directory_label(), without.directory_label());
    }

    /// LBX-PERSON-1.
    #[test]
    fn attributes_that_are_not_in_canonical_form_are_not_read() {
        let canonical = || Attributes::new("Ann", "Bell", "1980-02-29", Some("EH1 1AA")).unwrap();
        for (name, other) in [
            ("given name", Attributes { given_name: "Ann".to_owned(), ..canonical() }),
            ("family name", Attributes { family_name: "Bell".to_owned(), ..canonical() }),
            ("birth date", Attributes { born: Date { year: 1981, month: 2, day: 29 }, ..canonical() }),
            ("postcode", Attributes { postcode: Some("eh1 1aa".to_owned()), ..canonical() }),
        ] {
            let read = Attributes::from_bytes(&other.to_bytes());
            assert!(matches!(read, Err(DecodeError::Value(_))), "{name}: {read:?}");
        }
    }

    #[test]
    fn attributes_do_not_show_in_logs() {
        let attributes = Attributes::new("Ann", "Bell", "1980-02-29", None).unwrap();
        assert_eq!(format!("{attributes:?}"), "Attributes([redacted])");
        assert_eq!(format!("{:?}", attributes.born), "Date([redacted])");
    }
}
