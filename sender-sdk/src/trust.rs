//! The trust file: read or fetched, verified, never older than before (`LBX-TRUST-2`).

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crypto_core::trust::{LONGEST_TRUST, SignedTrust, TrustError, VerifiedTrust};
use relay_auth::{cbor::Version, signing::VerifyingKey};

use crate::{
    settings::TrustSource,
    state::{KnownTrust, Memory, StateError},
    transport::{Patience, Peer, TransportError, fetch},
};

/// Why there is no trust file that can be believed.
#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    /// The file cannot be read.
    #[error("cannot read the trust file {}: {cause}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It cannot be fetched.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It does not hold.
    #[error("{0}. Get it again, and compare the deployment key of the keys file with the published one")]
    NotValid(#[from] TrustError),
    /// What is remembered belongs to another deployment.
    #[error(
        "what this sender remembers belongs to another deployment than the keys file names: use a state folder of its own for each deployment"
    )]
    OtherDeployment,
    /// A newer one was seen before.
    #[error("the trust file is older than one that was used before: get the present one")]
    Older,
    /// What was seen cannot be remembered.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Gets the trust file and verifies it. Only the deployment that is named and remembered is believed,
/// and no file that was issued before the one that was used last.
pub(crate) async fn load(
    source: &TrustSource,
    deployment: &VerifyingKey,
    memory: &Memory,
    patience: &Patience,
) -> Result<VerifiedTrust, TrustFault> {
    let json = match source {
        TrustSource::File(path) => {
            read(path).map_err(|cause| TrustFault::File { path: path.clone(), cause })?
        }
        TrustSource::Address(address) => fetch(Peer::TrustFile, address, LONGEST_TRUST, patience).await?,
    };
    let verified = SignedTrust::from_json(&json)?.verify(deployment)?;
    let issued = verified.file().issued;
    let known = memory.trust().await?;
    if known.as_ref().is_some_and(|known| known.deployment != *deployment) {
        return Err(TrustFault::OtherDeployment);
    }
    if known.as_ref().is_some_and(|known| issued < known.issued) {
        return Err(TrustFault::Older);
    }
    if known.is_none_or(|known| issued > known.issued) {
        memory.remember_trust(KnownTrust { version: Version, deployment: *deployment, issued }).await?;
    }
    Ok(verified)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut json = Vec::new();
    // One byte more than allowed shows that it is too long; the rest is not read.
    File::open(path)?.take(LONGEST_TRUST as u64 + 1).read_to_end(&mut json)?;
    Ok(json)
}
