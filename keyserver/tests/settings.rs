//! Settings: read, shown, refused in words that somebody can act on.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use letterbox_keyserver::{
    app::Keys,
    config::{Config, ConfigError},
    directory::DirectoryKeys,
    store::RecordKeys,
};
use service::keys::{self, KeySource};

use crate::{
    identity_provider::CLIENT_KEY,
    support::{LOG, key, operator_keys, tickets},
};

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.toml");
    fs::write(&file, text).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&file), variables)
}

/// A folder with everything that settings name, and the settings.
fn complete(folder: &Path) -> String {
    for name in ["log", "vrf", "index", "sealing", "ticket"] {
        keys::write(&folder.join(name), &keys::generate().unwrap()).unwrap();
    }
    let client_key = folder.join("client.pem");
    fs::write(&client_key, CLIENT_KEY).unwrap();
    fs::set_permissions(&client_key, fs::Permissions::from_mode(0o600)).unwrap();
    let folder = folder.display();
    let operators: Vec<String> = operator_keys().iter().map(crypto_core::trust::key_text).collect();
    format!(
        "origins = [\"https://letterbox.example\"]
log_origin = \"directory.example/log\"
log_key = \"file:{folder}/log\"
vrf_key = \"file:{folder}/vrf\"
index_key = \"file:{folder}/index\"
sealing_key = \"file:{folder}/sealing\"
operators = {operators:?}
[ticket_keys]
1 = \"file:{folder}/ticket\"
[provider]
issuer = \"https://authz.scotaccount.example\"
attribute_issuer = \"https://issuer.scotaccount.example\"
attributes_url = \"https://issuer.scotaccount.example/attributes/values\"
client_id = \"letterbox\"
client_key = \"file:{folder}/client.pem\"
redirect_uri = \"https://letterbox.example/signed-in\"
"
    )
}

#[test]
fn complete_settings_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let config = load(&complete(folder.path()), &[]).unwrap();
    config.keys().unwrap();
    assert_eq!(config.operators().unwrap().len(), 3);
    assert_eq!(config.origins().unwrap().len(), 1);
    let provider = config.provider_settings().unwrap();
    assert_eq!(provider.issuer, "https://authz.scotaccount.example");
    assert!(config.provisioning_client().unwrap().is_none());
}

#[test]
fn variables_win_over_the_file_and_the_file_over_defaults() {
    let hash = "0a".repeat(32);
    let config = load(
        "listen = \"127.0.0.1:9000\"\n[limits]\nburst = 5\nlookups_a_day = 6\n",
        &[
            ("LETTERBOX_DIRECTORY_LIMITS__BURST", "7"),
            ("LETTERBOX_DIRECTORY_ORIGINS", "https://a.example,http://localhost:1"),
            ("LETTERBOX_DIRECTORY_OPERATORS", "one,two"),
            ("LETTERBOX_DIRECTORY_TICKET_KEYS__1", "file:/keys/ticket"),
            ("LETTERBOX_DIRECTORY_TICKET_KEY", "1"),
            ("LETTERBOX_DIRECTORY_PROVIDER__CLIENT_KEY", "file:/keys/client.pem"),
            ("LETTERBOX_DIRECTORY_PROVISIONING__CLIENT_ID", "scotaccount"),
            ("LETTERBOX_DIRECTORY_PROVISIONING__SECRET_SHA256", &hash),
            ("LETTERBOX_DIRECTORY_CONFIG", "/some/file"),
            ("LETTERBOX_RELAY_LISTEN", "not for us"),
        ],
    )
    .unwrap();
    assert_eq!(config.listen, "127.0.0.1:9000".parse().unwrap());
    assert_eq!((config.limits.burst, config.limits.lookups_a_day), (7, 6));
    assert_eq!((config.origins.len(), config.operators.len()), (2, 2));
    assert!(matches!(config.ticket_keys.get("1"), Some(KeySource::File(_))));
    assert_eq!(config.provisioning_client().unwrap().unwrap().secret_sha256, [10; 32]);
}

#[test]
fn keys_are_hidden_when_settings_are_shown() {
    let secret = keys::to_text(&key(7).to_seed()).to_string();
    let names = ["LOG_KEY", "VRF_KEY", "INDEX_KEY", "SEALING_KEY", "TICKET_KEYS__1"];
    let names: Vec<String> = names.iter().map(|name| format!("LETTERBOX_DIRECTORY_{name}")).collect();
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), secret.as_str())).collect();
    let config = load("", &variables).unwrap();
    let shown = config.show().unwrap();
    assert_eq!(shown.matches("[redacted]").count(), 5, "{shown}");
    assert!(!shown.contains(&secret) && !format!("{config:?}").contains(&secret));
    // A private key in the place of its file is refused, and not repeated.
    let pem = String::from_utf8(CLIENT_KEY.to_vec()).unwrap();
    let refused = load("", &[("LETTERBOX_DIRECTORY_PROVIDER__CLIENT_KEY", &pem)]).unwrap_err().to_string();
    assert!(refused.contains("this setting is a file"), "{refused}");
    assert!(!refused.contains("MIG"), "{refused}");
}

