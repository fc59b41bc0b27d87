//! The engine as its users see it.

use std::{
    fmt,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::{runtime::Builder, sync::mpsc};

use crate::{
    Alarm, Row, StoreError,
    committer::{self, Failure, Job},
    durable::{Durable, Reader},
    folder::Folder,
    view::View,
};

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much memory sled may use for pages, in bytes.
    pub cache_bytes: u64,
    /// How many transactions may wait; one more waits in [`Engine::write`] itself.
    pub queue: usize,
    /// How much room must be left on the disk, in bytes, for anything but removals to be taken. Keeps
    /// the disk from filling up while a commit is being written, which would stop the engine.
    pub reserve_bytes: u64,
}

impl Default for Options {
    /// 256 MiB of cache, 512 transactions, 64 MiB of reserve.
    fn default() -> Self {
        Self { cache_bytes: 256 << 20, queue: 512, reserve_bytes: 64 << 20 }
    }
}

/// An open store. Clones share it; when the last one is dropped, what is queued is still written,
/// then the store is closed (which blocks for as long as that takes).
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    durable: Arc<Durable>,
    failure: Arc<Failure>,
}

impl Engine {
    /// Opens the store in the folder `path`, or creates it. Blocks: recovery after a crash takes
    /// about half a second for a gigabyte.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Corrupt`], [`StoreError::Full`] or [`StoreError::Io`].
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        Self::start(Folder::open(path.as_ref(), options.cache_bytes)?, &options)
    }

    fn start(folder: Folder, options: &Options) -> Result<Self, StoreError> {
        let (sender, queue) = mpsc::channel(options.queue.max(1));
        let durable = Arc::new(Durable::new(folder));
        let failure = Arc::new(Failure::none_yet());
        let (committer, writer) =
            committer::pair(queue, Arc::clone(&durable), Arc::clone(&failure), options.reserve_bytes);
        // Threads of their own: they spend their lives in system calls that block.
        let starting = |cause| StoreError::io("start the threads of the store", cause);
        let waiting = Builder::new_current_thread().enable_time().build().map_err(starting)?;
        let thread = |name: &str| thread::Builder::new().name(name.to_owned());
        let writer = thread("store-writer").spawn(move || writer.run()).map_err(starting)?;
        let committer = thread("store-committer").spawn(move || committer.run(&waiting)).map_err(starting)?;
        let threads = vec![committer, writer];
        let shared = Shared { queue: Some(sender), threads, durable, failure };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs a transaction and answers when everything it did is durable. Transactions run one after
    /// the other; an `Err` undoes this one alone.
    ///
    /// The transaction runs on the committer's thread, so it must be quick, and must not write
    /// through the engine itself (that would wait for ever), nor read through it: that shows what the disk
    /// has, which may be two groups behind what the view shows. Waits while the queue is full.
    /// Dropping the future does not undo a transaction that is in the queue.
    ///
    /// # Errors
    /// What the transaction returns; [`StoreError::Full`], [`StoreError::Stopped`] or
    /// [`StoreError::Panicked`] from here.
    pub async fn write<T, E, F>(&self, transaction: F) -> Result<T, E>
    where
        F: FnOnce(&mut View) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = Job::new(transaction);
        self.queue()?.send(job).await.map_err(|_| StoreError::Stopped)?;
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Stopped)))
    }

    /// [`Engine::write`] for threads outside of any async runtime (inside one it panics).
    ///
    /// # Errors
    /// As [`Engine::write`].
    pub fn write_blocking<T, E, F>(&self, transaction: F) -> Result<T, E>
    where
        F: FnOnce(&mut View) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = Job::new(transaction);
        self.queue()?.blocking_send(job).map_err(|_| StoreError::Stopped)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(E::from(StoreError::Stopped)))
    }

    /// Shows `look` the store as it is on the disk, standing still: several reads in one call belong
    /// together. Never waits for a write to reach the disk; but no commit completes while `look`
    /// runs, so it must be quick, and must not call the engine itself.
    ///
    /// # Errors
    /// What `look` returns; [`StoreError::Stopped`] from here.
    pub fn read<T, E>(&self, look: impl FnOnce(&Reader<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        self.check()?;
        look(&self.shared.durable.reader())
    }

    /// The value of a row, as it is on the disk.
    ///
    /// # Errors
    /// As [`Reader::get`]; [`StoreError::Stopped`].
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|reader| reader.get(key))
    }

    /// The first `limit` rows whose keys start with `prefix` and come after `after`, in the order
    /// of their keys, as they are on the disk. Long values are not among them.
    ///
    /// # Errors
    /// As [`Reader::scan`]; [`StoreError::Stopped`].
    pub fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.read(|reader| reader.scan(prefix, after, limit))
    }

    /// A long value, as it is on the disk.
    ///
    /// # Errors
    /// As [`Reader::get_long`]; [`StoreError::Stopped`].
    pub fn get_long(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|reader| reader.get_long(key))
    }

    /// Why the engine has stopped, if it has. A service should then end: see [`Engine::until_failed`].
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.shared.failure.reason()
    }

    /// Completes, with the reason, when the engine has stopped because a write did not reach the
    /// disk. The service should end then; started again, it goes on from what the disk has.
    pub async fn until_failed(&self) -> String {
        let mut failure = self.shared.failure.watch();
        let reason = failure.wait_for(Option::is_some).await;
        // The sending side lives as long as this engine: the channel does not close.
        reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
    }

    /// What the operator should know although the store goes on.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.shared.durable.folder().disk.alarms()
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.shared.failure.happened() { Err(StoreError::Stopped) } else { Ok(()) }
    }

    fn queue(&self) -> Result<&mpsc::Sender<Job>, StoreError> {
        self.check()?;
        self.shared.queue.as_ref().ok_or(StoreError::Stopped)
    }
}

