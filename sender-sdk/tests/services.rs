//! The two services as HTTP: they hand out what a test prepared, do to a deposit what it said, and
//! keep count.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use api::{Code, Problem, directory::LookupRequest, media};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{
    cbor::{Suite, Version, Wire as _},
    id::PermitId,
    receipt::{ChainHead, Receipt, SignedReceipt, envelope_digest},
    request::{Parameters, Request, verify},
    request_key::RequestKeyId,
    signing::{SigningKey, VerifyingKey},
};

use crate::{town::now, world::key};

/// What the relay does to a deposit.
pub(crate) enum Manner {
    /// Stores it, and the connection breaks before the receipt is there.
    BreaksOff,
    /// Refuses it.
    Refuses(Code),
    /// Signs for something else.
    SignsForOtherBytes,
    /// Signs with a key of nobody's.
    SignsWithAnotherKey,
    /// Answers without end, nearly.
    Floods,
}

/// What the services were told to say, and what they were asked.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) registry: Vec<u8>,
    /// Answers to lookups; the last one stays.
    pub(crate) answers: VecDeque<Vec<u8>>,
    /// For the next deposits; afterwards the relay is honest.
    pub(crate) manners: VecDeque<Manner>,
    pub(crate) queries: Vec<Option<String>>,
    pub(crate) lookups: Vec<LookupRequest>,
    /// Permits and envelopes, as they came.
    pub(crate) deposits: Vec<(Vec<u8>, Vec<u8>)>,
    /// By permit: envelope and receipt.
    pub(crate) stored: BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

pub(crate) struct Services {
    pub(crate) authority: String,
    body_key: VerifyingKey,
    told: Mutex<Told>,
}

impl Services {
    pub(crate) fn new(authority: String, body_key: VerifyingKey) -> Arc<Self> {
        Arc::new(Self { authority, body_key, told: Mutex::default() })
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/registry", get(registry))
            .route("/v1/lookups", post(look_up))
            .route("/v1/deposits", post(deposit))
            .with_state(Arc::clone(self))
    }

    /// As the directory checks it.
    fn is_signed(&self, headers: &HeaderMap, content: &[u8]) -> bool {
        let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Ok(parameters) = Parameters::parse(field("signature-input")) else { return false };
        let (authority, path) = (self.authority.as_str(), "/v1/lookups");
        let request = Request { method: "POST", authority, path, query: None, body: content };
        let (digest, signature) = (field("content-digest"), field("signature"));
        parameters.key_id == RequestKeyId::of(&self.body_key).to_text()
            && parameters.in_time(now()).is_ok()
            && verify(&request, &parameters, digest, signature, &self.body_key).is_ok()
    }
}

pub(crate) fn receipt_key() -> SigningKey {
    key(3)
}

async fn registry(State(services): State<Arc<Services>>, RawQuery(query): RawQuery) -> Response {
    let mut told = services.told();
    told.queries.push(query);
    cbor(told.registry.clone())
}

async fn look_up(State(services): State<Arc<Services>>, headers: HeaderMap, content: Bytes) -> Response {
    if !services.is_signed(&headers, &content) {
        return refusal(Code::SignatureInvalid);
    }
    let mut told = services.told();
    told.lookups.push(minicbor::decode(&content).unwrap());
    let answer =
        if told.answers.len() > 1 { told.answers.pop_front() } else { told.answers.front().cloned() };
    answer.map_or_else(|| refusal(Code::NotFound), cbor)
}

async fn deposit(State(services): State<Arc<Services>>, headers: HeaderMap, envelope: Bytes) -> Response {
    let permit = headers.get(api::header::PERMIT).and_then(|permit| permit.to_str().ok());
    let permit = permit.and_then(|permit| Base64UrlUnpadded::decode_vec(permit).ok());
    let is_octets = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == media::OCTETS);
    let Some(permit) = permit.filter(|_| is_octets) else { return refusal(Code::PermitInvalid) };
    let mut told = services.told();
    told.deposits.push((permit.clone(), envelope.to_vec()));
    let manner = told.manners.pop_front();
    if let Some(Manner::Refuses(code)) = manner {
        return refusal(code);
    }
    let (stored, receipt) = told
        .stored
        .entry(permit)
        .or_insert_with(|| (envelope.to_vec(), signed_receipt(&envelope, &receipt_key())))
        .clone();
    if stored != envelope {
        return refusal(Code::PermitSpent);
    }
    match manner {
        Some(Manner::BreaksOff) => {
            let broken = Err::<Bytes, _>(io::Error::other("the connection broke"));
            Response::new(Body::from_stream(futures_util::stream::iter([broken])))
        }
        Some(Manner::SignsForOtherBytes) => cbor(signed_receipt(b"other", &receipt_key())),
        Some(Manner::SignsWithAnotherKey) => cbor(signed_receipt(&envelope, &key(4))),
        Some(Manner::Floods) => cbor(vec![0; 1 << 20]),
        Some(Manner::Refuses(_)) | None => cbor(receipt),
    }
}

fn signed_receipt(envelope: &[u8], key: &SigningKey) -> Vec<u8> {
    let receipt = Receipt {
        version: Version,
        suite: Suite,
        permit: PermitId::from([9; 16]),
        digest: envelope_digest(envelope).into(),
        blobs: vec![],
        time: now(),
        head: ChainHead::from([5; 32]),
    };
    SignedReceipt::sign(&receipt, key).to_bytes()
}

fn cbor(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, media::CBOR)], bytes).into_response()
}

fn refusal(code: Code) -> Response {
    let problem = Problem::new(code, "The test said so.");
    let status = StatusCode::from_u16(problem.status).unwrap();
    let content = serde_json::to_vec(&problem).unwrap();
    (status, [(header::CONTENT_TYPE, media::PROBLEM)], content).into_response()
}
