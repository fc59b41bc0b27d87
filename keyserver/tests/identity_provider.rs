//! An identity provider that behaves as ScotAccount's documents say, on ports of its own: one for
//! signing in, one for attributes. Its keys exist in tests only.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{evidence, jwt::KeySet};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode, jwk::Jwk,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

pub(crate) const CLIENT: &str = "letterbox";
pub(crate) const REDIRECT: &str = "https://letterbox.example/signed-in";
pub(crate) const CLIENT_KEY: &[u8] = include_bytes!("keys/client.pem");

const ID_TOKENS: &[u8] = include_bytes!("keys/id_tokens.pem");
const ATTRIBUTES: &[u8] = include_bytes!("keys/attributes.pem");
const ROTATED: &[u8] = include_bytes!("keys/rotated.pem");

/// Somebody with an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) number: u8,
    pub(crate) given_name: &'static str,
    pub(crate) family_name: &'static str,
    pub(crate) born: &'static str,
    /// None where no address is known.
    pub(crate) postcode: Option<&'static str>,
    /// Of the check of identity.
    pub(crate) outcome: &'static str,
}

const GOOD: &str = "VERIFIED_SUCCESSFULLY";

pub(crate) const ANN: Person = Person {
    number: 1,
    given_name: "Ann",
    family_name: "O’Neil",
    born: "1980-02-29",
    postcode: Some("EH1 1AA"),
    outcome: GOOD,
};
/// Has Ann's name and birth date.
pub(crate) const OTHER_ANN: Person =
    Person { number: 2, family_name: "ONeil", postcode: Some("G2 1AL"), ..ANN };
pub(crate) const BOB: Person =
    Person { number: 3, given_name: "Bob", family_name: "Bruce", born: "1975-12-01", postcode: None, ..ANN };
pub(crate) const DOUBTFUL: Person =
    Person { number: 4, given_name: "Brian", outcome: "VERIFIED_WITH_WARNINGS", ..BOB };

impl Person {
    pub(crate) fn subject(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.number)
    }

    fn identity_claim(&self) -> Value {
        json!({
            "scope": "scotaccount.gpg45.medium",
            "verification": { "outcome": self.outcome, "trust_framework": "uk_tfida" },
            "claims": { "given_name": self.given_name, "family_name": self.family_name,
                "birth_date": self.born },
        })
    }

    fn address_claim(&self) -> Option<Value> {
        let postcode = self.postcode?;
        Some(json!({
            "scope": "scotaccount.address",
            "verification": { "outcome": GOOD },
            "claims": { "address": { "streetName": "High Street", "postalCode": postcode } },
        }))
    }
}

/// What the person allowed at the provider.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) person: Person,
    /// `openid`, `scotaccount.gpg45.medium` or `scotaccount.address`.
    pub(crate) scope: &'static str,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

/// How the provider misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// It answers nothing but 503.
    Down,
    /// ID tokens for another client.
    OtherAudience,
    /// ID tokens of another issuer.
    OtherIssuer,
    /// ID tokens whose time is over.
    Late,
    /// ID tokens by a key that is listed nowhere.
    Forged,
    /// Attribute tokens about somebody else.
    OtherSubject,
    /// Its description names another issuer.
    OtherDescription,
    /// Answers that are endless.
    Endless,
    /// It sends us somewhere else.
    Redirects,
}

#[derive(Default)]
struct Inner {
    codes: HashMap<String, Grant>,
    access: HashMap<String, Grant>,
    assertions: HashSet<String>,
    audiences: Vec<String>,
    fault: Fault,
    rotated: bool,
}

struct Shared {
    /// Of the issuer of ID tokens.
    url: String,
    /// Of the issuer of attribute tokens.
    attributes: String,
    now: Arc<AtomicU64>,
    counter: AtomicU64,
    inner: Mutex<Inner>,
}

/// The provider. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct IdentityProvider(Arc<Shared>);

