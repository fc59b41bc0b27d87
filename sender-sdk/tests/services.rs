//! The two services as HTTP: they hand out what a test prepared, do to a deposit or a part of a file
//! what it said, and keep count.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use api::{Code, Problem, blobs::UploadState, directory::LookupRequest, media};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use futures_util::{StreamExt as _, stream};
use relay_auth::{
    cbor::{Suite, Version, Wire as _, encode},
    hex,
    id::{BlobId, PermitId},
    permit::LARGEST_BLOB_QUOTA,
    receipt::{ChainHead, MOST_BLOBS, Receipt, SignedReceipt, envelope_digest},
    request::{Parameters, Request, verify},
    request_key::RequestKeyId,
    signing::{SigningKey, VerifyingKey},
};
use tokio::sync::watch;

use crate::{town::now, world::key};

/// What the relay does to a deposit.
pub(crate) enum Manner {
    /// Stores it, and the connection breaks before the receipt is there.
    BreaksOff,
    /// Refuses it.
    Refuses(Code),
    /// Signs for something else.
    SignsForOtherBytes,
    /// Signs for other files.
    SignsForOtherBlobs(fn(&mut Vec<BlobId>)),
    /// Signs with a key of nobody's.
    SignsWithAnotherKey,
    /// Answers without end, nearly.
    Floods,
}

/// What the relay does to a part of a file.
pub(crate) enum PartManner {
    /// Stores it.
    Stores,
    /// The connection breaks once so many bytes of the part came; it stores those.
    BreaksOffAfter(usize),
    /// Stores it, and the connection breaks before the answer is there.
    LosesAnswer,
    /// Refuses it.
    Refuses(Code),
    /// Was started again in between, and has no more than so many bytes of the file left.
    HasLeft(usize),
    /// Stores nothing, and says so.
    StoresNothing,
    /// Says that it has so many bytes.
    Claims(u64),
    /// Stores it, and something happens before the answer is there.
    Meanwhile(Box<dyn FnOnce() + Send>),
}

/// A part of a file, as it came.
pub(crate) struct CamePart {
    pub(crate) permit: Vec<u8>,
    pub(crate) blob: BlobId,
    pub(crate) offset: u64,
    pub(crate) bytes: usize,
}

