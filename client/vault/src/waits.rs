//! How long is waited: for an answer, and before the next try.

use std::{future::Future, pin::pin};

use client_mailbox::retry::Schedule;
use futures_util::future::{Either, select};

use crate::{random, worker::Worker};

/// For the relay to begin its answer.
pub(crate) const OPENING_MILLISECONDS: u32 = 30_000;

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

/// How long to wait before the next try, by this device's randomness.
pub(crate) struct Waits(Schedule);

impl Waits {
    pub(crate) const fn new() -> Self {
        Self(Schedule::new())
    }

    pub(crate) const fn start_over(&mut self) {
        self.0.start_over();
    }

    pub(crate) const fn ask_for(&mut self, seconds: u32) {
        self.0.ask_for(seconds);
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.0.wait(random::number(u32::MAX))
    }
}
