//! What the program does: without a command it serves; with one it makes keys, registers public bodies,
//! makes the trust file or looks after the store, and ends.

mod advice;
pub mod bodies;
pub mod keys;
pub mod serve;
pub mod trust;
pub mod upkeep;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::{Parser, Subcommand};
use crypto_core::{
    body::BodyError,
    trust::{TrustError, authority_of},
};
use relay_auth::cbor::DecodeError;
use service::{keys::KeyError, run::RunError};
use store::BackupError;

use self::trust::Trust;
use crate::{
    app::OpenError,
    config::{Config, ConfigError, FILE_VARIABLE},
    sign_ins::{client_key::ClientKeyError, provider::ProviderError},
    transport::TransportError,
};

/// Says which keys are whose, with proofs.
#[derive(Parser)]
#[command(name = "letterbox-keyserver", version)]
pub struct Arguments {
    /// The file with the settings.
    #[arg(long, env = FILE_VARIABLE, global = true)]
    config: Option<PathBuf>,
    /// Show the settings in force, with keys hidden, and end.
    #[arg(long)]
    print_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Arguments {
    /// Whether it is asked for what is done to a store that no directory runs on.
    #[must_use]
    pub const fn is_upkeep(&self) -> bool {
        matches!(self.command, Some(Command::Fsck | Command::Backup(_) | Command::Restore(_)))
    }
}

#[derive(Subcommand)]
enum Command {
    /// Make and show keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Register, change, suspend and list public bodies.
    #[command(subcommand)]
    Body(bodies::Body),
    /// Make the trust file.
    #[command(subcommand)]
    Trust(Trust),
    /// Look at everything in the store, which no directory may be running on, and change nothing. Ends
    /// with 0 if it is whole, 1 if it is damaged, 2 if it cannot be looked at.
    Fsck,
    /// Write the store, which no directory may be running on, to one file. Keys are not in it.
    Backup(upkeep::Backup),
    /// Make the store from a backup. Its folder must not be there yet, or be empty.
    Restore(upkeep::Restore),
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The settings cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key for ScotAccount cannot be had.
    #[error(transparent)]
    ClientKey(#[from] ClientKeyError),
    /// The store cannot be opened.
    #[error("cannot open the store in {}: {cause}", .folder.display())]
    Store {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        cause: store::StoreError,
    },
    /// The directory cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It does not run (any more).
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {cause}", .file.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The answer cannot be printed.
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
    /// A body's entry does not hold.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// What was given, or what the directory sent, is not what it should be.
    #[error("{0} cannot be read: {1}")]
    Malformed(&'static str, DecodeError),
    /// The trust file could not be made.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// ScotAccount was of no help.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The directory does not answer.
    #[error("the directory does not answer: {0}")]
    Transport(#[from] TransportError),
    /// The directory said no.
    #[error("the directory refused: {0}")]
    Refused(String),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The backup was not written or not put back.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// What is damaged is not backed up: it might take the place of a backup that is not.
    #[error(
        "the store is damaged, and was not backed up: `letterbox-keyserver fsck` says how. Keep its folder as it is, and the backups that there are"
    )]
    NotBackedUp,
    /// The check found damage, and said what.
    #[error("the store is damaged")]
    Damaged,
    /// The check was not made.
    #[error("the store was not looked at: {0}")]
    NotLooked(Box<Self>),
}

impl CommandError {
    /// With what the program ends. Of a check, 1 says that it found damage.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotLooked(_) => 2,
            _ => 1,
        }
    }
}

/// Does what the arguments say.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let file = arguments.config.as_deref();
    match arguments.command {
        Some(Command::Keys(command)) => keys::run(&command),
        Some(Command::Body(command)) => bodies::run(&command).await,
        Some(Command::Trust(Trust::Make(command))) => trust::make(&command, &load(file)?).await,
        Some(Command::Trust(Trust::Sign(command))) => trust::sign(&command),
        Some(Command::Fsck) => fsck(file).await.map_err(|error| match error {
            CommandError::Damaged => error,
            other => CommandError::NotLooked(Box::new(other)),
        }),
        Some(Command::Backup(command)) => upkeep::back_up(&command, &load(file)?).await,
        Some(Command::Restore(command)) => upkeep::restore(&command, &load(file)?),
        None => {
            let config = load(file)?;
            if arguments.print_config {
                return say(&config.show()?);
            }
            serve::run(&config).await
        }
    }
}

async fn fsck(file: Option<&Path>) -> Result<(), CommandError> {
    upkeep::fsck(&load(file)?).await
}

fn load(file: Option<&Path>) -> Result<Config, CommandError> {
    // A variable that is not text is none of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(file, variables)?)
}

/// An address of a service: scheme, host and port.
fn origin(text: &str) -> Result<String, String> {
    match authority_of(text) {
        Some(_) => Ok(text.to_owned()),
        None => {
            Err("write it as https://directory.example or http://localhost:8082, without a path".to_owned())
        }
    }
}

fn say(text: &str) -> Result<(), CommandError> {
    writeln!(io::stdout(), "{}", text.trim_end()).map_err(CommandError::Output)
}
