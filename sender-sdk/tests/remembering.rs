//! What is remembered from one run to the next.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crypto_core::{
    citizen::{Entry, SignedEntry},
    directory::Answer,
};
use relay_auth::cbor::Bytes32;
use sender_sdk::{ConnectError, FileState, SendError, StateError};

use crate::{
    delivering::delivered,
    fake_directory::FakeDirectory,
    town::{Citizen, Town, first_entry, letter_to, now},
    world::{ANN, approve},
};

/// A town in which Ann got a letter.
fn town() -> (Town, Citizen) {
    let mut town = Town::new();
    let ann = town.enrol(&ANN);
    town.tell(&town.about(&ANN, &ann));
    let sender = town.connect().unwrap();
    let _ = delivered(town.run(sender.send(&letter_to(&ANN))));
    (town, ann)
}

fn state(town: &Town) -> PathBuf {
    town.folder.path().join("state")
}

/// The one file whose name begins like this.
fn file(folder: &Path, start: &str) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap().starts_with(start));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_state_is_its_owners_alone_and_names_nobody() {
    let (town, _) = town();
    assert_eq!(mode(&state(&town)), 0o700);
    for start in ["key", "trust", "log-", "person-"] {
        assert_eq!(mode(&file(&state(&town), start)), 0o600, "{start}");
    }
    for file in fs::read_dir(state(&town)).unwrap() {
        let file = file.unwrap();
        let content = fs::read(file.path()).unwrap();
        assert!(!content.windows(4).any(|bytes| bytes.eq_ignore_ascii_case(b"neil")), "{file:?}");
    }
}

#[test]
fn a_later_run_goes_on_from_what_an_earlier_one_saw() {
    let (mut town, ann) = town();
    let known = town.directory.pin();
    town.directory.publish(vec![(b"another".to_vec(), vec![1])]);
    let sender = town.connect_since(Some(&known)).unwrap();
    let query = town.told().queries.last().unwrap().clone().unwrap();
    assert!(query.starts_with(&format!("size={}&root=", known.size)), "{query}");
    town.told().answers.clear();
    // The first permit was spent by the letter before.
    let permits = vec![vec![8; 176].into()];
    town.tell(&Answer { permits, ..town.about(&ANN, &ann) });
    let _ = delivered(town.run(sender.send(&letter_to(&ANN))));
    let asked = town.told().lookups.last().unwrap().known.unwrap();
    assert_eq!(asked.size, known.size + 1);
}

#[test]
fn a_directory_that_tells_a_later_run_another_story_is_caught() {
    let (mut town, _) = town();
    let known = town.directory.pin();
    let label = town.body.id.directory_label();
    town.directory = FakeDirectory::new();
    town.directory.time = now();
    for number in 0..3 {
        town.directory.publish(vec![(b"another".to_vec(), vec![number])]);
    }
    town.directory.publish(vec![(label, approve(&town.body).hash().to_vec())]);
    let refused = town.connect_since(Some(&known)).unwrap_err();
    assert!(refused.to_string().contains("contradicts the one it showed before"), "{refused}");
}

#[test]
fn another_beginning_of_a_known_persons_keys_is_caught() {
    // Ann was written to. A new directory, under a new log, shows her another first entry.
    let (mut town, ann) = town();
    let entry = Entry { salt: Bytes32([9; 32]), ..first_entry(&ANN).0 };
    let other = Citizen { chain: vec![SignedEntry::by_identity(&entry, &ANN.identity())], ..ann };
    fs::remove_file(file(&state(&town), "log-")).unwrap();
    let label = town.body.id.directory_label();
    town.directory = FakeDirectory::new();
    town.directory.time = now();
    town.directory.publish(vec![(label, approve(&town.body).hash().to_vec())]);
    town.directory.enrol(&ANN.attributes(), ANN.id(), &other.chain);
    town.told().answers.clear();
    town.tell(&town.about(&ANN, &other));
    let sender = town.connect().unwrap();
    let refused = town.run(sender.send(&letter_to(&ANN))).unwrap_err();
    assert!(refused.to_string().contains("another history of this person's keys"), "{refused}");
    assert_eq!(town.counted().1, 1);
}

#[test]
fn a_damaged_memory_is_told_and_not_dropped() {
    for (start, is_seen_when_connecting) in [("trust", true), ("log-", true), ("person-", false)] {
        let (town, _) = town();
        let path = file(&state(&town), start);
        let mut content = fs::read(&path).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(&path, content).unwrap();
        let told = match town.connect() {
            Err(error) if is_seen_when_connecting => error.to_string(),
            Ok(sender) if !is_seen_when_connecting => {
                let refused = town.run(sender.send(&letter_to(&ANN))).unwrap_err();
                assert!(matches!(refused, SendError::State(StateError::Damaged(_))), "{refused:?}");
                refused.to_string()
            }
            other => panic!("{start}: {other:?}"),
        };
        assert!(told.contains("is damaged") && told.contains("from its backup"), "{told}");
        // Only the first letter, from before the damage.
        assert_eq!(town.counted(), (1, 1, 1));
    }
}

#[test]
fn a_state_without_its_key_is_damaged_and_not_begun_anew() {
    let (town, _) = town();
    fs::remove_file(state(&town).join("key")).unwrap();
    let refused = FileState::open(state(&town)).unwrap_err();
    assert!(matches!(refused, StateError::Damaged(_)), "{refused}");
    fs::write(state(&town).join("key"), b"short").unwrap();
    assert!(matches!(FileState::open(state(&town)), Err(StateError::Damaged(_))));
}

#[test]
fn one_process_at_a_time_uses_a_state_that_nobody_else_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let state = FileState::open(&path).unwrap();
    assert!(matches!(FileState::open(&path), Err(StateError::InUse(_))));
    drop(state);
    drop(FileState::open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(FileState::open(&path), Err(StateError::Open(_))));
}

#[test]
fn a_person_who_was_not_written_to_leaves_no_trace() {
    let town = Town::new();
    let sender = town.connect().unwrap();
    let refused = town.run(sender.send(&letter_to(&ANN)));
    assert!(matches!(refused, Err(SendError::Transport(_))), "{refused:?}");
    let files = fs::read_dir(state(&town)).unwrap();
    let is_about_somebody = |name: &str| name.starts_with("person-");
    assert!(
        !files.map(|file| file.unwrap().file_name()).any(|name| is_about_somebody(name.to_str().unwrap()))
    );
    // Nothing but the state is in use: the next run can begin.
    drop(sender);
    assert!(!matches!(town.connect(), Err(ConnectError::State(_))));
}
