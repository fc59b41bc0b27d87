//! The program's commands, against a directory that listens.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use clap::Parser as _;
use crypto_core::{
    body::{BodyStatus, SignedBodyEntry},
    trust::{SignedTrust, key_text},
};
use letterbox_keyserver::commands::{self, Arguments, CommandError};
use relay_auth::{cbor::Wire as _, signing::SigningKey};
use service::keys;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    identity_provider::CLIENT_KEY,
    support::{Directory, LOG, body_key, key, operator_keys, operators},
};

/// A directory that listens, and the operators' key files.
struct Running {
    directory: Directory,
    url: String,
    folder: TempDir,
}

impl Running {
    async fn start() -> Self {
        let directory = Directory::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = directory.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        for (number, operator) in operators().iter().enumerate() {
            keys::write(&folder.path().join(format!("operator-{number}")), &operator.to_seed()).unwrap();
        }
        Self { directory, url, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command; words with a plus in front are files in the folder.
    async fn run(&self, words: &[&str]) -> Result<(), CommandError> {
        let word = |word: &&str| match word.strip_prefix('+') {
            Some(name) => self.file(name).display().to_string(),
            None => (*word).to_owned(),
        };
        let words = ["letterbox-keyserver".to_owned()].into_iter().chain(words.iter().map(word));
        commands::run(Arguments::try_parse_from(words).unwrap()).await
    }

    async fn add(&self, name: &str, approval: &[&str]) -> Result<(), CommandError> {
        let key = format!("--key={}", key_text(&body_key().verifying_key()));
        let words = ["body", "add", "--directory", &self.url, "--id", "example-council", "--name", name];
        let more = ["--name-gd", "Comhairle", "--domain", "example.scot", &key, "--host", "pay.example.scot"];
        self.run(&[&words[..], &more[..], approval].concat()).await
    }

    async fn newest(&self) -> crypto_core::body::BodyEntry {
        let registry = self.directory.registry().await;
        let newest = registry.bodies[0].entries.last().unwrap();
        let signed = SignedBodyEntry::from_bytes(newest.as_ref()).unwrap();
        signed.verify(&operator_keys()).unwrap().entry().clone()
    }
}

#[tokio::test]
async fn two_operators_at_one_machine_add_change_and_suspend_a_body() {
    let running = Running::start().await;
    let both = ["--operator-key", "+operator-0", "--operator-key", "+operator-1"];
    running.add("Example Council", &both).await.unwrap();
    assert_eq!(running.newest().await.hosts, ["pay.example.scot"]);
    running.add("Example City Council", &both).await.unwrap();
    assert_eq!(running.newest().await.name, "Example City Council");
    running.run(&["body", "list", "--directory", &running.url]).await.unwrap();
    let suspend = ["body", "suspend", "example-council", "--directory", &running.url];
    running.run(&[&suspend[..], &both[..]].concat()).await.unwrap();
    assert_eq!(running.newest().await.status, BodyStatus::Suspended);
    assert_eq!(running.directory.registry().await.bodies[0].entries.len(), 3);
}

#[tokio::test]
async fn two_operators_apart_pass_the_entry_on_as_a_file() {
    let running = Running::start().await;
    running.add("Example Council", &["--operator-key", "+operator-0", "--out", "+entry"]).await.unwrap();
    let submit = ["body", "submit", "+entry", "--directory", &running.url];
    let refused = running.run(&submit).await.unwrap_err();
    assert!(matches!(refused, CommandError::Refused(_)), "{refused}");
    running.run(&["body", "approve", "+entry", "--operator-key", "+operator-2"]).await.unwrap();
    running.run(&submit).await.unwrap();
    assert_eq!(running.newest().await.name, "Example Council");
}

#[tokio::test]
async fn one_operator_alone_is_told_what_to_do() {
    let running = Running::start().await;
    let refused = running.add("Example Council", &["--operator-key", "+operator-0"]).await.unwrap_err();
    assert!(refused.to_string().contains("--out FILE"), "{refused}");
    assert!(running.directory.registry().await.bodies.is_empty());
    let unknown = ["body", "suspend", "nobody", "--directory", &running.url, "--out", "+entry"];
    let refused = running.run(&unknown).await.unwrap_err();
    assert!(refused.to_string().contains("there is no public body nobody"), "{refused}");
}

/// Settings of a directory that asks the test's identity provider.
fn write_settings(running: &Running) {
    let secret = |name: &str, key: &SigningKey| keys::write(&running.file(name), &key.to_seed()).unwrap();
    secret("log", &key(11));
    secret("vrf", &key(12));
    secret("deployment", &key(13));
    let client_key = running.file("client.pem");
    fs::write(&client_key, CLIENT_KEY).unwrap();
    fs::set_permissions(&client_key, fs::Permissions::from_mode(0o600)).unwrap();
    let provider = &running.directory.provider;
    let operators: Vec<String> = operator_keys().iter().map(key_text).collect();
    let file = |name: &str| display(&running.file(name));
    let text = format!(
        "log_origin = \"{LOG}\"
log_key = \"file:{}\"
vrf_key = \"file:{}\"
operators = {operators:?}
[provider]
issuer = \"{}\"
attribute_issuer = \"{}\"
attributes_url = \"{}\"
client_id = \"letterbox\"
client_key = \"file:{}\"
redirect_uri = \"https://letterbox.example/signed-in\"
",
        file("log"),
        file("vrf"),
        provider.issuer(),
        provider.attribute_issuer(),
        provider.attributes_url(),
        file("client.pem"),
    );
    fs::write(running.file("directory.toml"), text).unwrap();
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn the_trust_file_names_the_keys_in_the_settings_and_is_signed_by_the_deployment() {
    let running = Running::start().await;
    write_settings(&running);
    let receipt_key = format!("--relay-receipt-key={}", key_text(&key(14).verifying_key()));
    let witness = format!("--witness=witness-1.example={}", key_text(&key(15).verifying_key()));
    let words = [
        "--config",
        "+directory.toml",
        "trust",
        "make",
        "--directory-url",
        "https://directory.example",
        "--relay-url",
        "https://relay.example",
        &receipt_key,
        "--authorize-url",
        "https://authz.scotaccount.example/authorize",
        &witness,
        "--quorum=1",
        "--deployment-key",
        "+deployment",
        "--out",
        "+trust.json",
    ];
    running.run(&words).await.unwrap();
    let signed = SignedTrust::from_json(&fs::read(running.file("trust.json")).unwrap()).unwrap();
    let verified = signed.verify(&key(13).verifying_key()).unwrap();
    assert_eq!(verified.trust().log.origin, LOG);
    assert_eq!(verified.trust().log.key, key(11).verifying_key());
    assert_eq!(verified.trust().vrf_key, *key(12).verifying_key().as_bytes());
    assert_eq!(verified.trust().operators, operator_keys());
    assert_eq!((verified.trust().quorum, verified.trust().witnesses.len()), (1, 1));
    assert_eq!(*verified.relay_key(), key(14).verifying_key());
    assert_eq!(verified.provider().issuer, running.directory.provider.issuer());
    assert!(signed.verify(&key(99).verifying_key()).is_err());

    // Made here, and signed where the deployment's key is: the same file.
    let unsigned: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !word.ends_with("deployment") && *word != "--deployment-key")
        .collect();
    let unsigned: Vec<&str> = unsigned
        .into_iter()
        .map(|word| if word == "+trust.json" { "+unsigned.json" } else { word })
        .collect();
    running.run(&unsigned).await.unwrap();
    assert!(SignedTrust::from_json(&fs::read(running.file("unsigned.json")).unwrap()).is_err());
    let sign =
        ["trust", "sign", "+unsigned.json", "--deployment-key", "+deployment", "--out", "+elsewhere.json"];
    running.run(&sign).await.unwrap();
    let elsewhere = SignedTrust::from_json(&fs::read(running.file("elsewhere.json")).unwrap()).unwrap();
    let again = elsewhere.verify(&key(13).verifying_key()).unwrap();
    assert_eq!(again.file().directory, verified.file().directory);
    // What is no trust file is not signed.
    fs::write(running.file("unsigned.json"), "{}").unwrap();
    assert!(running.run(&sign).await.is_err());
}
