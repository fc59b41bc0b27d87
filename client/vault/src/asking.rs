//! What the directory is asked while the relay is listened to: nobody waits for it, and letters that come
//! meanwhile are shown.
//!
//! It goes on only while nothing else is done with the mailbox: what it changes is changed between two letters,
//! as everything is.

use client_mailbox::inbox::Left;
use client_messages::{Event, Problem};
use futures_util::{
    FutureExt as _,
    future::{Fuse, FusedFuture as _, LocalBoxFuture},
};

use crate::{device::Device, failure::Failure, opened::Shared, sync};

/// For which letters the registry was had, to be tried again ([`sync::asked`]).
type Outcome = Result<Vec<u64>, Failure>;

/// One question at a time.
pub(crate) struct Asking {
    under_way: Fuse<LocalBoxFuture<'static, Outcome>>,
    /// There was news since it was asked last. A directory that is away is not asked over and over for the sake
    /// of what came before.
    is_wanted: bool,
}

impl Asking {
    pub(crate) fn new() -> Self {
        Self { under_way: Fuse::terminated(), is_wanted: false }
    }

    /// There was news, for which the directory may be needed.
    pub(crate) const fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Asks, if there is something to ask for and nothing is asked already.
    pub(crate) fn begin(&mut self, device: &Device, shared: &Shared) -> Result<(), Failure> {
        if !self.is_wanted || !self.under_way.is_terminated() {
            return Ok(());
        }
        self.is_wanted = false;
        let now = device.worker.now();
        let (Left { others, .. }, is_old) =
            shared.with(|opened| (opened.left(), opened.looks.is_old(now)))?;
        if is_old || !others.is_empty() {
            self.under_way = ask(device.clone(), shared.clone(), others).boxed_local().fuse();
        }
        Ok(())
    }

    /// What it comes to. Never, while nothing is asked.
    pub(crate) fn outcome(&mut self) -> &mut Fuse<LocalBoxFuture<'static, Outcome>> {
        &mut self.under_way
    }
}

/// Asks once. Says for which letters, if it was answered.
async fn ask(device: Device, shared: Shared, letters: Vec<u64>) -> Outcome {
    let now = device.worker.now();
    let wait = shared.with(|opened| opened.looks.wait(now))?;
    if wait > 0 {
        device.worker.sleep(wait).await;
    }
    let began = device.worker.now();
    sync::tolerated(&device.worker, sync::directory(&device, &shared).await)?;
    let is_answered = shared.with(|opened| opened.looks.has_shown_since(began))?;
    if !is_answered && !letters.is_empty() {
        // Nobody can say whether these are what they should be.
        device.worker.tell(Event::Alarm(Problem::DirectoryUnreachable));
    }
    Ok(if is_answered { letters } else { Vec::new() })
}
