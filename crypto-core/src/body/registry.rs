//! A body's entries from the first to the newest, as the directory proves them.

use relay_auth::signing::VerifyingKey;

use crate::{
    body::{BodyError, SignedBodyEntry, VerifiedBody},
    directory::{Head, Presence, TreeError, Trust},
};

/// Why a body's listing was not taken. The directory or its operators are at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is no entry.
    #[error("the directory listed a public body without an entry")]
    Empty,
    /// An entry does not hold.
    #[error(transparent)]
    Entry(#[from] BodyError),
    /// The entries do not follow one another.
    #[error("the directory sent entries of a public body that do not follow one another")]
    Broken,
    /// The proof does not hold.
    #[error("the directory did not prove that a public body is listed: {0}")]
    Proof(TreeError),
    /// The newest entry is not the one that is proven.
    #[error("the directory sent another entry of a public body than the one it proved")]
    OtherEntry,
    /// The body's entry was replaced more often than the entries show.
    #[error("the directory replaced a public body's entry without a trace in its history")]
    HiddenChange,
}

/// A body whose entries were verified and whose newest one is proven to be in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredBody {
    entries: Vec<(SignedBodyEntry, VerifiedBody)>,
    newest: VerifiedBody,
}

impl RegisteredBody {
    /// Verifies a body's entries, first to newest, and that the newest stands in the tree of `head`
    /// (`LBX-BODY-5`).
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn verify(
        entries: &[SignedBodyEntry],
        presence: &Presence,
        head: &Head,
        trust: &Trust,
    ) -> Result<Self, RegistryError> {
        let shown: Vec<&SignedBodyEntry> = entries.iter().collect();
        let verified = chained(&shown)?;
        let newest = verified.last().cloned().ok_or(RegistryError::Empty)?;
        let label = newest.entry().id.directory_label();
        let proven = presence.verify(&label, head, &trust.vrf_key).map_err(RegistryError::Proof)?;
        if proven != newest.hash() {
            return Err(RegistryError::OtherEntry);
        }
        // One version for each entry.
        if presence.version() != verified.len() as u64 {
            return Err(RegistryError::HiddenChange);
        }
        // Last of all: who leaves a body out for this alone (`LBX-BODY-8`) knows that it stands so in the log.
        approved(&shown, &trust.operators)?;
        Ok(Self { entries: entries.iter().cloned().zip(verified).collect(), newest })
    }

    /// The entry in force.
    #[must_use]
    pub const fn newest(&self) -> &VerifiedBody {
        &self.newest
    }

    /// The entry that a letter names, with its approvals; also one that was replaced since.
    #[must_use]
    pub fn by_hash(&self, hash: &[u8; 32]) -> Option<&(SignedBodyEntry, VerifiedBody)> {
        self.entries.iter().find(|(_, body)| body.hash() == hash)
    }
}

/// Verifies a body's entries, first to newest. The newest names the one before by its hash, and so on: its
/// approvals cover them all, also where an operator has been taken out since (`LBX-BODY-5`). That too few
/// operators approved it is said of entries alone that are right otherwise.
///
/// # Errors
/// [`RegistryError`]; of none there is nothing to verify, and no error.
pub fn verify_entries(
    entries: &[&SignedBodyEntry],
    operators: &[VerifyingKey],
) -> Result<Vec<VerifiedBody>, RegistryError> {
    let verified = chained(entries)?;
    approved(entries, operators)?;
    Ok(verified)
}

/// The entries of one body, each of which names the one before. Nobody vouches for them yet.
fn chained(entries: &[&SignedBodyEntry]) -> Result<Vec<VerifiedBody>, RegistryError> {
    let mut verified: Vec<VerifiedBody> = Vec::with_capacity(entries.len());
    for signed in entries {
        let body = signed.vouched_for()?;
        let before = verified.last();
        let follows = body.entry().previous.map(|previous| previous.0) == before.map(|before| *before.hash())
            && before.is_none_or(|before| before.entry().id == body.entry().id);
        if !follows {
            return Err(RegistryError::Broken);
        }
        verified.push(body);
    }
    Ok(verified)
}

/// Whether operators vouch for the newest, and with it for all.
fn approved(entries: &[&SignedBodyEntry], operators: &[VerifyingKey]) -> Result<(), RegistryError> {
    entries.last().map_or(Ok(()), |newest| newest.verify(operators).map(drop).map_err(RegistryError::from))
}
