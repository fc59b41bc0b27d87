//! A key directory in a temporary folder, and those who ask it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use api::{
    Code, Octets, Octets32, Problem,
    directory::{KnownLog, LookupRequest, Registry},
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, StatusCode, header},
};
use crypto_core::{
    body::{BodyEntry, BodyId, BodyKey, BodyStatus, SignedBodyEntry},
    directory::{Answer, LogKey, Memory, Outcome, Pin, Trust, Verified},
    person::Attributes,
};
use letterbox_keyserver::{
    app::{App, Keys, Limits, Parts},
    directory::DirectoryKeys,
    http,
    provisioning::access::ProvisioningClient,
    sign_ins::{client_key::ClientKey, provider::ProviderSettings},
    store::RecordKeys,
};
use minicbor::Encode;
pub(crate) use relay_auth::hostile::TestRng;
use relay_auth::{
    cbor::{Suite, Version, Wire as _, encode},
    request::{self, Parameters},
    request_key::RequestKeyId,
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
    ticket::TicketKeys,
};
use service::{clock::Clock, keys, operations};
use sha2::{Digest as _, Sha256};
use store::{Engine, Options};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::identity_provider::{CLIENT, CLIENT_KEY, IdentityProvider, Person, REDIRECT};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const AUTHORITY: &str = "directory.example";
pub(crate) const ORIGIN: &str = "https://letterbox.example";
pub(crate) const LOG: &str = "directory.example/log";
pub(crate) const SECRET: &str = "a secret of ScotAccount's";

const VRF: u8 = 101;
const LOG_KEY: u8 = 102;
const INDEX: u8 = 103;
const SEALING: u8 = 104;
const TICKETS: u8 = 105;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from([seed; 32]))
}

/// The operators, and the key of the one public body.
pub(crate) fn operators() -> [SigningKey; 3] {
    [key(201), key(202), key(203)]
}

pub(crate) fn operator_keys() -> Vec<VerifyingKey> {
    operators().iter().map(SigningKey::verifying_key).collect()
}

pub(crate) fn body_key() -> SigningKey {
    key(210)
}

/// As the relay has them.
pub(crate) fn tickets() -> TicketKeys {
    TicketKeys::new(1, vec![(1, Secret::from([TICKETS; 32]))]).unwrap()
}

/// Limits that no test meets by accident.
pub(crate) fn generous() -> Limits {
    Limits { burst: 100_000, requests_per_second: 100_000, ..Limits::default() }
}

/// A directory, and the means to ask it.
pub(crate) struct Directory {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) provider: IdentityProvider,
    folder: TempDir,
    now: Arc<AtomicU64>,
    counter: AtomicU64,
    limits: Limits,
}

impl Directory {
    pub(crate) async fn start() -> Self {
        Self::with(generous()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicU64::new(NOW));
        let provider = IdentityProvider::start(Arc::clone(&now)).await;
        let (app, router) = open(&folder, &now, &provider, &limits).await;
        Self { app, router, provider, folder, now, counter: AtomicU64::new(0), limits }
    }

    /// A directory with one public body.
    pub(crate) async fn with_body() -> Self {
        let directory = Self::start().await;
        directory.register(&approved(&body_entry())).await;
        directory
    }

