//! The directory as the rest of the service uses it, with every proof verified as readers do.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use crypto_core::directory::{Head, HeadError, LogKey, MATURITY, Maturity, Pin, Presence, TreeError, Trust};
use letterbox_keyserver::directory::{
    Directory, DirectoryError, DirectoryKeys, LONGEST_VALUE, MOST_UPDATES, RowWrite, Snapshot,
};
use relay_auth::{cbor::Wire as _, secret::Secret, signing::SigningKey};
use service::clock::Clock;
use store::{Engine, Options, StoreError, VALUE_LIMIT};
use tempfile::TempDir;

const ORIGIN: &str = "directory.letterbox.example/log";
const START: u64 = 1_800_000_000;
const DAY: u64 = 24 * 60 * 60;

fn keys() -> DirectoryKeys {
    DirectoryKeys {
        vrf: Secret::from([1; 32]),
        log: SigningKey::from_seed(&Secret::from([2; 32])),
        origin: ORIGIN.to_owned(),
    }
}

fn engine(folder: &Path) -> Engine {
    let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0, ..Options::default() };
    Engine::open(folder, options).unwrap()
}

/// A directory in a folder of its own, with a clock that the test sets.
struct World {
    directory: Directory,
    engine: Engine,
    now: Arc<AtomicU64>,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(START))).await
    }

    async fn on(folder: TempDir, now: Arc<AtomicU64>) -> Self {
        let engine = engine(folder.path());
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || clock.load(SeqCst));
        let directory = Directory::open(engine.clone(), keys(), clock).await.unwrap();
        Self { directory, engine, now, folder }
    }

    /// Closes the store and opens it again.
    async fn reopened(self) -> Self {
        let Self { directory, engine, now, folder } = self;
        drop((directory, engine));
        Self::on(folder, now).await
    }

    fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, SeqCst);
    }

    fn now(&self) -> u64 {
        self.now.load(SeqCst)
    }

    fn trust(&self) -> Trust {
        Trust {
            log: LogKey { origin: ORIGIN.to_owned(), key: keys().log.verifying_key() },
            vrf_key: self.directory.vrf_key(),
            witnesses: vec![],
            quorum: 0,
            operators: vec![],
        }
    }

    async fn publish(&self, updates: &[(&[u8], &[u8])]) -> u64 {
        self.try_publish(updates, vec![]).await.unwrap()
    }

    async fn try_publish(
        &self,
        updates: &[(&[u8], &[u8])],
        rows: Vec<RowWrite>,
    ) -> Result<u64, DirectoryError> {
        let updates = updates.iter().map(|(label, value)| (label.to_vec(), value.to_vec())).collect();
        self.directory.publisher().await.publish(updates, rows).await
    }

    async fn snapshot(&self) -> Snapshot {
        self.directory.snapshot(None).await.unwrap()
    }

    /// The head as a reader without memory takes it.
    async fn head(&self) -> Head {
        self.verified(&self.snapshot().await, None)
    }

    fn verified(&self, snapshot: &Snapshot, pin: Option<&Pin>) -> Head {
        Head::verify(snapshot.head(), &self.trust(), pin, self.now()).unwrap()
    }

    /// What a reader believes to stand under a label.
    async fn proven(&self, snapshot: &Snapshot, label: &[u8]) -> Option<(Vec<u8>, u64)> {
        let head = self.verified(snapshot, None);
        let vrf_key = self.directory.vrf_key();
        match snapshot.presence(label).await.unwrap() {
            Some(presence) => {
                // As it travels.
                let presence = Presence::from_bytes(&presence.to_bytes()).unwrap();
                let value = presence.verify(label, &head, &vrf_key).unwrap().to_vec();
                assert!(matches!(snapshot.absence(label).await, Err(DirectoryError::NotAbsent)));
                Some((value, presence.version()))
            }
            None => {
                let absence = snapshot.absence(label).await.unwrap();
                absence.verify(label, &head, &vrf_key).unwrap();
                assert_eq!(absence.verify(b"another", &head, &vrf_key), Err(TreeError::OtherLabel));
                None
            }
        }
    }
}

#[tokio::test]
async fn a_new_directory_proves_that_nobody_is_listed() {
    let world = World::new().await;
    let snapshot = world.snapshot().await;
    assert_eq!(world.verified(&snapshot, None).epoch(), 1);
    for label in 0..40_u8 {
        assert_eq!(world.proven(&snapshot, &[label]).await, None);
    }
}

