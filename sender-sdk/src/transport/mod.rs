//! The one way to the network: HTTPS without redirects, with limits on time and size.
//!
//! Each service has a client of its own, so that no connection is shared between them. Encrypted
//! connections go through the proxy that the environment names (`HTTPS_PROXY`), as networks of public
//! bodies often demand; unencrypted ones stay on this computer and never do.

mod error;
mod origin;
mod patience;
mod tls;

use std::{error::Error, time::Duration};

use api::Problem;
use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect, retry,
};

use self::origin::Origin;
pub use self::{
    error::{Peer, Refusal, TransportError},
    origin::AddressError,
    patience::Patience,
};

/// The longest error that is looked at, in bytes.
const LONGEST_PROBLEM: usize = 16 * 1024;

/// A service and the way to it.
#[derive(Debug)]
pub(crate) struct Service {
    peer: Peer,
    origin: Origin,
    client: Client,
    patience: Patience,
}

/// One request, as often as it is sent.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content: Option<Vec<u8>>,
    /// The longest answer in bytes.
    pub(crate) most: usize,
}

impl Service {
    pub(crate) fn new(peer: Peer, origin: &str, patience: Patience) -> Result<Self, TransportError> {
        let origin = Origin::parse(origin).map_err(|cause| TransportError::Address { peer, cause })?;
        let client = client(origin.is_encrypted(), &patience)?;
        Ok(Self { peer, origin, client, patience })
    }

    /// What signed requests name as `@authority`.
    pub(crate) fn authority(&self) -> &str {
        self.origin.authority()
    }

    pub(crate) const fn patience(&self) -> &Patience {
        &self.patience
    }

    /// For a request that cannot be signed for this address.
    pub(crate) const fn unsignable(&self) -> TransportError {
        TransportError::Address { peer: self.peer, cause: AddressError::NotAnAddress }
    }

    /// Sends a request once.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, TransportError> {
        let url = self.origin.url(call.path, call.query);
        let mut request = self.client.request(call.method.clone(), url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(content) = &call.content {
            request = request.body(content.clone());
        }
        exchange(self.peer, request, call.most).await
    }

    /// Sends the same bytes again while the service cannot be reached. Only for what may be repeated.
    pub(crate) async fn call_patiently(&self, call: &Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.patience.retrying(|| self.call(call)).await
    }
}

/// Gets what lies at an address, such as the trust file.
pub(crate) async fn fetch(
    peer: Peer,
    address: &str,
    most: usize,
    patience: &Patience,
) -> Result<Vec<u8>, TransportError> {
    let url = origin::parse(address).map_err(|cause| TransportError::Address { peer, cause })?;
    let client = client(origin::is_encrypted(&url), patience)?;
    patience.retrying(|| exchange(peer, client.get(url.clone()), most)).await
}

fn client(is_encrypted: bool, patience: &Patience) -> Result<Client, TransportError> {
    let builder = Client::builder()
        .user_agent(concat!("letterbox-sender/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .http1_only()
        .connect_timeout(patience.connect)
        .timeout(patience.answer);
    let builder = if is_encrypted {
        builder.https_only(true).tls_backend_preconfigured(tls::trusting_the_system()?)
    } else {
        builder.no_proxy().tls_backend_preconfigured(tls::trusting_nobody()?)
    };
    builder.build().map_err(|error| TransportError::Client(innermost(&error.without_url())))
}

async fn exchange(peer: Peer, request: RequestBuilder, most: usize) -> Result<Vec<u8>, TransportError> {
    let response = request.send().await.map_err(|error| broken(peer, error))?;
    let status = response.status();
    if status.is_success() {
        return read(peer, response, most).await;
    }
    let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = field(RETRY_AFTER).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let is_problem = field(CONTENT_TYPE).is_some_and(|kind| kind.starts_with(api::media::PROBLEM));
    let content = read(peer, response, LONGEST_PROBLEM).await;
    match content.ok().and_then(|content| serde_json::from_slice::<Problem>(&content).ok()) {
        Some(problem) if is_problem => {
            Err(TransportError::Refused(Refusal::new(peer, status.as_u16(), &problem, retry_after)))
        }
        _ => Err(TransportError::NotLetterbox { peer, status: status.as_u16() }),
    }
}

/// Reads an answer and stops at the limit, whatever length it declares.
async fn read(peer: Peer, mut response: Response, most: usize) -> Result<Vec<u8>, TransportError> {
    let too_large = TransportError::TooLarge { peer, most };
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large);
    }
    let mut content = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(peer, error))? {
        if content.len() + chunk.len() > most {
            return Err(too_large);
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

fn broken(peer: Peer, error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let reason = if error.is_timeout() { "it did not answer in time".to_owned() } else { innermost(&error) };
    TransportError::Unreachable { peer, reason }
}

/// What the operating system or the other side said, without the layers around it.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_reached_encrypted_or_on_this_computer_only() {
        for origin in ["http://localhost:8081", "http://127.0.0.1:8081", "http://[::1]:8081"] {
            assert!(Service::new(Peer::Relay, origin, Patience::default()).is_ok(), "{origin}");
        }
        for origin in ["http://relay.example", "http://10.0.0.1:8081", "http://localhost.example"] {
            let refused = Service::new(Peer::Relay, origin, Patience::default()).unwrap_err();
            let is_named = matches!(
                &refused,
                TransportError::Address { peer: Peer::Relay, cause: AddressError::NotEncrypted(_) }
            );
            assert!(is_named, "{refused}");
        }
    }
}
