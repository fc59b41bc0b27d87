//! Serves the built client with its security headers. Any static server may take its place, as
//! long as it sends the headers of [`headers`].
//!
//! It reads no request beyond its path, keeps nothing and logs no request.

#![forbid(unsafe_code)]

mod headers;
mod site;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use tracing::{error, info, trace};
use tracing_subscriber::EnvFilter;

/// Serve the built client with its security headers.
#[derive(Parser)]
#[command(name = "letterbox-client-host", version)]
struct Options {
    /// The folder with the built client.
    #[arg(long, env = "LETTERBOX_CLIENT_DIST", default_value = "target/web")]
    dist: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, env = "LETTERBOX_CLIENT_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// An origin that the client may connect to (the relay's, the directory's), such as
    /// `https://relay.example`. May be given several times.
    #[arg(long = "connect", env = "LETTERBOX_CLIENT_CONNECT", value_delimiter = ',')]
    connect: Vec<headers::Origin>,
    /// The deployment's signed trust file, served at /trust.json. It is read for each request, so
    /// that a new one takes its place without a restart.
    #[arg(long, env = "LETTERBOX_CLIENT_TRUST")]
    trust: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum HostError {
    #[error(
        "there is no built client in {0}: it has no index.html. Build the client first, or name its folder with --dist"
    )]
    NoClient(PathBuf),
    #[error("there is no trust file at {0}. Make one with `letterbox-keyserver trust make`")]
    NoTrust(PathBuf),
    #[error(
        "cannot listen on {address}: {cause}. Is another process using that port? Choose one with --listen"
    )]
    Listen { address: SocketAddr, cause: std::io::Error },
    #[error("the server stopped: {0}")]
    Serve(std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    // Who searches the log for what must not be in it knows by this line that nothing was held back.
    trace!("the log is in full detail");
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            error!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), HostError> {
    if !options.dist.join("index.html").is_file() {
        return Err(HostError::NoClient(options.dist));
    }
    if let Some(trust) = options.trust.as_ref().filter(|trust| !trust.is_file()) {
        return Err(HostError::NoTrust(trust.clone()));
    }
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|cause| HostError::Listen { address: options.listen, cause })?;
    let address = listener.local_addr().map_err(HostError::Serve)?;
    // The stack's launcher reads this line to learn a free port.
    info!("listening on http://{address}");
    axum::serve(listener, site::router(&options.dist, options.trust.as_deref(), &options.connect))
        .with_graceful_shutdown(stopped())
        .await
        .map_err(HostError::Serve)
}

async fn stopped() {
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
