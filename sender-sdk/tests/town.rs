//! A small town: people, a public body, a directory, a relay, a trust file. It lives today, because the
//! SDK asks the system's clock.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api::{
    Octets,
    directory::{RegisteredBody, Registry},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    body::{BodyEntry, BodyKey, SignedBodyEntry},
    citizen::{Entry, InboxKey, SignedEntry},
    directory::{Answer, PersonProof, Pin},
    evidence::Evidence,
    trust::{DirectoryTrust, ProviderTrust, RelayTrust, SignedTrust, TrustFile, WitnessTrust, key_text},
};
use relay_auth::{
    cbor::{Suite, Version, Wire as _, encode},
    signing::{SigningKey, VerifyingKey},
};
use sender_sdk::{ConnectError, FileState, Letter, Patience, Sender, Settings, TrustSource};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};

use crate::{
    fake_directory::FakeDirectory,
    services::{Services, Told, receipt_key},
    test_keys::{ATTRIBUTES, ID_TOKENS},
    world::{
        ATTRIBUTE_ISSUER, CLIENT, DAY, ISSUER, Person, approve, body_entry, body_key, jwk, key, key_set,
    },
};

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The key of the deployment, which signs the trust file.
pub(crate) fn deployment() -> SigningKey {
    key(220)
}

/// Somebody's entries and evidence.
#[derive(Clone)]
pub(crate) struct Citizen {
    pub(crate) chain: Vec<SignedEntry>,
    pub(crate) evidence: Evidence,
}

/// A person's first entry, with keys that hold today.
pub(crate) fn first_entry(person: &Person) -> (Entry, Evidence) {
    let (entry, evidence) = person.first_entry();
    let key = person.inbox().public_key().clone();
    let inbox_keys = vec![InboxKey { key, rotate_after: now() + 30 * DAY, not_after: now() + 400 * DAY }];
    (Entry { inbox_keys, ..entry }, evidence)
}

pub(crate) fn citizen(person: &Person) -> Citizen {
    let (entry, evidence) = first_entry(person);
    Citizen { chain: vec![SignedEntry::by_identity(&entry, &person.identity())], evidence }
}

pub(crate) fn letter_to(person: &Person) -> Letter {
    Letter::to(person.attributes())
        .subject("Your council tax for 2027")
        .summary("You owe £120. Pay by 1 April.")
        .text("Dear neighbour,\n\nyour **council tax** is [due](https://pay.example.scot/tax).")
}

