//! A directory in memory: akd's real tree, a log by RFC 6962's definitions, a checkpoint signed for
//! real. It answers honestly; the tests alter its answers.

use akd::{
    AkdLabel, AkdValue, AzksParallelismConfig, Configuration as _, Directory, MembershipProof,
    NonMembershipProof, VersionFreshness,
    append_only_zks::{Azks, DEFAULT_AZKS_KEY},
    ecvrf::{VRFKeyStorage, VrfError},
    storage::{StorageManager, memory::AsyncInMemoryDatabase, types::DbRecord},
};
use crypto_core::{
    citizen::{DirectoryId, SignedEntry},
    directory::{
        Absence, Answer, CitizenProof, Epoch, HeadProof, LogKey, LogSigner, PersonList, PersonProof, Pin,
        Presence, TreeConfiguration, Trust, Witness, cosign, leaf_hash, node_hash, sign_checkpoint,
        unsigned_checkpoint,
    },
    evidence::{AddressEvidence, Evidence},
    person::Attributes,
};
use relay_auth::{
    cbor::{Bytes32, Suite, Version, Wire as _},
    signing::SigningKey,
};
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};

use crate::world::{ANN, BOB, NOW, key, operator_keys};

pub(crate) const ORIGIN: &str = "directory.letterbox.example/log";
const VRF_SEED: [u8; 32] = [211; 32];

#[derive(Clone)]
struct Vrf;

#[async_trait::async_trait]
impl VRFKeyStorage for Vrf {
    async fn retrieve(&self) -> Result<Vec<u8>, VrfError> {
        Ok(VRF_SEED.to_vec())
    }
}

type Tree = Directory<TreeConfiguration, AsyncInMemoryDatabase, Vrf>;

pub(crate) struct FakeDirectory {
    runtime: Runtime,
    storage: StorageManager<AsyncInMemoryDatabase>,
    tree: Tree,
    epochs: Vec<Epoch>,
    pub(crate) log_key: SigningKey,
    pub(crate) witnesses: Vec<SigningKey>,
    /// The time of the next heads.
    pub(crate) time: u64,
}

