//! The calls to the directory. What they bring is bytes: nothing is believed here.

use api::directory::{KnownLog, LookupRequest};
use crypto_core::{
    directory::{Answer, Pin},
    person::Attributes,
};
use relay_auth::{
    cbor::{Wire as _, encode},
    hex,
    request::{Parameters, Request, sign},
    request_key::RequestKeyId,
    signing::SigningKey,
};
use reqwest::Method;

use crate::{
    registry::LARGEST_REGISTRY,
    system::{now, rng},
    transport::{Call, Patience, Peer, Service, TransportError},
};

const LOOKUPS: &str = "/v1/lookups";
const REGISTRY: &str = "/v1/registry";

/// Each letter takes one permit, and each letter looks its person up.
const PERMITS: u8 = 1;

#[derive(Debug)]
pub(crate) struct Directory {
    service: Service,
}

impl Directory {
    pub(crate) fn new(origin: &str, patience: Patience) -> Result<Self, TransportError> {
        Ok(Self { service: Service::new(Peer::Directory, origin, patience)? })
    }

    /// Every public body, with proofs that lead on from what is known.
    pub(crate) async fn registry(&self, known: Option<&Pin>) -> Result<Vec<u8>, TransportError> {
        let query = known.map(|pin| format!("size={}&root={}", pin.size, digits(&pin.root.0)));
        let call = Call {
            method: Method::GET,
            path: REGISTRY,
            query: query.as_deref(),
            headers: Vec::new(),
            content: None,
            most: LARGEST_REGISTRY,
        };
        self.service.call_patiently(&call).await
    }

    /// Whose keys these details lead to. Each try is signed anew: a request is taken once.
    pub(crate) async fn look_up(
        &self,
        person: &Attributes,
        known: &Pin,
        key: &SigningKey,
    ) -> Result<Vec<u8>, TransportError> {
        let content = encode(&LookupRequest {
            attributes: person.to_bytes().into(),
            known: Some(KnownLog { size: known.size, root: known.root.0.into() }),
            permits: PERMITS,
        });
        let attempt = || async {
            let call = self.signed(LOOKUPS, &content, key)?;
            self.service.call(&call).await
        };
        self.service.patience().retrying(attempt).await
    }

    /// A request that the body signs (RFC 9421, `LBX-REQUEST-1`).
    fn signed(
        &self,
        path: &'static str,
        content: &[u8],
        key: &SigningKey,
    ) -> Result<Call<'static>, TransportError> {
        let request =
            Request { method: "POST", authority: self.service.authority(), path, query: None, body: content };
        let key_id = RequestKeyId::of(&key.verifying_key()).to_text();
        let parameters = Parameters::generate(now(), &key_id, &mut rng());
        let fields = sign(&request, &parameters, key).map_err(|_| self.service.unsignable())?;
        Ok(Call {
            method: Method::POST,
            path,
            query: None,
            headers: vec![
                ("content-type", api::media::CBOR.to_owned()),
                ("content-digest", fields.content_digest),
                ("signature-input", fields.signature_input),
                ("signature", fields.signature),
            ],
            content: Some(content.to_vec()),
            most: Answer::LIMITS.bytes,
        })
    }
}

/// 32 bytes as 64 lower-case hexadecimal digits.
fn digits(bytes: &[u8; 32]) -> String {
    bytes.as_chunks::<16>().0.iter().map(hex::encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_sixty_four_digits() {
        let bytes = core::array::from_fn(|place| place as u8);
        assert_eq!(digits(&bytes), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    }
}