/// What the relay has of a file.
pub(crate) struct Blob {
    pub(crate) permit: Vec<u8>,
    pub(crate) length: u64,
    pub(crate) sealed: Vec<u8>,
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
    /// The files that each deposit names.
    pub(crate) lists: Vec<Vec<BlobId>>,
    /// For the next parts of files; afterwards the relay stores each.
    pub(crate) part_manners: VecDeque<PartManner>,
    pub(crate) parts: Vec<CamePart>,
    pub(crate) blobs: BTreeMap<BlobId, Blob>,
    /// A larger part than this is late.
    pub(crate) largest_in_time: Option<usize>,
    /// Parts stand still until so many people were looked up.
    pub(crate) lookups_before_parts: usize,
    /// By permit: envelope and receipt.
    pub(crate) stored: BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl Told {
    /// Whether another upload of this length may begin on a permit (`LBX-BLOB-3`): each counts as a whole,
    /// whatever became of it.
    fn has_room(&self, permit: &[u8], length: u64) -> bool {
        let on_permit = || self.blobs.values().filter(|blob| blob.permit == permit);
        let taken: u64 = on_permit().map(|blob| blob.length).sum();
        on_permit().count() < MOST_BLOBS && taken + length <= LARGEST_BLOB_QUOTA
    }
}

pub(crate) struct Services {
    pub(crate) authority: String,
    body_key: VerifyingKey,
    told: Mutex<Told>,
    /// How many people were looked up.
    looked_up: watch::Sender<usize>,
}

impl Services {
    pub(crate) fn new(authority: String, body_key: VerifyingKey) -> Arc<Self> {
        Arc::new(Self { authority, body_key, told: Mutex::default(), looked_up: watch::Sender::new(0) })
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/registry", get(registry))
            .route("/v1/lookups", post(look_up))
            .route("/v1/blobs/{blob}", put(store_part))
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
    services.looked_up.send_replace(told.lookups.len());
    let answer =
        if told.answers.len() > 1 { told.answers.pop_front() } else { told.answers.front().cloned() };
    answer.map_or_else(|| refusal(Code::NotFound), cbor)
}

async fn store_part(
    State(services): State<Arc<Services>>,
    Path(blob): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let Some(permit) = permit(&headers) else { return refusal(Code::PermitInvalid) };
    let blob = BlobId::from(hex::decode(&blob).unwrap());
    let (length, offset) = place(query.as_deref()).unwrap();
    let manner = services.told().part_manners.pop_front().unwrap_or(PartManner::Stores);
    let most = if let PartManner::BreaksOffAfter(most) = manner { most } else { usize::MAX };
    let content = first_bytes(content, most).await;
    let lookups = {
        let mut told = services.told();
        told.parts.push(CamePart { permit: permit.clone(), blob, offset, bytes: content.len() });
        told.lookups_before_parts
    };
    services.looked_up.subscribe().wait_for(|looked_up| *looked_up >= lookups).await.unwrap();
    let mut told = services.told();
    if told.largest_in_time.is_some_and(|most| content.len() > most) {
        return refusal(Code::TooSlow);
    }
    if let PartManner::Refuses(code) = manner {
        return refusal(code);
    }
    if !told.blobs.contains_key(&blob) && !told.has_room(&permit, length) {
        return refusal(Code::PermitBlobsFull);
    }
    let new = || Blob { permit: permit.clone(), length, sealed: Vec::new() };
    let stored = told.blobs.entry(blob).or_insert_with(new);
    if (&stored.permit, stored.length) != (&permit, length) {
        return refusal(Code::BlobTaken);
    }
    if let PartManner::HasLeft(left) = manner {
        stored.sealed.truncate(left);
    }
    // A part that does not begin where the file ends so far changes nothing.
    if offset == stored.sealed.len() as u64 && !matches!(manner, PartManner::StoresNothing) {
        stored.sealed.extend_from_slice(&content);
    }
    let received = stored.sealed.len() as u64;
    match manner {
        PartManner::BreaksOffAfter(_) | PartManner::LosesAnswer => return broken_off(),
        PartManner::Claims(received) => return cbor(encode(&UploadState { received })),
        PartManner::Meanwhile(happens) => happens(),
        _ => {}
    }
    cbor(encode(&UploadState { received }))
}

/// Length and offset.
fn place(query: Option<&str>) -> Option<(u64, u64)> {
    let (length, offset) = query?.split_once('&')?;
    let number = |text: &str, name: &str| -> Option<u64> { text.strip_prefix(name)?.parse().ok() };
    Some((number(length, "length=")?, number(offset, "offset=")?))
}

async fn first_bytes(content: Body, most: usize) -> Vec<u8> {
    let mut chunks = content.into_data_stream();
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(chunk) = chunks.next().await
    {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    bytes.truncate(most);
    bytes
}

/// The permit of a request whose content is declared as it has to be.
fn permit(headers: &HeaderMap) -> Option<Vec<u8>> {
    let permit = headers.get(api::header::PERMIT)?.to_str().ok()?;
    let is_octets = headers.get(header::CONTENT_TYPE)? == media::OCTETS;
    Base64UrlUnpadded::decode_vec(permit).ok().filter(|_| is_octets)
}

/// The files that a deposit names.
fn listed(headers: &HeaderMap) -> Vec<BlobId> {
    let list = headers.get(api::header::BLOBS).map_or("", |list| list.to_str().unwrap());
    list.split_terminator(',').map(|blob| BlobId::from(hex::decode(blob).unwrap())).collect()
}

async fn deposit(State(services): State<Arc<Services>>, headers: HeaderMap, envelope: Bytes) -> Response {
    let Some(permit) = permit(&headers) else { return refusal(Code::PermitInvalid) };
    let list = listed(&headers);
    let mut told = services.told();
    told.deposits.push((permit.clone(), envelope.to_vec()));
    told.lists.push(list.clone());
    let manner = told.manners.pop_front();
    if let Some(Manner::Refuses(code)) = manner {
        return refusal(code);
    }
    let is_there = |blob: &BlobId| {
        told.blobs
            .get(blob)
            .is_some_and(|stored| stored.permit == permit && stored.sealed.len() as u64 == stored.length)
    };
    if !list.iter().all(is_there) {
        return refusal(Code::BlobMissing);
    }
    let (stored, receipt) = told
        .stored
        .entry(permit)
        .or_insert_with(|| (envelope.to_vec(), signed_receipt(&envelope, &list, &receipt_key())))
        .clone();
    if stored != envelope {
        return refusal(Code::PermitSpent);
    }
    match manner {
        Some(Manner::BreaksOff) => broken_off(),
        Some(Manner::SignsForOtherBytes) => cbor(signed_receipt(b"other", &list, &receipt_key())),
        Some(Manner::SignsForOtherBlobs(alter)) => {
            let mut blobs = list;
            alter(&mut blobs);
            cbor(signed_receipt(&envelope, &blobs, &receipt_key()))
        }
        Some(Manner::SignsWithAnotherKey) => cbor(signed_receipt(&envelope, &list, &key(4))),
        Some(Manner::Floods) => cbor(vec![0; 1 << 20]),
        Some(Manner::Refuses(_)) | None => cbor(receipt),
    }
}

/// An answer whose connection breaks.
fn broken_off() -> Response {
    let broken = Err::<Bytes, _>(io::Error::other("the connection broke"));
    Response::new(Body::from_stream(stream::iter([broken])))
}

fn signed_receipt(envelope: &[u8], blobs: &[BlobId], key: &SigningKey) -> Vec<u8> {
    let receipt = Receipt {
        version: Version,
        suite: Suite,
        permit: PermitId::from([9; 16]),
        digest: envelope_digest(envelope).into(),
        blobs: blobs.to_vec(),
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
