//! The call to the relay.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{cbor::Wire as _, receipt::SignedReceipt};
use reqwest::Method;

use crate::transport::{Call, Patience, Peer, Service, TransportError};

#[derive(Debug)]
pub(crate) struct Relay {
    service: Service,
}

impl Relay {
    pub(crate) fn new(origin: &str, patience: Patience) -> Result<Self, TransportError> {
        Ok(Self { service: Service::new(Peer::Relay, origin, patience)? })
    }

    /// Deposits an envelope on a permit and brings what is to be the receipt. The same permit with the
    /// same bytes gives the first receipt (`LBX-PERMIT-1`), so that trying again stores one letter.
    pub(crate) async fn deposit(&self, permit: &[u8], envelope: &[u8]) -> Result<Vec<u8>, TransportError> {
        let call = Call {
            method: Method::POST,
            path: "/v1/deposits",
            query: None,
            headers: vec![
                ("content-type", api::media::OCTETS.to_owned()),
                (api::header::PERMIT, Base64UrlUnpadded::encode_string(permit)),
            ],
            content: Some(envelope.to_vec()),
            most: SignedReceipt::LIMITS.bytes,
        };
        self.service.call_patiently(&call).await
    }
}
