//! The relay's process: reads the settings, builds the parts, serves, stops cleanly.

#![forbid(unsafe_code)]

use std::{
    future::ready,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Parser, Subcommand, ValueEnum};
use letterbox_server::{
    app::{App, Parts},
    blobs::Collection,
    config::{Config, ConfigError, FILE_VARIABLE},
    http,
    store::{Embedded, MailStore, Options},
    upkeep::{self, UpkeepError},
};
use service::{
    clock::Clock,
    keys,
    operations::{self, Operated},
    run::{Hangups, Listeners, RunError, end_on_signal, housekeeping},
    telemetry,
};
use tracing::{error, warn};

/// Keep sealed letters for mailboxes.
#[derive(Parser)]
#[command(name = "letterbox-server", version)]
struct Arguments {
    /// The file with the settings.
    #[arg(long, env = FILE_VARIABLE, global = true)]
    config: Option<PathBuf>,
    /// Show the settings in force, with keys hidden, and end.
    #[arg(long)]
    print_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make and show keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Look at everything in the store, which no relay may be running on, and change nothing. Ends with 0
    /// if it is whole, 1 if it is damaged, 2 if it cannot be looked at.
    Fsck,
    /// Write the store, which no relay may be running on, to one file. Keys are not in it.
    Backup {
        /// The file. It must not be there yet.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Make the store from a backup. Its folder must not be there yet, or be empty.
    Restore {
        /// The file that `backup` wrote.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Make a key. Without a file it is printed; a file is written for its owner alone and never
    /// replaced.
    New {
        /// What the key is for.
        kind: Kind,
        /// The file to write.
        file: Option<PathBuf>,
    },
    /// Print the public half of a receipt key, for the trust file.
    Public {
        /// The key's file.
        file: PathBuf,
    },
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// Signs receipts; its public half goes into the trust file.
    Receipt,
    /// Shared with the directory: opens permits and vouchers.
    Ticket,
}

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Key(#[from] keys::KeyError),
    #[error("cannot open the store in {folder}: {cause}")]
    Store { folder: PathBuf, cause: store::StoreError },
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start_logs();
    let arguments = Arguments::parse();
    let is_fsck = matches!(arguments.command, Some(Command::Fsck));
    match run(arguments).await {
        Ok(code) => code,
        Err(problem) => {
            error!("{problem}");
            // Of a check, 1 says that it found damage.
            if is_fsck { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, RelayError> {
    if let Some(Command::Keys(command)) = &arguments.command {
        make_keys(command)?;
        return Ok(ExitCode::SUCCESS);
    }
    // A variable that is not text is none of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = Config::load(arguments.config.as_deref(), variables)?;
    if arguments.print_config {
        say(&config.show()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if matches!(arguments.command, Some(Command::Fsck | Command::Backup { .. } | Command::Restore { .. })) {
        end_on_signal(store::remove_unfinished);
    }
    match arguments.command {
        Some(Command::Fsck) => {
            let look = upkeep::fsck(&config, Clock::system().now())?;
            say(&look.to_string())?;
            return Ok(if look.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Some(Command::Backup { to }) => say(&upkeep::back_up(&config, &to, Clock::system().now())?)?,
        Some(Command::Restore { from }) => say(&upkeep::restore(&config, &from)?)?,
        Some(Command::Keys(_)) | None => relay(&config).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn relay(config: &Config) -> Result<(), RelayError> {
    let (receipts, tickets, origins) = (config.receipts()?, config.tickets()?, config.origins()?);
    let hangups = Hangups::heed()?;
    let tls = config.tls()?;
    let options = Options { cache_bytes: config.limits.cache_bytes, ..Options::default() };
    let store = Embedded::open(&config.store, options)
        .map_err(|cause| RelayError::Store { folder: config.store.clone(), cause })?;
    let store: Arc<dyn MailStore> = Arc::new(store);
    let listeners = Listeners::bind(config.listen, config.operations_listen).await?.with_tls(tls);
    let app = App::new(Parts {
        store: Arc::clone(&store),
        tickets,
        receipts,
        authority: config.authority(listeners.address())?,
        letters: config.letter_quota(),
        blobs: config.blob_quota(),
        archive: config.archive_quota(),
        limits: config.request_limits(),
        clock: Clock::system(),
    });
    let chores = Arc::clone(&app);
    tokio::spawn(housekeeping(move || {
        chores.forget_quiet_addresses();
        ready(chores.alarms())
    }));
    tokio::spawn(collect(Arc::clone(&app)));
    let router = http::router(&app, &origins);
    let operations = operations::router(Arc::clone(&app) as Arc<dyn Operated>);
    let failed = store.until_failed();
    Ok(listeners.serve(hangups, router, operations, &config.connections(), failed, || app.stop()).await?)
}

/// Frees the room of uploads that nobody adopted, every hour. The first time also looks for adopted files
/// that no row names, which are told and not removed. Ends with the process.
async fn collect(app: Arc<App>) {
    let mut what = Collection::Everything;
    let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hours.tick().await;
        match app.collect_blobs(what).await {
            Ok(()) => what = Collection::Uploads,
            Err(failure) => warn!("attachments could not be looked through: {failure}"),
        }
    }
}

fn make_keys(command: &Keys) -> Result<(), RelayError> {
    match command {
        Keys::New { kind, file } => {
            let secret = keys::generate()?;
            match file {
                Some(file) => keys::write(file, &secret)?,
                None => say(&keys::to_text(&secret))?,
            }
            // With the key itself on the standard output, its public half would only confuse.
            if *kind == Kind::Receipt && file.is_some() {
                say(&keys::public_text(&secret))?;
            }
            Ok(())
        }
        Keys::Public { file } => say(&keys::public_text(&keys::read(file)?)),
    }
}

fn say(text: &str) -> Result<(), RelayError> {
    writeln!(io::stdout(), "{}", text.trim_end()).map_err(RelayError::Output)
}
