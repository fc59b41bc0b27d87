//! Opening: the first epoch of a new directory, and whether tree, epochs and log of an old one agree.
//!
//! They are written together, so that only damage, a wrong backup or a wrong key file can part them.
//! A directory that went on all the same would sign what contradicts its own past; it does not start.

use crypto_core::directory::{Epoch, leaf_hash, vrf_key_hash};
use relay_auth::{cbor::Wire as _, label};

use crate::directory::{
    Core, DirectoryError,
    epoch::NextEpoch,
    head::Present,
    log::{Stored, Subtrees as _},
    rows,
    tree_store::TreeStore,
};

/// The value under the label that the first epoch sets.
const SENTINEL: &[u8] = &[1];

pub(super) async fn open(core: &Core) -> Result<Present, DirectoryError> {
    let present = match TreeStore::reading(core).head()? {
        None => begin(core).await?,
        Some((epoch, root)) => resume(core, epoch, root)?,
    };
    // Signs a head and verifies it, with everything that it stands on.
    present.head(&core.log_key, &core.trust, core.clock.now())?;
    Ok(present)
}

/// An empty tree cannot prove an absence: its root is the hash of nothing, and no node leads to it.
/// So the first epoch sets a label of its own, under which nobody will ever look.
async fn begin(core: &Core) -> Result<Present, DirectoryError> {
    let first = core.engine.scan(b"", None, 1)?.pop();
    if first.is_some_and(|(key, _)| rows::is_own(&key)) {
        return Err(DirectoryError::Inconsistent("there is a log without a tree"));
    }
    let sentinel = label::DIRECTORY_GENESIS.with_encoded(b"\x80");
    let next = NextEpoch::make(core, 0, vec![(sentinel, SENTINEL.to_vec())]).await?;
    let mut next = next.ok_or(DirectoryError::Inconsistent("the tree took no first value"))?;
    next.add(rows::log(), log_identity(core));
    next.write(&core.engine, Vec::new()).await
}

fn resume(core: &Core, size: u64, root: [u8; 32]) -> Result<Present, DirectoryError> {
    if core.engine.get(&rows::log())? != Some(log_identity(core)) {
        return Err(DirectoryError::OtherLog);
    }
    if stored_epoch(core, 1)?.vrf_key.0 != vrf_key_hash(&core.vrf_key) {
        return Err(DirectoryError::OtherVrfKey);
    }
    let last = size.checked_sub(1).ok_or(DirectoryError::Inconsistent("the tree has no epoch"))?;
    let epoch = stored_epoch(core, size)?;
    if epoch.root.0 != root {
        return Err(DirectoryError::Inconsistent("the tree is not that of the newest epoch"));
    }
    let log = Stored(&core.engine);
    if log.subtree(0, last)? != leaf_hash(&epoch.leaf()) {
        return Err(DirectoryError::Inconsistent("the log's last leaf is not the newest epoch"));
    }
    let later = [rows::epoch(size + 1), rows::hash(0, size)];
    for key in later {
        if core.engine.get(&key)?.is_some() {
            return Err(DirectoryError::Inconsistent("the log is longer than the tree is old"));
        }
    }
    Present::of(&log, epoch)
}

pub(super) fn stored_epoch(core: &Core, number: u64) -> Result<Epoch, DirectoryError> {
    core.engine
        .get(&rows::epoch(number))?
        .and_then(|bytes| Epoch::from_bytes(&bytes).ok())
        .filter(|epoch| epoch.number == number)
        .ok_or(DirectoryError::Inconsistent("an epoch is missing or damaged"))
}

fn log_identity(core: &Core) -> Vec<u8> {
    [&core.trust.log.key.as_bytes()[..], core.trust.log.origin.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use store::StoreError;

    use super::*;
    use crate::directory::fixture;

    async fn put(core: &Core, key: Vec<u8>, value: Option<Vec<u8>>) {
        let write = core.engine.write(move |view| match value {
            Some(value) => view.insert(&key, &value),
            None => view.remove(&key),
        });
        let written: Result<(), StoreError> = write.await;
        written.unwrap();
    }

    #[tokio::test]
    async fn a_store_whose_parts_do_not_agree_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let mut size = open(&core).await.unwrap().size();
        for round in 0..4 {
            let next = NextEpoch::make(&core, size, vec![(vec![7], vec![round])]).await.unwrap().unwrap();
            size = next.write(&core.engine, Vec::new()).await.unwrap().size();
        }
        assert_eq!(open(&core).await.unwrap().size(), 5);

        let row = |key: &[u8]| core.engine.get(key).unwrap();
        let root = rows::node(&akd::NodeLabel::root()).unwrap();
        let faults = [
            ("no newest epoch", rows::epoch(5), None),
            ("another newest epoch", rows::epoch(5), row(&rows::epoch(4))),
            ("no first epoch", rows::epoch(1), None),
            ("a damaged first epoch", rows::epoch(1), Some(vec![0x80])),
            ("an epoch too many", rows::epoch(6), row(&rows::epoch(5))),
            ("a leaf too many", rows::hash(0, 5), row(&rows::hash(0, 4))),
            ("no last leaf", rows::hash(0, 4), None),
            ("another last leaf", rows::hash(0, 4), row(&rows::hash(0, 3))),
            ("no hash over the first leaves", rows::hash(2, 0), None),
            ("no root", root.clone(), None),
            ("a damaged root", root, Some(vec![1; 9])),
            ("no tree", rows::tree(), None),
            ("a damaged tree", rows::tree(), Some(Vec::new())),
        ];
        for (what, key, value) in faults {
            let before = row(&key);
            put(&core, key.clone(), value).await;
            assert!(open(&core).await.is_err(), "{what}");
            put(&core, key, before).await;
            assert_eq!(open(&core).await.unwrap().size(), 5, "after {what}");
        }
    }
}
