//! The way to the services: plain HTTP on this machine, without redirects.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method, RequestBuilder, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};

use crate::failure::Failure;

/// For a whole exchange.
const EXCHANGE: Duration = Duration::from_secs(10);

/// Sends requests.
pub(crate) struct Network(Client);

impl Network {
    pub(crate) fn new() -> Result<Self, Failure> {
        // The client wants a configuration also for connections that are not encrypted.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| Failure::Client(error.to_string()))?
            .with_root_certificates(RootCertStore::empty())
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

    pub(crate) fn request(&self, method: Method, address: &str) -> RequestBuilder {
        self.0.request(method, address).timeout(EXCHANGE)
    }
}

/// The whole of an answer that is no refusal.
pub(crate) async fn answer(request: RequestBuilder) -> Result<Vec<u8>, Failure> {
    let response = request.send().await?;
    let status = response.status();
    let content = response.bytes().await?.to_vec();
    if status.is_success() {
        Ok(content)
    } else {
        let said = String::from_utf8_lossy(&content).into_owned();
        Err(Failure::Refused { status: status.as_u16(), said })
    }
}
