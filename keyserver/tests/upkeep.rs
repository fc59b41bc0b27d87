//! What an operator does to a store that no directory runs on: looking at it, backing it up, putting a
//! backup back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::directory::SignInStage;
use clap::Parser as _;
use crypto_core::directory::Outcome;
use letterbox_keyserver::{
    commands::{
        self, Arguments, CommandError,
        upkeep::{Look, look},
    },
    config::Config,
};
use store::{BackupError, Engine, Options, Owner, Resting, StoreError, View, back_up};

use crate::{
    identity_provider::{ANN, BOB},
    support::{Directory, attributes, settings_file},
    vault::{Vault, entry_of, publish},
};

/// The settings for a store, in a file beside it.
fn settings(store: &Path) -> PathBuf {
    let file = store.with_extension("toml");
    fs::write(&file, settings_file(store)).unwrap();
    file
}

async fn look_at(store: &Path) -> Look {
    look(&Config::load(Some(&settings(store)), std::iter::empty()).unwrap()).await.unwrap()
}

/// Runs a command on a store.
async fn run(store: &Path, words: &[&str]) -> Result<(), CommandError> {
    let config = settings(store).display().to_string();
    let words = ["letterbox-keyserver", "--config", &config].into_iter().chain(words.iter().copied());
    commands::run(Arguments::try_parse_from(words).unwrap()).await
}

