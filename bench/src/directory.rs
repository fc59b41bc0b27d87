//! The directory: publishing, answers with all their proofs, what they weigh, what it takes to verify
//! them; against akd's tree in memory with the same labels and values.

use std::{
    path::Path,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use akd::{
    AkdLabel, AkdValue, AzksParallelismConfig, EpochHash, LookupProof,
    client::lookup_verify,
    ecvrf::{VRFKeyStorage, VrfError},
    errors::AkdError,
    storage::{StorageManager, memory::AsyncInMemoryDatabase},
};
use crypto_core::{
    citizen::DirectoryId,
    directory::{
        Answer, CitizenProof, LogKey, Memory, Outcome, PersonList, PersonProof, ProvenRecipient,
        TreeConfiguration, Trust,
    },
    inbox_key::InboxPrivateKey,
    person::Attributes,
};
use letterbox_keyserver::directory::{Directory, DirectoryKeys, MOST_UPDATES};
use relay_auth::{
    cbor::{Suite, Version, Wire as _},
    id::{InboxKeyId, MailboxId, PermitId},
    permit::Permit,
    secret::Secret,
    signing::SigningKey,
    ticket::TicketKeys,
};
use serde_json::Value;
use service::clock::Clock;
use store::{Engine, Options};

use crate::{
    Failure,
    figures::{Figure, per_second, race, rate},
    people::{Person, World, attributes, directory_id, now, rng},
};

const ORIGIN: &str = "directory.letterbox.example/log";
const VRF_SEED: [u8; 32] = [31; 32];

/// How many people have entries and evidence that hold. Of the others the directory has hashes.
const SAMPLE: u32 = 32;

/// How many people are added one after the other.
const ADDED: u32 = 50;

const PERMITS: usize = 8;

/// Somebody whose key was proven, with the key that opens their letters and all that proved it.
pub(crate) struct Recipient {
    pub(crate) proven: ProvenRecipient,
    pub(crate) inbox: InboxPrivateKey,
    pub(crate) asked: Attributes,
    pub(crate) answer: Vec<u8>,
    pub(crate) trust: Trust,
}

type Update = (Vec<u8>, Vec<u8>);
type Tree = akd::Directory<TreeConfiguration, AsyncInMemoryDatabase, BareVrf>;

#[derive(Clone)]
struct BareVrf;

#[async_trait::async_trait]
impl VRFKeyStorage for BareVrf {
    async fn retrieve(&self) -> Result<Vec<u8>, VrfError> {
        Ok(VRF_SEED.to_vec())
    }
}

/// The directory and its reference.
struct Both {
    ours: Directory,
    bare: Arc<Tree>,
    trust: Trust,
}

impl Both {
    async fn open(folder: &Path, world: &World) -> Result<Self, Failure> {
        let log = SigningKey::generate(&mut rng());
        let log_key = LogKey { origin: ORIGIN.to_owned(), key: log.verifying_key() };
        let keys = DirectoryKeys { vrf: Secret::from(VRF_SEED), log, origin: ORIGIN.to_owned() };
        let engine = Engine::open(folder, Options::default())?;
        let ours = Directory::open(engine, keys, Clock::system()).await?;
        let storage = StorageManager::new_no_cache(AsyncInMemoryDatabase::new());
        let bare = Tree::new(storage, BareVrf, AzksParallelismConfig::disabled()).await.map_err(told)?;
        let trust = Trust {
            log: log_key,
            vrf_key: ours.vrf_key(),
            witnesses: Vec::new(),
            quorum: 0,
            operators: world.operators.clone(),
        };
        Ok(Self { ours, bare: Arc::new(bare), trust })
    }

    /// Publishes updates in epochs of at most `size` labels. Returns how many labels a second each took.
    async fn publish(&self, updates: &[Update], size: usize) -> Result<(f64, f64), Failure> {
        let began = Instant::now();
        for part in updates.chunks(size) {
            self.ours.publisher().await.publish(part.to_vec(), Vec::new()).await?;
        }
        let ours = per_second(updates.len(), began);
        let began = Instant::now();
        for part in updates.chunks(size) {
            let part = part.iter().cloned().map(|(label, value)| (AkdLabel(label), AkdValue(value)));
            self.bare.publish(part.collect()).await.map_err(told)?;
        }
        Ok((ours, per_second(updates.len(), began)))
    }
}

fn told(error: AkdError) -> Failure {
    error.to_string().into()
}

/// What the directory lists about somebody: their entry, and the two forms of their details.
fn listed(number: u32, entry: [u8; 32]) -> Result<[Update; 3], Failure> {
    let id = directory_id(number);
    let (with, list) = (attributes(number)?, list(id));
    Ok([
        (id.directory_label(), entry.to_vec()),
        (with.directory_label(), list.clone()),
        (with.without_postcode().directory_label(), list),
    ])
}

fn list(id: DirectoryId) -> Vec<u8> {
    PersonList { version: Version, suite: Suite, citizens: vec![id] }.to_bytes()
}

pub(crate) async fn measure(
    world: &World,
    folder: &Path,
    people: u32,
    span: Duration,
) -> Result<(Vec<Figure>, Recipient), Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let both = Both::open(folder.path(), world).await?;
    let (first, inbox) = world.person(0)?;
    let mut sample = vec![first];
    for number in 1..SAMPLE.min(people) {
        sample.push(world.person(number)?.0);
    }
    let mut updates = Vec::new();
    for number in 0..people {
        let known = usize::try_from(number).ok().and_then(|place| sample.get(place));
        updates.extend(listed(number, known.map_or([7; 32], |person| person.signed.hash()))?);
    }
    let mut figures = Vec::new();
    let (ours, bare) = both.publish(&updates, MOST_UPDATES).await?;
    let name = format!("publish {people} people, {MOST_UPDATES} labels an epoch");
    figures.push(Figure::new(&name, ours, "labels/s", "akd in memory", bare));
    let mut added = Vec::new();
    for number in people..people.saturating_add(ADDED) {
        added.extend(listed(number, [7; 32])?);
    }
    let (ours, bare) = both.publish(&added, 3).await?;
    // Three labels a person, in milliseconds.
    let name = "publish one more person, durable";
    figures.push(Figure::new(name, 3000.0 / ours, "ms", "akd in memory", 3000.0 / bare));

    let sample = Arc::new(sample);
    figures.push(lookups(&both, &sample, span).await?);
    let tickets = tickets()?;
    let (found, none) = (found(&both.ours, &sample[0], &tickets).await?, none(&both.ours, people).await?);
    let person = &sample[0];
    let unproven = person.signed.to_bytes().len() + person.evidence.to_bytes().len();
    let name = "an answer, found";
    figures.push(Figure::new(name, found.len() as f64, "bytes", "entry and evidence in it", unproven as f64));
    let name = "an answer, proven absent";
    figures.push(Figure::new(name, none.len() as f64, "bytes", "an answer, found", found.len() as f64));
    let (verification, proven) = verification(world, &both, person, &found).await?;
    figures.push(verification);
    let asked = person.attributes.without_postcode();
    Ok((figures, Recipient { proven, inbox, asked, answer: found, trust: both.trust }))
}

