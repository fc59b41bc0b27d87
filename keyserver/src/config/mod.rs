//! Every setting, its default and its environment variable.
//!
//! Settings come from one TOML file, then from variables, which win: `LETTERBOX_DIRECTORY_` and the
//! setting's name in capitals, two underscores where the file has a table, commas in lists. So
//! `listen` is `LETTERBOX_DIRECTORY_LISTEN`, `provider.issuer` is `LETTERBOX_DIRECTORY_PROVIDER__ISSUER`.

mod limits;
mod provider;

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use axum::http::HeaderValue;
use crypto_core::{body::APPROVALS, trust::parse_key};
use relay_auth::{
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
    ticket::{TicketError, TicketKeys},
};
use serde::{Deserialize, Serialize};
use service::{
    keys::{KeyError, KeySource},
    settings,
    tls::{Tls, TlsError, TlsFiles},
};

pub use self::{
    limits::LimitsConfig,
    provider::{ProviderConfig, ProvisioningConfig},
};
use crate::{app::Keys, directory::DirectoryKeys, sign_ins::client_key::ClientKeyError, store::RecordKeys};

/// What every variable starts with.
const PREFIX: &str = "LETTERBOX_DIRECTORY";

/// The variable that names the file; it is no setting.
pub const FILE_VARIABLE: &str = "LETTERBOX_DIRECTORY_CONFIG";

