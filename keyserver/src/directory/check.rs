//! Looking at everything in the tree and its log, while no directory runs on the store.
//!
//! When a directory is opened, its newest epoch is looked at (`opening.rs`). Here every epoch is: that
//! its head extends the one before, that every node of the tree is what its children say, up to the
//! root that the newest head names, and that every value which was ever published stands in its leaf.

use std::collections::HashMap;

use akd::{
    AkdLabel, AzksValue, Configuration as _, NodeLabel,
    tree_node::{TreeNode, TreeNodeType},
};
use crypto_core::directory::{TreeConfiguration, consistency_holds, leaf_hash, vrf_key_hash};

use crate::directory::{
    Core, Directory, DirectoryError, Snapshot, encoding,
    log::{self, Hash, Stored, Subtrees as _},
    opening::stored_epoch,
    rows,
};

/// How many rows are read at a time.
const PAGE: usize = 1024;

/// What a check found, in numbers: they name nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TreeFindings {
    /// Epochs.
    pub epochs: u64,
    /// Nodes of the tree.
    pub nodes: u64,
    /// Values that were ever published.
    pub values: u64,
    /// Epochs that are damaged, are not in the log, or whose head does not extend the one before.
    pub broken_heads: u64,
    /// Nodes that are missing, damaged, or not what their children say.
    pub damaged_nodes: u64,
    /// Values that are damaged, or do not stand in the tree.
    pub unproven_values: u64,
}

impl TreeFindings {
    /// Whether everything holds.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.broken_heads == 0 && self.damaged_nodes == 0 && self.unproven_values == 0
    }
}

/// The values of the tree's leaves, by their labels.
type Leaves = HashMap<NodeLabel, AzksValue>;

impl Directory {
    /// Looks at every epoch, every node and every value.
    ///
    /// # Errors
    /// [`DirectoryError::Store`].
    pub async fn check(&self) -> Result<TreeFindings, DirectoryError> {
        let size = self.present.read().await.size();
        let mut found = TreeFindings { epochs: size, ..TreeFindings::default() };
        epochs(&self.core, &mut found)?;
        let leaves = nodes(&self.core, &mut found)?;
        values(&self.core, leaves, &mut found)?;
        Ok(found)
    }
}

impl Snapshot {
    /// What stands under a label, and how often it was set, as its readers will verify it; `None` if
    /// nothing ever did.
    ///
    /// # Errors
    /// As [`Snapshot::presence`].
    pub(crate) async fn proven(&self, label: &[u8]) -> Result<Option<(Vec<u8>, u64)>, DirectoryError> {
        let Some(presence) = self.presence(label).await? else { return Ok(None) };
        let unsound = |_| DirectoryError::Inconsistent("a proof of presence does not hold");
        let value = presence.verify(label, &self.verified, &self.core.vrf_key).map_err(unsound)?.to_vec();
        Ok(Some((value, presence.version())))
    }
}

fn epochs(core: &Core, found: &mut TreeFindings) -> Result<(), DirectoryError> {
    let stored = Stored(&core.engine);
    let vrf_key = vrf_key_hash(&core.vrf_key);
    let mut before: Option<Hash> = None;
    for number in 1..=found.epochs {
        let is_there = match counted(stored_epoch(core, number))? {
            Some(epoch) if epoch.vrf_key.0 == vrf_key => {
                counted(is_appended(&stored, number - 1, leaf_hash(&epoch.leaf())))?.unwrap_or(false)
            }
            _ => false,
        };
        let root = counted(log::root(&stored, number))?;
        let extends = match (before, root) {
            (None, Some(_)) => number == 1,
            (Some(before), Some(root)) => {
                let proof = counted(log::consistency(&stored, number - 1, number))?;
                proof.is_some_and(|proof| consistency_holds(number - 1, number, &before, &root, &proof))
            }
            (_, None) => false,
        };
        if !(is_there && extends) {
            found.broken_heads += 1;
        }
        before = root;
    }
    Ok(())
}

