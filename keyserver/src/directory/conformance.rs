//! Holds [`TreeStore`] against akd's own storage in memory: every question, the same answer.
//!
//! akd exports a suite as well; it comes with a feature that adds functions to the verifiers under
//! test, and with a crate whose licence we do not take. What it asks is asked here too.

use akd::{
    AkdLabel, NodeLabel,
    append_only_zks::{Azks, DEFAULT_AZKS_KEY},
    errors::StorageError,
    storage::{
        Database, DbSetState, StorageManager,
        memory::AsyncInMemoryDatabase,
        types::{DbRecord, ValueState, ValueStateKey, ValueStateRetrievalFlag},
    },
    tree_node::{NodeKey, TreeNodeWithPreviousValue},
};
use store::StoreError;

use crate::directory::{Core, DirectoryError, fixture, rows, tree_store::TreeStore};

const LABELS: [&str; 4] = ["ann", "ann bell", "bob", "nobody"];

fn state(label: &str, epoch: u64, version: u64, value: &[u8]) -> DbRecord {
    let state = DbRecord::build_user_state(label.into(), value.to_vec(), version, 256, [9; 32], epoch);
    DbRecord::ValueState(state)
}

fn node(byte: u8, bits: u32, epoch: u64, has_previous: bool) -> DbRecord {
    let child = Some(NodeLabel::new([byte; 32], 200));
    let previous = has_previous.then_some(epoch.wrapping_sub(1));
    DbRecord::TreeNode(DbRecord::build_tree_node_with_previous_value(
        [byte; 32],
        bits,
        epoch,
        epoch / 2,
        [1; 32],
        0,
        3,
        child,
        None,
        [byte; 32],
        previous,
        previous,
        has_previous.then_some([2; 32]),
        has_previous.then_some(7),
        has_previous.then_some(1),
        None,
        if has_previous { child } else { None },
        has_previous.then_some([4; 32]),
    ))
}

fn tree(latest_epoch: u64) -> DbRecord {
    DbRecord::Azks(DbRecord::build_azks(latest_epoch, 5))
}

/// What is set, in rounds. Later rounds come over earlier ones, and replace some of their records.
fn rounds() -> Vec<Vec<DbRecord>> {
    vec![
        vec![state("ann", 3, 1, b"one"), state("bob", 3, 1, b""), node(1, 0, 3, false), tree(3)],
        vec![
            state("ann", 5, 2, b"two"),
            state("ann bell", 5, 1, &[7; 1028]),
            node(1, 0, 5, true),
            node(2, 256, 5, false),
            tree(5),
        ],
        // A state of an epoch again, with another value: that is how akd erases one.
        vec![state("ann", 5, 2, b""), state("ann", 900, 3, b"three"), state("bob", u64::MAX, 2, b"last")],
        vec![state("ann", 4, 9, b"between"), node(2, 256, 6, true), node(2, 255, 6, false), tree(6)],
    ]
}

