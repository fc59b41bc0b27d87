//! Letters that stayed at the relay, listed once more.
//!
//! A mailbox may have thousands of them, and the relay counts how often it is asked: those that lie close
//! together are listed with one request.

use std::collections::BTreeSet;

use api::letters::LetterPage;
use rand_core::CryptoRng;

use crate::{
    inbox::{Inbox, Reader, Received, RelayLie, chain::Arrived},
    relay::LETTERS_AT_ONCE,
    small::gathered,
};

/// A part of the relay's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// It begins after this number.
    pub after: u64,
    /// How many deposits it has at most.
    pub limit: u16,
}

/// One more look at letters that stayed at the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgainPass {
    /// What was not given again yet.
    wanted: BTreeSet<u64>,
}

impl AgainPass {
    /// Of these numbers, each among [`Inbox::unopened`].
    #[must_use]
    pub fn of(numbers: &[u64]) -> Self {
        Self { wanted: gathered(numbers.iter().copied()) }
    }

    /// What to list next, for [`Inbox::again`]; `None` once every number was given again.
    #[must_use]
    pub fn part(&self) -> Option<Part> {
        let first = *self.wanted.first()?;
        let end = first.saturating_add(u64::from(LETTERS_AT_ONCE));
        // The last number of all has no end behind it: it is asked for alone.
        let last = self.wanted.range(first..end).next_back().copied().unwrap_or(first);
        let after = first.saturating_sub(1);
        Some(Part { after, limit: u16::try_from(last - after).unwrap_or(LETTERS_AT_ONCE) })
    }

    /// Whether a page that went up to the number `reached` gave every wanted one.
    fn is_given(&self, given: &[Arrived], reached: u64) -> bool {
        let is_first = given.first().map(|arrived| arrived.deposit.sequence) == self.wanted.first().copied();
        is_first && self.wanted.range(..=reached).count() == given.len()
    }
}

/// Which letters that stayed at the relay were tried again since the unlocking. Each is tried once, and
/// anew for as long as a try did not come to its end: nobody is told before that of one that is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried(BTreeSet<u64>);

/// Letters that are still to be tried, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Said to be filed. No key and no sender is missing for them: they need no directory.
    pub filed: Vec<u64>,
    /// The sender of one may be a body that was registered since. Before the directory has shown the registry
    /// anew, a try would come to what the listing came to.
    pub others: Vec<u64>,
}

impl Left {
    /// What can be tried now: where the registry was not shown since they were listed (`has_registry`), those
    /// alone that are said to be filed. However often the relay has news while the directory is away, what it
    /// gave once is not fetched again.
    #[must_use]
    pub fn now(self, has_registry: bool) -> Vec<u64> {
        let Self { mut filed, others } = self;
        if has_registry {
            filed.extend(others);
        }
        filed
    }

    /// What can be tried now that the directory has shown the registry, which was asked for the sake of `asked`
    /// ([`Left::others`] at that time). It may not show yet who sent what was listed later.
    #[must_use]
    pub fn since(self, asked: &[u64]) -> Vec<u64> {
        let Self { mut others, .. } = self;
        others.retain(|sequence| asked.binary_search(sequence).is_ok());
        others
    }
}

impl Tried {
    /// Those of [`Inbox::unopened`] that are still to be tried; `filed` are [`Inbox::said_to_be_filed`].
    #[must_use]
    pub fn left(&self, unopened: Vec<u64>, filed: &BTreeSet<u64>) -> Left {
        let mut left = Left::default();
        for sequence in unopened.into_iter().filter(|sequence| !self.0.contains(sequence)) {
            let place = if filed.contains(&sequence) { &mut left.filed } else { &mut left.others };
            place.push(sequence);
        }
        left
    }

    /// A try of these came to its end.
    pub fn note(&mut self, numbers: &[u64]) {
        self.0.extend(numbers);
    }
}

