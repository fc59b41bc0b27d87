//! Proofs of an RFC 6962 Merkle log, by the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2
//! (`LBX-LOG-1`).
//!
//! Written here, because the crates that have them bring URL parsing into the browser or panic on
//! sizes that a hostile checkpoint may name. Tests hold them against an independent construction.

use sha2::{Digest as _, Sha256};

type Hash = [u8; 32];

/// The hash of a leaf (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// The hash of an inner node (RFC 6962 §2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Whether `path` proves that `leaf` is the leaf number `index` of the tree of `size` leaves with
/// this root.
#[must_use]
pub fn inclusion_holds(index: u64, size: u64, leaf: Hash, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        // Above the root: after 64 hashes at the latest, however long the path is.
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` proves that the tree of `old_size` leaves is the start of the one of `size`
/// leaves. An empty old tree proves nothing and is refused.
#[must_use]
pub fn consistency_holds(old_size: u64, size: u64, old_root: &Hash, root: &Hash, proof: &[Hash]) -> bool {
    if old_size == 0 || old_size > size {
        return false;
    }
    if old_size == size {
        return proof.is_empty() && old_root == root;
    }
    let (start, path) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        match proof.split_first() {
            Some(split) => split,
            None => return false,
        }
    };
    let (mut node, mut last) = (old_size - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut hash) = (*start, *start);
    for sibling in path {
        // As above: a proof of any length comes to its end.
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && hash == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, straight from its definition.
    fn root_of(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&root_of(left), &root_of(right))
            }
        }
    }

    fn split(length: usize) -> usize {
        length.next_power_of_two() / 2
    }

    /// RFC 6962 §2.1.1.
    fn path_of(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return vec![];
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            [path_of(index, left), vec![root_of(right)]].concat()
        } else {
            [path_of(index - left.len(), right), vec![root_of(left)]].concat()
        }
    }

    /// RFC 6962 §2.1.2.
    fn consistency_of(old: usize, leaves: &[Hash], is_whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if is_whole { vec![] } else { vec![root_of(leaves)] };
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        if old <= left.len() {
            [consistency_of(old, left, is_whole), vec![root_of(right)]].concat()
        } else {
            [consistency_of(old - left.len(), right, false), vec![root_of(left)]].concat()
        }
    }

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&[number])).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven_and_nothing_else_is() {
        for size in 1..=33_u8 {
            let leaves = leaves(size);
            let root = root_of(&leaves);
            for index in 0..size {
                let path = path_of(usize::from(index), &leaves);
                let holds = |index: u64, size: u64, leaf, path: &[Hash]| {
                    inclusion_holds(index, size, leaf, path, &root)
                };
                let (at, of, leaf) = (u64::from(index), u64::from(size), leaves[usize::from(index)]);
                assert!(holds(at, of, leaf, &path), "{index} of {size}");
                assert!(!holds(at, of, leaf_hash(b"other"), &path));
                assert!(!holds(of, of, leaf, &path));
                for other in (0..u64::from(size)).filter(|other| *other != at) {
                    assert!(!holds(other, of, leaf, &path), "{index} as {other} of {size}");
                }
                assert!(!holds(at, of, leaf, &[path.clone(), vec![[0; 32]]].concat()));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!holds(at, of, leaf, shorter));
                }
            }
        }
    }

    #[test]
    fn every_small_tree_extends_its_beginnings_and_no_others() {
        for size in 1..=33_u8 {
            let all = leaves(size);
            let root = root_of(&all);
            for old in 1..=size {
                let old_root = root_of(&all[..usize::from(old)]);
                let proof = consistency_of(usize::from(old), &all, true);
                let (from, to) = (u64::from(old), u64::from(size));
                assert!(consistency_holds(from, to, &old_root, &root, &proof), "{old} to {size}");
                assert!(!consistency_holds(from, to, &[0; 32], &root, &proof));
                assert!(!consistency_holds(from, to, &old_root, &[0; 32], &proof));
                assert!(!consistency_holds(to + 1, to, &old_root, &root, &proof));
                for place in 0..proof.len() {
                    let mut altered = proof.clone();
                    altered[place][0] ^= 1;
                    assert!(!consistency_holds(from, to, &old_root, &root, &altered));
                }
                assert!(!consistency_holds(from, to, &old_root, &root, &[proof, vec![[0; 32]]].concat()));
            }
            assert!(!consistency_holds(0, u64::from(size), &root_of(&[]), &root, &[]));
        }
    }

    #[test]
    fn sizes_at_the_edge_of_the_numbers_are_refused_without_a_panic() {
        for size in [u64::MAX, u64::MAX - 1, 1 << 63] {
            for path in [0, 1, 63, 64, 65, 66, 1000] {
                let path = vec![[7; 32]; path];
                assert!(!inclusion_holds(size - 1, size, [0; 32], &path, &[0; 32]));
                assert!(!inclusion_holds(0, size, [0; 32], &path, &[0; 32]));
                assert!(!consistency_holds(size - 1, size, &[0; 32], &[1; 32], &path));
                assert!(!consistency_holds(1, size, &[0; 32], &[1; 32], &path));
            }
        }
    }
}
