//! HTTP requests that this program makes: to ScotAccount, and, as a command, to a directory.
//!
//! One small client for all of them: TLS by rustls with ring and the system's roots, no redirects, no
//! proxies, no retries, and limits on time and on the size of every answer. Errors name no address
//! and no content.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use reqwest::{Method, Url, header::HeaderValue, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request may take, its answer included.
const REQUEST: Duration = Duration::from_secs(15);

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The client could not be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    /// The request cannot be sent as it is.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// No whole answer came.
    #[error("no answer came: {0}")]
    NoAnswer(String),
    /// The answer is larger than any honest one.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// A request.
pub struct Outgoing<'a> {
    /// `GET` or `POST`.
    pub method: Method,
    /// The whole address.
    pub url: &'a str,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The content; empty for none.
    pub body: Vec<u8>,
}

/// An answer.
pub struct Incoming {
    /// The status.
    pub status: u16,
    /// The whole content.
    pub body: Vec<u8>,
}

/// Sends requests.
#[derive(Clone)]
pub struct Transport(reqwest::Client);

impl Transport {
    /// A client.
    ///
    /// # Errors
    /// [`TransportError::Client`].
    pub fn new() -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .user_agent("letterbox-keyserver")
            .build()
            .map_err(|error| TransportError::Client(reason(error)))?;
        Ok(Self(client))
    }

    /// Sends a request and reads its answer, of at most `most` bytes.
    ///
    /// # Errors
    /// [`TransportError`].
    pub async fn send(&self, request: Outgoing<'_>, most: usize) -> Result<Incoming, TransportError> {
        let mut builder = self.0.request(request.method, request.url);
        for (name, value) in request.headers {
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| TransportError::Unsendable(format!("the field {name} has no valid value")))?;
            // Not for any debugging output.
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        let failed = |error| TransportError::NoAnswer(reason(error));
        let mut response = builder.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > most {
                return Err(TransportError::TooLarge(most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Incoming { status, body })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Transport")
    }
}

/// Whether secrets may be sent to an address: `https`, or plain `http` to this machine itself, as in
/// development.
#[must_use]
pub fn is_confidential(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.scheme() {
        "https" => url.has_host(),
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    }
}

/// TLS 1.2 and 1.3 by ring, with the roots that the system trusts.
fn tls() -> Result<ClientConfig, TransportError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(native.certs);
    if taken == 0 {
        // In development there is no TLS; with it, every connection would say so.
        tracing::warn!("the system has no trusted certificates: no https address can be reached");
    }
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::Client(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// What went wrong at the bottom of it, without the address.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut deepest: &dyn Error = &error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if error.is_timeout() { "it took too long".to_owned() } else { deepest.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_not_off_this_machine() {
        for url in [
            "https://authz.scotaccount.example/token",
            "http://localhost:8090",
            "http://127.0.0.1:1/a",
            "http://[::1]:1/",
        ] {
            assert!(is_confidential(url), "{url}");
        }
        for url in [
            "",
            "localhost:8090",
            "http://authz.scotaccount.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://localhost@evil.example/",
            "ftp://localhost/",
            "file:///etc/passwd",
        ] {
            assert!(!is_confidential(url), "{url}");
        }
    }

    #[tokio::test]
    async fn an_error_names_no_address() {
        // Nothing listens on port 1.
        let url = "http://127.0.0.1:1/secret?secret=secret";
        let request = Outgoing { method: Method::GET, url, headers: Vec::new(), body: Vec::new() };
        let error = Transport::new().unwrap().send(request, 10).await.err().unwrap();
        assert!(matches!(error, TransportError::NoAnswer(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
