//! ScotAccount, as this service asks it: an OpenID Connect provider whose confidential client we are.
//!
//! Its description (`/.well-known/openid-configuration`) and its key sets are fetched when they are
//! needed and kept for a few minutes; a token by a key that is not in them makes them be fetched once
//! more, because the provider changes its keys without a word. Every answer has a limit, nothing is
//! redirected, and no token, code or name goes into an error or a log.

use std::{
    mem::take,
    sync::Arc,
    time::{Duration, Instant},
};

use crypto_core::{
    evidence::{EvidenceError, IdentityProvider},
    jwt::{JwtError, KeySet},
};
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::Mutex;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::client_key::ClientKey;
use crate::transport::{Incoming, Outgoing, Transport, TransportError, is_confidential};

/// The longest answer of the provider that is read, in bytes: tokens have at most 16 KiB each.
const LONGEST: usize = 64 * 1024;

/// How we ask ScotAccount.
#[derive(Debug)]
pub struct ProviderSettings {
    /// The issuer of ID tokens.
    pub issuer: String,
    /// The issuer of attribute tokens.
    pub attribute_issuer: String,
    /// Where attributes are asked for.
    pub attributes_url: String,
    /// Our client id.
    pub client_id: String,
    /// Our key.
    pub client_key: ClientKey,
    /// Where people are sent back to: part of redeeming a code.
    pub redirect_uri: String,
    /// Where the keys of ID tokens are, if not where the issuer says.
    pub keys_url: Option<String>,
    /// Where the keys of attribute tokens are, if not at `/jwks.json` of their issuer.
    pub attribute_keys_url: Option<String>,
    /// How long description and keys are kept.
    pub kept_for: Duration,
    /// How old they have to be to be fetched again for an unknown key.
    pub fetched_again_after: Duration,
}

/// Why ScotAccount was of no help.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer.
    #[error("the identity provider does not answer: {0}")]
    Unreachable(#[from] TransportError),
    /// It answered, and not as it should.
    #[error("the identity provider gave an answer that cannot be used: {0}")]
    Misbehaved(&'static str),
    /// It does not know us, or not this key.
    #[error(
        "the identity provider refuses this service ({0}): compare client id, redirect address and the registered public key with the settings"
    )]
    ClientRefused(&'static str),
    /// It does not take the code.
    #[error("the identity provider does not take the code")]
    CodeRefused,
}

/// What the provider gives for a code. Wiped when dropped; never printed.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) id_token: String,
}

#[derive(Deserialize)]
struct Description {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct OauthError {
    error: String,
}

#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct AttributesAnswer {
    #[serde(rename = "claimsToken", alias = "claims_token")]
    claims_token: String,
}

/// What is known of the provider, and since when.
struct Known {
    fetched: Instant,
    token_endpoint: String,
    keys: Value,
    attribute_keys: Value,
    identity: IdentityProvider,
}

/// Asks ScotAccount.
pub struct Provider {
    settings: ProviderSettings,
    transport: Transport,
    known: Mutex<Option<Arc<Known>>>,
}

impl Provider {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(settings: ProviderSettings, transport: Transport) -> Self {
        Self { settings, transport, known: Mutex::new(None) }
    }

    /// Checks something with the provider's keys: with fresher ones, if a token is by none of them.
    ///
    /// # Errors
    /// [`ProviderError`] if its keys cannot be had; inside, what the check says.
    pub async fn checked<T>(
        &self,
        check: impl Fn(&IdentityProvider) -> Result<T, EvidenceError>,
    ) -> Result<Result<T, EvidenceError>, ProviderError> {
        let known = self.known(self.settings.kept_for).await?;
        match check(&known.identity) {
            Err(
                EvidenceError::IdToken(JwtError::UnknownKey)
                | EvidenceError::ClaimsToken(JwtError::UnknownKey),
            ) => {
                let known = self.known(self.settings.fetched_again_after).await?;
                Ok(check(&known.identity))
            }
            outcome => Ok(outcome),
        }
    }

