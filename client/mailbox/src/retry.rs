//! When a device asks again after a try that failed.
//!
//! A relay that was gone comes back to every device that it has. So the wait doubles with each failure
//! up to a minute, and chance shortens each one by up to three quarters: no two devices keep step. A service
//! that is there and is asked too often says itself when to ask again (LBX-REQUEST-5).

use crate::http::HttpResponse;

/// The first wait at its longest, and the longest of all, in milliseconds.
const FIRST: u32 = 2_000;
const LONGEST: u32 = 60_000;

/// The longest wait that a service may ask for, in seconds. One that asks for more is away.
const LONGEST_ASKED: u32 = 60;

/// How often one request is made again. All its waits together are no longer than the longest: somebody may
/// be waiting for the letter that it is about, and until it fails nobody is told that the relay is away.
const MOST_TIMES: u8 = 8;

const TOO_MANY: u16 = 429;

/// Between two looks at the directory for the sake of a letter, in seconds.
const BETWEEN_LOOKS: u64 = 10;

/// How long to wait before the directory is asked for the sake of a letter that was not opened, in
/// milliseconds. Who can put such letters into a mailbox, the relay above all, does not thereby say how
/// often all its devices ask the directory. `last` is when it was asked last, and `now`, Unix seconds.
#[must_use]
pub fn until_next_look(last: u64, now: u64) -> u32 {
    let since = now.saturating_sub(last).min(BETWEEN_LOOKS);
    u32::try_from((BETWEEN_LOOKS - since) * 1_000).unwrap_or(0)
}

/// How often one request, signed anew, is made again at a service that says that it is asked too often. It
/// reads no clock and draws no randomness.
#[derive(Debug)]
pub struct Patience {
    times: u8,
    seconds: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self::new()
    }
}

impl Patience {
    /// Before the first answer.
    #[must_use]
    pub const fn new() -> Self {
        Self { times: MOST_TIMES, seconds: LONGEST_ASKED }
    }

    /// How long to wait before the request is made again, in milliseconds: at least for as long as the
    /// service asks for, and `chance`, any random number, parts the devices of one network. `None` for an
    /// answer to be taken as it is.
    pub fn wait(&mut self, answer: &HttpResponse, chance: u32) -> Option<u32> {
        let asked = answer.retry_after.filter(|_| answer.status == TOO_MANY)?.max(1);
        let (times, seconds) = (self.times.checked_sub(1)?, self.seconds.checked_sub(asked)?);
        *self = Self { times, seconds };
        Some(asked * 1_000 + chance % 1_000)
    }
}

/// The waits between tries. It reads no clock and draws no randomness.
#[derive(Debug)]
pub struct Schedule {
    whole: u32,
    /// What a service asked for since the last wait, in milliseconds.
    asked: u32,
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
        Self { whole: FIRST, asked: 0 }
    }

    /// After a success that lasted: the next failure is the first again.
    pub const fn start_over(&mut self) {
        self.whole = FIRST;
    }

    /// The next wait is at least as long as a service asks for, in seconds, up to the longest of all.
    pub const fn ask_for(&mut self, seconds: u32) {
        self.asked = if seconds < LONGEST_ASKED { seconds * 1_000 } else { LONGEST };
    }

    /// How long to wait after one more failure, in milliseconds. `chance` is any random number.
    pub const fn wait(&mut self, chance: u32) -> u32 {
        let whole = self.whole;
        self.whole = if whole < LONGEST / 2 { whole * 2 } else { LONGEST };
        let (wait, asked) = (whole - chance % (whole / 4 * 3 + 1), self.asked);
        self.asked = 0;
        if wait < asked { asked + chance % 1_000 } else { wait }
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
            assert_eq!(Schedule { whole, asked: 0 }.wait(whole / 4 * 3), whole / 4);
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
    fn a_wait_that_was_asked_for_lengthens_the_next_wait_alone() {
        for (asked, least) in [(7, 7_000), (60, 60_000), (u32::MAX, 60_000)] {
            let mut schedule = Schedule::new();
            schedule.ask_for(asked);
            assert!((least..least + 1_000).contains(&schedule.wait(u32::MAX)), "{asked}");
            assert!(schedule.wait(0) <= WHOLE[1]);
        }
    }

    #[test]
    fn letters_that_cannot_be_opened_do_not_say_how_often_the_directory_is_asked() {
        let waits = [(0, 1_000), (990, 1_000), (995, 1_000), (1_000, 1_000), (2_000, 1_000)];
        let waits = waits.map(|(last, now)| until_next_look(last, now));
        // Nor does a clock that was set back make it wait for long.
        assert_eq!(waits, [0, 0, 5_000, 10_000, 10_000]);
    }

    fn busy(retry_after: Option<u32>) -> HttpResponse {
        HttpResponse { retry_after, ..HttpResponse::new(429, Vec::new()) }
    }

    #[test]
    fn a_service_that_asks_for_a_wait_is_not_asked_before_it_is_over() {
        for chance in [0, 999, 1_000, u32::MAX] {
            let waited = |asked| Patience::new().wait(&busy(Some(asked)), chance).unwrap();
            assert!((7_000..8_000).contains(&waited(7)), "{chance}");
            assert!((1_000..2_000).contains(&waited(0)), "{chance}");
        }
    }

    #[test]
    fn only_who_asks_for_a_wait_is_waited_for_and_not_for_long_nor_without_end() {
        let mut patience = Patience::new();
        let other = HttpResponse { retry_after: Some(1), ..HttpResponse::new(503, Vec::new()) };
        for answer in [busy(None), busy(Some(61)), busy(Some(u32::MAX)), other] {
            assert_eq!(patience.wait(&answer, 0), None);
        }
        let waits = (0..100).map_while(|_| patience.wait(&busy(Some(1)), 0)).count();
        assert_eq!(waits, usize::from(MOST_TIMES));
    }

    #[test]
    fn who_waits_for_a_letter_waits_for_a_minute_at_most_however_often_the_service_asks() {
        for (asked, times) in [(60, 1), (31, 1), (30, 2), (20, 3)] {
            let mut patience = Patience::new();
            let waits: Vec<u32> = (0..100).map_while(|_| patience.wait(&busy(Some(asked)), 0)).collect();
            assert_eq!(waits, vec![asked * 1_000; times], "{asked}");
        }
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
