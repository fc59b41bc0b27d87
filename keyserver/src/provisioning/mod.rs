//! Mailboxes that ScotAccount has provided for people whose identity it has just confirmed.
//!
//! Such a mailbox has no key: nobody can seal a letter for it until its owner enrols, and the answer
//! to lookups is *not ready*. Nothing is ever encrypted to anybody in their place. ScotAccount gets
//! an id of its own for it, which is neither the mailbox's number nor the directory's id.

pub mod access;

use std::sync::Arc;

use crypto_core::{
    citizen::DirectoryId,
    evidence::{EvidenceError, IdentityProvider, verify_claims},
};

use crate::{
    accounts::{Account, ProvisioningId},
    directory::{Directory, DirectoryError},
    matching::{self, MatchingError},
    randomness,
    sign_ins::provider::{Provider, ProviderError},
    store::{Change, Records, StoreFailure},
};

/// The longest name that ScotAccount may have for a person, in bytes. They are UUIDs.
const LONGEST_SUBJECT: usize = 255;

/// Why no mailbox was provided.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    /// The subject cannot be one.
    #[error("the sub is not a name that ScotAccount gives: 1 to 255 visible ASCII characters")]
    NotASubject,
    /// The claims token does not hold.
    #[error("the claims token does not hold: {0}")]
    Claims(#[from] EvidenceError),
    /// The keys to check it with cannot be had.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The person cannot be listed.
    #[error(transparent)]
    Matching(#[from] MatchingError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<DirectoryError> for ProvisioningError {
    fn from(error: DirectoryError) -> Self {
        Self::Store(error.into())
    }
}

/// Provides mailboxes.
pub struct Provisioning {
    pub(crate) records: Arc<dyn Records>,
    pub(crate) directory: Directory,
    pub(crate) provider: Arc<Provider>,
}

impl Provisioning {
    /// Provides a mailbox for a person, and says by which id ScotAccount knows it. Asked again, the
    /// answer is the same.
    ///
    /// # Errors
    /// See [`ProvisioningError`].
    pub async fn provide(
        &self,
        subject: &str,
        claims_token: &str,
    ) -> Result<ProvisioningId, ProvisioningError> {
        if !(1..=LONGEST_SUBJECT).contains(&subject.len())
            || !subject.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(ProvisioningError::NotASubject);
        }
        let check = |provider: &IdentityProvider| verify_claims(claims_token, subject, provider);
        let person = self.provider.checked(check).await??;
        let publisher = self.directory.publisher().await;
        // From here on nobody else changes an account.
        if let Some(mut account) = self.records.account_of(subject).await? {
            if let Some(known) = account.provisioned {
                return Ok(known);
            }
            // Enrolled, or on the way to it, before ScotAccount asked.
            let id = ProvisioningId::generate(&mut randomness::system());
            account.provisioned = Some(id);
            let updates = match account.enrolled {
                Some(_) => Vec::new(),
                None => matching::listing(&publisher, &person, None, account.citizen).await?,
            };
            account.listed = account.enrolled.is_none().then_some(person);
            let rows = self.records.rows(&Change::Begun { subject, account: &account })?;
            publisher.publish(updates, rows).await?;
            return Ok(id);
        }
        let mut rng = randomness::system();
        let (citizen, id) = (DirectoryId::generate(&mut rng), ProvisioningId::generate(&mut rng));
        let updates = matching::listing(&publisher, &person, None, citizen).await?;
        let account = Account { citizen, provisioned: Some(id), enrolled: None, listed: Some(person) };
        let rows = self.records.rows(&Change::Begun { subject, account: &account })?;
        publisher.publish(updates, rows).await?;
        metrics::counter!("letterbox_mailboxes_provisioned_total").increment(1);
        Ok(id)
    }
}
