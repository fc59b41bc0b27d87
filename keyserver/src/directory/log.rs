//! The log of epochs: an RFC 6962 Merkle tree, whose hashes over complete subtrees are stored by
//! level and index. A leaf adds about two of them, none ever changes, and a proof reads as many as it
//! has hashes, however long the log is.
//!
//! The verifiers of these proofs are in `crypto-core` (`LBX-LOG-1`).

use crypto_core::directory::node_hash;
use store::Engine;

use crate::directory::{DirectoryError, rows};

pub(super) type Hash = [u8; 32];

/// A log's hashes over complete subtrees: the one of `level` and `index` is over the 2^`level` leaves
/// from number `index` · 2^`level` on.
pub(super) trait Subtrees {
    /// # Errors
    /// [`DirectoryError::Inconsistent`] if it is not there.
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, DirectoryError>;
}

/// The log as the disk has it.
pub(super) struct Stored<'a>(pub(super) &'a Engine);

impl Subtrees for Stored<'_> {
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, DirectoryError> {
        let hash = self.0.get(&rows::hash(level, index))?.and_then(|bytes| bytes.try_into().ok());
        hash.ok_or(DirectoryError::Inconsistent("a hash of the log is missing"))
    }
}

/// A log with one more leaf, whose new hashes are not stored yet.
pub(super) struct Grown<'a, Below> {
    below: &'a Below,
    /// Level, index, hash.
    added: Vec<(u8, u64, Hash)>,
}

impl<Below: Subtrees> Subtrees for Grown<'_, Below> {
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, DirectoryError> {
        match self.added.iter().find(|added| (added.0, added.1) == (level, index)) {
            Some((_, _, hash)) => Ok(*hash),
            None => self.below.subtree(level, index),
        }
    }
}

impl<Below> Grown<'_, Below> {
    /// What is to be stored.
    pub(super) fn added(&self) -> &[(u8, u64, Hash)] {
        &self.added
    }
}

/// Appends a leaf to the log of `size` leaves.
pub(super) fn append<Below: Subtrees>(
    below: &Below,
    size: u64,
    leaf: Hash,
) -> Result<Grown<'_, Below>, DirectoryError> {
    let (mut level, mut index, mut hash) = (0_u8, size, leaf);
    let mut added = vec![(level, index, hash)];
    // Every right child completes its parent.
    while index & 1 == 1 {
        hash = node_hash(&below.subtree(level, index - 1)?, &hash);
        (level, index) = (level + 1, index >> 1);
        added.push((level, index, hash));
    }
    Ok(Grown { below, added })
}

/// The root of the log's first `size` leaves (RFC 6962 §2.1); `size` is at least 1.
pub(super) fn root(log: &impl Subtrees, size: u64) -> Result<Hash, DirectoryError> {
    range(log, 0, size)
}

/// The path from leaf number `index` to the root of the first `size` leaves (RFC 6962 §2.1.1).
pub(super) fn inclusion(log: &impl Subtrees, index: u64, size: u64) -> Result<Vec<Hash>, DirectoryError> {
    let (mut start, mut length) = (0, size);
    let mut path = Vec::new();
    while length > 1 {
        let left = split(length);
        if index - start < left {
            path.push(range(log, start + left, length - left)?);
            length = left;
        } else {
            path.push(range(log, start, left)?);
            (start, length) = (start + left, length - left);
        }
    }
    path.reverse();
    Ok(path)
}

/// That the first `size` leaves start with the first `old` ones (RFC 6962 §2.1.2), where `old` is at
/// least 1 and at most `size`.
pub(super) fn consistency(log: &impl Subtrees, old: u64, size: u64) -> Result<Vec<Hash>, DirectoryError> {
    let (mut start, mut length) = (0, size);
    let mut path = Vec::new();
    // What is left of the old tree, from `start` on.
    let mut rest = old;
    while rest < length {
        let left = split(length);
        if rest <= left {
            path.push(range(log, start + left, length - left)?);
            length = left;
        } else {
            path.push(range(log, start, left)?);
            (start, length, rest) = (start + left, length - left, rest - left);
        }
    }
    // The reader has the old root itself, and can leave this one out if it is that.
    if start > 0 {
        path.push(range(log, start, length)?);
    }
    path.reverse();
    Ok(path)
}