pub(crate) struct Town {
    pub(crate) directory: FakeDirectory,
    pub(crate) folder: TempDir,
    pub(crate) body: BodyEntry,
    services: Arc<Services>,
    runtime: Runtime,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::with_body(|_| {})
    }

    /// A town whose public body is somewhat different.
    pub(crate) fn with_body(alter: impl FnOnce(&mut BodyEntry)) -> Self {
        Self::found(tempfile::tempdir().unwrap(), body_key().verifying_key(), alter)
    }

    /// A town whose public body has this key, and whose files lie in this folder.
    pub(crate) fn found(folder: TempDir, key: VerifyingKey, alter: impl FnOnce(&mut BodyEntry)) -> Self {
        let keys = vec![BodyKey { key, not_before: now() - DAY, not_after: now() + 365 * DAY }];
        let mut body = BodyEntry { keys, ..body_entry() };
        alter(&mut body);
        let mut directory = FakeDirectory::new();
        directory.time = now();
        directory.publish(vec![(body.id.directory_label(), approve(&body).hash().to_vec())]);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let services = Services::new(listener.local_addr().unwrap().to_string(), key);
        let router = services.router();
        runtime.spawn(async move { axum::serve(listener, router).await });
        let town = Self { directory, folder, body, services, runtime };
        town.write_trust(&deployment(), |_| {});
        town
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.services.told()
    }

    /// How many lookups and deposits were asked for, and how many letters are stored.
    pub(crate) fn counted(&self) -> (usize, usize, usize) {
        let told = self.told();
        (told.lookups.len(), told.deposits.len(), told.stored.len())
    }

    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    // --- the trust file

    pub(crate) fn trust_path(&self) -> PathBuf {
        self.folder.path().join("trust.json")
    }

    pub(crate) fn write_trust(&self, signer: &SigningKey, alter: impl FnOnce(&mut TrustFile)) {
        let mut file = self.trust_file();
        alter(&mut file);
        fs::write(self.trust_path(), SignedTrust::sign(&file, signer).unwrap().to_json()).unwrap();
    }

    fn trust_file(&self) -> TrustFile {
        let trust = self.directory.trust();
        let url = format!("http://{}", self.services.authority);
        let keys = |keys| serde_json::from_slice(&key_set(&[keys])).unwrap();
        TrustFile {
            version: 1,
            issued: 1000,
            directory: DirectoryTrust {
                url: url.clone(),
                log_origin: trust.log.origin,
                log_key: key_text(&trust.log.key),
                vrf_key: Base64UrlUnpadded::encode_string(&trust.vrf_key),
                operators: trust.operators.iter().map(key_text).collect(),
            },
            witnesses: trust
                .witnesses
                .into_iter()
                .map(|witness| WitnessTrust { key: key_text(&witness.key), name: witness.name })
                .collect(),
            quorum: trust.quorum,
            relay: RelayTrust::new(url, &receipt_key().verifying_key()),
            provider: ProviderTrust {
                issuer: ISSUER.to_owned(),
                attribute_issuer: ATTRIBUTE_ISSUER.to_owned(),
                authorize_url: format!("{ISSUER}/authorize"),
                client_id: CLIENT.to_owned(),
                redirect_uri: "https://letterbox.example/signed-in".to_owned(),
                keys: keys(jwk(&ID_TOKENS, "login")),
                attribute_keys: keys(jwk(&ATTRIBUTES, "issuer")),
            },
        }
    }

    // --- what the directory says

    /// The registry from now on, leading on from what a reader knows.
    pub(crate) fn list(&self, known: Option<&Pin>) {
        self.list_beside(known, &[]);
    }

    /// The same, with these first entries of other bodies.
    pub(crate) fn list_beside(&self, known: Option<&Pin>, others: &[SignedBodyEntry]) {
        let listed = |signed: &SignedBodyEntry| {
            let label = signed.unverified().unwrap().id.directory_label();
            RegisteredBody {
                entries: vec![Octets(signed.to_bytes())],
                presence: self.directory.presence(&label).to_bytes().into(),
            }
        };
        let own = approve(&self.body);
        let registry = Registry {
            head: self.directory.head(known).to_bytes().into(),
            bodies: others.iter().chain([&own]).map(listed).collect(),
        };
        self.told().registry = encode(&registry);
    }

    /// Publishes a person's entries.
    pub(crate) fn enrol(&mut self, person: &Person) -> Citizen {
        let citizen = citizen(person);
        self.directory.enrol(&person.attributes(), person.id(), &citizen.chain);
        citizen
    }

    /// The honest answer about somebody who has entries.
    pub(crate) fn about(&self, person: &Person, citizen: &Citizen) -> Answer {
        self.about_since(person, citizen, None)
    }

    pub(crate) fn about_since(&self, person: &Person, citizen: &Citizen, known: Option<&Pin>) -> Answer {
        let Citizen { chain, evidence } = citizen;
        self.directory.answer(&person.attributes(), person.id(), chain, evidence, known)
    }

    /// An answer without anything about a citizen.
    pub(crate) fn about_nobody(&self, person: PersonProof) -> Answer {
        Answer {
            version: Version,
            suite: Suite,
            head: self.directory.head(None),
            person,
            citizen: None,
            permits: vec![],
        }
    }

    pub(crate) fn tell(&self, answer: &Answer) {
        self.told().answers.push_back(answer.to_bytes());
    }

    // --- the body's sender

    pub(crate) fn settings(&self) -> Settings {
        let moment = Duration::from_millis(1);
        Settings {
            body: self.body.id.clone(),
            trust: TrustSource::File(self.trust_path()),
            deployment_key: deployment().verifying_key(),
            signing_key: body_key(),
            state: Arc::new(FileState::open(self.folder.path().join("state")).unwrap()),
            patience: Patience { tries: 3, first_wait: moment, longest_wait: moment, ..Patience::default() },
        }
    }

    /// Connects to the directory as it is now.
    pub(crate) fn connect(&self) -> Result<Sender, ConnectError> {
        self.connect_since(None)
    }

    pub(crate) fn connect_since(&self, known: Option<&Pin>) -> Result<Sender, ConnectError> {
        self.list(known);
        self.run(Sender::connect(self.settings()))
    }
}