    /// Ends the directory and starts it again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(async |_| {}).await
    }

    /// The same, with something done to the store's folder in between.
    pub(crate) async fn restart_after(self, meanwhile: impl AsyncFnOnce(&Path)) -> Self {
        let Self { app, router, provider, folder, now, counter, limits } = self;
        drop((app, router));
        meanwhile(&folder.path().join("store")).await;
        let (app, router) = open(&folder, &now, &provider, &limits).await;
        Self { app, router, provider, folder, now, counter, limits }
    }

    /// The store's folder.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.load(SeqCst)
    }

    pub(crate) fn set_time(&self, now: u64) {
        self.now.store(now, SeqCst);
    }

    /// What a reader trusts.
    pub(crate) fn trust(&self) -> Trust {
        Trust {
            log: LogKey { origin: LOG.to_owned(), key: key(LOG_KEY).verifying_key() },
            // The VRF's key pair is an Ed25519 one.
            vrf_key: *key(VRF).verifying_key().as_bytes(),
            witnesses: Vec::new(),
            quorum: 0,
            operators: operator_keys(),
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn ask(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let answer = self.send(request).await;
        (answer.status(), bytes(answer).await)
    }

    /// Sends a request that has to succeed.
    pub(crate) async fn ok(&self, request: Request<Body>) -> Bytes {
        let (status, answer) = self.ask(request).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        answer
    }

    /// Sends a request that has to be refused, in the one form of refusals.
    pub(crate) async fn refused(&self, request: Request<Body>, code: Code) -> Problem {
        let answer = self.send(request).await;
        let (status, kind) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
        let answer = bytes(answer).await;
        let problem: Problem = serde_json::from_slice(&answer).unwrap_or_else(|_| panic!("{answer:?}"));
        assert_eq!(problem.code, code.as_str(), "{problem:?}");
        assert_eq!((status.as_u16(), problem.status), (code.status(), code.status()));
        assert_eq!(kind.unwrap(), "application/problem+json");
        assert!(problem.detail.ends_with('.') && problem.detail.len() > 20, "{problem:?}");
        problem
    }

    /// A request that a body signs now.
    pub(crate) fn signed(&self, path: &str, body: &[u8], key: &SigningKey) -> Request<Body> {
        self.signed_at(path, body, key, self.now())
    }

    pub(crate) fn signed_at(&self, path: &str, body: &[u8], key: &SigningKey, created: u64) -> Request<Body> {
        let mut rng = TestRng(self.counter.fetch_add(1, SeqCst));
        let name = RequestKeyId::of(&key.verifying_key()).to_text();
        let parameters = Parameters::generate(created, &name, &mut rng);
        let signed = request::Request { method: "POST", authority: AUTHORITY, path, query: None, body };
        let fields = request::sign(&signed, &parameters, key).unwrap();
        Request::post(path)
            .header("content-type", "application/cbor")
            .header("content-digest", fields.content_digest)
            .header("signature-input", fields.signature_input)
            .header("signature", fields.signature)
            .body(body.to_vec().into())
            .unwrap()
    }

    pub(crate) fn looking_up(&self, asked: &LookupRequest) -> Request<Body> {
        self.signed("/v1/lookups", &encode(asked), &body_key())
    }

    /// The body's question, and the answer as it came.
    pub(crate) async fn look_up(&self, person: &Attributes) -> Answer {
        let answer = self.ok(self.looking_up(&question(person))).await;
        Answer::from_bytes(&answer).unwrap()
    }

    /// The answer, verified as every public body verifies it.
    pub(crate) async fn found(&self, person: &Attributes) -> Verified {
        let answer = self.look_up(person).await;
        let provider = self.provider.trusted();
        answer.verify(person, &self.trust(), &provider, Memory::default(), self.now()).unwrap()
    }

    pub(crate) async fn outcome(&self, person: &Attributes) -> Outcome {
        self.found(person).await.outcome
    }

    /// Everything that the store's files hold.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut bytes = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    bytes.extend(fs::read(path).unwrap());
                }
            }
        }
        bytes
    }

    pub(crate) async fn register(&self, signed: &SignedBodyEntry) {
        self.ok(post("/v1/bodies", &signed.to_bytes())).await;
    }

    pub(crate) async fn registry(&self) -> Registry {
        minicbor::decode(&self.ok(get("/v1/registry")).await).unwrap()
    }
}

