//! The calls to the relay.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{cbor::Wire as _, hex, id::BlobId, receipt::SignedReceipt};
use reqwest::Method;

use crate::{
    file::Part,
    transport::{Call, Patience, Peer, Service, TransportError},
    upload::LONGEST_STATE,
};

#[derive(Debug)]
pub(crate) struct Relay {
    service: Service,
}

impl Relay {
    pub(crate) fn new(origin: &str, patience: Patience) -> Result<Self, TransportError> {
        Ok(Self { service: Service::new(Peer::Relay, origin, patience)? })
    }

    /// How long to wait for the relay, and how often to try.
    pub(crate) const fn patience(&self) -> &Patience {
        self.service.patience()
    }

    /// Uploads a part of a sealed file on a permit, once, and brings what the relay says it has of the
    /// file. A part that the relay has already changes nothing, so that it can be sent again.
    pub(crate) async fn store_part(&self, permit: &[u8], part: Part) -> Result<Vec<u8>, TransportError> {
        let Part { blob, length, offset, content } = part;
        let path = format!("/v1/blobs/{}", hex::encode(blob.as_bytes()));
        let query = format!("length={length}&offset={offset}");
        let call = Call {
            method: Method::PUT,
            path: &path,
            query: Some(&query),
            headers: octets_on(permit),
            content: Some(content),
            most: LONGEST_STATE,
        };
        self.service.call(&call).await
    }

    /// Deposits an envelope with its uploaded files on a permit and brings what is to be the receipt.
    /// The same permit with the same bytes gives the first receipt (`LBX-PERMIT-1`), so that trying
    /// again stores one letter.
    pub(crate) async fn deposit(
        &self,
        permit: &[u8],
        envelope: &[u8],
        blobs: &[BlobId],
    ) -> Result<Vec<u8>, TransportError> {
        let mut headers = octets_on(permit);
        if !blobs.is_empty() {
            let list: Vec<String> = blobs.iter().map(|blob| hex::encode(blob.as_bytes())).collect();
            headers.push((api::header::BLOBS, list.join(",")));
        }
        let call = Call {
            method: Method::POST,
            path: "/v1/deposits",
            query: None,
            headers,
            content: Some(envelope.to_vec()),
            most: SignedReceipt::LIMITS.bytes,
        };
        self.service.call_patiently(&call).await
    }
}

fn octets_on(permit: &[u8]) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", api::media::OCTETS.to_owned()),
        (api::header::PERMIT, Base64UrlUnpadded::encode_string(permit)),
    ]
}
