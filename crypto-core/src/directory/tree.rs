//! Presence and absence in the directory's tree (`LBX-DIR-3` to `LBX-DIR-6`).
//!
//! The tree is akd's. Its own verifiers are not enough against a directory that lies: the check for
//! absence accepts an ancestor of a leaf that is not its parent (the root, say) as proof that the
//! leaf is not there, and the check for presence relies on it to rule out that a newer version
//! exists. So every path is checked here bit by bit before akd's verifier sees it, and absence is
//! verified here altogether. `docs/decisions/0002-own-absence-verifier.md` has the details.

use akd_core::{
    AkdLabel, AkdValue, AzksElement, AzksValue, Configuration as _, Direction, DomainLabel,
    ExperimentalConfiguration, LookupProof, MembershipProof, NodeLabel, NonMembershipProof, PrefixOrdering,
    SiblingProof, VersionFreshness,
    ecvrf::{Proof as VrfProof, VRFPublicKey},
};
use curve25519_dalek::{Scalar, edwards::CompressedEdwardsY};
use minicbor::{Decode, Encode};
use relay_auth::cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Wire};
use sha2::{Digest as _, Sha512};

use crate::directory::head::Head;

/// Separates our tree's hashes from those of any other (akd puts it in front of each input).
#[derive(Clone, Debug)]
pub struct TreeDomain;

impl DomainLabel for TreeDomain {
    fn domain_label() -> &'static [u8] {
        // Ended by a byte that occurs in no other label.
        b"letterbox/v1/directory/tree\0"
    }
}

/// How the tree hashes. The directory uses the same.
pub type TreeConfiguration = ExperimentalConfiguration<TreeDomain>;

/// Why a proof was not taken. The directory is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The proof is not of the form that an honest directory makes.
    #[error("the directory sent a proof that is not one")]
    Shape,
    /// It is about something else than was asked.
    #[error("the directory sent a proof about something else than was asked")]
    OtherLabel,
    /// It does not lead to the directory's head.
    #[error("the directory's proof does not match its own head")]
    OtherRoot,
}

