//! How ScotAccount is asked, and how it may ask.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::keys::PemFile;

use super::{Config, ConfigError};
use crate::{
    hash_text,
    provisioning::access::ProvisioningClient,
    sign_ins::{client_key::ClientKey, provider::ProviderSettings},
    transport::is_confidential,
};

/// How long the provider's description and keys are kept.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);

/// How old they have to be to be fetched again for an unknown key: a stranger's nonsense must not make
/// this service ask the provider all the time.
const FETCHED_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// How ScotAccount is asked.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// The issuer of ID tokens, exactly as they name it.
    pub issuer: String,
    /// The issuer of attribute tokens, exactly as they name it.
    pub attribute_issuer: String,
    /// Where attributes are asked for.
    pub attributes_url: String,
    /// Our client id.
    pub client_id: String,
    /// The file with our private key (PKCS#8 PEM, P-256).
    pub client_key: Option<PemFile>,
    /// Where people are sent back to: exactly as it is registered, on the client's origin.
    pub redirect_uri: String,
    /// Where the keys of ID tokens are, if not where the issuer says.
    pub keys_url: Option<String>,
    /// Where the keys of attribute tokens are, if not at `/jwks.json` of their issuer.
    pub attribute_keys_url: Option<String>,
}

/// Who may have mailboxes provided.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningConfig {
    /// The client's id.
    pub client_id: String,
    /// SHA-256 of its secret: 64 lower-case hexadecimal digits. The secret has to be random.
    pub secret_sha256: String,
}

impl Config {
    /// How ScotAccount is asked.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for what is missing or not confidential; [`ConfigError::ClientKey`].
    pub fn provider_settings(&self) -> Result<ProviderSettings, ConfigError> {
        let provider = &self.provider;
        let missing =
            |name: &str, what: &str| ConfigError::Setting(format!("provider.{name} is not set: {what}"));
        for (name, value) in [("client_id", &provider.client_id), ("redirect_uri", &provider.redirect_uri)] {
            if value.is_empty() {
                return Err(missing(name, "ScotAccount agrees it with every service"));
            }
        }
        let overrides =
            [("keys_url", &provider.keys_url), ("attribute_keys_url", &provider.attribute_keys_url)];
        let overrides = overrides.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?)));
        let urls = [
            ("issuer", &provider.issuer),
            ("attribute_issuer", &provider.attribute_issuer),
            ("attributes_url", &provider.attributes_url),
        ];
        for (name, url) in urls.into_iter().chain(overrides) {
            if url.is_empty() {
                return Err(missing(name, "ScotAccount's documents say it for each environment"));
            }
            if !is_confidential(url) {
                return Err(ConfigError::Setting(format!(
                    "provider.{name}: {url} is not an https address (http is taken for this machine alone)"
                )));
            }
        }
        let Some(PemFile(file)) = &provider.client_key else {
            let how = "make a key with `letterbox-keyserver keys new provider FILE`, register its public half with ScotAccount, and set client_key = \"file:FILE\"";
            return Err(missing("client_key", how));
        };
        Ok(ProviderSettings {
            issuer: provider.issuer.clone(),
            attribute_issuer: provider.attribute_issuer.clone(),
            attributes_url: provider.attributes_url.clone(),
            client_id: provider.client_id.clone(),
            client_key: ClientKey::read(file)?,
            redirect_uri: provider.redirect_uri.clone(),
            keys_url: provider.keys_url.clone(),
            attribute_keys_url: provider.attribute_keys_url.clone(),
            kept_for: KEPT_FOR,
            fetched_again_after: FETCHED_AGAIN_AFTER,
        })
    }

    /// Who may have mailboxes provided.
    ///
    /// # Errors
    /// [`ConfigError::Setting`].
    pub fn provisioning_client(&self) -> Result<Option<ProvisioningClient>, ConfigError> {
        let Some(ProvisioningConfig { client_id, secret_sha256 }) = &self.provisioning else {
            return Ok(None);
        };
        if client_id.is_empty() {
            return Err(ConfigError::Setting("provisioning.client_id is empty".to_owned()));
        }
        let hash = hash_text::decode(secret_sha256).ok_or_else(|| {
            ConfigError::Setting(
                "provisioning.secret_sha256 is not 64 lower-case hexadecimal digits: make a secret with `openssl rand -hex 32 | tee SECRET | tr -d '\\n' | sha256sum`"
                    .to_owned(),
            )
        })?;
        Ok(Some(ProvisioningClient { id: client_id.clone(), secret_sha256: hash }))
    }
}