impl Inbox {
    /// Tries letters again that stayed at the relay. `page` was listed as [`AgainPass::part`] says. It may
    /// have fewer than were asked for; what it has leaves none out.
    ///
    /// # Errors
    /// [`RelayLie`]; nothing changed.
    pub fn again(
        &mut self,
        pass: &mut AgainPass,
        page: &LetterPage,
        reader: &Reader<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Received, RelayLie> {
        let mut received = Received { is_complete: true, ..Received::default() };
        let Some(Part { after, .. }) = pass.part() else { return Ok(received) };
        let mut reached = after;
        let mut given = Vec::new();
        for letter in &page.letters {
            let (arrived, _) = Arrived::read(letter, reader.trust.receipt_keys())?;
            let sequence = arrived.deposit.sequence;
            let known = self.unopened.get(&sequence).or_else(|| self.hidden.get(&sequence));
            if sequence <= reached || known.is_some_and(|known| *known != arrived.deposit) {
                return Err(RelayLie::OtherDeposit);
            }
            reached = sequence;
            if pass.wanted.contains(&sequence) {
                given.push(arrived);
            }
        }
        if !pass.is_given(&given, reached) {
            return Err(RelayLie::Withheld);
        }
        pass.wanted.retain(|sequence| *sequence > reached);
        // The archive may have brought one meanwhile.
        given.retain(|arrived| {
            let sequence = arrived.deposit.sequence;
            self.unopened.remove(&sequence).or_else(|| self.hidden.remove(&sequence)).is_some()
        });
        if !given.is_empty() {
            self.take(given, reader, &mut received, rng);
        }
        Ok(received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every part that is listed, if each is given whole.
    fn parts(numbers: &[u64]) -> Vec<(u64, u16)> {
        let mut pass = AgainPass::of(numbers);
        let mut parts = Vec::new();
        while let Some(Part { after, limit }) = pass.part() {
            parts.push((after, limit));
            pass.wanted.retain(|sequence| *sequence > after + u64::from(limit));
        }
        parts
    }

    #[test]
    fn letters_that_lie_close_together_are_listed_with_one_request() {
        let all: Vec<u64> = (1..=2_000).collect();
        // 2,000 letters, and a relay takes 200 requests at once.
        assert_eq!(parts(&all).len(), 32);
        assert_eq!(parts(&all)[..2], [(0, 64), (64, 64)]);
        assert_eq!(parts(&[1, 64, 65, 300]), [(0, 64), (64, 1), (299, 1)]);
        assert!(parts(&[]).is_empty());
    }

    #[test]
    fn a_letter_is_tried_until_a_try_comes_to_its_end_and_not_again() {
        let mut tried = Tried::default();
        let left =
            |tried: &Tried, unopened: &[u64]| tried.left(unopened.to_vec(), &BTreeSet::new()).now(true);
        // A try that fails notes nothing.
        assert_eq!(left(&tried, &[1, 2]), [1, 2]);
        tried.note(&[1, 2]);
        assert_eq!(left(&tried, &[1, 2, 3]), [3]);
        tried.note(&[3]);
        assert!(left(&tried, &[1, 3]).is_empty());
    }

    /// `LBX-BODY-4`
    #[test]
    fn while_the_directory_is_away_what_it_could_help_with_is_not_fetched_again() {
        let mut tried = Tried::default();
        let (unopened, filed) = (vec![1, 2, 3], BTreeSet::from([2]));
        for looks in 0..3 {
            let left = tried.left(unopened.clone(), &filed);
            assert_eq!(left, Left { filed: if looks == 0 { vec![2] } else { vec![] }, others: vec![1, 3] });
            let now = left.now(false);
            tried.note(&now);
        }
        let mut back = tried.left(unopened.clone(), &filed).now(true);
        back.sort_unstable();
        assert_eq!(back, [1, 3]);
        tried.note(&back);
        assert_eq!(tried.left(unopened, &filed), Left::default());
    }

    #[test]
    fn what_was_listed_after_the_directory_was_asked_waits_for_its_next_answer() {
        let mut tried = Tried::default();
        let none = BTreeSet::new();
        let asked = tried.left(vec![1, 4], &none).others;
        // One came meanwhile, and one is not there any more.
        let now = tried.left(vec![4, 5], &none).since(&asked);
        assert_eq!(now, [4]);
        tried.note(&now);
        assert_eq!(tried.left(vec![4, 5], &none).others, [5]);
        // One that another device has filed meanwhile is in the archive.
        assert!(tried.left(vec![5], &BTreeSet::from([5])).since(&[5]).is_empty());
    }

    #[test]
    fn no_number_is_too_large_to_ask_for() {
        assert_eq!(parts(&[u64::MAX - 1]), [(u64::MAX - 2, 1)]);
        assert_eq!(AgainPass::of(&[0]).part(), Some(Part { after: 0, limit: 0 }));
        assert_eq!(AgainPass::of(&[u64::MAX]).part(), Some(Part { after: u64::MAX - 1, limit: 1 }));
    }
}