#[tokio::test]
async fn over_many_epochs_every_value_is_proven_and_every_head_extends_all_before_it() {
    let world = World::new().await;
    let mut pins = vec![world.head().await.pin()];
    for round in 1..=20_u8 {
        // One label changes each time, one every third time, one is new.
        let (every, third, new) = ([round], [round / 3], [0, round]);
        let epoch = world.publish(&[(b"every", &every), (b"third", &third), (&new, b"new")]).await;
        assert_eq!(epoch, u64::from(round) + 1);

        let snapshot = world.snapshot().await;
        assert_eq!(world.proven(&snapshot, b"every").await, Some((vec![round], u64::from(round))));
        let third_version = u64::from(round / 3) + 1;
        assert_eq!(world.proven(&snapshot, b"third").await, Some((vec![round / 3], third_version)));
        for other in [1, round] {
            assert_eq!(world.proven(&snapshot, &[0, other]).await, Some((b"new".to_vec(), 1)));
        }
        assert_eq!(world.proven(&snapshot, &[0, round + 1]).await, None);
        drop(snapshot);

        for pin in &pins {
            let snapshot = world.directory.snapshot(Some(*pin)).await.unwrap();
            assert_eq!(world.verified(&snapshot, Some(pin)).epoch(), epoch);
        }
        pins.push(world.head().await.pin());
    }
    let newest = pins[pins.len() - 1];
    let snapshot = world.directory.snapshot(Some(newest)).await.unwrap();
    assert!(snapshot.head().consistency.is_empty());
}

#[tokio::test]
async fn what_is_not_a_beginning_of_the_log_is_not_extended() {
    let world = World::new().await;
    world.publish(&[(b"label", b"value")]).await;
    let Pin { size, root } = world.head().await.pin();
    let others = [
        Pin { size: 0, root },
        Pin { size: size - 1, root },
        Pin { size: size + 1, root },
        Pin { size: u64::MAX, root },
        Pin { size, root: [0; 32].into() },
    ];
    for pin in others {
        let refused = world.directory.snapshot(Some(pin)).await;
        assert!(matches!(refused, Err(DirectoryError::UnknownPin)), "{}", pin.size);
    }
}

#[tokio::test]
async fn a_reopened_directory_goes_on_where_it_was() {
    let mut world = World::new().await;
    let mut pins = vec![];
    for round in 0..5_u8 {
        world.publish(&[(b"label", &[round]), (&[round], b"new")]).await;
        pins.push(world.head().await.pin());
        world = world.reopened().await;
        assert_eq!(world.head().await.pin(), pins[pins.len() - 1]);
        let snapshot = world.snapshot().await;
        assert_eq!(world.proven(&snapshot, b"label").await, Some((vec![round], u64::from(round) + 1)));
    }
    for pin in &pins {
        let snapshot = world.directory.snapshot(Some(*pin)).await.unwrap();
        assert_eq!(world.verified(&snapshot, Some(pin)).epoch(), 6);
    }
}

#[tokio::test]
async fn keys_that_are_not_those_of_the_start_are_refused() {
    let world = World::new().await;
    let World { directory, engine, .. } = &world;
    let vrf_key = directory.vrf_key();
    let open = |keys| Directory::open(engine.clone(), keys, Clock::new(|| START));
    let other_vrf = DirectoryKeys { vrf: Secret::from([9; 32]), ..keys() };
    assert!(matches!(open(other_vrf).await, Err(DirectoryError::OtherVrfKey)));
    let other_key = DirectoryKeys { log: SigningKey::from_seed(&Secret::from([9; 32])), ..keys() };
    assert!(matches!(open(other_key).await, Err(DirectoryError::OtherLog)));
    let other_origin = DirectoryKeys { origin: "another.example/log".to_owned(), ..keys() };
    assert!(matches!(open(other_origin).await, Err(DirectoryError::OtherLog)));
    for origin in ["", "a b", "a+b", "a\nb"] {
        let unusable = DirectoryKeys { origin: origin.to_owned(), ..keys() };
        assert!(matches!(open(unusable).await, Err(DirectoryError::UnusableOrigin)), "{origin:?}");
    }
    assert_eq!(open(keys()).await.unwrap().vrf_key(), vrf_key);
}

