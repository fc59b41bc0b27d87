//! From settings to a process that serves and stops cleanly.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tracing::{info, warn};

use crate::{
    serve::{Connections, serve},
    tls::Tls,
};

/// How much of an answer may wait in the system to be taken, in bytes. A writer hears of room once a third
/// of it is free, and Linux would let it grow to megabytes: who reads slowly would look as if they had
/// gone (`serve`).
const SEND_BUFFER: u32 = 128 * 1024;

/// How a program ends that was interrupted, as shells say it.
const INTERRUPTED: i32 = 130;

/// How many connections may wait to be accepted.
const WAITING: u32 = 1024;

/// Why a service does not run (any more).
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address cannot be had.
    #[error(
        "cannot listen on {address}: {cause}. Is another process using that port? Choose one with the setting listen"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The system takes no handler for signals.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    /// A write did not reach the disk.
    #[error(
        "the store stopped: {0}. Check the disk, then start the service again: it goes on from what the disk has"
    )]
    StoreStopped(String),
}

/// What the operator asks for by SIGHUP: that certificate and key are read again.
#[derive(Debug)]
pub struct Hangups(Signal);

impl Hangups {
    /// From now on the signal does not end the process, and what it asks for is remembered. To be called
    /// before certificate and key are read: the operator may renew them while the store is being opened.
    ///
    /// # Errors
    /// [`RunError::Signals`].
    pub fn heed() -> Result<Self, RunError> {
        signal(SignalKind::hangup()).map(Self).map_err(RunError::Signals)
    }
}

/// Where to serve.
#[derive(Debug)]
pub struct Listeners {
    public: TcpListener,
    operator: Option<TcpListener>,
    address: SocketAddr,
    tls: Option<Tls>,
}

impl Listeners {
    /// Takes the addresses. Port 0 takes a free one.
    ///
    /// # Errors
    /// [`RunError::Listen`].
    pub async fn bind(public: SocketAddr, operator: Option<SocketAddr>) -> Result<Self, RunError> {
        let (public, address) = listen(public).await?;
        let operator = match operator {
            Some(address) => Some(listen(address).await?.0),
            None => None,
        };
        Ok(Self { public, operator, address, tls: None })
    }

    /// Serves the public by TLS, if there is any. What the operator asks at an address of its own stays in
    /// the clear.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Where the public asks.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until a signal comes or `failed` completes, then calls `stop` and lets running requests
    /// end. Without an address of its own, what the operator asks is served where the public asks. SIGHUP
    /// has certificate and key read again.
    ///
    /// # Errors
    /// [`RunError::Signals`] or [`RunError::StoreStopped`].
    pub async fn serve(
        self,
        hangups: Hangups,
        mut router: Router,
        operations: Router,
        connections: &Connections,
        failed: impl Future<Output = String>,
        stop: impl FnOnce(),
    ) -> Result<(), RunError> {
        let Self { public, operator, address, tls } = self;
        let tls = tls.as_ref();
        if operator.is_none() {
            router = router.merge(operations.clone());
        }
        // Both listeners stop at the same moment.
        let (stopping, stopped) = watch::channel(false);
        let public = serve(public, router, connections, tls, until(stopped.clone()));
        let operator = async {
            match operator {
                Some(listener) => {
                    serve(listener, operations, connections, None, until(stopped.clone())).await
                }
                None => true,
            }
        };
        let watcher = async {
            let outcome = tokio::select! {
                outcome = signalled() => outcome,
                reason = failed => Err(RunError::StoreStopped(reason)),
                never = reread(hangups, tls) => match never {},
            };
            info!("stopping");
            stop();
            stopping.send_replace(true);
            outcome
        };
        if tls.is_none() && !address.ip().is_loopback() {
            warn!("without TLS: let nobody but a proxy that does it reach {address}");
        }
        // The stack's launcher waits for this line.
        info!("listening on {}://{address}", if tls.is_some() { "https" } else { "http" });
        let (public, operator, outcome) = tokio::join!(public, operator, watcher);
        if !(public && operator) {
            warn!("some requests did not end in time and were cut off");
        }
        outcome
    }
}

/// Does `chores` every 20 seconds and says each new alarm once. Ends with the process.
pub async fn housekeeping<F: Future<Output = Vec<String>>>(mut chores: impl FnMut() -> F) {
    let mut told = Vec::new();
    loop {
        tokio::time::sleep(Duration::from_secs(20)).await;
        crate::telemetry::prometheus().run_upkeep();
        let alarms = chores().await;
        for alarm in alarms.iter().filter(|alarm| !told.contains(*alarm)) {
            warn!("{alarm}");
        }
        told = alarms;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), RunError> {
    let failed = |cause| RunError::Listen { address, cause };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(failed)?;
    // A service that is started again has its address back at once.
    socket.set_reuseaddr(true).map_err(failed)?;
    // Every connection that is accepted has it too.
    socket.set_send_buffer_size(SEND_BUFFER).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    let listener = socket.listen(WAITING).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the sender is gone: the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// From now on a signal ends the program, after `tidy`. For commands that serve nobody: they work where they
/// are, and the signal is waited for beside them.
pub fn end_on_signal(tidy: impl FnOnce() + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = signalled().await {
            // Then it ends as the system does it, and leaves behind what it had begun.
            return warn!("{error}");
        }
        tidy();
        std::process::exit(INTERRUPTED);
    });
}

/// Has certificate and key read again whenever the operator says so.
async fn reread(Hangups(mut hangups): Hangups, tls: Option<&Tls>) -> Infallible {
    loop {
        if hangups.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        let Some(tls) = tls else {
            info!("there is no certificate to read again");
            continue;
        };
        match tls.reload().await {
            Ok(()) => info!("certificate and key were read again"),
            Err(problem) => warn!("those that were read before stay in force: {problem}"),
        }
    }
}

async fn signalled() -> Result<(), RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::{net::TcpStream, process::Command, time::timeout};

    use super::*;

    #[tokio::test]
    async fn who_asks_before_anybody_is_served_ends_nothing_and_is_heard() {
        let Hangups(mut hangups) = Hangups::heed().unwrap();
        let process = std::process::id().to_string();
        // Without a handler it would end these tests.
        assert!(Command::new("kill").args(["-HUP", &process]).status().await.unwrap().success());
        assert!(timeout(Duration::from_secs(20), hangups.recv()).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn little_of_an_answer_waits_in_the_system() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, None).await.unwrap();
        let reader = TcpStream::connect(listeners.address()).await.unwrap();
        let (accepted, _) = listeners.public.accept().await.unwrap();
        let socket = TcpSocket::from_std_stream(accepted.into_std().unwrap());
        // Linux counts as much again for itself.
        assert_eq!(socket.send_buffer_size().unwrap(), 2 * SEND_BUFFER);
        drop(reader);
    }
}
