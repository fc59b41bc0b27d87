//! All processes together: in which order they start and stop, and what happens when one ends.

use std::{fs, io, path::Path, process::ExitCode};

use futures_util::future::select_all;
use serde_json::json;
use tokio::process::Command;

use crate::{
    places::{Folder, Ports, listen, origin},
    process::{Process, ProcessError, Program},
    supply::{PROVISIONING_CLIENT, PROVISIONING_SECRET, Supply, SupplyError},
};

/// How often one process may be started again before everything is stopped.
const MOST_RESTARTS: u32 = 20;

/// Why the stack could not start or go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Supply(#[from] SupplyError),
    #[error("no free port on this machine: {0}")]
    NoPort(io::Error),
    #[error("cannot use the data folder {folder}: {cause}")]
    Folder { folder: String, cause: io::Error },
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    #[error("{0} ended again and again; everything else was stopped")]
    Ended(String),
    #[error("cannot run {command}: {cause}")]
    Command { command: String, cause: io::Error },
}

/// The running processes.
pub(crate) struct Stack {
    folder: Folder,
    ports: Ports,
    /// In the order in which they were started.
    processes: Vec<Process>,
    restarts: u32,
    send: String,
}

impl Stack {
    pub(crate) async fn start(
        programs: &Path,
        client: &Path,
        data: &Path,
        ports: Ports,
        provide: bool,
    ) -> Result<Self, StackError> {
        let folder = Folder::make(data)
            .map_err(|cause| StackError::Folder { folder: data.display().to_string(), cause })?;
        let supply = Supply { programs, folder: &folder, ports: &ports, provide };
        supply.keys_and_settings().await?;

        let mut processes = Vec::new();
        for program in [scotaccount(&folder, &ports, provide), relay(&folder), directory(&folder)] {
            processes.push(Process::start(program.in_folder(programs)).await?);
        }
        supply.trust_file().await?;
        processes.push(Process::start(client_host(client, &folder, &ports).in_folder(programs)).await?);
        supply.body().await?;

        let keys = folder.file("body.keys");
        let send = format!("{} send --keys {}", programs.join("letterbox").display(), keys.display());
        let stack = Self { folder, ports, processes, restarts: 0, send };
        stack.note_processes();
        Ok(stack)
    }

    pub(crate) fn client_origin(&self) -> String {
        origin(self.ports.client)
    }

    /// The command that sends a letter, to which the letter's own arguments are added.
    pub(crate) fn send_command(&self) -> &str {
        &self.send
    }

    /// Waits for Ctrl-C or SIGTERM. A process that ends by itself is started again.
    pub(crate) async fn until_interrupted(&mut self) -> Result<(), StackError> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(StackError::Signals)?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            _ = terminate.recv() => Ok(()),
            problem = self.keep_running() => Err(problem),
        }
    }

    /// Runs a command with the addresses in its environment.
    pub(crate) async fn run(&mut self, command: &[String]) -> Result<ExitCode, StackError> {
        let Some((program, arguments)) = command.split_first() else { return Ok(ExitCode::SUCCESS) };
        let failed = |cause| StackError::Command { command: program.clone(), cause };
        let mut child = Command::new(program)
            .args(arguments)
            .env("LETTERBOX_CLIENT_ORIGIN", origin(self.ports.client))
            .env("LETTERBOX_RELAY_ORIGIN", origin(self.ports.relay))
            .env("LETTERBOX_RELAY_BEHIND", origin(self.ports.relay_behind))
            .env("LETTERBOX_DIRECTORY_ORIGIN", origin(self.ports.directory))
            .env("LETTERBOX_DIRECTORY_BEHIND", origin(self.ports.directory_behind))
            .env("LETTERBOX_SCOTACCOUNT_ORIGIN", origin(self.ports.scotaccount))
            .env("LETTERBOX_SEND", &self.send)
            .env("LETTERBOX_DATA", self.folder.path())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let status = tokio::select! {
            status = child.wait() => status.map_err(failed)?,
            problem = self.keep_running() => return Err(problem),
        };
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
    }

    /// Starts again what ends by itself, as a service manager would. Returns only with a problem.
    async fn keep_running(&mut self) -> StackError {
        loop {
            let ends: Vec<_> = self.processes.iter_mut().map(|process| Box::pin(process.ended())).collect();
            let (name, place, _) = select_all(ends).await;
            self.restarts += 1;
            if self.restarts > MOST_RESTARTS {
                return StackError::Ended(name);
            }
            say(&format!("{name} ended by itself and is started again"));
            let program = self.processes[place].program().clone();
            match Process::start(program).await {
                Ok(process) => self.processes[place] = process,
                Err(problem) => return problem.into(),
            }
            self.note_processes();
        }
    }

    /// Writes down which process has which id, for those who want to try what a crash does.
    fn note_processes(&self) {
        let ids: serde_json::Map<_, _> =
            self.processes.iter().map(|process| (process.name().to_owned(), json!(process.id()))).collect();
        // For the curious: nothing depends on it.
        let _ = fs::write(self.folder.file("processes.json"), json!(ids).to_string());
    }

    /// Stops everything, the last started first.
    pub(crate) async fn stop(self) {
        for process in self.processes.into_iter().rev() {
            process.stop().await;
        }
        let _ = fs::remove_file(self.folder.file("processes.json"));
    }
}

fn scotaccount(folder: &Folder, ports: &Ports, provide: bool) -> Program {
    let program = Program::new("scotaccount-sim")
        .with("--listen", listen(ports.scotaccount))
        .with("--attributes-listen", listen(ports.attributes))
        .with("--store", folder.file("scotaccount").display())
        .with("--clients", folder.file("clients.json").display());
    if !provide {
        return program;
    }
    program
        .with("--mailbox-api", origin(ports.directory))
        .with("--mailbox-client-id", PROVISIONING_CLIENT)
        .with("--mailbox-secret", folder.key(PROVISIONING_SECRET).display())
}

fn relay(folder: &Folder) -> Program {
    Program::new("letterbox-server").with("--config", folder.file("relay.toml").display())
}

fn directory(folder: &Folder) -> Program {
    Program::new("letterbox-keyserver").with("--config", folder.file("directory.toml").display())
}

fn client_host(client: &Path, folder: &Folder, ports: &Ports) -> Program {
    Program::new("letterbox-client-host")
        .with("--listen", listen(ports.client))
        .with("--dist", client.display())
        .with("--trust", folder.file("trust.json").display())
        .with("--connect", origin(ports.relay))
        .with("--connect", origin(ports.directory))
}

#[expect(clippy::print_stderr, reason = "what happens to the processes is this program's output")]
fn say(line: &str) {
    eprintln!("letterbox: {line}");
}
