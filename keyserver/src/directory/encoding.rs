//! akd's records as bytes: fixed fields one after the other, numbers big-endian, a first byte that
//! says how. (akd's own form for serde writes every byte string as hexadecimal text; and its decoder
//! takes an unknown kind of node for a leaf.)
//!
//! What the row's key says is not said again: a node's label, the epoch of a state. The label of a
//! state is left out altogether, see `names.rs`.

use akd::{
    AkdLabel, AkdValue, Azks, AzksValue, NodeLabel,
    storage::types::ValueState,
    tree_node::{TreeNode, TreeNodeType, TreeNodeWithPreviousValue},
};

const FORMAT: u8 = 1;
const LABEL_BITS: u32 = 256;

pub(super) fn tree(tree: &Azks) -> Vec<u8> {
    let mut out = vec![FORMAT];
    out.extend_from_slice(&tree.latest_epoch.to_be_bytes());
    out.extend_from_slice(&tree.num_nodes.to_be_bytes());
    out
}

pub(super) fn parse_tree(bytes: &[u8]) -> Option<Azks> {
    let mut rest = Rest::of(bytes)?;
    let tree = Azks { latest_epoch: rest.number()?, num_nodes: rest.number()? };
    rest.0.is_empty().then_some(tree)
}

/// `None` for a record that akd does not make: of several labels, or of too long ones.
pub(super) fn node(record: &TreeNodeWithPreviousValue) -> Option<Vec<u8>> {
    let mut out = vec![FORMAT];
    push_generation(&mut out, &record.label, &record.latest_node)?;
    out.push(u8::from(record.previous_node.is_some()));
    if let Some(previous) = &record.previous_node {
        push_generation(&mut out, &record.label, previous)?;
    }
    Some(out)
}

pub(super) fn parse_node(label: NodeLabel, bytes: &[u8]) -> Option<TreeNodeWithPreviousValue> {
    let mut rest = Rest::of(bytes)?;
    let latest_node = rest.generation(label)?;
    let previous_node = if rest.flag()? { Some(rest.generation(label)?) } else { None };
    rest.0.is_empty().then_some(TreeNodeWithPreviousValue { label, latest_node, previous_node })
}

/// `None` for a record that akd does not make.
pub(super) fn state(state: &ValueState) -> Option<Vec<u8>> {
    let mut out = vec![FORMAT];
    out.extend_from_slice(&state.version.to_be_bytes());
    push_label(&mut out, &state.label)?;
    out.extend_from_slice(&state.value.0);
    Some(out)
}

pub(super) fn parse_state(username: &AkdLabel, epoch: u64, bytes: &[u8]) -> Option<ValueState> {
    let mut rest = Rest::of(bytes)?;
    let (version, label) = (rest.number()?, rest.label()?);
    Some(ValueState { value: AkdValue(rest.0.to_vec()), version, label, epoch, username: username.clone() })
}

fn push_generation(out: &mut Vec<u8>, label: &NodeLabel, node: &TreeNode) -> Option<()> {
    if node.label != *label {
        return None;
    }
    out.extend_from_slice(&node.last_epoch.to_be_bytes());
    out.extend_from_slice(&node.min_descendant_epoch.to_be_bytes());
    out.push(match node.node_type {
        TreeNodeType::Leaf => 1,
        TreeNodeType::Root => 2,
        TreeNodeType::Interior => 3,
    });
    push_label(out, &node.parent)?;
    for child in [&node.left_child, &node.right_child] {
        out.push(u8::from(child.is_some()));
        if let Some(child) = child {
            push_label(out, child)?;
        }
    }
    out.extend_from_slice(&node.hash.0);
    Some(())
}