const LABEL_BITS: u32 = 256;
const LONGEST_VALUE: usize = 1024;
const VRF_PROOF_LENGTH: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Label {
    #[n(0)]
    bits: u16,
    #[n(1)]
    value: Bytes32,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Node {
    #[n(0)]
    label: Label,
    #[n(1)]
    hash: Bytes32,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Step {
    #[n(0)]
    parent: Label,
    #[n(1)]
    sibling: Node,
    /// The path comes up on the left, and the sibling is on the right.
    #[n(2)]
    from_left: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Path {
    #[n(0)]
    node: Node,
    /// From the root down.
    #[n(1)]
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Gap {
    #[n(0)]
    label: Label,
    #[n(1)]
    left: Node,
    #[n(2)]
    right: Node,
    #[n(3)]
    prefix: Path,
}

/// That a value stands under a label, and that it is the newest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Presence {
    #[n(0)]
    epoch: u64,
    #[n(1)]
    version: u64,
    #[n(2)]
    value: Bytes,
    #[n(3)]
    existence_vrf: Bytes,
    #[n(4)]
    existence: Path,
    #[n(5)]
    marker_vrf: Bytes,
    #[n(6)]
    marker: Path,
    #[n(7)]
    freshness_vrf: Bytes,
    #[n(8)]
    freshness: Gap,
    #[n(9)]
    nonce: Bytes32,
}

impl Wire for Presence {
    const LIMITS: Limits = Limits { bytes: 64 * 1024, depth: 7, items: 8192 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        let proofs = [&self.existence_vrf, &self.marker_vrf, &self.freshness_vrf];
        let is_sound = proofs.iter().all(|proof| proof.as_ref().len() == VRF_PROOF_LENGTH)
            && (1..=LONGEST_VALUE).contains(&self.value.as_ref().len());
        if is_sound {
            Ok(())
        } else {
            Err(DecodeError::Value("a directory proof has a part of a wrong length"))
        }
    }
}

/// That nothing has ever stood under a label.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Absence {
    #[n(0)]
    vrf: Bytes,
    #[n(1)]
    gap: Gap,
}

impl Wire for Absence {
    const LIMITS: Limits = Limits { bytes: 32 * 1024, depth: 7, items: 4096 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.vrf.as_ref().len() == VRF_PROOF_LENGTH {
            Ok(())
        } else {
            Err(DecodeError::Value("a directory proof has a part of a wrong length"))
        }
    }
}

impl Presence {
    /// Takes a proof that akd made, to be sent.
    ///
    /// # Errors
    /// [`TreeError::Shape`] for one that this format cannot carry.
    pub fn from_akd(proof: &LookupProof) -> Result<Self, TreeError> {
        Ok(Self {
            epoch: proof.epoch,
            version: proof.version,
            value: proof.value.0.clone().into(),
            existence_vrf: proof.existence_vrf_proof.clone().into(),
            existence: Path::from_akd(&proof.existence_proof)?,
            marker_vrf: proof.marker_vrf_proof.clone().into(),
            marker: Path::from_akd(&proof.marker_proof)?,
            freshness_vrf: proof.freshness_vrf_proof.clone().into(),
            freshness: Gap::from_akd(&proof.freshness_proof)?,
            nonce: Bytes32(proof.commitment_nonce.as_slice().try_into().map_err(|_| TreeError::Shape)?),
        })
    }

    /// How often the value was set, from 1. Proven together with the value.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Verifies that a value stands under `label` in the tree of `head`, and returns it.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn verify(&self, label: &[u8], head: &Head, vrf_key: &[u8; 32]) -> Result<&[u8], TreeError> {
        // akd's verifier panics on version 0 and does not compare the epochs.
        if self.version == 0 || self.version > self.epoch || self.epoch > head.epoch() {
            return Err(TreeError::Shape);
        }
        let (existence, marker) = (self.existence.to_akd()?, self.marker.to_akd()?);
        let freshness = self.freshness.to_akd()?;
        if !(is_leaf_path(&existence) && is_leaf_path(&marker) && is_gap(&freshness)) {
            return Err(TreeError::Shape);
        }
        let names = [
            (&self.existence_vrf, VersionFreshness::Fresh, self.version, &existence.label),
            (&self.marker_vrf, VersionFreshness::Fresh, 1 << self.version.ilog2(), &marker.label),
            (&self.freshness_vrf, VersionFreshness::Stale, self.version, &freshness.label),
        ];
        for (proof, freshness, version, node) in names {
            if node_label(vrf_key, label, freshness, version, proof.as_ref())? != *node {
                return Err(TreeError::OtherLabel);
            }
        }
        let proof = LookupProof {
            epoch: self.epoch,
            value: AkdValue(self.value.0.clone()),
            version: self.version,
            existence_vrf_proof: self.existence_vrf.0.clone(),
            existence_proof: existence,
            marker_vrf_proof: self.marker_vrf.0.clone(),
            marker_proof: marker,
            freshness_vrf_proof: self.freshness_vrf.0.clone(),
            freshness_proof: freshness,
            commitment_nonce: self.nonce.0.to_vec(),
        };
        akd_core::verify::lookup_verify::<TreeConfiguration>(
            vrf_key,
            *head.root(),
            head.epoch(),
            AkdLabel(label.to_vec()),
            proof,
        )
        .map_err(|_| TreeError::OtherRoot)?;
        Ok(self.value.as_ref())
    }
}

impl Absence {
    /// Takes a proof that akd made, to be sent.
    ///
    /// # Errors
    /// [`TreeError::Shape`] for one that this format cannot carry.
    pub fn from_akd(vrf: &[u8], proof: &NonMembershipProof) -> Result<Self, TreeError> {
        Ok(Self { vrf: vrf.into(), gap: Gap::from_akd(proof)? })
    }

    /// Verifies that nothing has ever stood under `label` up to `head`: the leaf of its first
    /// version, which is never removed, is not in the tree.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn verify(&self, label: &[u8], head: &Head, vrf_key: &[u8; 32]) -> Result<(), TreeError> {
        let proof = self.gap.to_akd()?;
        if node_label(vrf_key, label, VersionFreshness::Fresh, 1, self.vrf.as_ref())? != proof.label {
            return Err(TreeError::OtherLabel);
        }
        if !is_gap(&proof) {
            return Err(TreeError::Shape);
        }
        let [left, right] = &proof.longest_prefix_children;
        let prefix = &proof.longest_prefix_membership_proof;
        if parent_hash(left, right) != prefix.hash_val || root_of(prefix) != *head.root() {
            return Err(TreeError::OtherRoot);
        }
        Ok(())
    }
}

