//! TLS 1.3 (RFC 8446) by rustls, with ring and this computer's list of certificates.
//!
//! The certificates are the system's, because public bodies often run an authority of their own. TLS
//! only hides who is asked; that nobody alters an answer is what the proofs and signatures are for.

use std::sync::Arc;

use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier, crypto::ring, version::TLS13};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::TransportError;

pub(super) fn trusting_the_system() -> Result<ClientConfig, TransportError> {
    let configured = builder()?.with_platform_verifier().map_err(failed)?.with_no_client_auth();
    Ok(speaking_http1(configured))
}

/// For the client that makes no encrypted connections.
pub(super) fn trusting_nobody() -> Result<ClientConfig, TransportError> {
    let configured = builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    Ok(speaking_http1(configured))
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TransportError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(failed)
}

fn speaking_http1(mut configured: ClientConfig) -> ClientConfig {
    configured.alpn_protocols = vec![b"http/1.1".to_vec()];
    configured
}

fn failed(error: rustls::Error) -> TransportError {
    TransportError::Tls(error.to_string())
}
