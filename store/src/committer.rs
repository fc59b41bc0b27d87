//! The two threads that write.
//!
//! The committer takes what has queued up and runs the transactions one after the other. The writer takes
//! what they did as one batch, brings it to the disk, and answers them all when the disk has it. While it
//! does, the next group gathers and runs already. What a group reads of the one before it is not known outside before that is
//! durable, because the writer takes one group after the other. Refusals are held back like the rest: they,
//! too, may be based on what an earlier transaction wrote.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::{
    runtime::Runtime,
    sync::{
        mpsc::{self, error::TryRecvError},
        oneshot, watch,
    },
    time::{Duration, Instant, sleep},
};

use crate::{StoreError, TRANSACTION_LIMIT, durable::Durable, layers::Writes, view::View};

/// The most transactions that share a commit.
const GROUP_TRANSACTIONS: usize = 256;
/// The most bytes that share a commit. Bounds how long everyone in the group waits, and how much
/// recovery has to take or leave as one.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// How long a group waits for more than half of what the one before had, while the disk has nothing to do. One
/// who writes alone is waited for by nobody.
const PATIENCE: Duration = Duration::from_millis(1);

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

/// Transactions that share a commit.
struct Group {
    writes: Arc<Writes>,
    /// Rows as they are in the tree before it: the writer does not look for them once more.
    read: Writes,
    answers: Vec<Answer>,
}

/// The two threads' work: [`Committer::run`] and [`Writer::run`]. They hold at most two groups, of which one
/// is on its way to the disk.
pub(crate) fn pair(
    queue: mpsc::Receiver<Job>,
    durable: Arc<Durable>,
    failure: Arc<Failure>,
    reserve_bytes: u64,
) -> (Committer, Writer) {
    let (groups, next) = mpsc::channel(1);
    let (done, idle) = mpsc::channel(1);
    let (both, why) = (Arc::clone(&durable), Arc::clone(&failure));
    let before = Arc::default();
    (
        Committer { queue, groups, idle, before, last: 0, on_its_way: 0, durable, failure, reserve_bytes },
        Writer { groups: next, idle: done, durable: both, failure: why },
    )
}

/// What the thread that runs transactions works with.
pub(crate) struct Committer {
    queue: mpsc::Receiver<Job>,
    groups: mpsc::Sender<Group>,
    /// One word for each time that the writer has nothing to do.
    idle: mpsc::Receiver<()>,
    /// What the group before wrote: it may not all be in the tree yet.
    before: Arc<Writes>,
    /// How many transactions it had.
    last: usize,
    /// How much it wrote, in bytes.
    on_its_way: u64,
    durable: Arc<Durable>,
    failure: Arc<Failure>,
    reserve_bytes: u64,
}

impl Committer {
    /// Works until every handle of the engine is gone. `waiting` is for this thread alone: it waits for two
    /// things at a time.
    pub(crate) fn run(mut self, waiting: &Runtime) {
        // sled and the standard library may panic; a dead thread would look like a slow one.
        let ended =
            catch_unwind(AssertUnwindSafe(|| waiting.block_on(async { while self.serve().await {} })));
        if ended.is_err() {
            stop(&self.durable, &self.failure, "the committer panicked");
        }
        // Whoever still waits reads an answer that does not come as Stopped. One who has a place in the queue
        // may fill it yet, so it is not enough to drop it.
        self.queue.close();
        while self.queue.blocking_recv().is_some() {}
    }

    /// Gathers a group and hands it on. Says whether there may be another one.
    async fn serve(&mut self) -> bool {
        let Some(first) = self.queue.recv().await else { return false };
        if self.failure.happened() {
            // Its caller reads a closed channel as Stopped.
            return true;
        }
        let free = match self.durable.folder().disk.free_bytes() {
            Ok(free) => free,
            Err(error) => {
                stop(&self.durable, &self.failure, &error.to_string());
                return true;
            }
        };
        // What the group before takes may not be taken yet.
        let free = free.saturating_sub(self.on_its_way);
        let (room, half_reserve) = (free >= self.reserve_bytes, free >= self.reserve_bytes / 2);
        let db = self.durable.folder().db.clone();
        let mut gathered = Gathered {
            view: View::new(db, Arc::clone(&self.before), room, half_reserve),
            answers: Vec::new(),
        };
        gathered.run(first);
        let is_idle = self.gather(&mut gathered).await;
        self.last = gathered.answers.len();
        self.on_its_way = u64::try_from(gathered.view.group_bytes()).unwrap_or(u64::MAX);
        let (writes, read) = gathered.view.into_parts();
        self.before = Arc::new(writes);
        let group = Group { writes: Arc::clone(&self.before), read, answers: gathered.answers };
        // A writer that is gone stopped the engine before.
        is_idle && self.groups.send(group).await.is_ok()
    }