impl FakeDirectory {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().build().unwrap();
        let storage = StorageManager::new_no_cache(AsyncInMemoryDatabase::new());
        let tree =
            runtime.block_on(Tree::new(storage.clone(), Vrf, AzksParallelismConfig::disabled())).unwrap();
        let mut directory = Self {
            runtime,
            storage,
            tree,
            epochs: Vec::new(),
            log_key: key(212),
            witnesses: vec![key(213), key(214), key(215)],
            time: NOW,
        };
        // An empty tree has no proof of absence; and a tree of one leaf is no tree to test with.
        directory.publish((0..40_u8).map(|number| (vec![number], vec![1])).collect());
        directory
    }

    pub(crate) fn trust(&self) -> Trust {
        let witnesses = self
            .witnesses
            .iter()
            .enumerate()
            .map(|(number, key)| Witness { name: witness_name(number), key: key.verifying_key() })
            .collect();
        Trust {
            log: LogKey { origin: ORIGIN.to_owned(), key: self.log_key.verifying_key() },
            vrf_key: self.vrf_key(),
            witnesses,
            quorum: 2,
            operators: operator_keys(),
        }
    }

    fn vrf_key(&self) -> [u8; 32] {
        let key = self.runtime.block_on(self.tree.get_public_key()).unwrap();
        key.as_bytes().to_owned()
    }

    /// Publishes values under labels as the next epoch.
    pub(crate) fn publish(&mut self, values: Vec<(Vec<u8>, Vec<u8>)>) {
        let updates = values.into_iter().map(|(label, value)| (AkdLabel(label), AkdValue(value))).collect();
        let hash = self.runtime.block_on(self.tree.publish(updates)).unwrap();
        assert_eq!(hash.epoch(), self.epochs.len() as u64 + 1);
        self.epochs.push(Epoch::new(hash.epoch(), hash.hash(), &self.vrf_key()));
    }

    /// Lists a person and publishes the newest entry of a chain.
    pub(crate) fn enrol(&mut self, attributes: &Attributes, id: DirectoryId, chain: &[SignedEntry]) {
        let mut values: Vec<_> = [attributes.clone(), attributes.without_postcode()]
            .iter()
            .map(|form| (form.directory_label(), list(&[id])))
            .collect();
        if let Some(last) = chain.last() {
            values.push((id.directory_label(), last.hash().to_vec()));
        }
        self.publish(values);
    }

    pub(crate) fn presence(&self, label: &[u8]) -> Presence {
        let (proof, _) = self.runtime.block_on(self.tree.lookup(AkdLabel(label.to_vec()))).unwrap();
        Presence::from_akd(&proof).unwrap()
    }

    pub(crate) fn akd_lookup(&self, label: &[u8]) -> akd::LookupProof {
        self.runtime.block_on(self.tree.lookup(AkdLabel(label.to_vec()))).unwrap().0
    }

    pub(crate) fn akd_absence(&self, label: &[u8]) -> (Vec<u8>, NonMembershipProof) {
        self.akd_gap(label, VersionFreshness::Fresh, 1)
    }

    pub(crate) fn akd_gap(
        &self,
        label: &[u8],
        freshness: VersionFreshness,
        version: u64,
    ) -> (Vec<u8>, NonMembershipProof) {
        self.runtime.block_on(async {
            let label = AkdLabel(label.to_vec());
            let DbRecord::Azks(azks) = self.storage.get::<Azks>(&DEFAULT_AZKS_KEY).await.unwrap() else {
                panic!("not the tree's record");
            };
            let node = Vrf.get_node_label::<TreeConfiguration>(&label, freshness, version).await.unwrap();
            let vrf = Vrf.get_label_proof::<TreeConfiguration>(&label, freshness, version).await.unwrap();
            let proof =
                azks.get_non_membership_proof::<TreeConfiguration, _>(&self.storage, node).await.unwrap();
            (vrf.to_bytes().to_vec(), proof)
        })
    }

    /// That a version's leaf is in the present tree.
    pub(crate) fn membership(
        &self,
        label: &[u8],
        freshness: VersionFreshness,
        version: u64,
    ) -> MembershipProof {
        self.runtime.block_on(async {
            let label = AkdLabel(label.to_vec());
            let DbRecord::Azks(azks) = self.storage.get::<Azks>(&DEFAULT_AZKS_KEY).await.unwrap() else {
                panic!("not the tree's record");
            };
            let node = Vrf.get_node_label::<TreeConfiguration>(&label, freshness, version).await.unwrap();
            azks.get_membership_proof::<TreeConfiguration, _>(&self.storage, node).await.unwrap()
        })
    }

    /// An old version of a label's value as a lookup proof would show it. Its part about freshness is
    /// that of the newest version, which does not fit: a liar has to make one up.
    pub(crate) fn old_version(&self, label: &[u8], version: u64, value: &[u8]) -> akd::LookupProof {
        let newest = self.akd_lookup(label);
        let node_label = self.membership(label, VersionFreshness::Fresh, version);
        let marker = 1 << version.ilog2();
        let vrf = |version| {
            let label = AkdLabel(label.to_vec());
            let proof = Vrf.get_label_proof::<TreeConfiguration>(&label, VersionFreshness::Fresh, version);
            self.runtime.block_on(proof).unwrap().to_bytes().to_vec()
        };
        let commitment_key = TreeConfiguration::hash(&VRF_SEED);
        let nonce = TreeConfiguration::get_commitment_nonce(
            &commitment_key,
            &node_label.label,
            version,
            &AkdValue(value.to_vec()),
        );
        let epoch = self.epoch_of(label, value);
        akd::LookupProof {
            epoch,
            value: AkdValue(value.to_vec()),
            version,
            existence_vrf_proof: vrf(version),
            existence_proof: node_label,
            marker_vrf_proof: vrf(marker),
            marker_proof: self.membership(label, VersionFreshness::Fresh, marker),
            commitment_nonce: nonce.to_vec(),
            ..newest
        }
    }

    /// The epoch in which a value was published.
    fn epoch_of(&self, label: &[u8], value: &[u8]) -> u64 {
        let label = AkdLabel(label.to_vec());
        let states = self.runtime.block_on(self.storage.get_user_data(&label)).unwrap().states;
        states.iter().find(|state| state.value.0 == value).unwrap().epoch
    }

    pub(crate) fn absence(&self, label: &[u8]) -> Absence {
        let (vrf, proof) = self.akd_absence(label);
        Absence::from_akd(&vrf, &proof).unwrap()
    }

    fn leaves(&self) -> Vec<[u8; 32]> {
        self.epochs.iter().map(|epoch| leaf_hash(&epoch.leaf())).collect()
    }

    pub(crate) fn pin(&self) -> Pin {
        Pin { size: self.epochs.len() as u64, root: root_of(&self.leaves()).into() }
    }

    /// The present head, with all witnesses' cosignatures and consistency from `pin`.
    pub(crate) fn head(&self, pin: Option<&Pin>) -> HeadProof {
        let mut note = self.log_note();
        let Pin { size, root } = self.pin();
        let text = unsigned_checkpoint(ORIGIN, size, &root.0);
        for (number, witness) in self.witnesses.iter().enumerate() {
            note.push_str(&cosign(&text, &witness_name(number), witness, self.time));
        }
        self.head_with_note(&note, pin)
    }

    /// A checkpoint with the log's own signatures alone.
    pub(crate) fn log_note(&self) -> String {
        self.log_note_at(self.time)
    }

    pub(crate) fn log_note_at(&self, time: u64) -> String {
        let Pin { size, root } = self.pin();
        sign_checkpoint(&LogSigner { origin: ORIGIN, key: &self.log_key }, size, &root.0, time)
    }

    pub(crate) fn head_with_note(&self, note: &str, pin: Option<&Pin>) -> HeadProof {
        let leaves = self.leaves();
        let old = pin.map_or(leaves.len(), |pin| usize::try_from(pin.size).unwrap());
        let consistency =
            if old == 0 || old > leaves.len() { vec![] } else { consistency_of(old, &leaves, true) };
        HeadProof {
            checkpoint: note.as_bytes().into(),
            epoch: self.epochs.last().unwrap().clone(),
            inclusion: path_of(leaves.len() - 1, &leaves).into_iter().map(Bytes32).collect(),
            consistency: consistency.into_iter().map(Bytes32).collect(),
        }
    }

    /// An honest answer about somebody who is listed with entries.
    pub(crate) fn answer(
        &self,
        attributes: &Attributes,
        id: DirectoryId,
        chain: &[SignedEntry],
        evidence: &Evidence,
        pin: Option<&Pin>,
    ) -> Answer {
        Answer {
            version: Version,
            suite: Suite,
            head: self.head(pin),
            person: PersonProof::Listed(self.presence(&attributes.directory_label())),
            citizen: Some(CitizenProof::Entries {
                presence: self.presence(&id.directory_label()),
                chain: chain.to_vec(),
                evidence: evidence.clone(),
                maturity: None,
                address: attributes.postcode().map(|_| address_of(id)),
            }),
            permits: vec![vec![1; 176].into()],
        }
    }
}

fn address_of(id: DirectoryId) -> AddressEvidence {
    if id == BOB.id() { BOB.address() } else { ANN.address() }
}

pub(crate) fn witness_name(number: usize) -> String {
    format!("witness-{number}.example")
}

pub(crate) fn list(citizens: &[DirectoryId]) -> Vec<u8> {
    PersonList { version: Version, suite: Suite, citizens: citizens.to_vec() }.to_bytes()
}

// RFC 6962 §2.1, straight from its definitions.

fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

fn root_of(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

fn path_of(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
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

fn consistency_of(old: usize, leaves: &[[u8; 32]], is_whole: bool) -> Vec<[u8; 32]> {
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