impl IdentityProvider {
    pub(crate) async fn start(now: Arc<AtomicU64>) -> Self {
        let (login, url) = listen().await;
        let (issuer, attributes) = listen().await;
        let (counter, inner) = (AtomicU64::new(0), Mutex::default());
        let provider = Self(Arc::new(Shared { url, attributes, now, counter, inner }));
        let login_router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/jwks.json", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        let issuer_router = Router::new()
            .route("/attributes/values", get(values))
            .route("/jwks.json", get(attribute_keys))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(login, login_router).await });
        tokio::spawn(async move { axum::serve(issuer, issuer_router).await });
        provider
    }

    pub(crate) fn issuer(&self) -> String {
        self.0.url.clone()
    }

    pub(crate) fn attribute_issuer(&self) -> String {
        self.0.attributes.clone()
    }

    pub(crate) fn attributes_url(&self) -> String {
        format!("{}/attributes/values", self.0.attributes)
    }

    /// What the browser comes back with after the person has allowed something.
    pub(crate) fn allow(&self, grant: Grant) -> String {
        let code = format!("code-{}", self.0.counter.fetch_add(1, SeqCst));
        self.inner().codes.insert(code.clone(), grant);
        code
    }

    pub(crate) fn misbehave(&self, fault: Fault) {
        self.inner().fault = fault;
    }

    /// Signs with new keys from now on, and lists them alone.
    pub(crate) fn rotate(&self) {
        self.inner().rotated = true;
    }

    /// The audiences of all assertions so far.
    pub(crate) fn audiences(&self) -> Vec<String> {
        self.inner().audiences.clone()
    }

    /// As public bodies and vaults know it.
    pub(crate) fn trusted(&self) -> evidence::IdentityProvider {
        let set = |keys: Value| KeySet::from_json(keys.to_string().as_bytes()).unwrap();
        evidence::IdentityProvider {
            issuer: self.issuer(),
            attribute_issuer: self.attribute_issuer(),
            client_id: CLIENT.to_owned(),
            keys: set(self.id_key_set()),
            attribute_keys: set(key_set("issuer", ATTRIBUTES)),
        }
    }

    pub(crate) fn id_token(&self, person: &Person, nonce: &str) -> String {
        let (now, fault) = (self.now(), self.inner().fault);
        let issuer: &str =
            if fault == Fault::OtherIssuer { "https://elsewhere.example" } else { &self.0.url };
        let audience = if fault == Fault::OtherAudience { "another" } else { CLIENT };
        let made = if fault == Fault::Late { now - 2000 } else { now };
        let claims = json!({ "iss": issuer, "sub": person.subject(), "aud": audience, "iat": made,
            "exp": made + 900, "nonce": nonce, "jti": "1", "sid": "2" });
        let (id, pem) = self.id_key();
        let pem = if fault == Fault::Forged { ATTRIBUTES } else { pem };
        sign(id, pem, &claims)
    }

    pub(crate) fn claims_token(&self, subject: &str, claims: &[Value]) -> String {
        let claims = json!({ "iss": self.attribute_issuer(), "sub": subject, "iat": self.now(),
            "verified_claims": claims });
        sign("issuer", ATTRIBUTES, &claims)
    }

    /// The token with name and birth date that ScotAccount sends when it has a mailbox provided.
    pub(crate) fn identity_token(&self, person: &Person) -> String {
        self.claims_token(&person.subject(), &[person.identity_claim()])
    }

    fn id_key(&self) -> (&'static str, &'static [u8]) {
        if self.inner().rotated { ("login-2", ROTATED) } else { ("login", ID_TOKENS) }
    }

    fn id_key_set(&self) -> Value {
        let (id, pem) = self.id_key();
        key_set(id, pem)
    }

    fn now(&self) -> u64 {
        self.0.now.load(SeqCst)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap()
    }

    /// Checks a client assertion as ScotAccount does, and that it is used once.
    fn check_assertion(&self, assertion: &str, audience: &str) -> Result<(), &'static str> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
            sub: String,
            aud: String,
            iat: u64,
            exp: u64,
            jti: String,
        }
        let key = EncodingKey::from_ec_pem(CLIENT_KEY).unwrap();
        let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        let id = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
        let header = decode_header(assertion).map_err(|_| "no assertion")?;
        if header.kid != Some(id) || header.alg != Algorithm::ES256 {
            return Err("another key");
        }
        let mut validation = Validation::new(Algorithm::ES256);
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        let claims = decode::<Claims>(assertion, &key, &validation).map_err(|_| "forged")?.claims;
        let now = self.now();
        if (claims.iss.as_str(), claims.sub.as_str()) != (CLIENT, CLIENT) || claims.aud != audience {
            return Err("for somebody else");
        }
        if claims.iat > now || claims.exp < now || claims.exp > now + 60 {
            return Err("at another time");
        }
        let mut inner = self.inner();
        inner.audiences.push(claims.aud);
        if inner.assertions.insert(claims.jti) { Ok(()) } else { Err("used before") }
    }

    /// What stands in front of every answer.
    #[expect(clippy::result_large_err, reason = "an answer is what a test provider fails with")]
    fn fault(&self) -> Result<(), Response> {
        match self.inner().fault {
            Fault::Down => Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            Fault::Endless => Err((StatusCode::OK, "a".repeat(1 << 20)).into_response()),
            Fault::Redirects => {
                Err((StatusCode::FOUND, [(header::LOCATION, "https://evil.example/")]).into_response())
            }
            _ => Ok(()),
        }
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

type Provider = State<IdentityProvider>;

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn error(status: StatusCode, error: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json!({ "error": error }).to_string())
        .into_response()
}

