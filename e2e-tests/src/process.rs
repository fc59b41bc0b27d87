//! One process that runs until it is told to stop.

use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

/// How long a process may take to stop after SIGTERM before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a process may take until it listens.
const START: Duration = Duration::from_secs(60);

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error("cannot start {program}: {cause}. Run `make build` first")]
    Spawn { program: String, cause: io::Error },
    #[error("{program} ended before it listened:\n{said}")]
    Ended { program: String, said: String },
    #[error("{program} did not listen within {START:?}")]
    Silent { program: String },
}

/// A program with its arguments.
#[derive(Clone)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    pub(crate) fn new(name: &str) -> Self {
        Self { path: name.into(), arguments: Vec::new() }
    }

    pub(crate) fn with(mut self, option: &str, value: impl Display) -> Self {
        self.arguments.push(format!("{option}={value}"));
        self
    }

    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.path = folder.join(&self.path);
        self
    }

    fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

/// A program to run, without settings from this process's own environment: what the stack is made of
/// stands in its data folder alone.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LETTERBOX_"))
    {
        command.env_remove(name);
    }
    command
}

/// A running process of the stack. Its standard error is copied to ours, line by line.
pub(crate) struct Process {
    program: Program,
    name: String,
    child: Child,
}

impl Process {
    /// Starts `program` and waits until it says that it listens.
    pub(crate) async fn start(program: Program) -> Result<Self, ProcessError> {
        let name = program.name();
        let mut child = command(&program.path)
            .args(&program.arguments)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // A group of its own: Ctrl-C reaches the launcher alone, which then stops all in order.
            .process_group(0)
            .spawn()
            .map_err(|cause| ProcessError::Spawn { program: name.clone(), cause })?;
        let (listening, heard) = oneshot::channel();
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(copy(name.clone(), BufReader::new(stderr), listening));
        }
        match timeout(START, heard).await {
            Ok(Ok(Ok(()))) => Ok(Self { program, name, child }),
            Ok(Ok(Err(said))) => Err(ProcessError::Ended { program: name, said }),
            Ok(Err(_)) => Err(ProcessError::Ended { program: name, said: String::new() }),
            Err(_) => Err(ProcessError::Silent { program: name }),
        }
    }

    pub(crate) const fn program(&self) -> &Program {
        &self.program
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Resolves with the process's name when it ends by itself.
    pub(crate) async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        match status {
            Ok(status) => format!("{} ({status})", self.name),
            Err(cause) => format!("{} ({cause})", self.name),
        }
    }

    /// Asks the process to stop, and kills it when it does not.
    pub(crate) async fn stop(mut self) {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

#[expect(clippy::print_stderr, reason = "the log lines of the processes are this program's output")]
async fn copy(
    name: String,
    stderr: BufReader<tokio::process::ChildStderr>,
    listening: oneshot::Sender<Result<(), String>>,
) {
    let mut listening = Some(listening);
    let mut said = String::new();
    let mut lines = stderr.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        eprintln!("{name}: {line}");
        if line.contains("listening on ")
            && let Some(listening) = listening.take()
        {
            let _ = listening.send(Ok(()));
        }
        if listening.is_some() {
            said.push_str(&line);
            said.push('\n');
        }
    }
    if let Some(listening) = listening {
        let _ = listening.send(Err(said));
    }
}
