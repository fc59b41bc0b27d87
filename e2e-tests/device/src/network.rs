//! The way to the services, without redirects: plain HTTP on this machine, or TLS with the certificates
//! that the system trusts.

use std::{sync::Arc, time::Duration};

use client_mailbox::http::{HttpRequest, HttpResponse};
use reqwest::{Client, Method, RequestBuilder, Response, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use tokio::time::sleep;

use crate::failure::Failure;

/// For a whole exchange.
const EXCHANGE: Duration = Duration::from_secs(10);

const TOO_MANY: u16 = 429;

/// Before the same is asked again.
const PAUSE: Duration = Duration::from_millis(200);

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Network(Client);

impl Network {
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        // Without any there is the way without TLS.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| Failure::Client(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .build()
            .map_err(|error| Failure::Client(error.to_string()))?;
        Ok(Self(client))
    }

    /// A request of a browser.
    pub(crate) fn request(&self, method: Method, address: &str) -> RequestBuilder {
        self.0.request(method, address).timeout(EXCHANGE)
    }

    /// Sends a device's request and reads the whole answer. A service that is asked too often is asked again
    /// a little later: it counts before it looks at what was signed.
    pub(crate) async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        loop {
            let answer = whole(self.prepared(request)?.timeout(EXCHANGE).send().await?).await?;
            if answer.status != TOO_MANY {
                return Ok(answer);
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends a device's request whose answer goes on.
    pub(crate) async fn open(&self, request: &HttpRequest) -> Result<Response, Failure> {
        Ok(self.prepared(request)?.send().await?)
    }

    fn prepared(&self, request: &HttpRequest) -> Result<RequestBuilder, Failure> {
        let method = Method::from_bytes(request.method.as_bytes());
        let method = method.map_err(|error| Failure::Client(error.to_string()))?;
        let mut builder = self.0.request(method, &request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        Ok(if request.body.is_empty() { builder } else { builder.body(request.body.clone()) })
    }
}

/// The whole of an answer.
pub(crate) async fn whole(mut response: Response) -> Result<HttpResponse, Failure> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse::new(status, body))
}