    /// Runs what comes until the writer has nothing to do. Says whether it is still there.
    async fn gather(&mut self, gathered: &mut Gathered) -> bool {
        // Those whom the group before answered are on their way back. To a group that leaves without them
        // the disk takes as long, and they wait for it; one that waits for all of them keeps the disk idle.
        let enough = self.last / 2;
        let mut is_idle = None;
        let patience = sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            if is_idle.is_none() {
                is_idle = match self.idle.try_recv() {
                    Ok(()) => Some(true),
                    Err(TryRecvError::Disconnected) => Some(false),
                    Err(TryRecvError::Empty) => None,
                };
                patience.as_mut().reset(Instant::now() + PATIENCE);
            }
            let has_room = gathered.has_room();
            if let Some(is_there) = is_idle
                && (!has_room || (gathered.answers.len() >= enough && (enough > 0 || self.queue.is_empty())))
            {
                return is_there;
            }
            tokio::select! {
                biased;
                job = self.queue.recv(), if has_room => match job {
                    Some(job) => gathered.run(job),
                    // Nothing comes any more.
                    None => return is_idle.unwrap_or(false) || self.idle.recv().await.is_some(),
                },
                idle = self.idle.recv(), if is_idle.is_none() => {
                    is_idle = Some(idle.is_some());
                    patience.as_mut().reset(Instant::now() + PATIENCE);
                }
                () = &mut patience, if is_idle.is_some() => return is_idle == Some(true),
            }
        }
    }
}

/// A group that more may come to.
struct Gathered {
    view: View,
    answers: Vec<Answer>,
}

impl Gathered {
    fn run(&mut self, Job(run): Job) {
        self.answers.push(run(&mut self.view));
    }

    /// Whether whatever comes next still fits.
    fn has_room(&self) -> bool {
        self.answers.len() < GROUP_TRANSACTIONS && self.view.group_bytes() + TRANSACTION_LIMIT <= GROUP_BYTES
    }
}

/// What the thread that writes works with.
pub(crate) struct Writer {
    groups: mpsc::Receiver<Group>,
    idle: mpsc::Sender<()>,
    durable: Arc<Durable>,
    failure: Arc<Failure>,
}

impl Writer {
    /// Works until the committer has ended.
    pub(crate) fn run(mut self) {
        // What nobody waits for any more is dropped here, and may panic.
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            stop(&self.durable, &self.failure, "the writer panicked");
        }
    }

    fn serve(&mut self) {
        while self.idle.try_send(()).is_ok() {
            let Some(Group { writes, read, answers }) = self.groups.blocking_recv() else { return };
            // Behind a group that failed nothing is tried: its rows were read by this one.
            let fate = if self.failure.happened() { Fate::Stopped } else { self.commit(&writes, &read) };
            for answer in answers {
                answer(fate);
            }
        }
    }

    fn commit(&self, writes: &Writes, read: &Writes) -> Fate {
        if writes.is_empty() {
            // Everything that was read is durable: what the group before wrote is, by now.
            return Fate::Durable;
        }
        match catch_unwind(AssertUnwindSafe(|| self.durable.commit(writes, read))) {
            Ok(Ok(())) => Fate::Durable,
            Ok(Err(error)) => {
                stop(&self.durable, &self.failure, &error.to_string());
                if matches!(error, StoreError::Full) { Fate::Full } else { Fate::Stopped }
            }
            Err(_) => {
                stop(&self.durable, &self.failure, "sled panicked while it wrote");
                Fate::Stopped
            }
        }
    }
}

fn stop(durable: &Durable, failure: &Failure, why: &str) {
    durable.abandon();
    failure.record(why);
}