impl fmt::Debug for Engine {
    /// Without the contents, which sled would print.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Engine").field("failure", &self.shared.failure).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Closes the queue: the committer ends when it has handed on what is in it, then the writer when it
        // has written that.
        drop(self.queue.take());
        // The last handle may have been inside a transaction, or in what one answered.
        if self.threads.iter().all(|thread| thread.thread().id() != thread::current().id()) {
            for thread in self.threads.drain(..) {
                // They catch their panics; there is nothing to learn from the result.
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, sync::mpsc, time::Duration};

    use super::*;

    /// Only something that does not come takes so long.
    const NEVER: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn after_a_failed_sync_nothing_is_answered_any_more() {
        let path = tempfile::tempdir().unwrap();
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let mut folder = Folder::open(path.path(), options.cache_bytes).unwrap();
        // fsync of this device fails; everything before it works.
        folder.disk.log = File::open("/dev/null").unwrap();
        let engine = Engine::start(folder, &options).unwrap();
        assert_eq!(engine.failed(), None);

        let first = engine.write(|view| view.insert(b"key", b"value")).await;
        assert!(matches!(first, Err(StoreError::Stopped)), "{first:?}");
        let why = engine.until_failed().await;
        assert!(why.contains("sync"), "{why}");
        assert_eq!(engine.failed(), Some(why));

        let second = engine.write(|view| view.insert(b"key", b"value")).await;
        assert!(matches!(second, Err(StoreError::Stopped)), "{second:?}");
        assert!(matches!(engine.get(b"key"), Err(StoreError::Stopped)));
        assert!(matches!(engine.scan(b"", None, 9), Err(StoreError::Stopped)));
        assert!(matches!(engine.get_long(b"key"), Err(StoreError::Stopped)));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_transaction_runs_while_the_one_before_is_on_its_way_to_the_disk() {
        let path = tempfile::tempdir().unwrap();
        let engine = Engine::open(path.path(), Options { reserve_bytes: 0, ..Options::default() }).unwrap();
        let (ran, heard) = mpsc::channel();
        let second = ran.clone();
        // While somebody looks, nothing becomes visible, so no commit is complete.
        let writes = engine
            .read(|reader| {
                let (writer, is_written) = (engine.clone(), ran);
                let first = tokio::spawn(async move {
                    writer
                        .write(move |view| {
                            view.insert(b"key", b"value")?;
                            is_written.send(None).unwrap();
                            Ok::<_, StoreError>(())
                        })
                        .await
                });
                assert_eq!(heard.recv_timeout(NEVER), Ok(None), "the first transaction does not run");
                let reading = engine.clone();
                let next = tokio::spawn(async move {
                    reading
                        .write(move |view| {
                            second.send(view.get(b"key")?).unwrap();
                            Ok::<_, StoreError>(())
                        })
                        .await
                });
                let seen = heard.recv_timeout(NEVER).expect("the second one waits for the disk");
                assert_eq!(seen.as_deref(), Some(&b"value"[..]));
                assert_eq!(reader.get(b"key")?, None);
                assert!(!first.is_finished() && !next.is_finished(), "answered before it is durable");
                Ok::<_, StoreError>([first, next])
            })
            .unwrap();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        assert_eq!(engine.get(b"key").unwrap(), Some(b"value".to_vec()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn behind_a_group_that_failed_nothing_is_answered_as_done() {
        let path = tempfile::tempdir().unwrap();
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let mut folder = Folder::open(path.path(), options.cache_bytes).unwrap();
        folder.disk.log = File::open("/dev/null").unwrap();
        let engine = Engine::start(folder, &options).unwrap();
        let (ran, heard) = mpsc::channel();
        // Until this ends, the first group is on its way, and the second one has read what it wrote.
        let answers = engine
            .read(|_| {
                let mut answers = Vec::new();
                for place in 0..3 {
                    let (writer, ran) = (engine.clone(), ran.clone());
                    answers.push(tokio::spawn(async move {
                        writer
                            .write(move |view| {
                                let seen = view.get(b"key")?;
                                ran.send(seen.is_some()).unwrap();
                                match place {
                                    0 => view.insert(b"key", b"value"),
                                    1 => Ok(()),
                                    _ => Err(StoreError::Panicked),
                                }
                            })
                            .await
                    }));
                    assert_eq!(heard.recv_timeout(NEVER), Ok(place > 0));
                }
                Ok::<_, StoreError>(answers)
            })
            .unwrap();
        for answer in answers {
            let outcome = answer.await.unwrap();
            assert!(matches!(outcome, Err(StoreError::Stopped)), "{outcome:?}");
        }
        assert!(engine.failed().is_some());
    }

    #[tokio::test]
    async fn an_answer_that_panics_when_nobody_waits_for_it_stops_the_store() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        let path = tempfile::tempdir().unwrap();
        let engine = Engine::open(path.path(), Options { reserve_bytes: 0, ..Options::default() }).unwrap();
        let (waiting, began) = (engine.clone(), Arc::new(tokio::sync::Notify::new()));
        let (go, held) = mpsc::channel::<()>();
        let begins = Arc::clone(&began);
        let waiter = tokio::spawn(async move {
            let outcome = waiting.write(move |_| {
                begins.notify_one();
                held.recv_timeout(NEVER).unwrap();
                Ok::<_, StoreError>(Panics)
            });
            std::mem::forget(outcome.await);
        });
        began.notified().await;
        waiter.abort();
        assert!(waiter.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        assert_eq!(engine.until_failed().await, "the writer panicked");
        let next = engine.write(|view| view.insert(b"key", b"value")).await;
        assert!(matches!(next, Err(StoreError::Stopped)), "{next:?}");
    }
}
