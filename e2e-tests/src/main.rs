//! Starts the real processes of Letterbox, each on an origin of its own, and hands out their
//! addresses: to a person (`run`) or to a command such as the journeys (`with`). Ends what it
//! started, by process id.

#![forbid(unsafe_code)]

mod process;
mod stack;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use stack::{Stack, StackError, Where};

/// Start the whole of Letterbox on this machine.
#[derive(Parser)]
#[command(name = "letterbox-stack", version)]
struct Options {
    /// The folder with the built programs.
    #[arg(long, default_value = "target/debug", global = true)]
    programs: PathBuf,
    /// The folder with the built client.
    #[arg(long, default_value = "target/web", global = true)]
    client: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start everything on fixed ports, say what to open, and stop on Ctrl-C.
    Run {
        /// The first port of several in a row.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Start everything on free ports, run a command with the addresses in its environment
    /// (`LETTERBOX_CLIENT_ORIGIN`), and end with its exit code.
    With {
        /// The command and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a command line program says what went wrong")]
async fn main() -> ExitCode {
    let options = Options::parse();
    match act(options).await {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("letterbox: {problem}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the addresses are this program's output")]
async fn act(options: Options) -> Result<ExitCode, StackError> {
    match options.action {
        Action::Run { port } => {
            let mut stack = Stack::start(&options.programs, &options.client, Where::Fixed(port)).await?;
            println!("\nLetterbox is running. Open {}\nPress Ctrl-C to stop.", stack.client_origin());
            let ended = stack.until_interrupted().await;
            stack.stop().await;
            ended.map(|()| ExitCode::SUCCESS)
        }
        Action::With { command } => {
            let stack = Stack::start(&options.programs, &options.client, Where::Free).await?;
            let result = stack.run(&command).await;
            stack.stop().await;
            result
        }
    }
}
