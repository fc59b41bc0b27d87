//! Serves the built client with its security headers. Any static server may take its place, as
//! long as it sends the headers of [`headers`].
//!
//! It reads no request beyond its path, keeps nothing and logs no request. How connections come and end is
//! that of the other services (`service`).

#![forbid(unsafe_code)]

mod headers;
mod site;

use std::{future::pending, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use axum::Router;
use clap::Parser;
use service::{
    keys::PemFile,
    run::{Hangups, Listeners, RunError},
    serve::{Connections, OF_ONE_ADDRESS, UNTAKEN},
    tls::{Tls, TlsError, TlsFiles},
};
use tracing::{error, trace};
use tracing_subscriber::EnvFilter;

/// For the head of a request to arrive, and for running ones to end when the server stops.
const HEADER: Duration = Duration::from_secs(10);
const DRAIN: Duration = Duration::from_secs(20);

/// Connections at one time.
const MOST: usize = 4096;

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
    /// The certificate for TLS, and those that lead to an authority, in PEM. Without it a proxy has to do
    /// TLS. SIGHUP has certificate and key read again.
    #[arg(long, env = "LETTERBOX_CLIENT_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<String>,
    /// The certificate's private key, in PEM: a file for its owner alone.
    #[arg(long, env = "LETTERBOX_CLIENT_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<String>,
}

impl Options {
    fn tls(&self) -> Result<Option<Tls>, HostError> {
        let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) else { return Ok(None) };
        // Not while the arguments are read: what is refused there is repeated, and may be the key itself.
        let file = |text: &String| PemFile::try_from(text.clone()).map_err(HostError::Setting);
        let files = TlsFiles { certificate: file(certificate)?, key: file(key)? };
        Ok(Some(Tls::load(&files)?))
    }
}

#[derive(Debug, thiserror::Error)]
enum HostError {
    #[error(
        "there is no built client in {0}: it has no index.html. Build the client first, or name its folder with --dist"
    )]
    NoClient(PathBuf),
    #[error("there is no trust file at {0}. Make one with `letterbox-keyserver trust make`")]
    NoTrust(PathBuf),
    #[error("the certificate or its key: {0}")]
    Setting(&'static str),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Run(#[from] RunError),
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
    let hangups = Hangups::heed()?;
    let tls = options.tls()?;
    let mut router = site::router(&options.dist, options.trust.as_deref(), &options.connect);
    if tls.is_some() {
        router = site::by_tls_alone(router);
    }
    let connections = Connections {
        most: MOST,
        // Without TLS all of them are of the proxy that does it.
        of_one_address: if tls.is_some() { OF_ONE_ADDRESS } else { MOST },
        header: HEADER,
        drain: DRAIN,
        untaken: UNTAKEN,
        trusted_proxies: Vec::new(),
    };
    let listeners = Listeners::bind(options.listen, None).await?.with_tls(tls);
    Ok(listeners.serve(hangups, router, Router::new(), &connections, pending(), || {}).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_written_out_in_the_place_of_its_file_is_refused_and_not_repeated() {
        let key = "--tls-key=-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n";
        let options = Options::try_parse_from(["letterbox-client-host", "--tls-certificate=/c.pem", key]);
        let refused = options.unwrap().tls().unwrap_err();
        assert!(matches!(refused, HostError::Setting(_)), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains("secret"), "{refused}");
    }
}