/// `None` for "not there"; every other error ends the test.
fn answer<T>(result: Result<T, StorageError>) -> Option<T> {
    match result {
        Ok(answer) => Some(answer),
        Err(StorageError::NotFound(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn compare(ours: &TreeStore, theirs: &AsyncInMemoryDatabase) {
    use ValueStateRetrievalFlag::{LeqEpoch, MaxEpoch, MinEpoch, SpecificEpoch, SpecificVersion};
    let numbers = [0, 1, 2, 3, 4, 5, 6, 9, 899, 900, u64::MAX - 1, u64::MAX];
    let flags = numbers.into_iter().flat_map(|n| [LeqEpoch(n), SpecificEpoch(n), SpecificVersion(n)]);
    let flags: Vec<_> = flags.chain([MaxEpoch, MinEpoch]).collect();
    let labels = LABELS.map(AkdLabel::from);
    for label in &labels {
        assert_eq!(answer(ours.get_user_data(label).await), answer(theirs.get_user_data(label).await));
        for flag in &flags {
            let (one, other) =
                (ours.get_user_state(label, *flag).await, theirs.get_user_state(label, *flag).await);
            assert_eq!(answer(one), answer(other), "{label:?} {flag:?}");
        }
    }
    for flag in flags {
        let one = ours.get_user_state_versions(&labels, flag).await.unwrap();
        assert_eq!(one, theirs.get_user_state_versions(&labels, flag).await.unwrap(), "{flag:?}");
    }

    let states: Vec<_> = labels
        .iter()
        .flat_map(|label| [3, 4, 5, 900, 901].map(|epoch| ValueStateKey(label.0.clone(), epoch)))
        .collect();
    for key in &states {
        let (one, other) = (ours.get::<ValueState>(key).await, theirs.get::<ValueState>(key).await);
        assert_eq!(answer(one), answer(other), "{key:?}");
    }
    let one = ours.batch_get::<ValueState>(&states).await.unwrap();
    assert_eq!(one, theirs.batch_get::<ValueState>(&states).await.unwrap());

    let nodes =
        [(1, 0), (1, 1), (2, 255), (2, 256)].map(|(byte, bits)| NodeKey(NodeLabel::new([byte; 32], bits)));
    for key in &nodes {
        let one = ours.get::<TreeNodeWithPreviousValue>(key).await;
        let other = theirs.get::<TreeNodeWithPreviousValue>(key).await;
        assert_eq!(answer(one), answer(other), "{key:?}");
    }
    let one = ours.batch_get::<TreeNodeWithPreviousValue>(&nodes).await.unwrap();
    assert_eq!(one, theirs.batch_get::<TreeNodeWithPreviousValue>(&nodes).await.unwrap());
    let one = ours.get::<Azks>(&DEFAULT_AZKS_KEY).await;
    assert_eq!(answer(one), answer(theirs.get::<Azks>(&DEFAULT_AZKS_KEY).await));
}

/// Writes what was staged, as an epoch does.
async fn write(core: &Core, staged: &TreeStore) {
    let rows = staged.take();
    let written: Result<(), StoreError> =
        core.engine.write(move |view| rows.iter().try_for_each(|(key, value)| view.insert(key, value))).await;
    written.unwrap();
}

#[tokio::test]
async fn every_question_has_the_answer_of_akds_own_storage() {
    // As many rounds on the disk as there are, the others staged over them.
    for on_disk in 0..=rounds().len() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let theirs = AsyncInMemoryDatabase::new();
        let ours = TreeStore::staging(&core);
        compare(&ours, &theirs).await;
        for (number, round) in rounds().into_iter().enumerate() {
            ours.batch_set(round.clone(), DbSetState::TransactionCommit).await.unwrap();
            theirs.batch_set(round, DbSetState::TransactionCommit).await.unwrap();
            if number < on_disk {
                write(&core, &ours).await;
                compare(&TreeStore::reading(&core), &theirs).await;
            }
            compare(&ours, &theirs).await;
        }
    }
}

#[tokio::test]
async fn akds_transactions_and_erasure_work_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let core = fixture::core(folder.path());
    let ours = TreeStore::staging(&core);
    let theirs = AsyncInMemoryDatabase::new();
    let (one, other) =
        (StorageManager::new_no_cache(ours.clone()), StorageManager::new_no_cache(theirs.clone()));
    for round in rounds() {
        // Ends with the tree's record, as akd demands.
        let records = round.into_iter().chain([tree(7)]);
        for record in records.collect::<Vec<_>>() {
            assert!(one.begin_transaction() && other.begin_transaction());
            let set = vec![record, tree(8)];
            one.batch_set(set.clone()).await.unwrap();
            other.batch_set(set).await.unwrap();
            one.commit_transaction().await.unwrap();
            other.commit_transaction().await.unwrap();
        }
        compare(&ours, &theirs).await;
    }
    let ann = AkdLabel::from("ann");
    one.tombstone_value_states(&ann, 5).await.unwrap();
    other.tombstone_value_states(&ann, 5).await.unwrap();
    compare(&ours, &theirs).await;
    // Nothing of all this is on the disk.
    assert!(core.engine.scan(b"", None, 1).unwrap().is_empty());
}

#[tokio::test]
async fn a_view_for_reading_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let core = fixture::core(folder.path());
    let reading = TreeStore::reading(&core);
    assert!(matches!(reading.set(tree(1)).await, Err(StorageError::Other(_))));
    assert!(reading.take().is_empty());
}

#[tokio::test]
async fn damage_is_never_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let core = fixture::core(folder.path());
    let staged = TreeStore::staging(&core);
    staged.batch_set(rounds().remove(1), DbSetState::General).await.unwrap();
    let damaged: Vec<_> = staged.take().into_keys().collect();
    assert!(damaged.contains(&rows::tree()));
    let written: Result<(), StoreError> =
        core.engine.write(move |view| damaged.iter().try_for_each(|key| view.insert(key, b"?"))).await;
    written.unwrap();

    let reading = TreeStore::reading(&core);
    let ann = AkdLabel::from("ann");
    let root = NodeKey(NodeLabel::new([1; 32], 0));
    let max = ValueStateRetrievalFlag::MaxEpoch;
    let answers = [
        reading.get::<Azks>(&DEFAULT_AZKS_KEY).await.err(),
        reading.get::<TreeNodeWithPreviousValue>(&root).await.err(),
        reading.batch_get::<TreeNodeWithPreviousValue>(&[root]).await.err(),
        reading.get::<ValueState>(&ValueStateKey(b"ann".to_vec(), 5)).await.err(),
        reading.get_user_data(&ann).await.err(),
        reading.get_user_state(&ann, max).await.err(),
        reading.get_user_state_versions(&[ann], max).await.err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Some(StorageError::Other(_))), "{answer:?}");
    }
    let failure = reading.failure("something else");
    assert!(matches!(failure, DirectoryError::Store(StoreError::Corrupt { .. })), "{failure}");
}
