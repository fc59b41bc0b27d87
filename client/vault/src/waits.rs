//! How long is waited: for an answer, and before the next try.

use std::{future::Future, pin::pin};

use futures_util::future::{Either, select};

use crate::{random, worker::Worker};

/// For the relay to begin its answer.
pub(crate) const OPENING_MILLISECONDS: u32 = 30_000;

/// The first wait, and the longest.
const FIRST_WAIT_MILLISECONDS: u32 = 1_000;
const LONGEST_WAIT_MILLISECONDS: u32 = 60_000;

/// What `future` comes to, if it does so in time.
pub(crate) async fn within<T>(
    worker: &Worker,
    milliseconds: u32,
    future: impl Future<Output = T>,
) -> Option<T> {
    let future = pin!(future);
    let timer = pin!(worker.sleep(milliseconds));
    match select(future, timer).await {
        Either::Left((outcome, _)) => Some(outcome),
        Either::Right(_) => None,
    }
}

/// How long to wait before the next try: twice as long each time, less a random part of up to half.
pub(crate) struct Waits {
    milliseconds: u32,
}

impl Waits {
    pub(crate) const fn new() -> Self {
        Self { milliseconds: FIRST_WAIT_MILLISECONDS }
    }

    pub(crate) const fn start_over(&mut self) {
        self.milliseconds = FIRST_WAIT_MILLISECONDS;
    }

    pub(crate) fn next(&mut self) -> u32 {
        let whole = self.milliseconds;
        self.milliseconds = whole.saturating_mul(2).min(LONGEST_WAIT_MILLISECONDS);
        whole - random::number(whole / 2)
    }
}
