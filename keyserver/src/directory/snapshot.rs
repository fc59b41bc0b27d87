//! Reading: the head of one epoch, and proofs that lead to it.

use std::sync::Arc;

use akd::{
    AkdLabel, AzksParallelismConfig, NonMembershipProof, VersionFreshness,
    append_only_zks::{Azks, DEFAULT_AZKS_KEY},
    ecvrf::VRFKeyStorage as _,
    errors::{AkdError, StorageError},
    storage::{StorageManager, types::DbRecord},
};
use crypto_core::directory::{Absence, Head, HeadProof, Pin, Presence, TreeConfiguration};
use tokio::sync::OwnedRwLockReadGuard;

use crate::directory::{
    Core, DirectoryError,
    head::Present,
    log::Stored,
    tree_store::{Tree, TreeStore},
};

/// The directory at one epoch. No publish completes while it lives.
pub struct Snapshot {
    pub(super) core: Arc<Core>,
    pub(super) present: OwnedRwLockReadGuard<Present>,
    head: HeadProof,
    pub(super) verified: Head,
    store: TreeStore,
    storage: StorageManager<TreeStore>,
    tree: Tree,
}

impl Snapshot {
    pub(super) async fn of(
        core: Arc<Core>,
        present: OwnedRwLockReadGuard<Present>,
        known: Option<&Pin>,
    ) -> Result<Self, DirectoryError> {
        let (mut head, verified) = present.head(&core.log_key, &core.trust, core.clock.now())?;
        if let Some(pin) = known {
            head.consistency = present.consistency(&Stored(&core.engine), pin)?;
        }
        let store = TreeStore::reading(&core);
        let storage = StorageManager::new_no_cache(store.clone());
        let tree = Tree::new(storage.clone(), core.vrf.clone(), AzksParallelismConfig::disabled())
            .await
            .map_err(|_| store.failure("the tree is gone"))?;
        Ok(Self { core, present, head, verified, store, storage, tree })
    }

    /// The head, with the proof that it extends what the reader has known. Its checkpoint is at most a
    /// minute old.
    #[must_use]
    pub fn head(&self) -> &HeadProof {
        &self.head
    }

    /// What stands under a label, proven; `None` if nothing ever did.
    ///
    /// # Errors
    /// [`DirectoryError::Inconsistent`] if the proof does not hold, [`DirectoryError::Store`].
    pub async fn presence(&self, label: &[u8]) -> Result<Option<Presence>, DirectoryError> {
        // akd says "not found" for every failure to read the value, so it is not asked whether.
        if self.store.latest(label)?.is_none() {
            return Ok(None);
        }
        let proof = self.tree.lookup(AkdLabel(label.to_vec())).await;
        let (proof, _) = proof.map_err(|_| self.store.failure("the tree does not prove a value it has"))?;
        let unsound = |_| DirectoryError::Inconsistent("a proof of presence does not hold");
        let presence = Presence::from_akd(&proof).map_err(unsound)?;
        presence.verify(label, &self.verified, &self.core.vrf_key).map_err(unsound)?;
        Ok(Some(presence))
    }

    /// That nothing ever stood under a label, proven.
    ///
    /// # Errors
    /// [`DirectoryError::NotAbsent`] if something did; [`DirectoryError::Inconsistent`] if the proof
    /// does not hold, [`DirectoryError::Store`].
    pub async fn absence(&self, label: &[u8]) -> Result<Absence, DirectoryError> {
        if self.store.latest(label)?.is_some() {
            return Err(DirectoryError::NotAbsent);
        }
        let gap = self.gap(&AkdLabel(label.to_vec())).await;
        let (vrf, gap) = gap.map_err(|_| self.store.failure("the tree does not prove an absence"))?;
        // A lost node looks like a gap to akd, and a listed label gives a gap as well: neither holds.
        let unsound = |_| DirectoryError::Inconsistent("a proof of absence does not hold");
        let absence = Absence::from_akd(&vrf, &gap).map_err(unsound)?;
        absence.verify(label, &self.verified, &self.core.vrf_key).map_err(unsound)?;
        Ok(absence)
    }

    /// That the leaf of the label's first version, which is never removed, is not there (`LBX-DIR-5`).
    async fn gap(&self, label: &AkdLabel) -> Result<(Vec<u8>, NonMembershipProof), AkdError> {
        let DbRecord::Azks(tree) = self.storage.get::<Azks>(&DEFAULT_AZKS_KEY).await? else {
            return Err(AkdError::Storage(StorageError::Other("not the tree's record".to_owned())));
        };
        let (vrf, first) = (&self.core.vrf, (VersionFreshness::Fresh, 1));
        let node = vrf.get_node_label::<TreeConfiguration>(label, first.0, first.1).await?;
        let proof = vrf.get_label_proof::<TreeConfiguration>(label, first.0, first.1).await?;
        let gap = tree.get_non_membership_proof::<TreeConfiguration, _>(&self.storage, node).await?;
        Ok((proof.to_bytes().to_vec(), gap))
    }
}
