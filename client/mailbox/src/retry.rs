//! When a device asks again after a try that failed.
//!
//! A relay that was gone comes back to every device that it has. So the wait doubles with each failure
//! up to a minute, and chance shortens each one by up to three quarters: no two devices keep step.

/// The first wait at its longest, and the longest of all, in milliseconds.
const FIRST: u32 = 2_000;
const LONGEST: u32 = 60_000;

/// The waits between tries. It reads no clock and draws no randomness.
#[derive(Debug)]
pub struct Schedule {
    whole: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}

impl Schedule {
    /// Before the first failure.
    #[must_use]
    pub const fn new() -> Self {
        Self { whole: FIRST }
    }

    /// After a success that lasted: the next failure is the first again.
    pub const fn start_over(&mut self) {
        self.whole = FIRST;
    }

    /// How long to wait after one more failure, in milliseconds. `chance` is any random number.
    pub const fn wait(&mut self, chance: u32) -> u32 {
        let whole = self.whole;
        self.whole = if whole < LONGEST / 2 { whole * 2 } else { LONGEST };
        whole - chance % (whole / 4 * 3 + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The longest that each wait can be.
    const WHOLE: [u32; 8] = [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000];

    #[test]
    fn waits_double_up_to_a_minute_and_no_further() {
        let mut schedule = Schedule::new();
        assert_eq!(WHOLE.map(|_| schedule.wait(0)), WHOLE);
    }

    #[test]
    fn chance_shortens_a_wait_by_up_to_three_quarters_and_never_to_nothing() {
        for chance in (0..100_000).chain([u32::MAX - 1, u32::MAX]) {
            let mut schedule = Schedule::new();
            for whole in WHOLE {
                let wait = schedule.wait(chance);
                assert!((whole / 4..=whole).contains(&wait), "{wait} of {whole} by {chance}");
            }
        }
        for whole in [2_000, 60_000] {
            assert_eq!(Schedule { whole }.wait(whole / 4 * 3), whole / 4);
        }
    }

    #[test]
    fn devices_that_lost_the_relay_together_do_not_come_back_together() {
        let first: BTreeSet<u32> = (0..1_000).map(|chance| Schedule::new().wait(chance * 7_919)).collect();
        assert!(first.len() > 400, "{} different waits", first.len());
        let spread = first.last().zip(first.first()).map(|(last, first)| last - first);
        assert!(spread > Some(1_400), "{spread:?}");
    }

    #[test]
    fn after_a_success_the_next_failure_is_the_first() {
        let mut schedule = Schedule::new();
        for _ in 0..10 {
            schedule.wait(0);
        }
        schedule.start_over();
        assert_eq!([schedule.wait(0), schedule.wait(0)], [WHOLE[0], WHOLE[1]]);
    }
}
