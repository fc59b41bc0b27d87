//! Somebody looks, or the network is back: what waits for the relay does not wait any longer.

use std::future::pending;

use futures_channel::mpsc;
use futures_util::StreamExt as _;

/// Both ends.
pub(crate) fn stir() -> (Stir, Stirs) {
    // Room for one: who is stirred twice looks once.
    let (sender, receiver) = mpsc::channel(0);
    (Stir(sender), Stirs { receiver, is_put_back: false })
}

/// Stirs.
pub(crate) struct Stir(mpsc::Sender<()>);

impl Stir {
    pub(crate) fn now(&mut self) {
        // Fails where one waits already, or nobody follows the relay any more.
        let _ = self.0.try_send(());
    }
}

/// Is stirred.
pub(crate) struct Stirs {
    receiver: mpsc::Receiver<()>,
    is_put_back: bool,
}

impl Stirs {
    /// Completes when somebody stirs, or has stirred since the last call.
    pub(crate) async fn next(&mut self) {
        if std::mem::take(&mut self.is_put_back) {
            return;
        }
        if self.receiver.next().await.is_none() {
            // Nobody will.
            pending::<()>().await;
        }
    }

    /// The next call completes at once.
    pub(crate) const fn put_back(&mut self) {
        self.is_put_back = true;
    }
}
