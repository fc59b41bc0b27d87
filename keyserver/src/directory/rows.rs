//! The keys of the directory's rows. Numbers are big-endian; *newest first* means that the number is
//! stored as its complement, so that a scan meets the highest one first.
//!
//! | key | value |
//! |---|---|
//! | `01` | the tree: its epoch, its number of nodes |
//! | `02` bits (2) label (32) | a node of the tree, with its state one change before |
//! | `03` name (32) epoch (8, newest first) | what was published under a label in an epoch |
//! | `04` level (1) index (8) | the hash over a complete subtree of the log; level 0 are the leaves |
//! | `05` number (8) | an epoch, as the log's leaf has it |
//! | `06` | the log's key and origin |
//! | `07` name (32) time (8, newest first) | that there is a captured proof, with its log and version; the proof is a long value under the same key |
//!
//! A *name* stands for a label, see `names.rs`. Keys from `10` on belong to the rest of the service.

use akd::NodeLabel;

use crate::directory::names::Name;

/// The first byte of keys that are not the directory's.
const OTHERS: u8 = 0x10;

const TREE: u8 = 0x01;
const NODE: u8 = 0x02;
const STATE: u8 = 0x03;
const HASH: u8 = 0x04;
const EPOCH: u8 = 0x05;
const LOG: u8 = 0x06;
const CAPTURE: u8 = 0x07;

/// Whether a key is the directory's. The empty one counts as such, so that nobody uses it.
pub(super) fn is_own(key: &[u8]) -> bool {
    key.first().is_none_or(|first| *first < OTHERS)
}

pub(super) fn tree() -> Vec<u8> {
    vec![TREE]
}

/// `None` for a label that is none: of more than 65,535 bits.
pub(super) fn node(label: &NodeLabel) -> Option<Vec<u8>> {
    let bits = u16::try_from(label.label_len).ok()?;
    Some([&[NODE][..], &bits.to_be_bytes(), &label.label_val].concat())
}

/// What the states of all labels start with.
pub(super) fn all_states() -> Vec<u8> {
    vec![STATE]
}

/// What all states of one label start with.
pub(super) fn states(name: &Name) -> Vec<u8> {
    [&[STATE][..], name].concat()
}

pub(super) fn state(name: &Name, epoch: u64) -> Vec<u8> {
    newest_first(&states(name), epoch)
}

pub(super) fn hash(level: u8, index: u64) -> Vec<u8> {
    [&[HASH, level][..], &index.to_be_bytes()].concat()
}

pub(super) fn epoch(number: u64) -> Vec<u8> {
    [&[EPOCH][..], &number.to_be_bytes()].concat()
}

pub(super) fn log() -> Vec<u8> {
    vec![LOG]
}

/// What all captured proofs of one label start with.
pub(super) fn captures(name: &Name) -> Vec<u8> {
    [&[CAPTURE][..], name].concat()
}

pub(super) fn capture(name: &Name, time: u64) -> Vec<u8> {
    newest_first(&captures(name), time)
}

/// Where a scan of `prefix` has to start after to meet numbers up to `number` only.
pub(super) fn after_later(prefix: &[u8], number: u64) -> Option<Vec<u8>> {
    number.checked_add(1).map(|later| newest_first(prefix, later))
}

/// The number at the end of a key that is *newest first*.
pub(super) fn number_of(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| !u64::from_be_bytes(*bytes))
}

fn newest_first(prefix: &[u8], number: u64) -> Vec<u8> {
    [prefix, &(!number).to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_meets_the_newest_number_first_and_none_after_the_one_asked_for() {
        let name = [7; 32];
        let prefix = states(&name);
        let numbers = [0, 1, 2, 255, 256, u64::MAX - 1, u64::MAX];
        let mut keys: Vec<_> = numbers.iter().map(|number| state(&name, *number)).collect();
        keys.sort();
        let sorted: Vec<_> = keys.iter().filter_map(|key| number_of(key)).collect();
        assert!(sorted.is_sorted_by(|one, next| one > next), "{sorted:?}");
        for asked in numbers {
            let after = after_later(&prefix, asked);
            let first = keys.iter().find(|key| after.as_ref().is_none_or(|after| *key > after)).unwrap();
            assert_eq!(number_of(first), Some(asked));
        }
    }

    #[test]
    fn every_key_is_below_those_of_the_rest_of_the_service() {
        let label = NodeLabel { label_val: [255; 32], label_len: 256 };
        let keys = [
            tree(),
            node(&label).unwrap(),
            state(&[255; 32], 0),
            hash(255, u64::MAX),
            epoch(u64::MAX),
            log(),
            capture(&[255; 32], 0),
        ];
        assert!(keys.iter().all(|key| is_own(key)));
        assert!(!is_own(&[OTHERS]));
    }
}