#[test]
fn a_key_in_settings_that_cannot_be_read_is_not_repeated() {
    let secret = keys::to_text(&key(7).to_seed()).to_string();
    for text in [
        format!("sealing_key = \"{secret}\n"),
        format!("ticket_keys = \"{secret}\"\n"),
        format!("[provider]\nclient_key = {secret}\n"),
    ] {
        let error = load(&text, &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&secret), "{error}");
    }
}

#[test]
fn the_keys_of_a_directory_do_not_show() {
    let secret = |number: u8| key(number).to_seed();
    let keys = Keys {
        directory: DirectoryKeys { vrf: secret(1), log: key(2), origin: LOG.to_owned() },
        records: RecordKeys { index: secret(3), sealing: secret(4) },
        tickets: tickets(),
    };
    assert_eq!(
        format!("{keys:?}"),
        "Keys { directory: DirectoryKeys { vrf: [redacted], log: SigningKey([redacted]), \
         origin: \"directory.example/log\" }, records: RecordKeys { index: [redacted], sealing: [redacted] }, \
         tickets: TicketKeys { sealing: 1, keys: [(1, [redacted])] } }"
    );
}

#[test]
fn a_setting_that_does_not_exist_is_refused() {
    assert!(load("listne = \"127.0.0.1:9000\"\n", &[]).is_err());
    assert!(load("", &[("LETTERBOX_DIRECTORY_LISTNE", "127.0.0.1:9000")]).is_err());
    assert!(load("[provider]\nisuer = \"https://a.example\"\n", &[]).is_err());
}

/// What is said when a line of complete settings is replaced.
fn said(replaced: &str, by: &str, ask: impl Fn(&Config) -> Option<ConfigError>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<String> = complete(folder.path())
        .lines()
        .map(|line| if line.starts_with(replaced) { by.to_owned() } else { line.to_owned() })
        .collect();
    let config = load(&text.join("\n"), &[]).unwrap();
    ask(&config).unwrap().to_string()
}

#[test]
fn what_is_missing_is_said_with_the_command_that_makes_it() {
    let keys = |config: &Config| config.keys().err();
    let provider = |config: &Config| config.provider_settings().err();
    let operators = |config: &Config| config.operators().err();
    for name in ["log", "vrf", "index", "sealing"] {
        let said = said(&format!("{name}_key"), "", keys);
        assert!(said.contains(&format!("keys new {name} FILE")), "{said}");
    }
    assert!(said("log_origin", "", keys).contains("log_origin is not set"));
    assert!(said("1 = ", "", keys).contains("keys new ticket FILE"));
    assert!(said("operators", "operators = []", operators).contains("keys new operator FILE"));
    assert!(said("client_key", "", provider).contains("keys new provider FILE"));
    assert!(said("client_id", "", provider).contains("provider.client_id is not set"));
    assert!(said("issuer", "", provider).contains("provider.issuer is not set"));
}

#[test]
fn what_makes_no_sense_is_named() {
    let provider = |config: &Config| config.provider_settings().err();
    let operators = |config: &Config| config.operators().err();
    let http = "issuer = \"http://authz.scotaccount.example\"";
    assert!(said("issuer", http, provider).contains("is not an https address"));
    let one = crypto_core::trust::key_text(&operator_keys()[0]);
    let twice = format!("operators = [\"{one}\", \"{one}\"]");
    assert!(said("operators", &twice, operators).contains("2 different ones"));
    assert!(said("operators", "operators = [\"short\"]", operators).contains("short is not a public key"));
    let log = |config: &Config| config.keys().err();
    assert!(said("log_key", "log_key = \"file:/nowhere/log\"", log).contains("/nowhere/log"));
    let numbers = "seven = \"file:/nowhere\"";
    assert!(said("1 = ", numbers, log).contains("ticket_keys.seven"));
}

#[test]
fn several_ticket_keys_need_the_number_of_the_one_to_seal_with() {
    let folder = tempfile::tempdir().unwrap();
    let second = format!("1 = \"file:{0}/ticket\"\n2 = \"file:{0}/ticket\"", folder.path().display());
    let text = complete(folder.path());
    let line = text.lines().find(|line| line.starts_with("1 = ")).unwrap().to_owned();
    let text = text.replace(&line, &second);
    let said = load(&text, &[]).unwrap().keys().unwrap_err().to_string();
    assert!(said.contains("ticket_key is not set"), "{said}");
    assert!(load(&format!("ticket_key = 2\n{text}"), &[]).unwrap().keys().is_ok());
    let said = load(&format!("ticket_key = 3\n{text}"), &[]).unwrap().keys().unwrap_err().to_string();
    assert!(said.contains("ticket_keys.3"), "{said}");
}