/// The tree's label for a version of `label`, by the VRF (ECVRF-EDWARDS25519-SHA512-TAI, RFC 9381
/// §5.5), whose proof is verified.
fn node_label(
    vrf_key: &[u8; 32],
    label: &[u8],
    freshness: VersionFreshness,
    version: u64,
    proof: &[u8],
) -> Result<NodeLabel, TreeError> {
    let proof: &[u8; VRF_PROOF_LENGTH] = proof.try_into().map_err(|_| TreeError::Shape)?;
    let (gamma, rest) = proof.split_first_chunk::<32>().ok_or(TreeError::Shape)?;
    let scalar: [u8; 32] = rest.get(16..).and_then(|rest| rest.try_into().ok()).ok_or(TreeError::Shape)?;
    // RFC 9381 §5.4.4 demands a reduced scalar; akd reduces instead.
    if bool::from(Scalar::from_canonical_bytes(scalar).is_none()) {
        return Err(TreeError::Shape);
    }
    let key = VRFPublicKey::try_from(&vrf_key[..]).map_err(|_| TreeError::Shape)?;
    let parsed = VrfProof::try_from(&proof[..]).map_err(|_| TreeError::Shape)?;
    let input = TreeConfiguration::get_hash_from_label_input(&AkdLabel(label.to_vec()), freshness, version);
    key.verify(&parsed, &input).map_err(|_| TreeError::OtherLabel)?;
    // akd keeps the output to itself: RFC 9381 §5.2, suite 0x03.
    let point = CompressedEdwardsY(*gamma).decompress().ok_or(TreeError::Shape)?.mul_by_cofactor();
    let output = Sha512::new()
        .chain_update([3, 3])
        .chain_update(point.compress().as_bytes())
        .chain_update([0])
        .finalize();
    let mut value = [0; 32];
    value.copy_from_slice(&output[..32]);
    Ok(NodeLabel::new(value, LABEL_BITS))
}

impl Label {
    fn from_akd(label: &NodeLabel) -> Result<Self, TreeError> {
        let bits = u16::try_from(label.label_len).map_err(|_| TreeError::Shape)?;
        Ok(Self { bits, value: label.label_val.into() })
    }

    const fn to_akd(&self) -> NodeLabel {
        NodeLabel { label_val: self.value.0, label_len: self.bits as u32 }
    }
}

impl Node {
    fn from_akd(element: &AzksElement) -> Result<Self, TreeError> {
        Ok(Self { label: Label::from_akd(&element.label)?, hash: element.value.0.into() })
    }

    const fn to_akd(&self) -> AzksElement {
        AzksElement { label: self.label.to_akd(), value: AzksValue(self.hash.0) }
    }
}

impl Path {
    fn from_akd(proof: &MembershipProof) -> Result<Self, TreeError> {
        let steps = proof
            .sibling_proofs
            .iter()
            .map(|step| {
                Ok(Step {
                    parent: Label::from_akd(&step.label)?,
                    sibling: Node::from_akd(&step.siblings[0])?,
                    from_left: step.direction == Direction::Left,
                })
            })
            .collect::<Result<_, TreeError>>()?;
        let node = Node { label: Label::from_akd(&proof.label)?, hash: proof.hash_val.0.into() };
        Ok(Self { node, steps })
    }

    fn to_akd(&self) -> Result<MembershipProof, TreeError> {
        if self.steps.len() > LABEL_BITS as usize {
            return Err(TreeError::Shape);
        }
        let sibling_proofs = self
            .steps
            .iter()
            .map(|step| SiblingProof {
                label: step.parent.to_akd(),
                siblings: [step.sibling.to_akd()],
                direction: if step.from_left { Direction::Left } else { Direction::Right },
            })
            .collect();
        Ok(MembershipProof {
            label: self.node.label.to_akd(),
            hash_val: AzksValue(self.node.hash.0),
            sibling_proofs,
        })
    }
}

impl Gap {
    fn from_akd(proof: &NonMembershipProof) -> Result<Self, TreeError> {
        let prefix = Path::from_akd(&proof.longest_prefix_membership_proof)?;
        if prefix.node.label != Label::from_akd(&proof.longest_prefix)? {
            return Err(TreeError::Shape);
        }
        Ok(Self {
            label: Label::from_akd(&proof.label)?,
            left: Node::from_akd(&proof.longest_prefix_children[0])?,
            right: Node::from_akd(&proof.longest_prefix_children[1])?,
            prefix,
        })
    }