fn push_label(out: &mut Vec<u8>, label: &NodeLabel) -> Option<()> {
    if label.label_len > LABEL_BITS {
        return None;
    }
    out.extend_from_slice(&u16::try_from(label.label_len).ok()?.to_be_bytes());
    out.extend_from_slice(&label.label_val);
    Some(())
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        (*format == FORMAT).then_some(Self(rest))
    }

    fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (taken, rest) = self.0.split_first_chunk::<LENGTH>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.take::<1>()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn label(&mut self) -> Option<NodeLabel> {
        let label_len = u32::from(u16::from_be_bytes(self.take()?));
        let label_val = self.take()?;
        (label_len <= LABEL_BITS).then_some(NodeLabel { label_val, label_len })
    }

    /// The outer `None` is damage, the inner one a child that is not there.
    fn child(&mut self) -> Option<Option<NodeLabel>> {
        if self.flag()? { self.label().map(Some) } else { Some(None) }
    }

    fn generation(&mut self, label: NodeLabel) -> Option<TreeNode> {
        Some(TreeNode {
            label,
            last_epoch: self.number()?,
            min_descendant_epoch: self.number()?,
            node_type: match self.take::<1>()? {
                [1] => TreeNodeType::Leaf,
                [2] => TreeNodeType::Root,
                [3] => TreeNodeType::Interior,
                _ => return None,
            },
            parent: self.label()?,
            left_child: self.child()?,
            right_child: self.child()?,
            hash: AzksValue(self.take()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(byte: u8, label_len: u32) -> NodeLabel {
        NodeLabel { label_val: [byte; 32], label_len }
    }

    fn generation(epoch: u64, node_type: TreeNodeType, children: [Option<NodeLabel>; 2]) -> TreeNode {
        TreeNode {
            label: label(8, 9),
            last_epoch: epoch,
            min_descendant_epoch: epoch / 2,
            parent: label(1, 0),
            node_type,
            left_child: children[0],
            right_child: children[1],
            hash: AzksValue([3; 32]),
        }
    }

    fn nodes() -> Vec<TreeNodeWithPreviousValue> {
        let both = [Some(label(4, 10)), Some(label(5, 256))];
        let interior = generation(u64::MAX, TreeNodeType::Interior, both);
        [None, Some(interior.clone()), Some(generation(0, TreeNodeType::Leaf, [None, both[1]]))]
            .into_iter()
            .map(|previous_node| TreeNodeWithPreviousValue {
                label: label(8, 9),
                latest_node: if previous_node.is_some() {
                    interior.clone()
                } else {
                    generation(7, TreeNodeType::Root, [both[0], None])
                },
                previous_node,
            })
            .collect()
    }

    #[test]
    fn records_come_back_as_they_were() {
        for record in nodes() {
            assert_eq!(parse_node(record.label, &node(&record).unwrap()), Some(record));
        }
        let head = Azks { latest_epoch: 34, num_nodes: u64::MAX };
        assert_eq!(parse_tree(&tree(&head)), Some(head));
        for value in [vec![], vec![1], vec![9; 1024]] {
            let username = AkdLabel(b"label".to_vec());
            let record = ValueState {
                value: AkdValue(value),
                version: 3,
                label: label(7, 256),
                epoch: 12,
                username: username.clone(),
            };
            let bytes = state(&record).unwrap();
            assert!(!bytes.windows(5).any(|part| part == b"label"));
            assert_eq!(parse_state(&username, 12, &bytes), Some(record));
        }
    }

    #[test]
    fn damaged_records_are_not_taken_for_others() {
        for record in nodes() {
            let bytes = node(&record).unwrap();
            for length in 0..bytes.len() {
                assert_eq!(parse_node(record.label, &bytes[..length]), None, "{length}");
            }
            assert_eq!(parse_node(record.label, &[&bytes[..], &[0]].concat()), None);
            let mut other_format = bytes.clone();
            other_format[0] = 2;
            assert_eq!(parse_node(record.label, &other_format), None);
            let mut other_kind = bytes;
            other_kind[17] = 0;
            assert_eq!(parse_node(record.label, &other_kind), None);
        }
        assert_eq!(parse_tree(&[FORMAT; 16]), None);
        assert_eq!(parse_state(&AkdLabel(vec![1]), 1, &[FORMAT; 42]), None);
    }

    #[test]
    fn labels_of_more_bits_than_there_are_do_not_go_in_or_out() {
        let record = &nodes()[0];
        let mut long = record.clone();
        long.latest_node.parent = label(1, 257);
        assert_eq!(node(&long), None);
        let mut bytes = node(record).unwrap();
        // The number of bits of the parent's label.
        bytes[18..20].copy_from_slice(&257_u16.to_be_bytes());
        assert_eq!(parse_node(record.label, &bytes), None);
    }
}
