//! The program's commands, against a directory that listens.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Parser as _;
use crypto_core::{
    body::{BodyStatus, SignedBodyEntry},
    trust::{SignedTrust, TrustFile, former_receipt_key, key_text},
};
use letterbox_keyserver::commands::{self, Arguments, CommandError};
use relay_auth::{cbor::Wire as _, receipt::ReceiptKeys, signing::SigningKey};
use service::keys;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    identity_provider::CLIENT_KEY,
    support::{Directory, LOG, body_key, key, operator_keys, operators},
};

/// What is done to a trust file.
type Change<'a> = &'a dyn Fn(&mut TrustFile);

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
        "--first",
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
    assert_eq!(*verified.receipt_keys(), ReceiptKeys::from(key(14).verifying_key()));
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

/// Makes a trust file that names a receipt key, and signs it in the place of the one before.
async fn make_trust(running: &Running, receipt: u8, more: &[&str]) -> Result<TrustFile, CommandError> {
    let receipt_key = format!("--relay-receipt-key={}", key_text(&key(receipt).verifying_key()));
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
        "--deployment-key",
        "+deployment",
        "--out",
        "+trust.json",
    ];
    running.run(&[&words[..], more].concat()).await?;
    let signed = SignedTrust::from_json(&fs::read(running.file("trust.json")).unwrap()).unwrap();
    Ok(signed.verify(&key(13).verifying_key()).unwrap().file().clone())
}

/// `LBX-TRUST-3`
#[tokio::test]
async fn a_receipt_key_that_was_replaced_is_in_every_later_trust_file() {
    let running = Running::start().await;
    write_settings(&running);
    let first = make_trust(&running, 14, &["--first"]).await.unwrap();
    let same = make_trust(&running, 14, &["--previous", "+trust.json"]).await.unwrap();
    assert_eq!((same.version, &same.relay), (1, &first.relay));

    let text = |seed: u8| key_text(&key(seed).verifying_key());
    let from = same.issued + 1000;
    let ahead = format!("--receipt-key-from={from}");
    let second = make_trust(&running, 16, &["--previous", "+trust.json", &ahead]).await.unwrap();
    assert_eq!((second.version, second.relay.receipt_key_not_before), (2, from));
    assert_eq!(second.relay.former_receipt_keys, [former_receipt_key(&text(14), 0, from - 1)]);
    let carried = make_trust(&running, 16, &["--previous", "+trust.json"]).await.unwrap();
    assert_eq!((carried.version, &carried.relay), (2, &second.relay));

    let later = format!("--receipt-key-from={}", from + 1);
    let third = make_trust(&running, 17, &["--previous", "+trust.json", &later]).await.unwrap();
    let both = [former_receipt_key(&text(14), 0, from - 1), former_receipt_key(&text(16), from, from)];
    assert_eq!(third.relay.former_receipt_keys, both);
    // Whoever has lost a key has the new one sign for its letters as well.
    let lost = format!("--receipt-key-from={}", from + 2);
    let lost = ["--previous", "+trust.json", &lost, "--receipt-key-lost"];
    let fourth = make_trust(&running, 18, &lost).await.unwrap();
    assert_eq!((fourth.relay.receipt_key_not_before, fourth.relay.former_receipt_keys.len()), (0, 3));
}

/// `LBX-TRUST-3`
#[tokio::test]
async fn a_trust_file_that_would_forget_or_refuse_what_was_signed_is_not_made() {
    let running = Running::start().await;
    write_settings(&running);
    let first = make_trust(&running, 14, &["--first"]).await.unwrap();
    let ahead = format!("--receipt-key-from={}", first.issued + 1000);
    make_trust(&running, 16, &["--previous", "+trust.json", &ahead]).await.unwrap();
    let before = fs::read(running.file("trust.json")).unwrap();
    let again = format!("--receipt-key-from={}", first.issued + 2000);
    fs::write(running.file("altered.json"), "{}").unwrap();
    let cases: [(u8, &[&str], &str); 8] = [
        (16, &[], "--previous FILE"),
        (16, &["--previous", "+altered.json"], "cannot be read"),
        (16, &["--previous", "+trust.json", &again], "no receipt key is replaced"),
        (16, &["--previous", "+trust.json", "--receipt-key-lost"], "no receipt key is replaced"),
        (17, &["--first", &again], "no receipt key is replaced"),
        // The one before is not in force yet, and what the relay has signed by now would not count.
        (17, &["--previous", "+trust.json"], "has to lie ahead"),
        (17, &["--previous", "+trust.json", "--receipt-key-from=1"], "has to lie ahead"),
        // One that was replaced does not come back.
        (14, &["--previous", "+trust.json", &again], "a former receipt key of the relay"),
    ];
    for (receipt, more, why) in cases {
        let refused = make_trust(&running, receipt, more).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert_eq!(fs::read(running.file("trust.json")).unwrap(), before);
    }
}

