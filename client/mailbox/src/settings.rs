//! What a person has chosen for this device: when their letters lock by themselves.
//!
//! Letters always lock in the end: there is no choice of never, and none that is longer than an hour.
//! That is twelve times the usual, so whoever needs more time than most has it (WCAG 2.2, 2.2.1).

use minicbor::{Decode, Encode};
use relay_auth::cbor::{DecodeError, Limits, Start, Suite, Version, Wire};

/// How long nothing may be done before the letters lock, in minutes, unless the person chose.
const USUAL_MINUTES: u8 = 5;

/// The shortest and the longest that can be chosen. The shortest leaves a minute before the warning.
const SHORTEST_MINUTES: u8 = 2;
const LONGEST_MINUTES: u8 = 60;

/// The choices of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    idle_minutes: u8,
    locks_when_hidden: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { idle_minutes: USUAL_MINUTES, locks_when_hidden: false }
    }
}

impl Settings {
    /// `None` for minutes that cannot be chosen.
    #[must_use]
    pub fn new(idle_minutes: u8, locks_when_hidden: bool) -> Option<Self> {
        let is_allowed = (SHORTEST_MINUTES..=LONGEST_MINUTES).contains(&idle_minutes);
        is_allowed.then_some(Self { idle_minutes, locks_when_hidden })
    }

    /// How long nothing may be done before the letters lock, in minutes.
    #[must_use]
    pub const fn idle_minutes(self) -> u8 {
        self.idle_minutes
    }

    /// Whether they lock as soon as the page is out of sight.
    #[must_use]
    pub const fn locks_when_hidden(self) -> bool {
        self.locks_when_hidden
    }

    /// To be stored as [`crate::local::names::SETTINGS`].
    #[must_use]
    pub fn to_record(self) -> Vec<u8> {
        let Self { idle_minutes, locks_when_hidden } = self;
        Stored { version: Version, suite: Suite, idle_minutes, locks_when_hidden }.to_bytes()
    }

    /// Takes what was stored.
    ///
    /// # Errors
    /// [`DecodeError`]: go by [`Settings::default`].
    pub fn from_record(record: &[u8]) -> Result<Self, DecodeError> {
        let Stored { idle_minutes, locks_when_hidden, .. } = Stored::from_bytes(record)?;
        Self::new(idle_minutes, locks_when_hidden).ok_or(NOT_ALLOWED)
    }
}

const NOT_ALLOWED: DecodeError = DecodeError::Value("the minutes cannot be chosen");

#[derive(Encode, Decode)]
struct Stored {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    idle_minutes: u8,
    #[n(3)]
    locks_when_hidden: bool,
}

impl Wire for Stored {
    const LIMITS: Limits = Limits { bytes: 16, depth: 1, items: 8 };
    const START: Start = Start::VersionAndSuite;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lock_after_five_minutes_and_stay_open_on_a_hidden_page_unless_somebody_chose() {
        let usual = Settings::default();
        assert_eq!((usual.idle_minutes(), usual.locks_when_hidden()), (5, false));
    }

    #[test]
    fn nobody_can_choose_never_or_more_than_an_hour() {
        for minutes in 0..=u8::MAX {
            assert_eq!(Settings::new(minutes, true).is_some(), (2..=60).contains(&minutes), "{minutes}");
        }
    }

    #[test]
    fn what_was_chosen_comes_back_from_the_record() {
        for (minutes, is_hidden) in [(2, true), (5, false), (60, true)] {
            let settings = Settings::new(minutes, is_hidden).unwrap();
            assert_eq!(Settings::from_record(&settings.to_record()), Ok(settings));
        }
    }

    #[test]
    fn a_record_with_other_minutes_is_not_taken() {
        let stored = |idle_minutes| {
            Stored { version: Version, suite: Suite, idle_minutes, locks_when_hidden: true }.to_bytes()
        };
        for minutes in [0, 1, 61, 255] {
            assert_eq!(Settings::from_record(&stored(minutes)), Err(NOT_ALLOWED), "{minutes}");
        }
        assert!(Settings::from_record(&stored(2)).is_ok());
    }

    #[test]
    fn bytes_that_are_no_record_are_not_taken() {
        let whole = Settings::default().to_record();
        assert!(Settings::from_record(&whole[..whole.len() - 1]).is_err());
        assert!(Settings::from_record(&[&whole[..], &[0]].concat()).is_err());
        assert!(Settings::from_record(&[]).is_err());
    }
}
