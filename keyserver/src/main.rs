//! The key directory's process: what it is asked on the command line is done in
//! [`letterbox_keyserver::commands`].

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use letterbox_keyserver::commands::{self, Arguments};
use service::{run::end_on_signal, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start_logs();
    let arguments = Arguments::parse();
    if arguments.is_upkeep() {
        end_on_signal(store::remove_unfinished);
    }
    match commands::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tracing::error!("{problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}
