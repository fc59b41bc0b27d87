//! What is said to a command that cannot be understood. clap's own words would repeat the arguments,
//! and these may name a person.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::exit;

pub(crate) fn explain(error: &Error) -> ExitCode {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    // When nobody can be told, the exit code still says it.
    let _ = if is_help { error.print() } else { writeln!(io::stderr(), "letterbox: {}", reason(error)) };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::USAGE),
    }
}

fn reason(error: &Error) -> String {
    let what = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        // Names of arguments, never values.
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(names))) => {
            format!("these arguments are missing: {}", names.join(", "))
        }
        (kind, _) => kind.as_str().unwrap_or("the command cannot be understood").to_owned(),
    };
    format!("{what}. Texts of several words stand in quotes. See letterbox --help")
}
