//! `letterbox`: a public body sends a letter from the command line.
//!
//! The exit code says what came of it, the standard output what there is to keep. Nothing that is
//! printed names a person or shows a secret.

#![forbid(unsafe_code)]

mod arguments;
mod exit;
mod keys;
mod progress;
mod report;
mod send;
mod usage;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::explain(&error),
    };
    match arguments.command {
        Command::Keys(command) => keys::run(&command).print(false),
        Command::Send(letter) => send::run(&letter).await.print(letter.json),
    }
}
