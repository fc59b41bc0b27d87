//! The key directory's process: what it is asked on the command line is done in
//! [`letterbox_keyserver::commands`].

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use letterbox_keyserver::commands::{self, Arguments};
use service::telemetry;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start_logs();
    match commands::run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tracing::error!("{problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}