    /// The provider's two key sets as it publishes them: for ID tokens, and for attribute tokens.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn key_sets(&self) -> Result<(Value, Value), ProviderError> {
        let known = self.known(Duration::ZERO).await?;
        Ok((known.keys.clone(), known.attribute_keys.clone()))
    }

    /// Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    pub(super) async fn redeem(&self, code: &str, verifier: &str, now: u64) -> Result<Tokens, ProviderError> {
        let known = self.known(self.settings.kept_for).await?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("code_verifier", verifier)
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &self.assertion(&known.token_endpoint, now)?)
            .finish();
        let request = Outgoing {
            method: Method::POST,
            url: &known.token_endpoint,
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: body.into_bytes(),
        };
        let answer = self.transport.send(request, LONGEST).await?;
        match answer.status {
            200 => json(&answer, "no tokens for a code"),
            400..=499 => Err(token_error(&answer)),
            _ => Err(ProviderError::Misbehaved("an error of its own when redeeming a code")),
        }
    }

    /// The attribute token for what an access token allows; `None` where the provider has nothing to
    /// release.
    pub(super) async fn attributes(
        &self,
        access_token: &str,
        now: u64,
    ) -> Result<Option<Zeroizing<String>>, ProviderError> {
        let url = &self.settings.attributes_url;
        let request = Outgoing {
            method: Method::GET,
            url,
            headers: vec![
                ("authorization", format!("Bearer {access_token}")),
                ("dis-client-assertion", self.assertion(url, now)?),
                ("accept", "application/json".to_owned()),
            ],
            body: Vec::new(),
        };
        let answer = self.transport.send(request, LONGEST).await?;
        match answer.status {
            200 => {
                let mut answer: AttributesAnswer = json(&answer, "no attribute token")?;
                Ok(Some(Zeroizing::new(take(&mut answer.claims_token))))
            }
            // "No data for that user".
            404 => Ok(None),
            // A scope that the person did not allow; or our assertion, which the operator should know.
            403 => {
                tracing::warn!("the identity provider answered 403 when it was asked for attributes");
                Ok(None)
            }
            401 => Err(ProviderError::ClientRefused("when asked for attributes")),
            _ => Err(ProviderError::Misbehaved("an error of its own when asked for attributes")),
        }
    }

    fn assertion(&self, audience: &str, now: u64) -> Result<String, ProviderError> {
        let made = self.settings.client_key.assertion(&self.settings.client_id, audience, now);
        made.map_err(|_| ProviderError::ClientRefused("no assertion can be signed"))
    }

    /// What is known, if it is not older than `most`; otherwise fetched anew.
    async fn known(&self, most: Duration) -> Result<Arc<Known>, ProviderError> {
        // One fetch at a time; whoever waited for it takes what it brought.
        let mut slot = self.known.lock().await;
        if let Some(known) = slot.as_ref().filter(|known| known.fetched.elapsed() <= most) {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(self.fetch().await?);
        *slot = Some(Arc::clone(&known));
        Ok(known)
    }

    async fn fetch(&self) -> Result<Known, ProviderError> {
        let ProviderSettings { issuer, attribute_issuer, client_id, .. } = &self.settings;
        let at = |origin: &str, path: &str| format!("{}{path}", origin.trim_end_matches('/'));
        let description = self.get(&at(issuer, "/.well-known/openid-configuration")).await?;
        let description: Description = serde_json::from_value(description)
            .map_err(|_| ProviderError::Misbehaved("no description of itself"))?;
        if description.issuer != *issuer {
            return Err(ProviderError::Misbehaved("the description of another issuer"));
        }
        let keys_url = self.settings.keys_url.as_ref().unwrap_or(&description.jwks_uri);
        if !(is_confidential(&description.token_endpoint) && is_confidential(keys_url)) {
            return Err(ProviderError::Misbehaved("an endpoint that is not https"));
        }
        let attribute_keys_url = match &self.settings.attribute_keys_url {
            Some(url) => url.clone(),
            None => at(attribute_issuer, "/jwks.json"),
        };
        let (keys, attribute_keys) = (self.get(keys_url).await?, self.get(&attribute_keys_url).await?);
        let identity = IdentityProvider {
            issuer: issuer.clone(),
            attribute_issuer: attribute_issuer.clone(),
            client_id: client_id.clone(),
            keys: key_set(&keys)?,
            attribute_keys: key_set(&attribute_keys)?,
        };
        let token_endpoint = description.token_endpoint;
        Ok(Known { fetched: Instant::now(), token_endpoint, keys, attribute_keys, identity })
    }

    async fn get(&self, url: &str) -> Result<Value, ProviderError> {
        let headers = vec![("accept", "application/json".to_owned())];
        let request = Outgoing { method: Method::GET, url, headers, body: Vec::new() };
        let answer = self.transport.send(request, LONGEST).await?;
        if answer.status != 200 {
            return Err(ProviderError::Misbehaved("no description or key set"));
        }
        json(&answer, "a description or key set that is not JSON")
    }
}

fn key_set(keys: &Value) -> Result<KeySet, ProviderError> {
    KeySet::from_json(keys.to_string().as_bytes())
        .map_err(|_| ProviderError::Misbehaved("a key set without a usable key"))
}

fn json<T: DeserializeOwned>(answer: &Incoming, otherwise: &'static str) -> Result<T, ProviderError> {
    serde_json::from_slice(&answer.body).map_err(|_| ProviderError::Misbehaved(otherwise))
}

/// Whose fault it is that no token came (RFC 6749 §5.2, and ScotAccount's own codes).
fn token_error(answer: &Incoming) -> ProviderError {
    let error: Option<OauthError> = serde_json::from_slice(&answer.body).ok();
    match error.as_ref().map(|error| error.error.as_str()) {
        Some("invalid_grant" | "invalid_session_id" | "access_denied") => ProviderError::CodeRefused,
        Some("invalid_client") => ProviderError::ClientRefused("invalid_client"),
        Some("unauthorized_client") => ProviderError::ClientRefused("unauthorized_client"),
        Some("invalid_request") => ProviderError::ClientRefused("invalid_request"),
        _ => ProviderError::Misbehaved("an unknown error for a code"),
    }
}