/// Whether the log has a leaf as the next one after `size` others, and every hash that it completes.
fn is_appended(stored: &Stored<'_>, size: u64, leaf: Hash) -> Result<bool, DirectoryError> {
    for (level, index, hash) in log::append(stored, size, leaf)?.added() {
        if stored.subtree(*level, *index)? != *hash {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What does not fit together is counted by the caller; what cannot be read ends the check.
fn counted<T>(result: Result<T, DirectoryError>) -> Result<Option<T>, DirectoryError> {
    match result {
        Err(DirectoryError::Inconsistent(_)) => Ok(None),
        result => result.map(Some),
    }
}

fn nodes(core: &Core, found: &mut TreeFindings) -> Result<Leaves, DirectoryError> {
    let mut leaves = Leaves::new();
    let mut waiting: Vec<TreeNode> = Vec::new();
    match node(core, NodeLabel::root())? {
        Some(root) => waiting.push(root),
        None => found.damaged_nodes += 1,
    }
    while let Some(parent) = waiting.pop() {
        found.nodes += 1;
        if parent.node_type == TreeNodeType::Leaf {
            leaves.insert(parent.label, parent.hash);
            continue;
        }
        let nothing = (TreeConfiguration::empty_node_hash(), TreeConfiguration::empty_label());
        let mut sides = [nothing, nothing];
        let mut are_there = true;
        for (side, label) in sides.iter_mut().zip([parent.left_child, parent.right_child]) {
            let Some(label) = label else { continue };
            // Longer each time, so that this comes to an end whatever the rows say.
            let is_below = label.label_len > parent.label.label_len;
            let child = if is_below { node(core, label)? } else { None };
            match child {
                Some(child) => {
                    *side = (hash_in_parent(&child), child.label);
                    waiting.push(child);
                }
                None => are_there = false,
            }
        }
        let [left, right] = sides;
        let hash = TreeConfiguration::compute_parent_hash_from_children(
            &left.0,
            &left.1.value::<TreeConfiguration>(),
            &right.0,
            &right.1.value::<TreeConfiguration>(),
        );
        if !are_there || hash != parent.hash {
            found.damaged_nodes += 1;
        }
    }
    Ok(leaves)
}

/// The newest state of a node; none if it is missing or damaged.
fn node(core: &Core, label: NodeLabel) -> Result<Option<TreeNode>, DirectoryError> {
    let Some(key) = rows::node(&label) else { return Ok(None) };
    let row = core.engine.get(&key)?;
    Ok(row.and_then(|row| encoding::parse_node(label, &row)).map(|node| node.latest_node))
}

/// With a leaf, the epoch in which it came is hashed.
fn hash_in_parent(node: &TreeNode) -> AzksValue {
    match node.node_type {
        TreeNodeType::Leaf => {
            AzksValue(TreeConfiguration::hash_leaf_with_commitment(node.hash, node.last_epoch).0)
        }
        _ => node.hash,
    }
}

fn values(core: &Core, mut leaves: Leaves, found: &mut TreeFindings) -> Result<(), DirectoryError> {
    let commitment_key = core.vrf.commitment_key();
    let prefix = rows::all_states();
    // The label itself is not stored, and nothing here depends on it.
    let nobody = AkdLabel(Vec::new());
    let mut last: Option<Vec<u8>> = None;
    loop {
        let page = core.engine.scan(&prefix, last.as_deref(), PAGE)?;
        for (key, row) in &page {
            found.values += 1;
            let epoch = rows::number_of(key);
            let state = epoch.and_then(|epoch| encoding::parse_state(&nobody, epoch, row));
            let stands = state.is_some_and(|state| {
                let committed = TreeConfiguration::compute_fresh_azks_value(
                    commitment_key.expose(),
                    &state.label,
                    state.version,
                    &state.value,
                );
                leaves.remove(&state.label) == Some(committed)
            });
            if !stands {
                found.unproven_values += 1;
            }
        }
        if page.len() < PAGE {
            break;
        }
        last = page.into_iter().next_back().map(|(key, _)| key);
    }
    // What is left are the marks of values that were replaced. Anything else is a value that was lost.
    let lost = leaves.values().filter(|value| **value != TreeConfiguration::stale_azks_value()).count();
    found.unproven_values += lost as u64;
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::{Engine, StoreError};

    use super::*;
    use crate::directory::{epoch::NextEpoch, fixture, opening};

    async fn put(engine: &Engine, key: Vec<u8>, value: Option<Vec<u8>>) {
        let write = engine.write(move |view| match value {
            Some(value) => view.insert(&key, &value),
            None => view.remove(&key),
        });
        let written: Result<(), StoreError> = write.await;
        written.unwrap();
    }

    fn look(core: &Core, epochs_there: u64) -> TreeFindings {
        let mut found = TreeFindings { epochs: epochs_there, ..TreeFindings::default() };
        epochs(core, &mut found).unwrap();
        let leaves = nodes(core, &mut found).unwrap();
        values(core, leaves, &mut found).unwrap();
        found
    }

    /// A row with another content of the same form.
    fn altered(key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut altered = value.to_vec();
        if key[0] != 2 {
            *altered.last_mut().unwrap() ^= 1;
            return altered;
        }
        // Of a node, the last bytes may be what it was an epoch before, which is not in use any more.
        let label_len = u16::from_be_bytes([key[1], key[2]]).into();
        let label = NodeLabel { label_val: key[3..].try_into().unwrap(), label_len };
        let mut node = encoding::parse_node(label, value).unwrap();
        node.latest_node.hash.0[0] ^= 1;
        encoding::node(&node).unwrap()
    }

    #[tokio::test]
    async fn every_row_of_the_tree_and_its_log_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let core = fixture::core(folder.path());
        let mut size = opening::open(&core).await.unwrap().size();
        for round in 0..6_u8 {
            let updates = (0..=round).map(|label| (vec![label], vec![round, label])).collect();
            let next = NextEpoch::make(&core, size, updates).await.unwrap().unwrap();
            size = next.write(&core.engine, Vec::new()).await.unwrap().size();
        }
        let whole = look(&core, size);
        assert!(whole.is_sound(), "{whole:?}");
        assert_eq!((whole.epochs, whole.values), (7, 1 + 21));
        assert!(whole.nodes > whole.values);

        // Tables 02 to 05: nodes, values, hashes of the log, epochs.
        for (key, value) in core.engine.scan(b"", None, usize::MAX).unwrap() {
            if !(2..=5).contains(&key[0]) {
                continue;
            }
            put(&core.engine, key.clone(), None).await;
            assert!(!look(&core, size).is_sound(), "without {key:02x?}");
            put(&core.engine, key.clone(), Some(altered(&key, &value))).await;
            assert!(!look(&core, size).is_sound(), "altered {key:02x?}");
            put(&core.engine, key, Some(value)).await;
        }
        assert!(look(&core, size).is_sound());
    }
}