fn tickets() -> Result<Arc<TicketKeys>, Failure> {
    Ok(Arc::new(TicketKeys::new(1, vec![(1, Secret::generate(&mut rng()))])?))
}

/// An answer as the directory gives it to a body that asks by name and birth date.
async fn found(directory: &Directory, person: &Person, tickets: &TicketKeys) -> Result<Vec<u8>, Failure> {
    let snapshot = directory.snapshot(None).await?;
    let label = person.attributes.without_postcode().directory_label();
    let listed = snapshot.presence(&label).await?.ok_or("somebody is not listed")?;
    let presence = snapshot.presence(&person.id.directory_label()).await?.ok_or("somebody has no entry")?;
    let permits = (0..PERMITS).map(|_| {
        let permit = Permit {
            version: Version,
            suite: Suite,
            mailbox: MailboxId::generate(&mut rng()),
            inbox_key: InboxKeyId::generate(&mut rng()),
            not_after: now(),
            id: PermitId::generate(&mut rng()),
            blob_quota: 0,
        };
        tickets.seal(&permit, &mut rng()).into()
    });
    let answer = Answer {
        version: Version,
        suite: Suite,
        head: snapshot.head().clone(),
        person: PersonProof::Listed(listed),
        citizen: Some(CitizenProof::Entries {
            presence,
            chain: vec![person.signed.clone()],
            evidence: person.evidence.clone(),
            maturity: None,
            address: None,
        }),
        permits: permits.collect(),
    };
    Ok(answer.to_bytes())
}

