//! A stand-in in a temporary folder, and a browser of sorts.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use scotaccount_sim::{
    clients::Clients,
    clock::Clock,
    http,
    keys::KeyRing,
    mailboxes::MailboxApi,
    sim::{Parts, Sim},
    switches::{Setting, Switches},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::wire::VERIFIER;
pub(crate) use crate::{
    relying_party::{RelyingParty, verified},
    wire::{Answer, Asked, form, send},
};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const ISSUER: &str = "http://localhost:9300";
pub(crate) const ATTRIBUTE_ISSUER: &str = "http://localhost:9301";
pub(crate) const REDIRECT: &str = "http://localhost:8080/signed-in";
pub(crate) const IDENTITY: &str = "openid scotaccount.gpg45.medium";
pub(crate) const EVERYTHING: &str = "openid scotaccount.email scotaccount.gpg45.medium scotaccount.address";

/// The files of a store's keys, which take seconds to make.
fn key_files() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        for name in ["login", "attributes"] {
            KeyRing::open(folder.path(), name).unwrap();
        }
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        });
        files.collect()
    })
}

/// The private key that signs ID tokens, for whoever needs some RSA key.
pub(crate) fn some_rsa_key() -> String {
    let (_, pem) = key_files().iter().find(|(name, _)| name.starts_with("login")).unwrap();
    String::from_utf8(pem.clone()).unwrap()
}

/// What a stand-in starts with.
pub(crate) struct Setup {
    pub(crate) clients: Vec<Value>,
    pub(crate) switches: Vec<&'static str>,
    pub(crate) mailbox_api: Option<MailboxApi>,
}

/// A stand-in.
pub(crate) struct World {
    pub(crate) provider: Router,
    pub(crate) attributes: Router,
    pub(crate) letterbox: RelyingParty,
    now: Arc<AtomicU64>,
    store: TempDir,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn switched(switches: &[&'static str]) -> Self {
        Self::with(|setup| setup.switches = switches.to_vec())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let store = tempfile::tempdir().unwrap();
        let folder = store.path().join("keys");
        fs::create_dir(&folder).unwrap();
        for (name, content) in key_files() {
            fs::write(folder.join(name), content).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self::on(store, change)
    }

    fn on(store: TempDir, change: impl FnOnce(&mut Setup)) -> Self {
        let (letterbox, other) = (RelyingParty::letterbox(), RelyingParty::other());
        let clients = vec![letterbox.registration(), other.registration()];
        let mut setup = Setup { clients, switches: Vec::new(), mailbox_api: None };
        change(&mut setup);
        let now = Arc::new(AtomicU64::new(NOW));
        let clock = Arc::clone(&now);
        let settings: Vec<Setting> = setup.switches.iter().map(|text| text.parse().unwrap()).collect();
        let sim = Sim::open(Parts {
            issuer: ISSUER.to_owned(),
            attribute_issuer: ATTRIBUTE_ISSUER.to_owned(),
            store: store.path().to_owned(),
            clients: Clients::from_json(&serde_json::to_vec(&setup.clients).unwrap()).unwrap(),
            switches: Switches::with(&settings).unwrap(),
            clock: Clock::new(move || clock.load(SeqCst)),
            mailbox_api: setup.mailbox_api,
        })
        .unwrap();
        let (provider, attributes) = (http::provider(&sim), http::attributes(&sim));
        Self { provider, attributes, letterbox, now, store }
    }

    /// Ends the stand-in and starts it again on the same store.
    pub(crate) fn restart(self, change: impl FnOnce(&mut Setup)) -> Self {
        let Self { store, .. } = self;
        Self::on(store, change)
    }

    pub(crate) fn key_folder(&self) -> PathBuf {
        self.store.path().join("keys")
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.load(SeqCst)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, SeqCst);
    }

    // --- a browser

    pub(crate) async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie.unwrap_or("none=none"));
        send(&self.provider, request.body(Body::empty()).unwrap()).await
    }

    /// Goes to `/authorize` with these parameters.
    pub(crate) async fn authorize(&self, asked: &Asked, cookie: Option<&str>) -> Answer {
        self.get(&format!("/authorize?{}", form(&asked.0)), cookie).await
    }

    pub(crate) async fn answer(
        &self,
        number: &str,
        person: &str,
        outcome: &str,
        cookie: Option<&str>,
    ) -> Answer {
        let fields = [("request", number), ("person", person), ("outcome", outcome)];
        let request = Request::post("/authorize/answer")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie.unwrap_or("none=none"));
        send(&self.provider, request.body(Body::from(form(&fields))).unwrap()).await
    }

    /// Signs somebody in. Returns the answer that sends the browser back.
    pub(crate) async fn sign_in(&self, person: &str, scopes: &str) -> Answer {
        let page = self.authorize(&Asked::new().with("scope", scopes), None).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        self.answer(&page.journey(), person, "continue", None).await
    }

    // --- a relying party

    pub(crate) fn token_endpoint(&self) -> String {
        format!("{ISSUER}/token")
    }

    pub(crate) fn attributes_endpoint(&self) -> String {
        format!("{ATTRIBUTE_ISSUER}/attributes/values")
    }

    /// The fields of a token request, as they should be.
    pub(crate) fn redemption(&self, code: &str) -> Asked {
        let assertion = self.letterbox.assertion(&self.token_endpoint(), self.now());
        Asked(vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", REDIRECT.to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", assertion),
        ])
    }

    /// The fields of a refresh, as they should be.
    pub(crate) fn renewal(&self, token: &str) -> Asked {
        self.redemption("")
            .with("grant_type", "refresh_token")
            .without("code")
            .without("redirect_uri")
            .without("code_verifier")
            .with("refresh_token", token)
    }

    pub(crate) async fn token(&self, asked: &Asked) -> Answer {
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
            .body(Body::from(form(&asked.0)));
        send(&self.provider, request.unwrap()).await
    }

    /// The tokens of somebody who signs in.
    pub(crate) async fn tokens(&self, person: &str, scopes: &str) -> Value {
        let code = self.sign_in(person, scopes).await.returned("code");
        let answer = self.token(&self.redemption(&code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    pub(crate) async fn values(&self, token: &str, assertion: &str) -> Answer {
        let request = Request::get("/attributes/values")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("DIS-Client-Assertion", assertion)
            .body(Body::empty());
        send(&self.attributes, request.unwrap()).await
    }

    /// What the relying party is answered for the access token among `tokens`.
    pub(crate) async fn released(&self, tokens: &Value) -> Answer {
        let assertion = self.letterbox.assertion(&self.attributes_endpoint(), self.now());
        self.values(tokens["access_token"].as_str().unwrap(), &assertion).await
    }

    pub(crate) async fn id_keys(&self) -> Value {
        self.get("/jwks.json", None).await.json()
    }

    pub(crate) async fn attribute_keys(&self) -> Value {
        let request = Request::get("/jwks.json").body(Body::empty()).unwrap();
        send(&self.attributes, request).await.json()
    }

    // --- somebody at the control path

    pub(crate) async fn control(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        peer: Option<SocketAddr>,
    ) -> Answer {
        let mut request = Request::post(path);
        if let Some(peer) = peer {
            request = request.extension(ConnectInfo(peer));
        }
        send(&self.provider, request.body(Body::from(form(fields))).unwrap()).await
    }
}

/// An address on this machine.
pub(crate) fn here() -> Option<SocketAddr> {
    Some(SocketAddr::from(([127, 0, 0, 1], 40_000)))
}