async fn describe(State(provider): Provider) -> Response {
    if let Err(fault) = provider.fault() {
        return fault;
    }
    let url = &provider.0.url;
    let other = provider.inner().fault == Fault::OtherDescription;
    let issuer: &str = if other { "https://elsewhere.example" } else { url };
    answer(&json!({ "issuer": issuer, "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks.json") }))
}

async fn keys(State(provider): Provider) -> Response {
    answer(&provider.id_key_set())
}

async fn attribute_keys() -> Response {
    answer(&key_set("issuer", ATTRIBUTES))
}

async fn token(State(provider): Provider, content: Bytes) -> Response {
    if let Err(fault) = provider.fault() {
        return fault;
    }
    let form: HashMap<String, String> = form_urlencoded::parse(&content).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let audience = format!("{}/token", provider.0.url);
    if provider.check_assertion(field("client_assertion"), &audience).is_err() {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let expected = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    if expected.iter().any(|(name, value)| field(name) != *value) {
        return error(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let grant = provider.inner().codes.get(field("code")).cloned();
    let Some(grant) = grant.filter(|grant| challenge(&grant.verifier) == challenge(field("code_verifier")))
    else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    provider.inner().codes.remove(field("code"));
    let access = format!("access-{}", provider.0.counter.fetch_add(1, SeqCst));
    let id_token = provider.id_token(&grant.person, &grant.nonce);
    provider.inner().access.insert(access.clone(), grant);
    answer(&json!({ "access_token": access, "id_token": id_token, "token_type": "Bearer",
        "expires_in": 900, "refresh_token": "never used" }))
}

async fn values(State(provider): Provider, headers: HeaderMap) -> Response {
    if let Err(fault) = provider.fault() {
        return fault;
    }
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if provider.check_assertion(field("dis-client-assertion"), &provider.attributes_url()).is_err() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let access = field("authorization").strip_prefix("Bearer ").unwrap_or_default();
    let grant = provider.inner().access.get(access).cloned();
    let Some(Grant { person, scope, .. }) = grant else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let claim = match scope {
        "scotaccount.gpg45.medium" => Some(person.identity_claim()),
        "scotaccount.address" => person.address_claim(),
        _ => None,
    };
    let Some(claim) = claim else { return StatusCode::NOT_FOUND.into_response() };
    let other = provider.inner().fault == Fault::OtherSubject;
    let subject = if other { "somebody-else".to_owned() } else { person.subject() };
    answer(&json!({ "claimsToken": provider.claims_token(&subject, &[claim]) }))
}

fn sign(id: &str, pem: &[u8], claims: &Value) -> String {
    let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::RS256) };
    encode(&header, claims, &EncodingKey::from_rsa_pem(pem).unwrap()).unwrap()
}

fn key_set(id: &str, pem: &[u8]) -> Value {
    let key = EncodingKey::from_rsa_pem(pem).unwrap();
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    json!({ "keys": [jwk] })
}

fn challenge(verifier: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(verifier))
}
