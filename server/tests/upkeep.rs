//! What an operator does to a store that no relay runs on: looking at it, backing it up, putting a
//! backup back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::sessions::REMEMBERED;
use axum::http::StatusCode;
use letterbox_server::{
    blobs::UPLOAD_PAUSE,
    config::Config,
    upkeep::{self, Look, UpkeepError},
};
use service::keys::KeySource;
use store::{BackupError, Engine, Options, Owner, Resting, StoreError, View, back_up};

use crate::{
    blobs::path_of,
    sessions,
    support::{MAILBOX, NOW, Relay, device, put},
};

/// Longer than a row, so that it lies in several, and found in the log.
const ENVELOPE: [u8; 5000] = [0xe7; 5000];

fn settings(store: &Path) -> Config {
    Config { store: store.to_owned(), ..Config::default() }
}

fn look(store: &Path) -> Look {
    upkeep::fsck(&settings(store), NOW).unwrap()
}

/// The number that stands behind a word in what is printed.
fn number(look: &Look, of: &str) -> u64 {
    let text = look.to_string();
    let line = text.lines().find(|line| line.starts_with(of)).unwrap_or_else(|| panic!("{of}: {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// A relay with something of each kind.
async fn full() -> Relay {
    let relay = Relay::opened().await;
    relay.deposit(1, &ENVELOPE).await;
    relay.upload(2, 7, 4, 0, b"part").await;
    relay.deposit_with(2, &[7]).await;
    relay.deposit(3, b"filed").await;
    let filing = put(1, 0, 1, &[5; 70_000], &[3]);
    assert_eq!(relay.send(relay.putting(&filing)).await.status(), StatusCode::NO_CONTENT);
    relay.upload(4, 8, 8, 0, b"half").await;
    sessions::begin(&relay).await;
    relay
}

#[tokio::test]
async fn a_store_that_is_whole_is_said_to_be_so_in_numbers_that_name_nobody() {
    let relay = full().await;
    let relay = relay.restart_after(|store| {
        let look = look(store);
        assert!(look.is_sound(), "{look}");
        let expected = [
            ("mailboxes:", 1),
            ("letters,", 3),
            ("objects in", 1),
            ("files:", 2),
            ("bytes of files:", 8),
            ("damaged places", 0),
            ("damaged records", 0),
            ("mailboxes whose chain", 0),
            ("records whose file", 0),
            ("files that no record", 0),
        ];
        for (of, value) in expected {
            assert_eq!(number(&look, of), value, "{of}");
        }
        let text = format!("{look} {look:?}");
        for id in [MAILBOX, [7; 16], [1; 16]] {
            let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!text.contains(&name) && !text.contains(&format!("{id:?}")), "{name}");
        }
    });
    // The relay goes on as if nobody had looked.
    assert_eq!(relay.letters("").await.letters.len(), 3);
    assert_eq!(relay.upload(4, 8, 8, 4, b"half").await, 8);
    relay.restart_after(|store| assert!(look(store).is_sound()));
}

/// Changes the file, says what is found, and puts it back.
fn with_file(path: &Path, store: &Path, change: impl FnOnce(&Path)) -> Look {
    let before = fs::read(path).unwrap();
    change(path);
    let look = look(store);
    fs::write(path, before).unwrap();
    look
}

#[tokio::test]
async fn damage_on_the_disk_is_found() {
    let relay = full().await;
    let (shelved, upload) = (relay.shelved(7), relay.partial(8));
    let free = relay.shelved(9);
    relay.restart_after(|store| {
        let db = store.join("db");
        let damaged_log = |change: &dyn Fn(&mut Vec<u8>)| {
            let look = with_file(&db, store, |path| {
                let mut log = fs::read(path).unwrap();
                change(&mut log);
                fs::write(path, log).unwrap();
            });
            assert!(number(&look, "damaged places") > 0 && !look.is_sound(), "{look}");
        };
        let place = |log: &[u8]| log.windows(1000).rposition(|bytes| bytes == [0xe7; 1000]).unwrap();
        damaged_log(&|log| {
            let place = place(log);
            log[place + 500] ^= 1;
        });
        damaged_log(&|log| {
            let place = place(log);
            log.truncate(place);
        });

        let look_at =
            |path: &Path, bytes: &[u8]| with_file(path, store, |path| fs::write(path, bytes).unwrap());
        for bytes in [&b"par"[..], b"parts", b""] {
            let look = look_at(&shelved, bytes);
            assert_eq!(number(&look, "records whose file"), 1, "{look}");
            assert!(!look.is_sound());
        }
        let look = with_file(&shelved, store, |path| fs::remove_file(path).unwrap());
        assert_eq!((number(&look, "records whose file"), look.is_sound()), (1, false), "{look}");
        assert_eq!(number(&look_at(&upload, b"hal"), "records whose file"), 1);
        // What a crash left beyond the part is cut off by the next one.
        assert!(look_at(&upload, b"half and more").is_sound());

        // An upload that has ended loses its file first.
        let ended = with_file(&upload, store, |path| {
            fs::remove_file(path).unwrap();
            assert!(!self::look(store).is_sound());
            assert!(upkeep::fsck(&settings(store), NOW + UPLOAD_PAUSE + 1).unwrap().is_sound());
        });
        assert!(!ended.is_sound());

        fs::write(&free, b"nobody's").unwrap();
        let found = self::look(store);
        assert_eq!((number(&found, "files that no record"), found.is_sound()), (1, false), "{found}");
        fs::remove_file(&free).unwrap();
        assert!(self::look(store).is_sound());
    });
}

#[tokio::test]
async fn a_file_that_no_record_names_is_backed_up_with_the_rest_and_with_a_warning() {
    let relay = full().await;
    let (free, shelved) = (relay.shelved(9), relay.shelved(7));
    relay.restart_after(|store| {
        fs::write(&free, b"nobody's").unwrap();
        let found = look(store);
        assert!(!found.is_sound() && found.to_string().contains("The relay may be\nstarted"), "{found}");
        let [backup, again, other] = ["backup", "again", "other"].map(|name| store.with_file_name(name));
        let said = upkeep::back_up(&settings(store), &backup, NOW).unwrap();
        assert!(said.starts_with("WARNING: nothing is lost"), "{said}");
        upkeep::restore(&settings(&again), &backup).unwrap();
        let place = free.strip_prefix(store).unwrap();
        assert_eq!(fs::read(again.join(place)).unwrap(), b"nobody's");
        // A file that is missing is another matter.
        let kept = fs::read(&shelved).unwrap();
        fs::remove_file(&shelved).unwrap();
        let refused = upkeep::back_up(&settings(store), &other, NOW);
        assert!(matches!(refused, Err(UpkeepError::Damaged)));
        fs::write(&shelved, kept).unwrap();
        fs::remove_file(&free).unwrap();
        assert!(look(store).is_sound());
    });
}

fn key(place: [u8; 16], kind: u8, rest: &[u8]) -> Vec<u8> {
    [&place[..], &[kind], rest].concat()
}

/// Changes rows as no relay would, and puts them back.
fn with_rows(
    store: &Path,
    change: impl FnOnce(&mut View) -> Result<(), StoreError> + Send + 'static,
) -> Look {
    let kept = tempfile::tempdir().unwrap();
    let names = ["db", "conf", "closed"];
    for name in names {
        fs::copy(store.join(name), kept.path().join(name)).unwrap();
    }
    let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0, ..Options::default() };
    Engine::open(store, options).unwrap().write_blocking(change).unwrap();
    let look = look(store);
    for entry in fs::read_dir(store).unwrap().map(Result::unwrap) {
        if entry.file_name().to_str().unwrap().starts_with("snap.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for name in names {
        fs::copy(kept.path().join(name), store.join(name)).unwrap();
    }
    look
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_found() {
    // On a thread of its own: a transaction cannot be waited for inside the runtime.
    full().await.restart_after(|store| {
        std::thread::scope(|scope| scope.spawn(|| contradictions(store)).join().unwrap());
    });
}

fn contradictions(store: &Path) {
    type Change = fn(&mut View) -> Result<(), StoreError>;
    let chains: [(&str, Change); 4] = [
        ("a deposit is gone", |view| view.remove(&key(MAILBOX, b'd', &2_u64.to_be_bytes()))),
        ("the last deposit is gone", |view| view.remove(&key(MAILBOX, b'd', &3_u64.to_be_bytes()))),
        ("a deposit is another one", |view| {
            let other = view.get(&key(MAILBOX, b'd', &1_u64.to_be_bytes()))?.unwrap_or_default();
            view.insert(&key(MAILBOX, b'd', &2_u64.to_be_bytes()), &other)
        }),
        ("the chain is gone", |view| view.remove(&key(MAILBOX, b'c', b""))),
    ];
    for (what, change) in chains {
        let look = with_rows(store, change);
        assert_eq!(number(&look, "mailboxes whose chain"), 1, "{what}: {look}");
        assert!(!look.is_sound(), "{what}");
    }
    let rows: [(&str, Change); 11] = [
        ("an envelope is gone", |view| view.remove_long(&key(MAILBOX, b'e', &1_u64.to_be_bytes()))),
        ("an envelope is another one", |view| {
            view.insert_long(&key(MAILBOX, b'e', &1_u64.to_be_bytes()), &[0xe8; 5000])
        }),
        ("the access list is gone", |view| view.remove_long(&key(MAILBOX, b'a', b""))),
        ("an object has lost a part", |view| {
            view.remove_long(&key(MAILBOX, b'o', &[&[1_u8; 16][..], &[0]].concat()))
        }),
        ("a change is gone", |view| view.remove(&key(MAILBOX, b'g', &1_u64.to_be_bytes()))),
        ("a permit is none", |view| view.insert(&key(MAILBOX, b'p', &[1; 16]), b"!")),
        ("nobody says whose an attachment is", |view| view.remove(&key([7; 16], b'f', b""))),
        ("a session is gone", |view| view.remove(&key(MAILBOX, b's', &sessions::id()))),
        ("nobody says whose a session is", |view| view.remove(&key(sessions::id(), b'y', b""))),
        ("nothing has a session forgotten", |view| {
            let due = [&(NOW + REMEMBERED).to_be_bytes()[..], b"s", &sessions::id()].concat();
            assert!(view.get(&key(MAILBOX, b'x', &due))?.is_some());
            view.remove(&key(MAILBOX, b'x', &due))
        }),
        ("a row is of no kind", |view| view.insert(&key(MAILBOX, b'?', b""), b"")),
    ];
    for (what, change) in rows {
        let look = with_rows(store, change);
        assert!(number(&look, "damaged records") > 0 && !look.is_sound(), "{what}: {look}");
    }
    assert!(look(store).is_sound());
}

#[tokio::test]
async fn a_store_on_which_a_relay_runs_is_left_alone() {
    let relay = full().await;
    let store = relay.attachments().parent().unwrap().to_owned();
    let backup = store.with_file_name("backup");
    let in_use = |refused: Result<(), UpkeepError>| {
        let refused = refused.unwrap_err();
        assert!(matches!(&refused, UpkeepError::Store { cause: StoreError::InUse { .. }, .. }), "{refused}");
    };
    in_use(upkeep::fsck(&settings(&store), NOW).map(drop));
    in_use(upkeep::back_up(&settings(&store), &backup, NOW).map(drop));
    assert!(!backup.exists());
    assert_eq!(relay.letters("").await.letters.len(), 3);
    let nowhere = upkeep::fsck(&settings(&store.with_file_name("nowhere")), NOW);
    assert!(matches!(nowhere, Err(UpkeepError::Store { cause: StoreError::Io { .. }, .. })));
}

#[tokio::test]
async fn a_relay_goes_on_with_a_backup_where_it_was() {
    let relay = full().await;
    let before = relay.letters("").await;
    let backup = relay.attachments().parent().unwrap().with_file_name("backup");
    let to = backup.clone();
    let relay = relay.restart_after(move |store| {
        let receipt_key = Some(KeySource::File(PathBuf::from("/keys/receipt")));
        let former = KeySource::File(PathBuf::from("/keys/receipt-1"));
        let former_receipt_keys = [("1800000000".to_owned(), former)].into();
        let config = Config { receipt_key, former_receipt_keys, ..settings(store) };
        let said = upkeep::back_up(&config, &to, NOW).unwrap();
        assert!(said.contains("receipt_key: /keys/receipt\n"), "{said}");
        assert!(said.contains("former_receipt_keys.1800000000: /keys/receipt-1"), "{said}");
        fs::remove_dir_all(store).unwrap();
        let said = upkeep::restore(&settings(store), &to).unwrap();
        assert!(said.contains("Before it is started"), "{said}");
        assert!(look(store).is_sound());
    });
    let after = relay.letters("").await;
    assert_eq!((after.head.0, after.letters.len()), (before.head.0, 3));
    assert_eq!(after.letters[0].envelope, before.letters[0].envelope);
    assert_eq!(relay.downloaded(7, "").await, b"part"[..]);
    assert_eq!(relay.upload(4, 8, 8, 4, b"half").await, 8);
    relay.deposit_with(4, &[8]).await;
    assert_eq!(relay.send(relay.signed("DELETE", &path_of(7), b"", &device())).await.status(), 204);
    // The backup has not changed by that, and the place is taken.
    let relay = relay.restart_after(|store| {
        let refused = upkeep::restore(&settings(store), &backup).unwrap_err();
        assert!(matches!(refused, UpkeepError::Backup(BackupError::NotEmpty(_))), "{refused}");
    });
    assert_eq!(relay.letters("").await.letters.len(), 4);
}

#[tokio::test]
async fn a_store_that_is_damaged_is_not_backed_up_and_a_bad_backup_is_not_put_back() {
    let relay = full().await;
    let shelved = relay.shelved(7);
    relay.restart_after(|store| {
        let (backup, place) = (store.with_file_name("backup"), store.with_file_name("place"));
        fs::write(&shelved, b"cut").unwrap();
        let refused = upkeep::back_up(&settings(store), &backup, NOW).unwrap_err();
        assert!(matches!(refused, UpkeepError::Damaged), "{refused}");
        assert!(!backup.exists());
        fs::write(&shelved, b"part").unwrap();

        let resting = Resting::hold(store, Some("attachments")).unwrap();
        let other = Owner { service: "directory", rows: 1, blobs: Some("attachments") };
        let _ = back_up(&other, &resting, &resting.copy().unwrap(), &backup).unwrap();
        drop(resting);
        let refused = upkeep::restore(&settings(&place), &backup).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "this is a backup of the directory, and not of the relay: nothing was put back"
        );
        fs::remove_file(&backup).unwrap();

        upkeep::back_up(&settings(store), &backup, NOW).unwrap();
        let mut bytes = fs::read(&backup).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&backup, &bytes).unwrap();
        let refused = upkeep::restore(&settings(&place), &backup).unwrap_err();
        assert!(matches!(refused, UpkeepError::Backup(BackupError::Damaged { .. })), "{refused}");
        let mut left: Vec<_> =
            fs::read_dir(store.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["backup", "store"]);
    });
}