    fn to_akd(&self) -> Result<NonMembershipProof, TreeError> {
        Ok(NonMembershipProof {
            label: self.label.to_akd(),
            longest_prefix: self.prefix.node.label.to_akd(),
            longest_prefix_children: [self.left.to_akd(), self.right.to_akd()],
            longest_prefix_membership_proof: self.prefix.to_akd()?,
        })
    }
}

/// No bits beyond the length. The length is checked first: akd counts up to it.
fn is_canonical(label: &NodeLabel) -> bool {
    label.label_len <= LABEL_BITS && label.get_prefix(label.label_len) == *label
}

const fn side(direction: Direction) -> PrefixOrdering {
    match direction {
        Direction::Left => PrefixOrdering::WithZero,
        Direction::Right => PrefixOrdering::WithOne,
    }
}

/// Whether a node may be the child of `parent` on this side. Only the root may lack a child.
fn is_child(parent: &NodeLabel, child: &AzksElement, direction: Direction) -> bool {
    if child.label == TreeConfiguration::empty_label() {
        return parent.label_len == 0 && child.value == TreeConfiguration::empty_node_hash();
    }
    is_canonical(&child.label) && parent.get_prefix_ordering(child.label) == side(direction)
}

/// Whether each step of a path leads to a true parent, up to the root.
fn is_path(path: &MembershipProof) -> bool {
    if !is_canonical(&path.label) {
        return false;
    }
    let mut node = path.label;
    for step in path.sibling_proofs.iter().rev() {
        let holds = is_canonical(&step.label)
            && step.label.get_prefix_ordering(node) == side(step.direction)
            && is_child(&step.label, &step.siblings[0], step.direction.other());
        if !holds {
            return false;
        }
        node = step.label;
    }
    node == NodeLabel::root()
}

fn is_leaf_path(path: &MembershipProof) -> bool {
    path.label.label_len == LABEL_BITS && is_path(path)
}

/// Whether a gap is where the label would have to be: below the prefix, on the way of no child.
fn is_gap(proof: &NonMembershipProof) -> bool {
    let prefix = &proof.longest_prefix;
    let [left, right] = &proof.longest_prefix_children;
    proof.label.label_len == LABEL_BITS
        && prefix.label_len < LABEL_BITS
        && is_canonical(prefix)
        && prefix.is_prefix_of(&proof.label)
        && proof.longest_prefix_membership_proof.label == *prefix
        && is_child(prefix, left, Direction::Left)
        && is_child(prefix, right, Direction::Right)
        // What akd does not check: a child on the way to the label may lead to it.
        && [left, right].iter().all(|child| {
            child.label == TreeConfiguration::empty_label() || !child.label.is_prefix_of(&proof.label)
        })
        && is_path(&proof.longest_prefix_membership_proof)
}

fn parent_hash(left: &AzksElement, right: &AzksElement) -> AzksValue {
    TreeConfiguration::compute_parent_hash_from_children(
        &left.value,
        &left.label.value::<TreeConfiguration>(),
        &right.value,
        &right.label.value::<TreeConfiguration>(),
    )
}

