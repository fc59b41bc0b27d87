//! How long nobody has done anything, and what follows from it: nothing, a warning, the end.
//!
//! Two clocks are asked, because each can be wrong. The steady one goes on at its own pace, and in some
//! browsers stands still while the device sleeps. The one on the wall goes on while it sleeps, and whoever
//! has the device in hand can set it back. Between two looks the one that says more counts, so neither
//! sleep nor a clock that was set back makes the time any longer. Nothing here reads a clock.

/// How long before the end the person is warned, in milliseconds. WCAG 2.2, 2.2.1 asks for 20 seconds.
pub const WARNING: u64 = 60 * 1000;

const MINUTE: u64 = 60 * 1000;

/// What two clocks say at once, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since 1970, by the device's calendar.
    pub wall: u64,
    /// Since some time that stays the same.
    pub steady: u64,
}

/// What follows from how long nobody has done anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Awake,
    /// It is over within [`WARNING`], unless somebody does something.
    EndsSoon,
    /// It is over, and stays over.
    Over,
}

/// How long nobody has done anything.
#[derive(Clone, Debug)]
pub struct Idleness {
    allowed: u64,
    idle: u64,
    last: Moment,
    is_over: bool,
}

impl Idleness {
    /// Somebody did something now. From now on nothing may be done for so many minutes.
    #[must_use]
    pub fn begin(minutes: u8, now: Moment) -> Self {
        Self { allowed: u64::from(minutes) * MINUTE, idle: 0, last: now, is_over: false }
    }

    /// From now on it is so many minutes. What is over stays over.
    pub fn allow(&mut self, minutes: u8) {
        self.allowed = u64::from(minutes) * MINUTE;
    }

    /// What follows now.
    pub fn look(&mut self, now: Moment) -> Verdict {
        let by_wall = now.wall.saturating_sub(self.last.wall);
        let by_steady = now.steady.saturating_sub(self.last.steady);
        self.idle = self.idle.saturating_add(by_wall.max(by_steady));
        self.last = now;
        self.is_over |= self.idle >= self.allowed;
        if self.is_over {
            Verdict::Over
        } else if self.allowed - self.idle <= WARNING {
            Verdict::EndsSoon
        } else {
            Verdict::Awake
        }
    }

    /// Somebody does something now. If it was over before that, it stays over.
    pub fn act(&mut self, now: Moment) -> Verdict {
        if self.look(now) == Verdict::Over {
            return Verdict::Over;
        }
        self.idle = 0;
        Verdict::Awake
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1000;

    /// Both clocks are right.
    const fn after(milliseconds: u64) -> Moment {
        Moment { wall: 1_700_000_000_000 + milliseconds, steady: 4_000 + milliseconds }
    }

    fn five_minutes() -> Idleness {
        Idleness::begin(5, after(0))
    }

    #[test]
    fn the_warning_comes_a_minute_before_the_end_and_neither_comes_early() {
        for (milliseconds, expected) in [
            (0, Verdict::Awake),
            (4 * MINUTE - 1, Verdict::Awake),
            (4 * MINUTE, Verdict::EndsSoon),
            (5 * MINUTE - 1, Verdict::EndsSoon),
            (5 * MINUTE, Verdict::Over),
            (500 * MINUTE, Verdict::Over),
        ] {
            assert_eq!(five_minutes().look(after(milliseconds)), expected, "{milliseconds}");
        }
    }

    #[test]
    fn looking_often_is_as_good_as_looking_once() {
        let mut idleness = five_minutes();
        for second in 0..300 {
            let expected = if second < 240 { Verdict::Awake } else { Verdict::EndsSoon };
            assert_eq!(idleness.look(after(second * SECOND)), expected, "{second}");
        }
        assert_eq!(idleness.look(after(300 * SECOND)), Verdict::Over);
    }

    #[test]
    fn whoever_does_something_has_the_whole_time_again_as_often_as_they_like() {
        let mut idleness = five_minutes();
        for time in 1..=100 {
            let now = time * (5 * MINUTE - 1);
            assert_eq!(idleness.look(after(now)), Verdict::EndsSoon, "{time}");
            assert_eq!(idleness.act(after(now)), Verdict::Awake, "{time}");
        }
        assert_eq!(idleness.look(after(100 * (5 * MINUTE - 1) + 5 * MINUTE)), Verdict::Over);
    }

    #[test]
    fn what_is_over_stays_over_whatever_is_done() {
        let mut idleness = five_minutes();
        // The first that is heard after the device slept.
        assert_eq!(idleness.act(after(5 * MINUTE)), Verdict::Over);
        assert_eq!(idleness.act(after(5 * MINUTE)), Verdict::Over);
        idleness.allow(60);
        assert_eq!(idleness.act(after(5 * MINUTE + 1)), Verdict::Over);
        assert_eq!(idleness.look(after(0)), Verdict::Over);
    }

    #[test]
    fn a_steady_clock_that_slept_with_the_device_does_not_hold_the_end_up() {
        let mut idleness = five_minutes();
        let woken = Moment { wall: after(20 * MINUTE).wall, ..after(SECOND) };
        assert_eq!(idleness.look(woken), Verdict::Over);
    }

    #[test]
    fn a_wall_clock_that_is_set_back_does_not_hold_the_end_up() {
        let mut idleness = five_minutes();
        for second in 0..300 {
            // An hour earlier each second.
            let now =
                Moment { wall: after(0).wall - second * 60 * MINUTE, steady: after(second * SECOND).steady };
            assert_ne!(idleness.look(now), Verdict::Over, "{second}");
        }
        let now = Moment { wall: 0, steady: after(300 * SECOND).steady };
        assert_eq!(idleness.look(now), Verdict::Over);
    }

    #[test]
    fn time_that_one_clock_missed_before_and_the_other_after_counts_together() {
        let mut idleness = five_minutes();
        // Asleep for three minutes, then awake for two with the wall clock set back.
        let woken = Moment { wall: after(3 * MINUTE).wall, steady: after(0).steady };
        assert_eq!(idleness.look(woken), Verdict::Awake);
        let set_back = Moment { wall: 0, steady: after(2 * MINUTE).steady };
        assert_eq!(idleness.look(set_back), Verdict::Over);
    }

    #[test]
    fn a_shorter_time_counts_from_what_was_done_last() {
        let mut idleness = Idleness::begin(60, after(0));
        assert_eq!(idleness.look(after(2 * MINUTE)), Verdict::Awake);
        idleness.allow(2);
        assert_eq!(idleness.look(after(2 * MINUTE)), Verdict::Over);
    }

    #[test]
    fn the_shortest_time_has_a_minute_without_a_warning() {
        let mut idleness = Idleness::begin(2, after(0));
        assert_eq!(idleness.look(after(MINUTE - 1)), Verdict::Awake);
        assert_eq!(idleness.look(after(MINUTE)), Verdict::EndsSoon);
    }
}
