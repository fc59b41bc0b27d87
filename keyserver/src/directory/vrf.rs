//! The VRF key (ECVRF-EDWARDS25519-SHA512-TAI, RFC 9381), as akd wants it.

use std::sync::Arc;

use akd::{
    Configuration as _,
    ecvrf::{VRFKeyStorage, VRFPrivateKey, VRFPublicKey, VrfError},
};
use async_trait::async_trait;
use crypto_core::directory::TreeConfiguration;
use relay_auth::secret::Secret;

/// Holds the seed. akd takes copies of it that it does not wipe; they live as long as one proof.
#[derive(Clone)]
pub(super) struct Vrf(Arc<Secret>);

impl Vrf {
    pub(super) fn new(seed: Secret) -> Self {
        Self(Arc::new(seed))
    }

    /// The public key.
    pub(super) fn public(&self) -> [u8; 32] {
        let key = VRFPrivateKey::try_from(&self.0.expose()[..]).expect("any 32 bytes are a seed");
        *VRFPublicKey::from(&key).as_bytes()
    }

    /// What akd makes of it to commit to values.
    pub(super) fn commitment_key(&self) -> Secret {
        TreeConfiguration::hash(&self.0.expose()[..]).into()
    }
}

#[async_trait]
impl VRFKeyStorage for Vrf {
    async fn retrieve(&self) -> Result<Vec<u8>, VrfError> {
        Ok(self.0.expose().to_vec())
    }
}