#[tokio::test]
async fn rows_come_with_their_epoch() {
    let world = World::new().await;
    world.engine.write(|view| view.insert(b"\x10old", b"old")).await.unwrap();
    let rows = vec![
        RowWrite::Put(b"\x10row".to_vec(), b"row".to_vec()),
        RowWrite::PutLong(b"\x10long".to_vec(), vec![7; 5000]),
        RowWrite::Remove(b"\x10old".to_vec()),
    ];
    assert_eq!(world.try_publish(&[(b"label", b"value")], rows).await.unwrap(), 2);
    assert_eq!(world.engine.get(b"\x10row").unwrap(), Some(b"row".to_vec()));
    assert_eq!(world.engine.get_long(b"\x10long").unwrap(), Some(vec![7; 5000]));
    assert_eq!(world.engine.get(b"\x10old").unwrap(), None);

    let rows = vec![RowWrite::RemoveLong(b"\x10long".to_vec())];
    // What stands there already makes no epoch, and the rows are written all the same.
    assert_eq!(world.try_publish(&[(b"label", b"value")], rows).await.unwrap(), 2);
    assert_eq!(world.engine.get_long(b"\x10long").unwrap(), None);
    assert_eq!(world.head().await.epoch(), 2);
    assert_eq!(world.proven(&world.snapshot().await, b"label").await, Some((b"value".to_vec(), 1)));
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_nothing() {
    let world = World::new().await;
    world.publish(&[(b"kept", b"one")]).await;
    let before = world.head().await.pin();
    let rows = vec![
        RowWrite::Put(b"\x10row".to_vec(), b"row".to_vec()),
        RowWrite::Put(b"\x10too long".to_vec(), vec![0; VALUE_LIMIT + 1]),
    ];
    let refused = world.try_publish(&[(b"kept", b"two"), (b"new", b"new")], rows).await;
    assert!(matches!(refused, Err(DirectoryError::Store(StoreError::TooLarge { .. }))));

    assert_eq!(world.head().await.pin(), before);
    assert_eq!(world.engine.get(b"\x10row").unwrap(), None);
    let snapshot = world.snapshot().await;
    assert_eq!(world.proven(&snapshot, b"kept").await, Some((b"one".to_vec(), 1)));
    assert_eq!(world.proven(&snapshot, b"new").await, None);
    drop(snapshot);

    // The next one is made of what is there, here and after a restart.
    assert_eq!(world.publish(&[(b"new", b"new")]).await, 3);
    let world = world.reopened().await;
    assert_eq!(world.publish(&[(b"kept", b"three")]).await, 4);
    let snapshot = world.directory.snapshot(Some(before)).await.unwrap();
    assert_eq!(world.verified(&snapshot, Some(&before)).epoch(), 4);
    assert_eq!(world.proven(&snapshot, b"kept").await, Some((b"three".to_vec(), 2)));
}

#[tokio::test]
async fn what_cannot_be_published_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let long = vec![1; LONGEST_VALUE + 1];
    let cases: [&[(&[u8], &[u8])]; 5] = [
        &[(b"label", b"")],
        &[(b"label", &long)],
        &[(b"", b"value")],
        &[(b"label", b"one"), (b"other", b"two"), (b"label", b"three")],
        &[(b"label", b"one"), (b"label", b"one")],
    ];
    for updates in cases {
        let refused = world.try_publish(updates, vec![]).await;
        assert!(matches!(refused, Err(DirectoryError::NotPublishable(_))), "{}", updates.len());
    }
    let many: Vec<_> = (0..=MOST_UPDATES).map(|label| (vec![1, label as u8], vec![1])).collect();
    let refused = world.directory.publisher().await.publish(many, vec![]).await;
    assert!(matches!(refused, Err(DirectoryError::NotPublishable(_))));
    for key in [&b""[..], b"\x01", b"\x05\0\0\0\0\0\0\0\x02", b"\x0f"] {
        let rows = vec![RowWrite::Remove(key.to_vec())];
        let refused = world.try_publish(&[(b"label", b"value")], rows).await;
        assert!(matches!(refused, Err(DirectoryError::NotPublishable(_))), "{key:?}");
    }
    assert_eq!(world.head().await.epoch(), 1);
}

