//! How long to wait, and how often to try.

use std::time::Duration;

use super::TransportError;

/// How long to wait for a service, and how often to try while it cannot be reached.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For a whole answer.
    pub answer: Duration,
    /// How often a request is sent at most.
    pub tries: u32,
    /// Before the second try; doubled before each further one.
    pub first_wait: Duration,
    /// The longest pause between two tries.
    pub longest_wait: Duration,
}

impl Default for Patience {
    /// Ten seconds for a connection, a minute for an answer, five tries within about ten seconds.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
        }
    }
}

impl Patience {
    /// Tries until there is an answer, an error that stays, or no patience.
    pub(crate) async fn retrying<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, TransportError>
    where
        F: Future<Output = Result<T, TransportError>>,
    {
        let mut tries = self.tries();
        loop {
            match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(error) => tries.wait_after(error).await?,
            }
        }
    }

    /// Begins to count, for a request that is not the same each time.
    pub(crate) fn tries(&self) -> Tries<'_> {
        Tries { patience: self, wait: self.first_wait, left: self.tries.max(1) }
    }
}

/// What is left of the patience with one request.
pub(crate) struct Tries<'p> {
    patience: &'p Patience,
    wait: Duration,
    left: u32,
}

impl Tries<'_> {
    /// Counts a try that brought no answer, and waits before the next one.
    ///
    /// # Errors
    /// The same error, if it stays or there is no patience left.
    pub(crate) async fn wait_after(&mut self, error: TransportError) -> Result<(), TransportError> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || !error.is_temporary() {
            return Err(error);
        }
        let longest = self.patience.longest_wait;
        let asked = error.retry_after().unwrap_or_default().min(longest);
        // Not secret: without randomness all wait equally long.
        let random = getrandom::u32().unwrap_or(u32::MAX);
        tokio::time::sleep(spread(self.wait, random).max(asked)).await;
        self.wait = self.wait.saturating_mul(2).min(longest);
        Ok(())
    }
}

/// Between half of the pause and all of it, so that many senders do not come back at one moment.
fn spread(wait: Duration, random: u32) -> Duration {
    let half = wait / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::transport::Peer;

    fn quick(tries: u32) -> Patience {
        let moment = Duration::from_micros(1);
        Patience { tries, first_wait: moment, longest_wait: moment, ..Patience::default() }
    }

    async fn count(patience: Patience, error: TransportError) -> u32 {
        let tried = Cell::new(0);
        let failed: Result<(), _> = patience
            .retrying(|| {
                tried.set(tried.get() + 1);
                core::future::ready(Err(error.clone()))
            })
            .await;
        assert_eq!(failed, Err(error));
        tried.get()
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again_and_what_stays_is_not() {
        let gone = TransportError::Unreachable { peer: Peer::Relay, reason: "gone".to_owned() };
        assert_eq!(count(quick(3), gone.clone()).await, 3);
        assert_eq!(count(quick(0), gone).await, 1);
        let down = TransportError::NotLetterbox { peer: Peer::Relay, status: 502 };
        assert_eq!(count(quick(2), down).await, 2);
        let other = TransportError::NotLetterbox { peer: Peer::Relay, status: 302 };
        assert_eq!(count(quick(3), other).await, 1);
        let flood = TransportError::TooLarge { peer: Peer::Relay, most: 1 };
        assert_eq!(count(quick(3), flood).await, 1);
    }

    #[test]
    fn pauses_lie_between_half_and_all_of_the_wait() {
        let wait = Duration::from_secs(2);
        assert_eq!(spread(wait, 0), Duration::from_secs(1));
        assert_eq!(spread(wait, u32::MAX), wait);
    }
}