/// Asks for a signature of what `trust make` would have written, in the place of a previous file.
async fn signs(running: &Running, file: &TrustFile, previous: &str) -> Result<(), CommandError> {
    fs::write(running.file("unsigned.json"), serde_json::to_string(file).unwrap()).unwrap();
    let deployment = ["--deployment-key", "+deployment", "--out", "+signed.json"];
    let sign = ["trust", "sign", "+unsigned.json", "--previous", previous];
    running.run(&[&sign[..], &deployment[..]].concat()).await
}

/// `LBX-TRUST-3`
#[tokio::test]
async fn a_trust_file_that_forgets_what_the_previous_one_has_is_not_signed() {
    let running = Running::start().await;
    write_settings(&running);
    let text = |seed: u8| key_text(&key(seed).verifying_key());
    let first = make_trust(&running, 14, &["--first"]).await.unwrap();
    let from = first.issued + 1000;
    let ahead = format!("--receipt-key-from={from}");
    fs::copy(running.file("trust.json"), running.file("first.json")).unwrap();
    let second = make_trust(&running, 16, &["--previous", "+trust.json", &ahead]).await.unwrap();

    // What is made with the previous one, and the same once more.
    signs(&running, &second, "+first.json").await.unwrap();
    assert!(SignedTrust::from_json(&fs::read(running.file("signed.json")).unwrap()).is_ok());
    signs(&running, &second, "+trust.json").await.unwrap();
    fs::remove_file(running.file("signed.json")).unwrap();

    let cases: [(&str, &str, Change<'_>); 7] = [
        ("+trust.json", "forgets a former receipt key", &|file| {
            file.relay.former_receipt_keys.clear();
        }),
        ("+trust.json", "forgets a former receipt key", &|file| {
            file.relay.former_receipt_keys = vec![former_receipt_key(&text(14), 0, from - 2)];
        }),
        ("+trust.json", "forgets the receipt key", &|file| file.relay.receipt_key_not_before = from - 1),
        ("+trust.json", "forgets the receipt key", &|file| file.relay.receipt_key = text(17)),
        // Receipts of the seconds between the two would count for nothing.
        ("+first.json", "forgets the receipt key", &|file| file.relay.receipt_key_not_before = from + 1),
        ("+first.json", "forgets the receipt key", &|file| {
            file.relay.former_receipt_keys = vec![former_receipt_key(&text(14), 0, first.issued - 1)];
        }),
        ("+trust.json", "is older than the previous one", &|file| file.issued = first.issued - 1),
    ];
    for (place, (previous, why, forget)) in cases.into_iter().enumerate() {
        let mut file = second.clone();
        forget(&mut file);
        let refused = signs(&running, &file, previous).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{place}: {refused}");
        assert!(!running.file("signed.json").exists(), "{place}");
    }

    // Nor one in the place of another deployment's.
    let other = SignedTrust::sign(&first, &key(99)).unwrap().to_json();
    fs::write(running.file("other.json"), other).unwrap();
    assert!(signs(&running, &second, "+other.json").await.is_err());
    assert!(!running.file("signed.json").exists());
}

/// What the program itself says to `trust make` with a new receipt key, written to `out`.
async fn said(running: &Running, previous: &str, out: &str) -> (bool, String) {
    let words = [
        "--config",
        &display(&running.file("directory.toml")),
        "trust",
        "make",
        "--previous",
        &display(&running.file(previous)),
        "--directory-url",
        "https://directory.example",
        "--relay-url",
        "https://relay.example",
        &format!("--relay-receipt-key={}", key_text(&key(16).verifying_key())),
        "--authorize-url",
        "https://authz.scotaccount.example/authorize",
        "--out",
        &display(&running.file(out)),
    ]
    .map(str::to_owned);
    // The directory of this test answers meanwhile.
    let program = || Command::new(env!("CARGO_BIN_EXE_letterbox-keyserver")).args(words).output().unwrap();
    let output = tokio::task::spawn_blocking(program).await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_relays_settings_are_told_only_once_the_trust_file_is_written() {
    let running = Running::start().await;
    write_settings(&running);
    make_trust(&running, 14, &["--first"]).await.unwrap();
    let (is_made, told) = said(&running, "trust.json", "no-such-folder/next.json").await;
    assert!(!is_made && told.is_empty(), "{told}");
    let (is_made, told) = said(&running, "trust.json", "next.json").await;
    assert!(is_made && told.contains("former_receipt_keys."), "{told}");
    let next: TrustFile = serde_json::from_slice(&fs::read(running.file("next.json")).unwrap()).unwrap();
    let second = format!("former_receipt_keys.{} the former one", next.relay.receipt_key_not_before);
    assert!(told.contains(&second), "{told}");
    // Nothing is left beside it.
    assert!(!running.file("next.json.new").exists());
}