/// The hash over `length` leaves from number `start` on. Where the recursion of RFC 6962 §2.1 leads,
/// `start` is a multiple of the greatest power of two that is not above `length`.
fn range(log: &impl Subtrees, start: u64, length: u64) -> Result<Hash, DirectoryError> {
    if length.is_power_of_two() {
        let level = length.ilog2();
        return log.subtree(level.to_le_bytes()[0], start >> level);
    }
    let left = split(length);
    Ok(node_hash(&range(log, start, left)?, &range(log, start + left, length - left)?))
}

/// The greatest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeMap};

    use crypto_core::directory::{consistency_holds, inclusion_holds, leaf_hash};

    use super::*;

    #[derive(Default)]
    struct InMemory(RefCell<BTreeMap<(u8, u64), Hash>>);

    impl Subtrees for InMemory {
        fn subtree(&self, level: u8, index: u64) -> Result<Hash, DirectoryError> {
            self.0.borrow().get(&(level, index)).copied().ok_or(DirectoryError::Inconsistent("missing"))
        }
    }

    fn leaf(number: u64) -> Hash {
        leaf_hash(&number.to_be_bytes())
    }

    /// A log, and its root after each leaf, from 1 on.
    fn log(size: u64) -> (InMemory, Vec<Hash>) {
        let log = InMemory::default();
        let mut roots = Vec::new();
        for number in 0..size {
            let added = {
                let grown = append(&log, number, leaf(number)).unwrap();
                // Its new hashes can be read before they are stored.
                roots.push(root(&grown, number + 1).unwrap());
                grown.added().to_vec()
            };
            for (level, index, hash) in added {
                assert_eq!(log.0.borrow_mut().insert((level, index), hash), None, "no hash is written twice");
            }
            assert_eq!(root(&log, number + 1).unwrap(), roots[roots.len() - 1]);
        }
        (log, roots)
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        // RFC 6962 §2.1.
        fn root_of(leaves: &[Hash]) -> Hash {
            match leaves {
                [leaf] => *leaf,
                _ => {
                    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                    node_hash(&root_of(left), &root_of(right))
                }
            }
        }
        let leaves: Vec<Hash> = (0..40).map(leaf).collect();
        let (_, roots) = log(40);
        for size in 1..=leaves.len() {
            assert_eq!(roots[size - 1], root_of(&leaves[..size]), "{size}");
        }
    }

    #[test]
    fn every_leaf_is_proven_in_every_log_that_has_it() {
        let (log, roots) = log(70);
        for (size, root) in (1..).zip(&roots) {
            for index in 0..size {
                let path = inclusion(&log, index, size).unwrap();
                assert!(inclusion_holds(index, size, leaf(index), &path, root), "{index} of {size}");
            }
        }
    }

    #[test]
    fn every_log_is_proven_to_extend_each_before_it() {
        let (log, roots) = log(70);
        for (size, root) in (1..).zip(&roots) {
            for (old, old_root) in (1..=size).zip(&roots) {
                let proof = consistency(&log, old, size).unwrap();
                assert!(consistency_holds(old, size, old_root, root, &proof), "{old} to {size}");
            }
        }
    }

    #[test]
    fn a_proof_reads_about_as_many_hashes_as_the_log_has_levels() {
        struct Counting<'a>(&'a InMemory, RefCell<u32>);
        impl Subtrees for Counting<'_> {
            fn subtree(&self, level: u8, index: u64) -> Result<Hash, DirectoryError> {
                *self.1.borrow_mut() += 1;
                self.0.subtree(level, index)
            }
        }
        let (log, _) = log(1000);
        for index in [0, 1, 499, 998, 999] {
            let counting = Counting(&log, RefCell::new(0));
            inclusion(&counting, index, 1000).unwrap();
            consistency(&counting, index + 1, 1000).unwrap();
            let reads = *counting.1.borrow();
            assert!(reads <= 50, "{reads} for {index}");
        }
    }

    #[test]
    fn a_missing_hash_is_an_error() {
        let (log, _) = log(7);
        log.0.borrow_mut().remove(&(2, 0));
        assert!(matches!(root(&log, 7), Err(DirectoryError::Inconsistent(_))));
        assert!(matches!(inclusion(&log, 6, 7), Err(DirectoryError::Inconsistent(_))));
        assert!(matches!(consistency(&log, 6, 7), Err(DirectoryError::Inconsistent(_))));
    }
}
