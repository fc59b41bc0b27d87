//! Every setting, its default and its environment variable.
//!
//! Settings come from one TOML file, then from variables, which win: `LETTERBOX_RELAY_` and the
//! setting's name in capitals, two underscores where the file has a table, commas in lists. So
//! `listen` is `LETTERBOX_RELAY_LISTEN`, `quota.letters` is `LETTERBOX_RELAY_QUOTA__LETTERS`.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use axum::http::HeaderValue;
use relay_auth::{
    signing::SigningKey,
    ticket::{TicketError, TicketKeys},
};
use serde::{Deserialize, Serialize};
use service::{
    keys::{KeyError, KeySource},
    serve::{Connections, OF_ONE_ADDRESS, UNTAKEN},
    settings,
    tls::{Tls, TlsError, TlsFiles},
};

use crate::{
    app::Limits,
    archive::ArchiveQuota,
    blobs::BlobQuota,
    deposits::{LetterQuota, ReceiptSigner},
};

/// What every variable starts with.
const PREFIX: &str = "LETTERBOX_RELAY";

/// The variable that names the file; it is no setting.
pub const FILE_VARIABLE: &str = "LETTERBOX_RELAY_CONFIG";

/// The settings of a relay.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the public asks. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the operator asks (`/healthz`, `/readyz`, `/metrics`). Without it, they are served where
    /// the public asks.
    pub operations_listen: Option<SocketAddr>,
    /// The host name, and the port where it is not 443, under which devices know this relay: what
    /// they sign. Without it, the address that is listened on.
    pub authority: Option<String>,
    /// The origins of the client: the only ones whose pages may ask.
    pub origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` says where a request comes from.
    pub trusted_proxies: Vec<IpAddr>,
    /// The folder of the store.
    pub store: PathBuf,
    /// The key that signs receipts: `file:` and a path, or the key itself.
    pub receipt_key: Option<KeySource>,
    /// The keys that were replaced, by the second (Unix time) at which they were: what was stored before it
    /// stays signed with them.
    pub former_receipt_keys: BTreeMap<String, KeySource>,
    /// The keys that this relay shares with the directory, by number: `file:` and a path, or the key.
    pub ticket_keys: BTreeMap<String, KeySource>,
    /// Certificate and key for TLS where the public asks. Without them a proxy has to do it.
    pub tls: Option<TlsFiles>,
    /// What a mailbox may hold.
    pub quota: QuotaConfig,
    /// Limits on connections and requests.
    pub limits: LimitsConfig,
}

/// What a mailbox may hold.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaConfig {
    /// Letters that wait.
    pub letters: u64,
    /// Bytes of sealed letters that wait.
    pub letter_bytes: u64,
    /// Bytes of sealed attachments. Below 32 MiB, what one permit allows, it takes none.
    pub blob_bytes: u64,
    /// Bytes of attachments that are being uploaded, beside these. Below 32 MiB it takes none.
    pub upload_bytes: u64,
    /// Objects in the archive.
    pub objects: u64,
    /// Bytes of sealed objects in the archive.
    pub object_bytes: u64,
}

/// Limits on connections and requests. Times are in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections at one time.
    pub connections: usize,
    /// Connections of one address at one time. Trusted proxies may have any number.
    pub connections_of_one_address: usize,
    /// For the head of a request to arrive, the handshake of TLS included, and for an idle connection.
    pub header_seconds: u64,
    /// For the body of a request to arrive.
    pub body_seconds: u64,
    /// For a request in all.
    pub request_seconds: u64,
    /// Between two signs of life of an event stream.
    pub heartbeat_seconds: u64,
    /// For an event stream or a download to last.
    pub stream_seconds: u64,
    /// For running requests to end when the relay stops.
    pub drain_seconds: u64,
    /// Requests of one address in a second, on average.
    pub requests_per_second: u32,
    /// Requests of one address at once.
    pub burst: u32,
    /// Memory for the store's pages, in bytes.
    pub cache_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            operations_listen: None,
            authority: None,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            store: PathBuf::from("/var/lib/letterbox/relay"),
            receipt_key: None,
            former_receipt_keys: BTreeMap::new(),
            ticket_keys: BTreeMap::new(),
            tls: None,
            quota: QuotaConfig::default(),
            limits: LimitsConfig::default(),
        }
    }
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self {
            letters: 2000,
            letter_bytes: 64 << 20,
            blob_bytes: 1 << 30,
            upload_bytes: 1 << 30,
            objects: 100_000,
            object_bytes: 1 << 30,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_of_one_address: OF_ONE_ADDRESS,
            header_seconds: 10,
            body_seconds: 20,
            request_seconds: 30,
            heartbeat_seconds: 25,
            stream_seconds: 3600,
            drain_seconds: 20,
            requests_per_second: 50,
            burst: 200,
            cache_bytes: 256 << 20,
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

    /// The key that signs receipts.
    ///
    /// # Errors
    /// [`ConfigError::Key`]; [`ConfigError::Setting`] if none is named.
    pub fn receipt_key(&self) -> Result<SigningKey, ConfigError> {
        let missing = "receipt_key is not set: make a key with `letterbox-server keys new receipt FILE`, and set receipt_key = \"file:FILE\"";
        let source = self.receipt_key.as_ref().ok_or_else(|| ConfigError::Setting(missing.to_owned()))?;
        Ok(SigningKey::from_seed(&source.read()?))
    }

    /// All keys that sign receipts.
    ///
    /// # Errors
    /// As [`Config::receipt_key()`]; [`ConfigError::Setting`] if a former one is not named by a second, or
    /// is there twice.
    pub fn receipts(&self) -> Result<ReceiptSigner, ConfigError> {
        let key = self.receipt_key()?;
        let mut known = vec![key.verifying_key()];
        let mut former = Vec::new();
        for (name, source) in &self.former_receipt_keys {
            let refused = |why: &str| ConfigError::Setting(format!("former_receipt_keys.{name}: {why}"));
            // Written in one way, so that no second is there twice.
            let second = name.parse::<u64>().ok().filter(|second| second.to_string() == *name);
            let second = second.ok_or_else(|| {
                refused("a former receipt key is named by the second at which it was replaced, as `letterbox-keyserver trust make` prints it")
            })?;
            let replaced = SigningKey::from_seed(&source.read()?);
            // Whoever forgets to set the new key would have every receipt refused from that second on.
            if known.contains(&replaced.verifying_key()) {
                return Err(refused(
                    "this key is there twice: set receipt_key to the new one, and name each former one once",
                ));
            }
            known.push(replaced.verifying_key());
            former.push((second, replaced));
        }
        Ok(ReceiptSigner::new(key, former))
    }

    /// The keys that this relay shares with the directory.
    ///
    /// # Errors
    /// [`ConfigError::Key`]; [`ConfigError::Setting`] if there is none or a number is not one.
    pub fn tickets(&self) -> Result<TicketKeys, ConfigError> {
        let mut keys = Vec::new();
        for (number, source) in &self.ticket_keys {
            let number: u8 = number.parse().map_err(|_| {
                ConfigError::Setting(format!("ticket_keys.{number}: a ticket key has a number from 0 to 255"))
            })?;
            keys.push((number, source.read()?));
        }
        // The relay only opens tickets; which key would seal does not matter.
        let any = keys.first().map_or(0, |(number, _)| *number);
        TicketKeys::new(any, keys).map_err(|error| match error {
            TicketError::NoSealingKey => ConfigError::Setting(
                "ticket_keys is empty: make a key with `letterbox-server keys new ticket FILE`, give a copy to the directory, and set ticket_keys.1 = \"file:FILE\"".to_owned(),
            ),
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

    /// What is signed as `@authority`, for a relay that listens on `bound`.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for what is not a host name.
    pub fn authority(&self, bound: SocketAddr) -> Result<String, ConfigError> {
        settings::authority(self.authority.as_deref(), bound).map_err(ConfigError::Setting)
    }

    /// What may wait in a mailbox.
    #[must_use]
    pub fn letter_quota(&self) -> LetterQuota {
        LetterQuota { letters: self.quota.letters, bytes: self.quota.letter_bytes }
    }

    /// What attachments a mailbox may hold.
    #[must_use]
    pub fn blob_quota(&self) -> BlobQuota {
        BlobQuota { bytes: self.quota.blob_bytes, upload_bytes: self.quota.upload_bytes }
    }

    /// What an archive may hold.
    #[must_use]
    pub fn archive_quota(&self) -> ArchiveQuota {
        ArchiveQuota { objects: self.quota.objects, bytes: self.quota.object_bytes }
    }

    /// Limits on requests.
    #[must_use]
    pub fn request_limits(&self) -> Limits {
        let limits = &self.limits;
        Limits {
            body: Duration::from_secs(limits.body_seconds),
            request: Duration::from_secs(limits.request_seconds),
            heartbeat: Duration::from_secs(limits.heartbeat_seconds),
            stream: Duration::from_secs(limits.stream_seconds),
            requests_per_second: limits.requests_per_second,
            burst: limits.burst,
            ..Limits::default()
        }
    }

    /// Limits on connections.
    #[must_use]
    pub fn connections(&self) -> Connections {
        Connections {
            most: self.limits.connections,
            of_one_address: self.limits.connections_of_one_address,
            header: Duration::from_secs(self.limits.header_seconds),
            drain: Duration::from_secs(self.limits.drain_seconds),
            untaken: UNTAKEN,
            trusted_proxies: self.trusted_proxies.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.toml");
        std::fs::write(&file, text).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(&file), variables)
    }

    #[test]
    fn variables_win_over_the_file_and_the_file_over_defaults() {
        let text = "listen = \"127.0.0.1:9000\"\n[quota]\nletters = 5\nobjects = 6\nblob_bytes = 8\nupload_bytes = 9\n";
        let config = load(
            text,
            &[
                ("LETTERBOX_RELAY_QUOTA__LETTERS", "7"),
                ("LETTERBOX_RELAY_ORIGINS", "https://a.example,http://localhost:1"),
                ("LETTERBOX_RELAY_TICKET_KEYS__1", "file:/keys/ticket"),
                ("LETTERBOX_RELAY_CONFIG", "/some/file"),
                ("LETTERBOX_CLIENT_LISTEN", "not for us"),
            ],
        )
        .unwrap();
        assert_eq!(config.listen, "127.0.0.1:9000".parse().unwrap());
        assert_eq!((config.quota.letters, config.quota.objects), (7, 6));
        assert_eq!(config.blob_quota(), BlobQuota { bytes: 8, upload_bytes: 9 });
        assert_eq!(config.quota.letter_bytes, QuotaConfig::default().letter_bytes);
        assert_eq!(config.origins().unwrap().len(), 2);
        assert!(matches!(config.ticket_keys.get("1"), Some(KeySource::File(_))));
    }

    #[test]
    fn a_setting_that_does_not_exist_is_refused() {
        assert!(load("listne = \"127.0.0.1:9000\"\n", &[]).is_err());
        assert!(load("", &[("LETTERBOX_RELAY_LISTNE", "127.0.0.1:9000")]).is_err());
    }

    #[test]
    fn keys_are_hidden_when_settings_are_shown() {
        let key = "A".repeat(43);
        let config = load("", &[("LETTERBOX_RELAY_RECEIPT_KEY", &key)]).unwrap();
        let shown = config.show().unwrap();
        assert!(shown.contains("receipt_key = \"[redacted]\"") && !shown.contains(&key), "{shown}");
        assert!(!format!("{config:?}").contains(&key));
        assert!(config.receipt_key().is_ok());
    }

    #[test]
    fn a_key_in_settings_that_cannot_be_read_is_not_repeated() {
        let key = "A".repeat(43);
        let unfinished = format!("receipt_key = \"{key}\n");
        let no_table = format!("ticket_keys = \"{key}\"\n");
        let broken = format!("[ticket_keys]\n1 = {key}\n");
        let said = |text: &str, variables: &[(&str, &str)]| load(text, variables).unwrap_err();
        for error in [
            said(&unfinished, &[]),
            said(&broken, &[]),
            said(&no_table, &[]),
            said("", &[("LETTERBOX_RELAY_TICKET_KEYS", key.as_str())]),
        ] {
            let said = format!("{error} {error:?}");
            assert!(!said.contains("AAAA"), "{said}");
        }
        let said = said(&unfinished, &[]).to_string();
        assert!(said.contains("line 1") && said.contains("relay.toml"), "{said}");
    }

    #[test]
    fn what_is_not_an_origin_or_a_host_is_refused() {
        for hostile in
            ["*", "https://*.example", "https://a.example/", "a.example", "null", "https://u@a.example"]
        {
            let config = Config { origins: vec![hostile.to_owned()], ..Config::default() };
            assert!(config.origins().is_err(), "{hostile}");
        }
        let bound = SocketAddr::from(([127, 0, 0, 1], 8081));
        for hostile in ["", "Relay.example", "relay.example/", "a b", "user@relay.example"] {
            let config = Config { authority: Some(hostile.to_owned()), ..Config::default() };
            assert!(config.authority(bound).is_err(), "{hostile}");
        }
        assert_eq!(Config::default().authority(bound).unwrap(), "127.0.0.1:8081");
    }

    #[test]
    fn a_former_receipt_key_is_named_by_a_second_and_hidden_as_the_one_in_force() {
        let (key, other) = ("A".repeat(43), "B".repeat(42) + "A");
        let text = format!("receipt_key = \"{key}\"\n[former_receipt_keys]\n1800000000 = \"{other}\"\n");
        let config = load(&text, &[]).unwrap();
        assert!(config.receipts().is_ok());
        let shown = config.show().unwrap();
        assert!(shown.contains("1800000000 = \"[redacted]\"") && !shown.contains(&other), "{shown}");
        for name in ["soon", "-1", "+1", "01", "18446744073709551616"] {
            let text = format!("receipt_key = \"{key}\"\n[former_receipt_keys]\n\"{name}\" = \"{other}\"\n");
            let said = load(&text, &[]).unwrap().receipts().unwrap_err().to_string();
            assert!(said.contains(&format!("former_receipt_keys.{name}")), "{said}");
            assert!(!said.contains(&other), "{said}");
        }
        // One that was replaced is not the one in force, and was replaced once.
        for twice in [format!("9 = \"{key}\""), format!("9 = \"{other}\"\n10 = \"{other}\"")] {
            let text = format!("receipt_key = \"{key}\"\n[former_receipt_keys]\n{twice}\n");
            let said = load(&text, &[]).unwrap().receipts().unwrap_err().to_string();
            assert!(said.contains("this key is there twice"), "{said}");
            assert!(!said.contains(&key) && !said.contains(&other), "{said}");
        }
        // Without the one in force they are of no use.
        let text = format!("[former_receipt_keys]\n1800000000 = \"{other}\"\n");
        assert!(load(&text, &[]).unwrap().receipts().unwrap_err().to_string().contains("keys new receipt"));
    }

    #[test]
    fn a_relay_without_keys_says_how_to_make_them() {
        let config = Config::default();
        assert!(config.receipt_key().unwrap_err().to_string().contains("keys new receipt"));
        assert!(config.tickets().unwrap_err().to_string().contains("keys new ticket"));
    }
}