#[tokio::test]
async fn the_most_and_longest_values_go_into_one_epoch() {
    let world = World::new().await;
    for round in 1..=2_u8 {
        let full = (0..MOST_UPDATES).map(|label| (vec![1, label as u8], vec![round; LONGEST_VALUE]));
        let epoch = world.directory.publisher().await.publish(full.collect(), vec![]).await.unwrap();
        assert_eq!(epoch, u64::from(round) + 1);
    }
    let expected = Some((vec![2; LONGEST_VALUE], 2));
    assert_eq!(world.proven(&world.snapshot().await, &[1, 63]).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_publishers_each_gets_an_epoch_of_its_own() {
    let world = World::new().await;
    let publishing = (0..12_u8).map(|number| {
        let directory = world.directory.clone();
        tokio::spawn(async move {
            let publisher = directory.publisher().await;
            // Read, decide, publish: nobody comes between.
            let (mut list, version) = publisher.value(b"list").await.unwrap().unwrap_or_default();
            list.push(number);
            let epoch = publisher.publish(vec![(b"list".to_vec(), list)], vec![]).await.unwrap();
            assert_eq!(epoch, version + 2);
            epoch
        })
    });
    let mut epochs = vec![];
    for task in publishing.collect::<Vec<_>>() {
        epochs.push(task.await.unwrap());
    }
    epochs.sort_unstable();
    assert_eq!(epochs, (2..=13).collect::<Vec<u64>>());
    let (mut list, version) = world.proven(&world.snapshot().await, b"list").await.unwrap();
    list.sort_unstable();
    assert_eq!(list, (0..12).collect::<Vec<u8>>());
    assert_eq!(version, 12);
}

#[tokio::test]
async fn a_publish_that_nobody_waits_for_is_published() {
    let world = World::new().await;
    let publisher = world.directory.publisher().await;
    let rows = vec![RowWrite::Put(b"\x10row".to_vec(), b"row".to_vec())];
    let publish = publisher.publish(vec![(b"label".to_vec(), b"value".to_vec())], rows);
    tokio::select! {
        biased;
        _ = publish => panic!("it was to be dropped before it answered"),
        () = std::future::ready(()) => {}
    }
    // Free again only when the other one is done.
    drop(world.directory.publisher().await);
    assert_eq!(world.proven(&world.snapshot().await, b"label").await, Some((b"value".to_vec(), 1)));
    assert_eq!(world.engine.get(b"\x10row").unwrap(), Some(b"row".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn snapshots_stand_still_while_somebody_publishes() {
    let world = World::new().await;
    world.publish(&[(b"one", b"old"), (b"two", b"old")]).await;
    let (first, second) = (world.snapshot().await, world.snapshot().await);
    let directory = world.directory.clone();
    let publishing = tokio::spawn(async move {
        let updates = [&b"one"[..], b"two", b"three"].map(|label| (label.to_vec(), b"new".to_vec()));
        directory.publisher().await.publish(updates.to_vec(), vec![]).await
    });
    // Long enough for the epoch to be made, and to wait for these two.
    for _ in 0..20 {
        for snapshot in [&first, &second] {
            assert_eq!(world.verified(snapshot, None).epoch(), 2);
            assert_eq!(world.proven(snapshot, b"one").await, Some((b"old".to_vec(), 1)));
            assert_eq!(world.proven(snapshot, b"two").await, Some((b"old".to_vec(), 1)));
            assert_eq!(world.proven(snapshot, b"three").await, None);
        }
    }
    assert!(!publishing.is_finished());
    drop(first);
    assert_eq!(world.proven(&second, b"one").await, Some((b"old".to_vec(), 1)));
    drop(second);
    assert_eq!(publishing.await.unwrap().unwrap(), 3);
    let snapshot = world.snapshot().await;
    let expected: [(&[u8], u64); 3] = [(b"one", 2), (b"two", 2), (b"three", 1)];
    for (label, version) in expected {
        assert_eq!(world.proven(&snapshot, label).await, Some((b"new".to_vec(), version)));
    }
}

#[tokio::test]
async fn a_publisher_that_is_let_go_changes_nothing() {
    let world = World::new().await;
    let publisher = world.directory.publisher().await;
    assert_eq!(publisher.value(b"label").await.unwrap(), None);
    assert!(tokio::time::timeout(Duration::ZERO, world.directory.publisher()).await.is_err());
    // Readers are not kept waiting.
    assert_eq!(world.head().await.epoch(), 1);
    drop(publisher);
    assert_eq!(world.publish(&[(b"label", b"value")]).await, 2);
}

#[tokio::test]
async fn a_head_is_signed_again_after_a_minute() {
    let world = World::new().await;
    let first = world.head().await;
    assert_eq!(first.confirmed(), START);
    world.pass(59);
    assert_eq!(world.head().await.confirmed(), START);
    world.pass(1);
    let second = world.head().await;
    assert_eq!((second.confirmed(), second.pin()), (START + 60, first.pin()));
    // A clock that was wrong and is set back must not leave a head from the future.
    world.now.store(START - DAY, SeqCst);
    assert_eq!(world.head().await.confirmed(), START - DAY);
    world.now.store(START + 400 * DAY, SeqCst);
    assert_eq!(world.head().await.confirmed(), START + 400 * DAY);
}

#[tokio::test]
async fn a_part_of_the_tree_that_was_lost_is_never_an_answer() {
    let world = World::new().await;
    let labels: Vec<[u8; 2]> = (0..30).map(|label| [1, label]).collect();
    let updates: Vec<(&[u8], &[u8])> = labels.iter().map(|label| (&label[..], &b"value"[..])).collect();
    world.publish(&updates).await;
    let nodes: Vec<_> = world.engine.scan(b"\x02", None, 1000).unwrap();
    assert!(nodes.len() > 30);
    let (mut unproven, mut lost) = (0, 0);
    // The root, and some of the others.
    for (key, value) in nodes.into_iter().step_by(4) {
        let gone = key.clone();
        world.engine.write(move |view| view.remove(&gone)).await.unwrap();
        let snapshot = world.snapshot().await;
        let head = world.verified(&snapshot, None);
        for label in &labels {
            // A label that is there is proven to be, or an error; never absent.
            match snapshot.presence(label).await {
                Ok(Some(presence)) => {
                    presence.verify(label, &head, &world.directory.vrf_key()).unwrap();
                }
                Ok(None) => panic!("a listed label is said not to be"),
                Err(_) => unproven += 1,
            }
            assert!(snapshot.absence(label).await.is_err());
        }
        match snapshot.absence(b"nobody").await {
            Ok(absence) => absence.verify(b"nobody", &head, &world.directory.vrf_key()).unwrap(),
            Err(_) => lost += 1,
        }
        drop(snapshot);
        world.engine.write(move |view| view.insert(&key, &value)).await.unwrap();
    }
    assert!(unproven > 0 && lost > 0);
    // Damaged values are no reason to say that there is none.
    let states = world.engine.scan(b"\x03", None, 1000).unwrap();
    let damage = states.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let damaged: Result<(), StoreError> =
        world.engine.write(move |view| damage.iter().try_for_each(|key| view.insert(key, b"?"))).await;
    damaged.unwrap();
    let snapshot = world.snapshot().await;
    assert!(matches!(snapshot.presence(&labels[0]).await, Err(DirectoryError::Store(_))));
    assert!(matches!(snapshot.absence(&labels[0]).await, Err(DirectoryError::Store(_))));
}

/// Verifies a captured proof as a sender does, and says what stood there and when.
fn matured(world: &World, snapshot: &Snapshot, label: &[u8], maturity: &Maturity) -> (Vec<u8>, u64) {
    let trust = world.trust();
    // The old head is not fresh any more: it is verified at its own time, which the note says.
    let note = String::from_utf8(maturity.head.checkpoint.0.clone()).unwrap();
    let old = (START..=world.now())
        .step_by(12 * 60 * 60)
        .find_map(|time| Head::verify(&maturity.head, &trust, None, time).ok())
        .unwrap_or_else(|| panic!("no time for {note}"));
    let mut now = snapshot.head().clone();
    now.consistency.clone_from(&maturity.head.consistency);
    let head = Head::verify(&now, &trust, Some(&old.pin()), world.now()).unwrap();
    assert!(head.epoch() >= old.epoch());
    let value = maturity.presence.verify(label, &old, &trust.vrf_key).unwrap();
    (value.to_vec(), old.existed_by())
}

#[tokio::test]
async fn what_stood_somewhere_can_be_shown_when_it_is_old_enough() {
    let world = World::new().await;
    assert!(!world.directory.capture(b"label").await.unwrap());
    world.publish(&[(b"label", b"first")]).await;
    assert!(world.snapshot().await.at_least_old(b"label", 0).await.unwrap().is_none());
    assert!(world.directory.capture(b"label").await.unwrap());

    world.pass(DAY);
    world.publish(&[(b"label", b"second"), (b"other", b"value")]).await;
    world.directory.capture(b"label").await.unwrap();
    world.pass(MATURITY - DAY - 1);
    let snapshot = world.snapshot().await;
    assert!(snapshot.at_least_old(b"label", MATURITY).await.unwrap().is_none());
    drop(snapshot);

    world.pass(1);
    for epochs in 0..3_u8 {
        world.publish(&[(b"other", &[epochs])]).await;
        let snapshot = world.snapshot().await;
        let shown = snapshot.at_least_old(b"label", MATURITY).await.unwrap().unwrap();
        assert_eq!(matured(&world, &snapshot, b"label", &shown), (b"first".to_vec(), START));
        // The youngest that is old enough.
        let shown = snapshot.at_least_old(b"label", DAY).await.unwrap().unwrap();
        assert_eq!(matured(&world, &snapshot, b"label", &shown), (b"second".to_vec(), START + DAY));
        assert!(snapshot.at_least_old(b"other", 0).await.unwrap().is_none());
        assert!(snapshot.at_least_old(b"label", u64::MAX).await.unwrap().is_none());
    }

    let world = world.reopened().await;
    let snapshot = world.snapshot().await;
    let shown = snapshot.at_least_old(b"label", MATURITY).await.unwrap().unwrap();
    assert_eq!(matured(&world, &snapshot, b"label", &shown).0, b"first");
}

#[tokio::test]
async fn captures_are_kept_for_two_weeks_and_the_last_one_for_longer() {
    let world = World::new().await;
    world.publish(&[(b"label", b"value")]).await;
    for _ in 0..40 {
        world.directory.capture(b"label").await.unwrap();
        // Within the hour nothing is added.
        world.pass(59 * 60);
        world.directory.capture(b"label").await.unwrap();
        world.pass(DAY - 59 * 60);
    }
    let kept = world.engine.scan(b"\x07", None, 1000).unwrap();
    assert_eq!(kept.len(), 15, "fourteen days, and one that is older");
    for (key, _) in &kept {
        assert!(world.engine.get_long(key).unwrap().is_some());
    }
    let snapshot = world.snapshot().await;
    for days in 1..=15 {
        let shown = snapshot.at_least_old(b"label", days * DAY).await.unwrap().unwrap();
        let (_, time) = matured(&world, &snapshot, b"label", &shown);
        assert_eq!(time, world.now() - days * DAY);
    }
    assert!(snapshot.at_least_old(b"label", 16 * DAY).await.unwrap().is_none());
    drop(snapshot);

    // A long pause, and the youngest of before is still there.
    world.pass(100 * DAY);
    let snapshot = world.snapshot().await;
    assert!(snapshot.at_least_old(b"label", 14 * DAY).await.unwrap().is_some());
    drop(snapshot);
    world.directory.capture(b"label").await.unwrap();
    assert!(world.snapshot().await.at_least_old(b"label", 14 * DAY).await.unwrap().is_some());
    assert_eq!(world.engine.scan(b"\x07", None, 1000).unwrap().len(), 2);
}

#[tokio::test]
async fn a_new_version_is_captured_at_once() {
    let world = World::new().await;
    for value in [&b"first"[..], b"second"] {
        world.publish(&[(b"label", value)]).await;
        world.directory.capture(b"label").await.unwrap();
        world.pass(60);
    }
    assert_eq!(world.engine.scan(b"\x07", None, 9).unwrap().len(), 2);
}

fn contains(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return contains(&path, wanted);
        }
        fs::read(path).unwrap().windows(wanted.len()).any(|part| part == wanted)
    })
}

#[tokio::test]
async fn the_store_has_no_label() {
    const LABEL: &[u8] = b"label of Morag Canary, 29 February 1980";
    const VALUE: &[u8] = b"a value that need not be hidden";
    const PLANTED: &[u8] = b"a row that the scan has to find";
    let world = World::new().await;
    let planted = vec![RowWrite::Put(b"\x10planted".to_vec(), PLANTED.to_vec())];
    world.try_publish(&[(LABEL, b"before")], planted).await.unwrap();
    world.publish(&[(LABEL, VALUE)]).await;
    world.directory.capture(LABEL).await.unwrap();
    assert_eq!(world.proven(&world.snapshot().await, LABEL).await, Some((VALUE.to_vec(), 2)));
    let World { directory, engine, folder, .. } = world;
    drop((directory, engine));

    assert!(contains(folder.path(), PLANTED) && contains(folder.path(), VALUE));
    assert!(!contains(folder.path(), LABEL));
    assert!(!contains(folder.path(), b"Morag Canary"));
}

#[tokio::test]
async fn another_directorys_readers_do_not_take_the_head() {
    let world = World::new().await;
    let other = Trust {
        log: LogKey { origin: "another.example/log".to_owned(), ..world.trust().log },
        ..world.trust()
    };
    let refused = Head::verify(world.snapshot().await.head(), &other, None, world.now());
    assert!(matches!(refused, Err(HeadError::Checkpoint(_))));
}
