//! When a device asks the directory who the public bodies are (`LBX-BODY-4`).
//!
//! Letters come without the directory as well, so nobody waits for it. What needs its answer is a letter that
//! was not opened, whose sender may be a body that was registered since, and a registry that is old.

use crate::retry::until_next_look;

/// How old the registry may be by which a new letter is judged, in seconds.
pub const REGISTRY_LIFE: u64 = 60 * 60;

/// When the directory was asked, and when it answered, Unix seconds; 0 for not since the unlocking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    tried: u64,
    shown: u64,
}

impl Looks {
    /// It is asked now, whatever it will answer.
    pub const fn begin(&mut self, now: u64) {
        self.tried = now;
    }

    /// It has shown the registry.
    pub const fn answered(&mut self, now: u64) {
        self.shown = now;
    }

    /// How long to wait before it is asked, in milliseconds ([`until_next_look`]).
    #[must_use]
    pub fn wait(&self, now: u64) -> u32 {
        until_next_look(self.tried, now)
    }

    /// Whether it has shown the registry since `began`, when it was to be asked.
    #[must_use]
    pub const fn has_shown_since(&self, began: u64) -> bool {
        self.shown >= began
    }

    /// Whether a body may have been suspended, or its key replaced, and nobody here knows.
    #[must_use]
    pub const fn is_old(&self, now: u64) -> bool {
        now.saturating_sub(self.shown) > REGISTRY_LIFE
    }

    /// For a mailbox that is loaded again: what was shown may not be what is stored, and the directory is asked
    /// no sooner for that.
    #[must_use]
    pub const fn reloaded(self) -> Self {
        Self { shown: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_old_an_hour_after_it_was_shown_whenever_it_was_asked_for_since() {
        let mut looks = Looks::default();
        assert!(looks.is_old(10_000));
        looks.begin(10_000);
        assert!(looks.is_old(10_000));
        looks.answered(10_001);
        looks.begin(13_000);
        assert!(!looks.is_old(10_001 + REGISTRY_LIFE));
        assert!(looks.is_old(10_002 + REGISTRY_LIFE));
    }

    #[test]
    fn only_an_answer_to_this_question_is_one() {
        let mut looks = Looks::default();
        looks.begin(10_000);
        looks.answered(10_001);
        assert!(looks.has_shown_since(10_000));
        looks.begin(10_020);
        // It is away.
        assert!(!looks.has_shown_since(10_020));
    }

    /// `LBX-BODY-4`
    #[test]
    fn a_mailbox_that_is_loaded_again_asks_the_directory_no_sooner_and_does_not_take_it_for_asked() {
        let mut looks = Looks::default();
        assert_eq!(looks.wait(10_000), 0);
        looks.begin(10_000);
        looks.answered(10_001);
        let looks = looks.reloaded();
        assert_eq!([looks.wait(10_003), looks.wait(10_010)], [7_000, 0]);
        assert!(looks.is_old(10_003) && !looks.has_shown_since(10_000));
    }
}