/// The settings of a directory on this store, so far as commands need them.
pub(crate) fn settings_file(store: &Path) -> String {
    let text = |seed: u8| keys::to_text(&Secret::from([seed; 32])).to_string();
    format!(
        "store = \"{}\"\nlog_origin = \"{LOG}\"\nlog_key = \"{}\"\nvrf_key = \"{}\"\n\
         index_key = \"{}\"\nsealing_key = \"{}\"\n[ticket_keys]\n1 = \"{}\"\n",
        store.display(),
        text(LOG_KEY),
        text(VRF),
        text(INDEX),
        text(SEALING),
        text(TICKETS),
    )
}

async fn open(
    folder: &TempDir,
    now: &Arc<AtomicU64>,
    provider: &IdentityProvider,
    limits: &Limits,
) -> (Arc<App>, Router) {
    let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0, ..Options::default() };
    let now = Arc::clone(now);
    let secret = |seed: u8| Secret::from([seed; 32]);
    let parts = Parts {
        engine: Engine::open(folder.path().join("store"), options).unwrap(),
        keys: Keys {
            directory: DirectoryKeys { vrf: secret(VRF), log: key(LOG_KEY), origin: LOG.to_owned() },
            records: RecordKeys { index: secret(INDEX), sealing: secret(SEALING) },
            tickets: tickets(),
        },
        operators: operator_keys(),
        provider: settings(provider),
        provisioning: Some(ProvisioningClient {
            id: "scotaccount".to_owned(),
            secret_sha256: Sha256::digest(SECRET).into(),
        }),
        authority: AUTHORITY.to_owned(),
        limits: limits.clone(),
        clock: Clock::new(move || now.load(SeqCst)),
    };
    let app = App::open(parts).await.unwrap();
    let router =
        http::router(&app, &[HeaderValue::from_static(ORIGIN)]).merge(operations::router(app.clone()));
    (app, router)
}

fn settings(provider: &IdentityProvider) -> ProviderSettings {
    ProviderSettings {
        issuer: provider.issuer(),
        attribute_issuer: provider.attribute_issuer(),
        attributes_url: provider.attributes_url(),
        client_id: CLIENT.to_owned(),
        client_key: ClientKey::from_pem(CLIENT_KEY).unwrap(),
        redirect_uri: REDIRECT.to_owned(),
        keys_url: None,
        attribute_keys_url: None,
        kept_for: Duration::from_secs(300),
        fetched_again_after: Duration::ZERO,
    }
}

pub(crate) async fn bytes(answer: Response<Body>) -> Bytes {
    axum::body::to_bytes(answer.into_body(), 1 << 24).await.unwrap()
}

pub(crate) fn post(path: &str, body: &[u8]) -> Request<Body> {
    Request::post(path).header("content-type", "application/cbor").body(body.to_vec().into()).unwrap()
}

pub(crate) fn posting<T: Encode<()>>(path: &str, body: &T) -> Request<Body> {
    post(path, &encode(body))
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub(crate) fn question(person: &Attributes) -> LookupRequest {
    LookupRequest { attributes: Octets(person.to_bytes()), known: None, permits: 2 }
}

pub(crate) fn known(pin: &Pin) -> KnownLog {
    KnownLog { size: pin.size, root: Octets32(pin.root.0) }
}

pub(crate) fn attributes(person: &Person) -> Attributes {
    Attributes::new(person.given_name, person.family_name, person.born, person.postcode).unwrap()
}

pub(crate) fn body_entry() -> BodyEntry {
    BodyEntry {
        version: Version,
        suite: Suite,
        id: BodyId::new("example-council").unwrap(),
        status: BodyStatus::Active,
        previous: None,
        name: "Example Council".to_owned(),
        name_in_gaelic: None,
        domain: "example.scot".to_owned(),
        keys: vec![BodyKey {
            key: body_key().verifying_key(),
            not_before: NOW - DAY,
            not_after: NOW + 300 * DAY,
        }],
        reply_key: None,
        hosts: Vec::new(),
    }
}

pub(crate) fn approved(entry: &BodyEntry) -> SignedBodyEntry {
    let [one, two, _] = operators();
    SignedBodyEntry::new(entry).approve(&one).approve(&two)
}
