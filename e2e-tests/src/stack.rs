//! All processes together: which there are, where they listen, in which order they start and stop.

use std::{io, net::TcpListener, path::Path, process::ExitCode};

use tokio::process::Command;

use crate::process::{Process, ProcessError};

/// Where the processes listen.
pub(crate) enum Where {
    /// On a row of ports from this one on.
    Fixed(u16),
    /// On ports that are free now.
    Free,
}

/// Why the stack could not start or go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("no free port on this machine: {0}")]
    NoPort(io::Error),
    #[error("{0} ended by itself; everything else was stopped")]
    Ended(String),
    #[error("cannot run {command}: {cause}")]
    Command { command: String, cause: io::Error },
}

/// The running processes.
pub(crate) struct Stack {
    client_origin: String,
    /// In the order in which they were started.
    processes: Vec<Process>,
}

impl Stack {
    pub(crate) async fn start(programs: &Path, client: &Path, location: Where) -> Result<Self, StackError> {
        let [client_port] = ports(location)?;
        let host = Process::start(
            &programs.join("letterbox-client-host"),
            &[format!("--listen=127.0.0.1:{client_port}"), format!("--dist={}", client.display())],
        )
        .await?;
        Ok(Self { client_origin: format!("http://localhost:{client_port}"), processes: vec![host] })
    }

    pub(crate) fn client_origin(&self) -> &str {
        &self.client_origin
    }

    /// Waits for Ctrl-C or SIGTERM; fails when a process ends before.
    pub(crate) async fn until_interrupted(&mut self) -> Result<(), StackError> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(StackError::NoPort)?;
        let ends: Vec<_> = self.processes.iter_mut().map(|process| Box::pin(process.ended())).collect();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            _ = terminate.recv() => Ok(()),
            (name, _, _) = futures_util::future::select_all(ends) => Err(StackError::Ended(name)),
        }
    }

    /// Runs a command with the addresses in its environment.
    pub(crate) async fn run(&self, command: &[String]) -> Result<ExitCode, StackError> {
        let Some((program, arguments)) = command.split_first() else { return Ok(ExitCode::SUCCESS) };
        let status = Command::new(program)
            .args(arguments)
            .env("LETTERBOX_CLIENT_ORIGIN", &self.client_origin)
            .kill_on_drop(true)
            .status()
            .await
            .map_err(|cause| StackError::Command { command: program.clone(), cause })?;
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
    }

    /// Stops everything, the last started first.
    pub(crate) async fn stop(self) {
        for process in self.processes.into_iter().rev() {
            process.stop().await;
        }
    }
}

/// Ports for all processes. Free ones are held together until all are known, so that they differ.
fn ports<const N: usize>(location: Where) -> Result<[u16; N], StackError> {
    let mut ports = [0; N];
    match location {
        Where::Fixed(first) => {
            for (port, number) in ports.iter_mut().zip(first..) {
                *port = number;
            }
        }
        Where::Free => {
            let mut held = Vec::new();
            for port in &mut ports {
                let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(StackError::NoPort)?;
                *port = listener.local_addr().map_err(StackError::NoPort)?.port();
                held.push(listener);
            }
        }
    }
    Ok(ports)
}
