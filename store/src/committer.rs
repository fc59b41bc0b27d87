//! The one thread that writes.
//!
//! It takes what has queued up (no timer: while one group is on its way to the disk the next one
//! gathers), runs the transactions one after the other, writes what they did as one batch, and
//! answers them all when the disk has. Refusals are held back like the rest: they, too, may be
//! based on what an earlier transaction of the group wrote.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{StoreError, TRANSACTION_LIMIT, durable::Durable, layers::Writes, view::View};

/// The most transactions that share a commit.
const GROUP_TRANSACTIONS: usize = 256;
/// The most bytes that share a commit. Bounds how long everyone in the group waits, and how much
/// recovery has to take or leave as one.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// How the commit that an answer waited for ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Durable,
    Full,
    Stopped,
}

impl Fate {
    fn refusal(self) -> Option<StoreError> {
        match self {
            Self::Durable => None,
            Self::Full => Some(StoreError::Full),
            Self::Stopped => Some(StoreError::Stopped),
        }
    }
}

/// Tells a caller how its transaction ended, once that is known.
type Answer = Box<dyn FnOnce(Fate) + Send>;

/// A transaction in the queue.
pub(crate) struct Job(Box<dyn FnOnce(&mut View) -> Answer + Send>);

impl Job {
    /// The transaction, and where its answer will arrive. A job that is dropped answers by closing.
    pub(crate) fn new<T, E, F>(transaction: F) -> (Self, oneshot::Receiver<Result<T, E>>)
    where
        F: FnOnce(&mut View) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (teller, waiter) = oneshot::channel();
        let run = move |view: &mut View| -> Answer {
            // A panic leaves the view as it was: only its own writes are touched, and they go.
            let outcome = catch_unwind(AssertUnwindSafe(|| transaction(view)))
                .unwrap_or_else(|_| Err(E::from(StoreError::Panicked)));
            if outcome.is_ok() {
                view.keep();
            } else {
                view.discard();
            }
            Box::new(move |fate: Fate| {
                let outcome = match fate.refusal() {
                    None => outcome,
                    Some(refusal) => Err(E::from(refusal)),
                };
                // Nobody may be waiting any more; what was done stays done.
                let _ = teller.send(outcome);
            })
        };
        (Self(Box::new(run)), waiter)
    }
}

/// Whether, and why, the engine has stopped.
#[derive(Debug)]
pub(crate) struct Failure(watch::Sender<Option<String>>);

impl Failure {
    pub(crate) fn none_yet() -> Self {
        Self(watch::Sender::new(None))
    }

    /// The first reason stays.
    fn record(&self, why: &str) {
        self.0.send_if_modified(|reason| {
            let first = reason.is_none();
            if first {
                *reason = Some(why.to_owned());
            }
            first
        });
    }

    pub(crate) fn reason(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn happened(&self) -> bool {
        self.0.borrow().is_some()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Option<String>> {
        self.0.subscribe()
    }
}

/// What the thread works with.
pub(crate) struct Committer {
    pub(crate) queue: mpsc::Receiver<Job>,
    pub(crate) durable: Arc<Durable>,
    pub(crate) failure: Arc<Failure>,
    pub(crate) reserve_bytes: u64,
}

impl Committer {
    /// Works until every handle of the engine is gone.
    pub(crate) fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            if self.failure.happened() {
                // Its caller reads a closed channel as Stopped.
                drop(first);
                continue;
            }
            // sled and the standard library may panic; a dead thread would look like a slow one.
            if catch_unwind(AssertUnwindSafe(|| self.serve(first))).is_err() {
                self.stop("the committer panicked");
            }
        }
    }

    /// Gathers a group that starts with `first`, commits it and answers.
    fn serve(&mut self, first: Job) {
        let free = match self.durable.folder().disk.free_bytes() {
            Ok(free) => free,
            Err(error) => return self.stop(&error.to_string()),
        };
        let (room, half_reserve) = (free >= self.reserve_bytes, free >= self.reserve_bytes / 2);
        let mut view = View::new(self.durable.folder().db.clone(), room, half_reserve);
        let mut answers = Vec::new();
        let mut next = Some(first);
        while let Some(Job(run)) = next.take() {
            answers.push(run(&mut view));
            // Whatever comes next must still fit.
            if answers.len() < GROUP_TRANSACTIONS && view.group_bytes() + TRANSACTION_LIMIT <= GROUP_BYTES {
                next = self.queue.try_recv().ok();
            }
        }
        let fate = self.commit(view.into_writes());
        for answer in answers {
            answer(fate);
        }
    }

    fn commit(&self, writes: Writes) -> Fate {
        if writes.is_empty() {
            // Everything that was read is durable: there was nothing else to read.
            return Fate::Durable;
        }
        match catch_unwind(AssertUnwindSafe(|| self.durable.commit(writes))) {
            Ok(Ok(())) => Fate::Durable,
            Ok(Err(error)) => {
                self.stop(&error.to_string());
                if matches!(error, StoreError::Full) { Fate::Full } else { Fate::Stopped }
            }
            Err(_) => {
                self.stop("sled panicked while it wrote");
                Fate::Stopped
            }
        }
    }

    fn stop(&self, why: &str) {
        self.durable.abandon();
        self.failure.record(why);
    }
}