fn root_of(path: &MembershipProof) -> [u8; 32] {
    let mut node = AzksElement { label: path.label, value: path.hash_val };
    for step in path.sibling_proofs.iter().rev() {
        let value = match step.direction {
            Direction::Left => parent_hash(&node, &step.siblings[0]),
            Direction::Right => parent_hash(&step.siblings[0], &node),
        };
        node = AzksElement { label: step.label, value };
    }
    TreeConfiguration::compute_root_hash_from_val(&node.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The label of these bits.
    fn label(bits: &str) -> NodeLabel {
        let mut value = [0_u8; 32];
        for (place, bit) in bits.bytes().enumerate() {
            value[place / 8] |= (bit - b'0') << (7 - place % 8);
        }
        NodeLabel::new(value, u32::try_from(bits.len()).unwrap())
    }

    fn node(label: NodeLabel) -> AzksElement {
        AzksElement { label, value: AzksValue([7; 32]) }
    }

    /// The same label with a bit that does not count: others would hash it to something else.
    fn with_a_bit_beyond(mut label: NodeLabel) -> NodeLabel {
        label.label_val[31] |= 1;
        label
    }

    fn step(parent: &str, sibling: &str, direction: Direction) -> SiblingProof {
        SiblingProof { label: label(parent), siblings: [node(label(sibling))], direction }
    }

    /// From the root over 1 and 10 to the leaf 1010…
    fn path() -> MembershipProof {
        MembershipProof {
            label: label(&"10".repeat(128)),
            hash_val: AzksValue([7; 32]),
            sibling_proofs: vec![
                step("", "01", Direction::Right),
                step("1", "11", Direction::Left),
                step("10", "1001", Direction::Right),
            ],
        }
    }

    #[test]
    fn a_label_has_at_most_256_bits_and_none_beyond_its_length() {
        for honest in [label(""), label("101"), NodeLabel::new([0xff; 32], LABEL_BITS)] {
            assert!(is_canonical(&honest), "{honest}");
        }
        let hostile = [
            with_a_bit_beyond(label("")),
            with_a_bit_beyond(label("101")),
            NodeLabel::new([0xff; 32], LABEL_BITS + 1),
        ];
        for hostile in hostile {
            assert!(!is_canonical(&hostile), "{hostile}");
        }
    }

    /// `LBX-DIR-4`
    #[test]
    fn a_child_is_below_its_parent_on_its_own_side() {
        let (parent, left, right) = (label("10"), label("1001"), label("101"));
        assert!(is_child(&parent, &node(left), Direction::Left));
        assert!(is_child(&parent, &node(right), Direction::Right));
        let hostile = [
            (left, Direction::Right),
            (right, Direction::Left),
            (parent, Direction::Left),
            (label("1"), Direction::Left),
            (label("1101"), Direction::Left),
            (with_a_bit_beyond(left), Direction::Left),
        ];
        for (child, direction) in hostile {
            assert!(!is_child(&parent, &node(child), direction), "{child} {direction:?}");
        }
    }

    /// `LBX-DIR-4`
    #[test]
    fn only_the_root_lacks_a_child_and_what_is_not_there_has_no_hash_of_its_own() {
        let nothing = AzksElement {
            label: TreeConfiguration::empty_label(),
            value: TreeConfiguration::empty_node_hash(),
        };
        assert!(is_child(&NodeLabel::root(), &nothing, Direction::Left));
        assert!(!is_child(&label("10"), &nothing, Direction::Left));
        let hashed = AzksElement { value: AzksValue([7; 32]), ..nothing };
        assert!(!is_child(&NodeLabel::root(), &hashed, Direction::Left));
    }

    /// `LBX-DIR-4`
    #[test]
    fn every_step_of_a_path_leads_to_a_true_parent_up_to_the_root() {
        assert!(is_path(&path()));
        let with_step = |step| {
            let mut path = path();
            path.sibling_proofs[1] = step;
            path
        };
        let hostile = [
            ("a leaf that is too long", MembershipProof { label: NodeLabel::new([0xaa; 32], 257), ..path() }),
            ("a node on the other side", with_step(step("1", "11", Direction::Right))),
            ("a parent that is none", with_step(step("0", "01", Direction::Left))),
            ("a sibling from elsewhere", with_step(step("1", "01", Direction::Left))),
            ("a sibling on the way", with_step(step("1", "101", Direction::Left))),
            (
                "a parent with a bit beyond its length",
                with_step(SiblingProof {
                    label: with_a_bit_beyond(label("1")),
                    ..step("1", "11", Direction::Left)
                }),
            ),
            (
                "no step to the root",
                MembershipProof { sibling_proofs: path().sibling_proofs.split_off(1), ..path() },
            ),
        ];
        for (what, path) in hostile {
            assert!(!is_path(&path), "{what}");
            assert!(!is_leaf_path(&path), "{what}");
        }
    }

    /// `LBX-DIR-4`
    #[test]
    fn a_leaf_has_256_bits() {
        assert!(is_leaf_path(&path()));
        let mut inner = MembershipProof { label: label("10"), ..path() };
        inner.sibling_proofs.truncate(2);
        assert!(is_path(&inner));
        assert!(!is_leaf_path(&inner));
    }

    #[test]
    fn a_path_has_at_most_one_step_for_each_bit() {
        let label = Label { bits: 0, value: Bytes32([0; 32]) };
        let node = Node { label: label.clone(), hash: Bytes32([0; 32]) };
        let step = Step { parent: label, sibling: node.clone(), from_left: true };
        let with_steps = |count| {
            let path = Path { node: node.clone(), steps: vec![step.clone(); count] };
            path.to_akd().map(|proof| proof.sibling_proofs.len())
        };
        assert_eq!(with_steps(256), Ok(256));
        assert_eq!(with_steps(257), Err(TreeError::Shape));
    }
}