/// The settings of a key directory.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the public asks. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the operator asks (`/healthz`, `/readyz`, `/metrics`). Without it, they are served where
    /// the public asks.
    pub operations_listen: Option<SocketAddr>,
    /// The host name, and the port where it is not 443, under which bodies know this directory: what
    /// they sign. Without it, the address that is listened on.
    pub authority: Option<String>,
    /// The origins of the client: the only ones whose pages may ask.
    pub origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` says where a request comes from.
    pub trusted_proxies: Vec<IpAddr>,
    /// The folder of the store.
    pub store: PathBuf,
    /// The name of the log, such as `directory.letterbox.example/log`. It cannot be changed.
    pub log_origin: Option<String>,
    /// The key that signs the log's heads: `file:` and a path, or the key itself. It cannot be changed.
    pub log_key: Option<KeySource>,
    /// The key that hides labels in the tree. It cannot be changed.
    pub vrf_key: Option<KeySource>,
    /// The key that names rows about people. It cannot be changed.
    pub index_key: Option<KeySource>,
    /// The key that seals rows about people. It cannot be changed.
    pub sealing_key: Option<KeySource>,
    /// The number of the ticket key to seal with; needed where there are several.
    pub ticket_key: Option<u8>,
    /// The public keys of the operators of whom two approve each public body.
    pub operators: Vec<String>,
    /// The keys that this directory shares with the relay, by number.
    pub ticket_keys: BTreeMap<String, KeySource>,
    /// Certificate and key for TLS where the public asks. Without them a proxy has to do it.
    pub tls: Option<TlsFiles>,
    /// ScotAccount.
    pub provider: ProviderConfig,
    /// Who may have mailboxes provided; nobody without it.
    pub provisioning: Option<ProvisioningConfig>,
    /// Limits on connections and requests, and for how long things hold.
    pub limits: LimitsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8082)),
            operations_listen: None,
            authority: None,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            store: PathBuf::from("/var/lib/letterbox/directory"),
            log_origin: None,
            log_key: None,
            vrf_key: None,
            index_key: None,
            sealing_key: None,
            ticket_key: None,
            operators: Vec::new(),
            ticket_keys: BTreeMap::new(),
            tls: None,
            provider: ProviderConfig::default(),
            provisioning: None,
            limits: LimitsConfig::default(),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or a variable cannot be read.
    #[error("the settings cannot be read: {0}")]
    Unreadable(String),
    /// A key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key for ScotAccount cannot be had.
    #[error(transparent)]
    ClientKey(#[from] ClientKeyError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A setting is missing or makes no sense.
    #[error("{0}")]
    Setting(String),
}

impl From<config::ConfigError> for ConfigError {
    fn from(error: config::ConfigError) -> Self {
        Self::Unreadable(settings::without_values(&error.to_string()))
    }
}

impl Config {
    /// Reads the settings from a file, if one is named, and from variables.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`].
    pub fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let variables: HashMap<_, _> = variables.filter(|(name, _)| name != FILE_VARIABLE).collect();
        let environment = config::Environment::with_prefix(PREFIX)
            .prefix_separator("_")
            .separator("__")
            .list_separator(",")
            .with_list_parse_key("origins")
            .with_list_parse_key("trusted_proxies")
            .with_list_parse_key("operators")
            .try_parsing(true)
            .source(Some(variables));
        let mut settings = config::Config::builder();
        if let Some(file) = file {
            settings = settings.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        Ok(settings.add_source(environment).build()?.try_deserialize()?)
    }

    /// The settings as a file, with keys hidden.
    ///
    /// # Errors
    /// [`ConfigError::Setting`].
    pub fn show(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self)
            .map_err(|cause| ConfigError::Setting(format!("the settings cannot be shown: {cause}")))
    }

    /// All keys of the directory.
    ///
    /// # Errors
    /// [`ConfigError::Key`]; [`ConfigError::Setting`] if one is not named.
    pub fn keys(&self) -> Result<Keys, ConfigError> {
        Ok(Keys {
            directory: self.directory_keys()?,
            records: RecordKeys {
                index: key("index", self.index_key.as_ref())?,
                sealing: key("sealing", self.sealing_key.as_ref())?,
            },
            tickets: self.tickets()?,
        })
    }

    /// The keys of the tree and its log.
    ///
    /// # Errors
    /// [`ConfigError::Key`]; [`ConfigError::Setting`] if one is not named.
    pub fn directory_keys(&self) -> Result<DirectoryKeys, ConfigError> {
        let missing = "log_origin is not set: choose a name for the log that will never change, such as directory.letterbox.example/log";
        let origin = self.log_origin.clone().ok_or_else(|| ConfigError::Setting(missing.to_owned()))?;
        Ok(DirectoryKeys {
            vrf: key("vrf", self.vrf_key.as_ref())?,
            log: SigningKey::from_seed(&key("log", self.log_key.as_ref())?),
            origin,
        })
    }

    /// The operators of whom two approve each public body.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for what is no public key, and for fewer than two different ones.
    pub fn operators(&self) -> Result<Vec<VerifyingKey>, ConfigError> {
        let mut operators: Vec<VerifyingKey> = Vec::new();
        for text in &self.operators {
            let operator = parse_key(text, "operator").map_err(|_| {
                ConfigError::Setting(format!(
                    "operators: {text} is not a public key; `letterbox-keyserver keys public operator FILE` prints one"
                ))
            })?;
            if !operators.contains(&operator) {
                operators.push(operator);
            }
        }
        if operators.len() < APPROVALS {
            return Err(ConfigError::Setting(format!(
                "operators: {APPROVALS} different ones have to approve each public body; make a key for each with `letterbox-keyserver keys new operator FILE` on a machine of their own"
            )));
        }
        Ok(operators)
    }

    /// The keys that this directory shares with the relay.
    fn tickets(&self) -> Result<TicketKeys, ConfigError> {
        let mut keys = Vec::new();
        for (number, source) in &self.ticket_keys {
            let number: u8 = number.parse().map_err(|_| {
                ConfigError::Setting(format!("ticket_keys.{number}: a ticket key has a number from 0 to 255"))
            })?;
            keys.push((number, source.read()?));
        }
        let missing = "ticket_keys is empty: take a copy of the relay's key (`letterbox-server keys new ticket FILE`), and set ticket_keys.1 = \"file:FILE\"";
        let sealing = match (self.ticket_key, keys.as_slice()) {
            (_, []) => return Err(ConfigError::Setting(missing.to_owned())),
            (Some(number), _) => number,
            (None, [(number, _)]) => *number,
            (None, _) => {
                let unclear = "ticket_key is not set: say which of the ticket_keys is to seal, one that the relay has already";
                return Err(ConfigError::Setting(unclear.to_owned()));
            }
        };
        TicketKeys::new(sealing, keys).map_err(|error| match error {
            TicketError::NoSealingKey => ConfigError::Setting(format!(
                "ticket_key: there is no ticket_keys.{sealing}, or two of one number"
            )),
            other => ConfigError::Setting(other.to_string()),
        })
    }

    /// The origins of the client, as browsers write them.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for what is not an origin.
    pub fn origins(&self) -> Result<Vec<HeaderValue>, ConfigError> {
        settings::origins(&self.origins).map_err(ConfigError::Setting)
    }

    /// Certificate and key for TLS, if they are set.
    ///
    /// # Errors
    /// [`ConfigError::Tls`].
    pub fn tls(&self) -> Result<Option<Tls>, ConfigError> {
        Ok(self.tls.as_ref().map(Tls::load).transpose()?)
    }

    /// What is signed as `@authority`, for a directory that listens on `bound`.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for what is not a host name.
    pub fn authority(&self, bound: SocketAddr) -> Result<String, ConfigError> {
        settings::authority(self.authority.as_deref(), bound).map_err(ConfigError::Setting)
    }
}

/// Reads one of the directory's own keys.
fn key(name: &str, source: Option<&KeySource>) -> Result<Secret, ConfigError> {
    let source = source.ok_or_else(|| {
        ConfigError::Setting(format!(
            "{name}_key is not set: make a key with `letterbox-keyserver keys new {name} FILE`, keep a copy in a safe place, and set {name}_key = \"file:FILE\""
        ))
    })?;
    Ok(source.read()?)
}
