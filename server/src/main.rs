//! The relay's process: reads the settings, builds the parts, serves, stops cleanly.

#![forbid(unsafe_code)]

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Parser, Subcommand, ValueEnum};
use letterbox_server::{
    app::{App, Clock, Parts},
    config::{Config, ConfigError, FILE_VARIABLE},
    http, keys,
    serve::serve,
    store::{Embedded, MailStore, Options},
    telemetry,
};
use tokio::{net::TcpListener, sync::watch};
use tracing::{error, info, warn};

/// Keep sealed letters for mailboxes.
#[derive(Parser)]
#[command(name = "letterbox-server", version)]
struct Arguments {
    /// The file with the settings.
    #[arg(long, env = FILE_VARIABLE)]
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
    #[error(
        "cannot listen on {address}: {cause}. Is another process using that port? Choose one with the setting listen"
    )]
    Listen { address: SocketAddr, cause: io::Error },
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    #[error(
        "the store stopped: {0}. Check the disk, then start the relay again: it goes on from what the disk has"
    )]
    StoreStopped(String),
}

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start_logs();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            error!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), RelayError> {
    if let Some(Command::Keys(command)) = arguments.command {
        return make_keys(&command);
    }
    // A variable that is not text is none of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = Config::load(arguments.config.as_deref(), variables)?;
    if arguments.print_config {
        return say(&config.show()?);
    }
    relay(&config).await
}

async fn relay(config: &Config) -> Result<(), RelayError> {
    let (receipt_key, tickets, origins) = (config.receipt_key()?, config.tickets()?, config.origins()?);
    let options = Options { cache_bytes: config.limits.cache_bytes, ..Options::default() };
    let store = Embedded::open(&config.store, options)
        .map_err(|cause| RelayError::Store { folder: config.store.clone(), cause })?;
    let store: Arc<dyn MailStore> = Arc::new(store);
    let (listener, address) = listen(config.listen).await?;
    let app = App::new(Parts {
        store: Arc::clone(&store),
        tickets,
        receipt_key,
        authority: config.authority(address)?,
        letters: config.letter_quota(),
        archive: config.archive_quota(),
        limits: config.request_limits(),
        clock: Clock::system(),
    });
    let mut router = http::router(&app, &origins);
    let operations = http::operations::router(&app);
    let operations_listener = match config.operations_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    if operations_listener.is_none() {
        router = router.merge(operations.clone());
    }
    tokio::spawn(housekeeping(Arc::clone(&app)));

    // Both listeners stop at the same moment: on a signal, or when the store has failed.
    let (stop, stopped) = watch::channel(false);
    let connections = config.connections();
    let public = serve(listener, router, &connections, until(stopped.clone()));
    let operator = async {
        match operations_listener {
            Some((listener, _)) => serve(listener, operations, &connections, until(stopped.clone())).await,
            None => true,
        }
    };
    let watcher = async {
        let outcome = tokio::select! {
            outcome = signalled() => outcome,
            reason = store.until_failed() => Err(RelayError::StoreStopped(reason)),
        };
        info!("stopping");
        app.stop();
        stop.send_replace(true);
        outcome
    };
    // The stack's launcher reads this line to learn a free port.
    info!("listening on http://{address}");
    let (public, operator, outcome) = tokio::join!(public, operator, watcher);
    if !(public && operator) {
        warn!("some requests did not end in time and were cut off");
    }
    outcome
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), RelayError> {
    let failed = |cause| RelayError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the sender is gone: the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn signalled() -> Result<(), RelayError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(RelayError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RelayError::Signals)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// What has to be done now and then. Ends with the process.
async fn housekeeping(app: Arc<App>) {
    let mut told = Vec::new();
    loop {
        tokio::time::sleep(Duration::from_secs(20)).await;
        app.forget_quiet_addresses();
        telemetry::prometheus().run_upkeep();
        let alarms = app.alarms();
        for alarm in alarms.iter().filter(|alarm| !told.contains(*alarm)) {
            warn!("{alarm}");
        }
        told = alarms;
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