/// An answer about somebody who is not listed.
async fn none(directory: &Directory, people: u32) -> Result<Vec<u8>, Failure> {
    let snapshot = directory.snapshot(None).await?;
    let nobody = attributes(people.saturating_add(ADDED))?.directory_label();
    let answer = Answer {
        version: Version,
        suite: Suite,
        head: snapshot.head().clone(),
        person: PersonProof::Absent(snapshot.absence(&nobody).await?),
        citizen: None,
        permits: Vec::new(),
    };
    Ok(answer.to_bytes())
}

async fn lookups(both: &Both, sample: &Arc<Vec<Person>>, span: Duration) -> Result<Figure, Failure> {
    let workers = available_parallelism().map_or(1, usize::from);
    let (directory, people, keys) = (both.ours.clone(), Arc::clone(sample), tickets()?);
    let ours = rate(workers, span, move |worker, done| {
        let (directory, people, keys) = (directory.clone(), Arc::clone(&people), Arc::clone(&keys));
        async move {
            found(&directory, &people[(worker + done) % people.len()], &keys).await?;
            Ok::<(), Failure>(())
        }
    })
    .await?;
    let (tree, people) = (Arc::clone(&both.bare), Arc::clone(sample));
    let bare = rate(workers, span, move |worker, done| {
        let (tree, people) = (Arc::clone(&tree), Arc::clone(&people));
        async move {
            let person = &people[(worker + done) % people.len()];
            for label in labels(person) {
                tree.lookup(label).await.map_err(told)?;
            }
            Ok::<(), Failure>(())
        }
    })
    .await?;
    Ok(Figure::new("lookups with all proofs", ours, "per s", "both proofs of akd in memory", bare))
}

/// Under what a lookup looks.
fn labels(person: &Person) -> [AkdLabel; 2] {
    let details = person.attributes.without_postcode().directory_label();
    [AkdLabel(details), AkdLabel(person.id.directory_label())]
}

async fn verification(
    world: &World,
    both: &Both,
    person: &Person,
    answer: &[u8],
) -> Result<(Figure, ProvenRecipient), Failure> {
    let asked = person.attributes.without_postcode();
    let verify = || -> Result<_, Failure> {
        let answer = Answer::from_bytes(answer)?;
        Ok(answer.verify(&asked, &both.trust, &world.provider, Memory::default(), now())?)
    };
    let Outcome::Found(proven) = verify()?.outcome else {
        return Err("an answer was not proven".into());
    };
    let mut proofs: Vec<(AkdLabel, LookupProof, EpochHash)> = Vec::new();
    for label in labels(person) {
        let (proof, epoch) = both.bare.lookup(label.clone()).await.map_err(told)?;
        proofs.push((label, proof, epoch));
    }
    let vrf = both.bare.get_public_key().await.map_err(told)?.as_bytes().to_owned();
    let bare = || -> Result<(), Failure> {
        for (label, proof, epoch) in &proofs {
            let (label, proof) = (label.clone(), proof.clone());
            lookup_verify::<TreeConfiguration>(&vrf, epoch.hash(), epoch.epoch(), label, proof)
                .map_err(|error| format!("{error:?}"))?;
        }
        world.provider.keys.verify::<Value>(&person.evidence.id_token)?;
        world.provider.attribute_keys.verify::<Value>(&person.evidence.claims_token)?;
        Ok(())
    };
    let (ours, bare) = race(verify, bare)?;
    let what = "akd's two verifications and two RSA signatures";
    Ok((Figure::new("verify an answer", ours, "µs", what, bare), *proven))
}