/// The number that stands behind a word in what is printed.
fn number(look: &Look, of: &str) -> u64 {
    let text = look.to_string();
    let line = text.lines().find(|line| line.starts_with(of)).unwrap_or_else(|| panic!("{of}: {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// A directory with something of each kind.
async fn full() -> Directory {
    let directory = Directory::with_body().await;
    let mut ann = Vault::new(ANN, 10);
    let collected = ann.sign_in(&directory).await;
    let publication = ann.publication(&collected);
    publish(&directory, &publication).await;
    let next = ann.next_entry(&entry_of(&publication), &ann.entry(&ann.evidence(&collected)), 60);
    publish(&directory, &ann.change(&ann.by_device(&next))).await;
    Vault::new(BOB, 20).stage(&directory, SignInStage::Account).await;
    directory
}

#[tokio::test]
async fn a_store_that_is_whole_is_said_to_be_so_in_numbers_that_name_nobody() {
    let directory = full().await;
    let directory = directory
        .restart_after(async |store| {
            let look = look_at(store).await;
            assert!(look.is_sound(), "{look}");
            let expected = [
                ("damaged places", 0),
                ("damaged records", 0),
                // The first one, the body's, the entry's, the change's.
                ("epochs", 4),
                ("heads that do not", 0),
                ("nodes that are not", 0),
                // The first one, the body, two entries, two listings.
                ("published values:", 6),
                ("published values that", 0),
                ("entries of citizens", 2),
                ("public bodies", 1),
                ("accounts and bodies that are damaged", 0),
                ("accounts and bodies that the tree", 0),
            ];
            for (of, value) in expected {
                assert_eq!(number(&look, of), value, "{of}: {look}");
            }
            let text = look.to_string();
            for name in [ANN.given_name, ANN.family_name, "example-council", "Example Council"] {
                assert!(!text.contains(name), "{name}");
            }
            run(store, &["fsck"]).await.unwrap();
        })
        .await;
    assert!(matches!(directory.outcome(&attributes(&ANN)).await, Outcome::Found(_)));
}

#[tokio::test]
async fn damage_on_the_disk_is_found() {
    let directory = full().await;
    directory
        .restart_after(async |store| {
            let db = store.join("db");
            let log = fs::read(&db).unwrap();
            let name = b"Example Council";
            let place = log.windows(name.len()).rposition(|bytes| bytes == name).unwrap();
            let mut altered = log.clone();
            altered[place] ^= 1;
            for damaged in [&altered[..], &log[..place]] {
                fs::write(&db, damaged).unwrap();
                let look = look_at(store).await;
                assert!(number(&look, "damaged places") > 0 && !look.is_sound(), "{look}");
                let refused = run(store, &["fsck"]).await.unwrap_err();
                assert_eq!(refused.exit_code(), 1, "{refused}");
                let backup = store.with_file_name("backup");
                let refused = run(store, &["backup", "--to", backup.to_str().unwrap()]).await.unwrap_err();
                assert!(matches!(refused, CommandError::NotBackedUp), "{refused}");
                assert!(!backup.exists());
            }
            fs::write(&db, &log).unwrap();
            assert!(look_at(store).await.is_sound());
        })
        .await;
}

type Change = fn(&mut View) -> Result<(), StoreError>;

/// Changes rows as no directory would, and puts them back.
async fn with_rows(store: &Path, change: Change) -> Look {
    let kept = tempfile::tempdir().unwrap();
    let names = ["db", "conf", "closed"];
    for name in names {
        fs::copy(store.join(name), kept.path().join(name)).unwrap();
    }
    let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0, ..Options::default() };
    let engine = Engine::open(store, options).unwrap();
    engine.write(change).await.unwrap();
    drop(engine);
    let look = look_at(store).await;
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

/// Removes the first row of a table.
fn remove_first(view: &mut View, table: u8) -> Result<(), StoreError> {
    let (key, _) = view.scan_prefix(&[table], None, 1)?.pop().unwrap_or_default();
    view.remove(&key)
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_found_also_where_a_start_does_not_look() {
    let directory = full().await;
    directory
        .restart_after(async |store| {
            let cases: [(&str, Change); 8] = [
                ("heads that do not", |view| {
                    let third = view.get(&[5, 0, 0, 0, 0, 0, 0, 0, 3])?.unwrap_or_default();
                    view.insert(&[5, 0, 0, 0, 0, 0, 0, 0, 2], &third)
                }),
                ("heads that do not", |view| view.remove(&[4, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
                ("nodes that are not", |view| {
                    // The last one is a leaf.
                    let (leaf, _) = view.scan_prefix(&[2], None, usize::MAX)?.pop().unwrap_or_default();
                    view.remove(&leaf)
                }),
                ("published values that", |view| remove_first(view, 3)),
                ("accounts and bodies that are damaged", |view| {
                    let (row, mut sealed) = view.scan_prefix(&[0x10], None, 1)?.pop().unwrap_or_default();
                    if let Some(byte) = sealed.last_mut() {
                        *byte ^= 1;
                    }
                    view.insert(&row, &sealed)
                }),
                ("accounts and bodies that are damaged", |view| {
                    view.remove_long(&[&[0x1b][..], b"example-council", &[0; 5]].concat())
                }),
                ("accounts and bodies that are damaged", |view| {
                    view.insert(&[&[0x1a][..], b"example-council"].concat(), &[2])
                }),
                ("accounts and bodies that the tree", |view| {
                    let entry = [&[0x1b][..], b"example-council", &[0; 4]].concat();
                    let first = view.get_long(&[&entry[..], &[0]].concat())?.unwrap_or_default();
                    view.insert_long(&[&entry[..], &[1]].concat(), &first)?;
                    view.insert(&[&[0x1a][..], b"example-council"].concat(), &[2])
                }),
            ];
            for (place, (of, change)) in cases.into_iter().enumerate() {
                let look = with_rows(store, change).await;
                assert!(number(&look, of) > 0 && !look.is_sound(), "case {place}: {look}");
            }
            assert!(look_at(store).await.is_sound());
        })
        .await;
}

#[tokio::test]
async fn a_store_on_which_a_directory_runs_is_left_alone() {
    let directory = full().await;
    let store = directory.store();
    let refused = run(&store, &["fsck"]).await.unwrap_err();
    assert_eq!(refused.exit_code(), 2);
    assert!(refused.to_string().contains("already open"), "{refused}");
    let backup = store.with_file_name("backup");
    let refused = run(&store, &["backup", "--to", backup.to_str().unwrap()]).await.unwrap_err();
    assert!(matches!(refused, CommandError::Store { cause: StoreError::InUse { .. }, .. }), "{refused}");
    assert!(!backup.exists());
    assert!(matches!(directory.outcome(&attributes(&ANN)).await, Outcome::Found(_)));
    let refused = run(&store.with_file_name("nowhere"), &["fsck"]).await.unwrap_err();
    assert_eq!(refused.exit_code(), 2);
}

#[tokio::test]
async fn other_keys_do_not_make_a_store_look_damaged() {
    let directory = full().await;
    directory
        .restart_after(async |store| {
            let settings = settings_file(store).replace("directory.example/log", "other.example/log");
            let file = store.with_extension("other");
            fs::write(&file, settings).unwrap();
            let words = ["letterbox-keyserver", "--config", file.to_str().unwrap(), "fsck"];
            let refused = commands::run(Arguments::try_parse_from(words).unwrap()).await.unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{refused}");
            assert!(refused.to_string().contains("configure that one"), "{refused}");
        })
        .await;
}

#[tokio::test]
async fn a_directory_goes_on_with_a_backup_where_it_was() {
    let directory = full().await;
    let before = directory.registry().await;
    let directory = directory
        .restart_after(async |store| {
            let backup = store.with_file_name("backup");
            run(store, &["backup", "--to", backup.to_str().unwrap()]).await.unwrap();
            let again = run(store, &["backup", "--to", backup.to_str().unwrap()]).await.unwrap_err();
            assert!(matches!(again, CommandError::Backup(BackupError::Exists(_))), "{again}");
            let restore = ["restore", "--from", backup.to_str().unwrap()];
            let taken = run(store, &restore).await.unwrap_err();
            assert!(matches!(taken, CommandError::Backup(BackupError::NotEmpty(_))), "{taken}");
            fs::remove_dir_all(store).unwrap();
            run(store, &restore).await.unwrap();
            assert!(look_at(store).await.is_sound());
        })
        .await;
    assert_eq!(directory.registry().await.bodies, before.bodies);
    assert!(matches!(directory.outcome(&attributes(&ANN)).await, Outcome::Found(_)));
    Vault::new(BOB, 20).enrol(&directory).await;
    assert!(matches!(directory.outcome(&attributes(&BOB)).await, Outcome::Found(_)));
}

#[tokio::test]
async fn what_is_no_whole_backup_of_a_directory_is_not_put_back() {
    let directory = full().await;
    directory
        .restart_after(async |store| {
            let (backup, place) = (store.with_file_name("backup"), store.with_file_name("place"));
            let restore = ["restore", "--from", backup.to_str().unwrap()];
            let resting = Resting::hold(store, None).unwrap();
            let other = Owner { service: "relay", rows: 1, blobs: None };
            let _ = back_up(&other, &resting, &resting.copy().unwrap(), &backup).unwrap();
            drop(resting);
            let refused = run(&place, &restore).await.unwrap_err();
            let words = "this is a backup of the relay, and not of the directory: nothing was put back";
            assert_eq!(refused.to_string(), words);
            fs::remove_file(&backup).unwrap();

            run(store, &["backup", "--to", backup.to_str().unwrap()]).await.unwrap();
            let whole = fs::read(&backup).unwrap();
            let mut altered = whole.clone();
            altered[whole.len() / 2] ^= 1;
            for damaged in [&altered[..], &whole[..whole.len() - 1]] {
                fs::write(&backup, damaged).unwrap();
                let refused = run(&place, &restore).await.unwrap_err();
                assert!(matches!(refused, CommandError::Backup(BackupError::Damaged { .. })), "{refused}");
                assert!(!place.exists() && !store.with_file_name("place.restoring").exists());
            }
        })
        .await;
}
