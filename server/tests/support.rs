//! A relay in a temporary folder, a directory's keys, devices.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use api::{
    Code, Octets, Octets16, Problem, archive::ArchivePut, letters::LetterPage, mailboxes::OpenMailbox,
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, StatusCode, header, request::Builder},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use letterbox_server::{
    app::{App, Limits, Parts},
    archive::ArchiveQuota,
    blobs::BlobQuota,
    deposits::LetterQuota,
    http,
    store::{Embedded, Options},
};
pub(crate) use relay_auth::hostile::TestRng;
use relay_auth::{
    access::{AccessList, SignedAccessList},
    cbor::{Suite, Version, Wire as _, encode},
    id::{InboxKeyId, MailboxId, PermitId, VoucherId},
    permit::{LARGEST_BLOB_QUOTA, Permit},
    receipt::{Receipt, SignedReceipt},
    request::{self, Parameters},
    request_key::RequestKeyId,
    secret::Secret,
    signing::SigningKey,
    ticket::TicketKeys,
    voucher::Voucher,
};
use service::{clock::Clock, operations};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const AUTHORITY: &str = "relay.example";
pub(crate) const ORIGIN: &str = "https://letterbox.example";
pub(crate) const MAILBOX: [u8; 16] = [1; 16];
pub(crate) const INBOX_KEY: [u8; 16] = [9; 16];

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from([seed; 32]))
}

/// Limits that no test meets by accident.
pub(crate) fn generous() -> Limits {
    Limits { burst: 100_000, ..Limits::default() }
}

/// The key of the mailbox's owner, of a device in its list, of the relay's receipts.
pub(crate) fn access_key() -> SigningKey {
    key(1)
}

pub(crate) fn device() -> SigningKey {
    key(2)
}

pub(crate) fn receipt_key() -> SigningKey {
    key(3)
}

pub(crate) fn tickets(seed: u8) -> TicketKeys {
    TicketKeys::new(1, vec![(1, Secret::from([seed; 32]))]).unwrap()
}

/// A relay, and the directory's and the devices' side of it.
pub(crate) struct Relay {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    folder: TempDir,
    now: Arc<AtomicU64>,
    counter: AtomicU64,
    limits: Limits,
    quota: (LetterQuota, BlobQuota, ArchiveQuota),
}

impl Relay {
    pub(crate) fn start() -> Self {
        Self::with(generous(), 1000)
    }

    pub(crate) fn with(limits: Limits, letters: u64) -> Self {
        Self::with_blobs(limits, letters, BlobQuota { bytes: 1 << 30, upload_bytes: 1 << 30 })
    }

