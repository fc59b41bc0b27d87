//! The stand-in's process: reads the settings, opens the store, serves, stops cleanly.

#![forbid(unsafe_code)]

use std::{io, net::SocketAddr, path::PathBuf, process::ExitCode};

use axum::Router;
use clap::Parser;
use scotaccount_sim::{
    clients::{ClientError, Clients},
    clock::Clock,
    http,
    mailboxes::{MailboxApi, MailboxError},
    sim::{Parts, Sim, SimError},
    switches::{self, Setting, SwitchError, Switches},
};
use tokio::{net::TcpListener, sync::watch};
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;

/// Stand in for ScotAccount, with invented people. For development and tests only.
#[derive(Parser)]
#[command(name = "scotaccount-sim", version, after_help = switches::help())]
struct Arguments {
    /// The address of the provider; port 0 takes a free one. Its issuer is http://localhost and the port.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The address of the attributes. Their issuer is http://localhost and the port.
    #[arg(long, default_value = "127.0.0.1:8091")]
    attributes_listen: SocketAddr,
    /// The folder for signing keys and the numbers of mailboxes.
    #[arg(long)]
    store: PathBuf,
    /// The file with the registered relying parties. Read once, at the start.
    #[arg(long)]
    clients: PathBuf,
    /// Behave otherwise than by default; see below. May be given several times.
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<Setting>,
    /// The mailbox service: after a journey in which the identity was confirmed, it is asked once
    /// for a mailbox.
    #[arg(long, requires_all = ["mailbox_client_id", "mailbox_secret"])]
    mailbox_api: Option<String>,
    /// The client id at the mailbox service.
    #[arg(long, requires = "mailbox_api")]
    mailbox_client_id: Option<String>,
    /// The file with the secret for the mailbox service.
    #[arg(long, requires = "mailbox_api")]
    mailbox_secret: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Clients(#[from] ClientError),
    #[error(transparent)]
    Switch(#[from] SwitchError),
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    #[error(transparent)]
    Sim(#[from] SimError),
    #[error("cannot listen on {address}: {cause}. Is another process using that port?")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            error!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), StartError> {
    let mailbox_api = match (&arguments.mailbox_api, &arguments.mailbox_client_id, &arguments.mailbox_secret)
    {
        (Some(url), Some(id), Some(secret)) => Some(MailboxApi::new(url, id, secret)?),
        _ => None,
    };
    let clients = Clients::read(&arguments.clients)?;
    let switches = Switches::with(&arguments.switches)?;
    let (provider, address) = listen(arguments.listen).await?;
    let (attributes, attributes_address) = listen(arguments.attributes_listen).await?;
    let parts = Parts {
        issuer: format!("http://localhost:{}", address.port()),
        attribute_issuer: format!("http://localhost:{}", attributes_address.port()),
        store: arguments.store,
        clients,
        switches,
        clock: Clock::system(),
        mailbox_api,
    };
    // Making the first keys takes seconds of computing; nobody is served before.
    let sim = Sim::open(parts)?;
    if !address.ip().is_loopback() {
        warn!("other machines can reach this stand-in, and be whomever they like");
    }

    let (stop, stopped) = watch::channel(false);
    info!("attributes at http://{attributes_address}");
    // The stack's launcher reads this line to learn a free port.
    info!("listening on http://{address}");
    let watcher = async {
        signalled().await;
        info!("stopping");
        stop.send_replace(true);
    };
    let (provider, attributes, ()) = tokio::join!(
        serve(provider, http::provider(&sim), stopped.clone()),
        serve(attributes, http::attributes(&sim), stopped),
        watcher,
    );
    provider.and(attributes).map_err(StartError::Serve)
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |cause| StartError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
    // The control path must know who connects.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            // An error says that the sender is gone: the same.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        })
        .await
}

async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
