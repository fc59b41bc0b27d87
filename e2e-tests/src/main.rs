//! Starts the real processes of Letterbox, each on an origin of its own, and hands out their
//! addresses: to a person (`run`) or to a command such as the journeys (`with`). Ends what it
//! started, by process id.

#![forbid(unsafe_code)]

mod places;
mod process;
mod stack;
mod supply;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use places::{Between, Ports, Where};
use stack::{Stack, StackError};

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
    /// ScotAccount has a mailbox provided for whoever proves who they are, and tests can ask it to
    /// (`POST /sim/provision`).
    #[arg(long, global = true)]
    provide: bool,
    /// The relay listens at another address (`LETTERBOX_RELAY_BEHIND`) than everybody asks it at, so that
    /// a test can stand in between. Nobody reaches the relay before something does.
    #[arg(long, global = true)]
    between: bool,
    /// The same for the directory (`LETTERBOX_DIRECTORY_BEHIND`).
    #[arg(long, global = true)]
    between_directory: bool,
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
        /// The folder with keys, settings and stores. What is there is used again.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
    /// Start everything on free ports, run a command with the addresses in its environment
    /// (`LETTERBOX_CLIENT_ORIGIN` and others), and end with its exit code. Keys and stores are in a
    /// folder that is removed afterwards.
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
    let Options { programs, client, provide, between, between_directory, action } = &options;
    let between = Between { relay: *between, directory: *between_directory };
    match action {
        Action::Run { port, data } => {
            let ports = choose(Where::Fixed(*port), between)?;
            let mut stack = Stack::start(programs, client, data, ports, *provide).await?;
            println!("{}", instructions(&stack));
            let ended = stack.until_interrupted().await;
            stack.stop().await;
            ended.map(|()| ExitCode::SUCCESS)
        }
        Action::With { command } => {
            let data = tempfile::tempdir().map_err(StackError::NoPort)?;
            let ports = choose(Where::Free, between)?;
            let mut stack = Stack::start(programs, client, data.path(), ports, *provide).await?;
            let result = stack.run(command).await;
            stack.stop().await;
            result
        }
    }
}

fn choose(location: Where, between: Between) -> Result<Ports, StackError> {
    Ports::choose(location, between).map_err(StackError::NoPort)
}

/// What to open and what to type.
fn instructions(stack: &Stack) -> String {
    format!(
        "\nLetterbox is running.\n\n\
         1. Open {} and set up a mailbox. At the ScotAccount stand-in choose Màiri MacDonald.\n   \
         Have pen and paper ready for the recovery code.\n\
         2. Send her a letter:\n\n   \
         {} \\\n     \
         --to-given-name Màiri --to-family-name MacDonald --born 1985-03-14 --postcode \"EH1 1AA\" \\\n     \
         --subject \"Your council tax for 2027\" --body docs/example-letter.md\n\n\
         Press Ctrl-C to stop. Keys and stores stay in the data folder.",
        stack.client_origin(),
        stack.send_command(),
    )
}