    pub(crate) fn with_blobs(limits: Limits, letters: u64, blobs: BlobQuota) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicU64::new(NOW));
        let letters = LetterQuota { letters, bytes: 1 << 20 };
        let quota = (letters, blobs, ArchiveQuota { objects: 2, bytes: 1 << 20 });
        let (app, router) = open(&folder, &now, &limits, quota, 0);
        Self { app, router, folder, now, counter: AtomicU64::new(0), limits, quota }
    }

    /// A relay with one open mailbox.
    pub(crate) async fn opened() -> Self {
        let relay = Self::start();
        relay.open_mailbox().await;
        relay
    }

    pub(crate) async fn open_mailbox(&self) {
        let answer = self.send(opening(&voucher(1, NOW + 60), &list(1, &[device()]))).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    /// Ends the relay and starts it again on the same folder.
    pub(crate) fn restart(self) -> Self {
        self.restart_after(|_| {})
    }

    /// The same, with something done to the store's folder in between.
    pub(crate) fn restart_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.open_again(meanwhile, 0)
    }

    /// The same, with so much of the disk to be left free.
    pub(crate) fn restart_with_reserve(self, bytes: u64) -> Self {
        self.open_again(|_| {}, bytes)
    }

    fn open_again(self, meanwhile: impl FnOnce(&Path), reserve_bytes: u64) -> Self {
        let Self { app, router, folder, now, counter, limits, quota } = self;
        drop((app, router));
        meanwhile(&folder.path().join("store"));
        let (app, router) = open(&folder, &now, &limits, quota, reserve_bytes);
        Self { app, router, folder, now, counter, limits, quota }
    }

    /// How much of the disk is free.
    pub(crate) fn free_bytes(&self) -> u64 {
        let numbers = rustix::fs::statvfs(self.folder.path()).unwrap();
        numbers.f_bavail * numbers.f_frsize
    }

    /// Where the relay keeps the files of attachments.
    pub(crate) fn attachments(&self) -> PathBuf {
        self.folder.path().join("store/attachments")
    }

    pub(crate) fn set_time(&self, now: u64) {
        self.now.store(now, SeqCst);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn ask(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let answer = self.send(request).await;
        (answer.status(), bytes(answer).await)
    }

    /// Sends a request that has to be refused, in the one form of refusals.
    pub(crate) async fn refused(&self, request: Request<Body>, code: Code) {
        let answer = self.send(request).await;
        let (status, kind) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
        let problem: Problem = serde_json::from_slice(&bytes(answer).await).unwrap();
        assert_eq!(problem.code, code.as_str(), "{problem:?}");
        assert_eq!((status.as_u16(), problem.status), (code.status(), code.status()));
        assert_eq!(kind.unwrap(), "application/problem+json");
        assert!(problem.detail.ends_with('.') && problem.detail.len() > 20, "{problem:?}");
    }

    /// A request that a device signs now.
    pub(crate) fn signed(&self, method: &str, path: &str, body: &[u8], key: &SigningKey) -> Request<Body> {
        self.signed_at(method, path, body, key, self.now.load(SeqCst))
    }

    pub(crate) fn signed_at(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        key: &SigningKey,
        created: u64,
    ) -> Request<Body> {
        let mut rng = TestRng(self.counter.fetch_add(1, SeqCst));
        let name = RequestKeyId::of(&key.verifying_key()).to_text();
        sign(method, path, body, key, &Parameters::generate(created, &name, &mut rng))
            .body(body.to_vec().into())
            .unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Request<Body> {
        self.signed("GET", path, b"", &device())
    }

    pub(crate) async fn deposit(&self, permit: u8, envelope: &[u8]) -> Receipt {
        let (status, answer) = self.ask(depositing(&sealed_permit(permit), envelope)).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        let receipt = SignedReceipt::from_bytes(&answer).unwrap();
        receipt.verify(&receipt_key().verifying_key().into(), envelope, &[]).unwrap()
    }

    pub(crate) async fn letters(&self, query: &str) -> LetterPage {
        let (status, answer) = self.ask(self.get(&format!("/v1/mailbox/letters{query}"))).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        minicbor::decode(&answer).unwrap()
    }

    pub(crate) fn putting(&self, put: &ArchivePut) -> Request<Body> {
        self.signed("POST", "/v1/mailbox/archive", &encode(put), &device())
    }
}

fn open(
    folder: &TempDir,
    now: &Arc<AtomicU64>,
    limits: &Limits,
    (letters, blobs, archive): (LetterQuota, BlobQuota, ArchiveQuota),
    reserve_bytes: u64,
) -> (Arc<App>, Router) {
    let options = Options { cache_bytes: 16 << 20, reserve_bytes, ..Options::default() };
    let now = Arc::clone(now);
    let app = App::new(Parts {
        store: Arc::new(Embedded::open(folder.path().join("store"), options).unwrap()),
        tickets: tickets(7),
        receipts: receipt_key().into(),
        authority: AUTHORITY.to_owned(),
        letters,
        blobs,
        archive,
        limits: limits.clone(),
        clock: Clock::new(move || now.load(SeqCst)),
    });
    let router =
        http::router(&app, &[HeaderValue::from_static(ORIGIN)]).merge(operations::router(app.clone()));
    (app, router)
}

pub(crate) async fn bytes(answer: Response<Body>) -> Bytes {
    axum::body::to_bytes(answer.into_body(), 1 << 24).await.unwrap()
}

/// The head of a signed request; its body is the caller's, so that it can be another one.
pub(crate) fn sign(
    method: &str,
    path: &str,
    body: &[u8],
    key: &SigningKey,
    parameters: &Parameters,
) -> Builder {
    let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
    let signed = request::Request { method, authority: AUTHORITY, path: bare, query, body };
    let fields = request::sign(&signed, parameters, key).unwrap();
    Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/cbor")
        .header("content-digest", fields.content_digest)
        .header("signature-input", fields.signature_input)
        .header("signature", fields.signature)
}

/// A request with the head of another one.
pub(crate) fn copy(request: &Request<Body>, body: &[u8]) -> Request<Body> {
    let mut copy = Request::builder().method(request.method()).uri(request.uri());
    *copy.headers_mut().unwrap() = request.headers().clone();
    copy.body(body.to_vec().into()).unwrap()
}

pub(crate) fn voucher(id: u8, not_after: u64) -> Vec<u8> {
    let voucher = Voucher {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from(MAILBOX),
        access_key: access_key().verifying_key(),
        not_after,
        id: VoucherId::from([id; 16]),
    };
    tickets(7).seal(&voucher, &mut TestRng(u64::from(id)))
}

pub(crate) fn access_list(counter: u64, devices: &[SigningKey]) -> AccessList {
    AccessList {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from(MAILBOX),
        counter,
        next_access_key: access_key().verifying_key(),
        request_keys: devices.iter().map(SigningKey::verifying_key).collect(),
        inbox_keys: vec![InboxKeyId::from(INBOX_KEY)],
    }
}

pub(crate) fn list(counter: u64, devices: &[SigningKey]) -> Vec<u8> {
    SignedAccessList::sign(&access_list(counter, devices), &access_key()).to_bytes()
}

pub(crate) fn post(path: &str, kind: &str, body: &[u8]) -> Request<Body> {
    Request::post(path).header("content-type", kind).body(body.to_vec().into()).unwrap()
}

pub(crate) fn opening(voucher: &[u8], list: &[u8]) -> Request<Body> {
    let opening = OpenMailbox { voucher: Octets(voucher.to_vec()), access_list: Octets(list.to_vec()) };
    post("/v1/mailboxes", "application/cbor", &encode(&opening))
}

pub(crate) fn permit(id: u8) -> Permit {
    Permit {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from(MAILBOX),
        inbox_key: InboxKeyId::from(INBOX_KEY),
        not_after: NOW + 60,
        id: PermitId::from([id; 16]),
        blob_quota: LARGEST_BLOB_QUOTA,
    }
}

pub(crate) fn seal(permit: &Permit, keys: u8) -> Vec<u8> {
    tickets(keys).seal(permit, &mut TestRng(99))
}

pub(crate) fn sealed_permit(id: u8) -> Vec<u8> {
    seal(&permit(id), 7)
}

pub(crate) fn depositing(permit: &[u8], envelope: &[u8]) -> Request<Body> {
    Request::post("/v1/deposits")
        .header("content-type", "application/octet-stream")
        .header("letterbox-permit", Base64UrlUnpadded::encode_string(permit))
        .body(envelope.to_vec().into())
        .unwrap()
}

/// The id of an attachment whose bytes are all the same, as text.
pub(crate) fn blob_name(blob: u8) -> String {
    format!("{blob:02x}").repeat(16)
}

pub(crate) fn uploading_to(path: &str, permit: &[u8], body: impl Into<Body>) -> Request<Body> {
    Request::put(path)
        .header("content-type", "application/octet-stream")
        .header("letterbox-permit", Base64UrlUnpadded::encode_string(permit))
        .body(body.into())
        .unwrap()
}

pub(crate) fn uploading(permit: &[u8], blob: u8, length: u64, offset: u64, part: &[u8]) -> Request<Body> {
    let path = format!("/v1/blobs/{}?length={length}&offset={offset}", blob_name(blob));
    uploading_to(&path, permit, part.to_vec())
}

pub(crate) fn put(id: u8, expected: u64, counter: u64, object: &[u8], acknowledge: &[u64]) -> ArchivePut {
    ArchivePut {
        object: Octets(object.to_vec()),
        id: Octets16([id; 16]),
        counter,
        expected_counter: expected,
        acknowledge: acknowledge.to_vec(),
    }
}
