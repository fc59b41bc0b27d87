//! Signing in with ScotAccount (OpenID Connect; this service is the confidential client).
//!
//! The vault sends its browser to ScotAccount three times: to say who it is, to release name and
//! birth date, to release the address. Each time a code comes back to the vault, which hands it on
//! with its verifier. Here the code is redeemed, the ID token is checked, and the attribute token is
//! fetched and checked. Whether a sign-in is bound to the vault's key is for the vault to see (the
//! nonce, `LBX-BIND-2`); when an entry is published, it is checked here as well.
//!
//! A sign-in is known by a random handle, lasts an hour and is used up by publishing. Whoever has a
//! code is told whether *that* person has an entry: it is their own.

pub mod client_key;
pub mod provider;
pub mod session;

use std::{mem::take, sync::Arc};

use api::directory::SignInStage;
use crypto_core::{
    citizen::{DirectoryId, SignIn},
    evidence::{EvidenceError, IdToken, IdentityProvider, verify_claims, verify_id_token, verify_postcode},
};
use relay_auth::signing::Signature;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use self::{
    provider::{Provider, ProviderError, Tokens},
    session::{Handle, IdentityTokens, Session},
};
use crate::{
    accounts::Account,
    directory::Directory,
    randomness,
    store::{Change, Records, StoreFailure},
};

/// The longest code that is handed on, in bytes.
const LONGEST_CODE: usize = 2048;

/// A code that came back to the vault.
pub struct Redemption {
    /// What was asked for.
    pub stage: SignInStage,
    /// The code.
    pub code: Zeroizing<String>,
    /// The verifier of its challenge.
    pub verifier: Zeroizing<String>,
    /// The id that the vault proposes.
    pub proposed: DirectoryId,
    /// The sign-in that goes on; none at the first stage.
    pub handle: Option<Handle>,
}

relay_auth::wiped!(Redemption { code, verifier, handle });

/// What came of a code.
pub struct Redeemed {
    /// Names the sign-in.
    pub handle: Handle,
    /// The ID token of this stage.
    pub id_token: Zeroizing<String>,
    /// The id to go on with.
    pub citizen: DirectoryId,
    /// Whether the person has an entry already.
    pub enrolled: bool,
    /// Whether what the stage asks for was released and confirmed.
    pub confirmed: bool,
}

relay_auth::wiped!(Redeemed { handle, id_token });

/// Why a sign-in does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Nobody has begun it, or it is over.
    #[error("this sign-in is not known here, or its hour is over: start again")]
    Unknown,
    /// The code or its verifier cannot be one.
    #[error("this is not a code of ScotAccount with its verifier")]
    NotACode,
    /// ScotAccount does not take the code: used, too old, or of another sign-in.
    #[error("ScotAccount does not take the code of this sign-in: start again")]
    CodeRefused,
    /// The stages were signed in to by different people.
    #[error("this is another person than the one who began the sign-in: start again")]
    OtherPerson,
    /// Name and birth date are still to be asked for, or were not confirmed.
    #[error("the sign-in has no confirmed name and birth date yet")]
    Incomplete,
    /// As many sign-ins are under way as the directory takes at a time.
    #[error("too many people are signing in at the moment: try again in a minute")]
    Busy,
    /// A token does not hold: ScotAccount, or somebody between, is at fault.
    #[error("ScotAccount gave a token that does not hold: {0}")]
    Token(EvidenceError),
    /// ScotAccount was of no help.
    #[error(transparent)]
    Provider(ProviderError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<ProviderError> for SignInError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::CodeRefused => Self::CodeRefused,
            other => Self::Provider(other),
        }
    }
}

/// Takes people through their sign-ins.
pub struct SignIns {
    records: Arc<dyn Records>,
    directory: Directory,
    provider: Arc<Provider>,
    /// Keeps strangers from making this service flood ScotAccount with codes that are none.
    at_once: Semaphore,
}

impl SignIns {
    /// Takes at most `at_once` codes to the provider at a time.
    #[must_use]
    pub fn new(
        records: Arc<dyn Records>,
        directory: Directory,
        provider: Arc<Provider>,
        at_once: usize,
    ) -> Self {
        Self { records, directory, provider, at_once: Semaphore::new(at_once) }
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Redeems a code and goes on with the sign-in.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn redeem(&self, redemption: Redemption, now: u64) -> Result<Redeemed, SignInError> {
        let Redemption { stage, code, verifier, proposed, handle } = redemption;
        if !is_code(&code) || !is_verifier(&verifier) {
            return Err(SignInError::NotACode);
        }
        let under_way = match (stage, handle) {
            (SignInStage::Account, None) => None,
            (SignInStage::Account, Some(_)) | (_, None) => return Err(SignInError::Unknown),
            (_, Some(handle)) => Some((self.session(&handle, now).await?, handle)),
        };
        let _place = self.at_once.try_acquire().map_err(|_| SignInError::Busy)?;
        let mut tokens = self.provider.redeem(&code, &verifier, now).await?;
        let check = |provider: &IdentityProvider| verify_id_token(&tokens.id_token, provider, now);
        let IdToken { subject, nonce } = self.provider.checked(check).await?.map_err(SignInError::Token)?;
        let is_new = under_way.is_none();
        let (mut session, handle) = under_way.unwrap_or_else(|| {
            let session = Session {
                subject: subject.clone(),
                began: now,
                identity: None,
                address_token: None,
                account_nonce: Some(nonce.clone()),
            };
            (session, Handle::generate())
        });
        if session.subject != subject {
            return Err(SignInError::OtherPerson);
        }
        let confirmed = self.advance(&mut session, stage, &tokens, nonce, now).await?;
        if !self.records.keep_sign_in(&handle, &session, is_new).await? {
            return Err(SignInError::Unknown);
        }
        let account = self.account(&subject, proposed).await?;
        Ok(Redeemed {
            handle,
            id_token: Zeroizing::new(take(&mut tokens.id_token)),
            citizen: account.citizen,
            enrolled: account.enrolled.is_some(),
            confirmed,
        })
    }

    /// The account of somebody who signs in. Their id is set aside at once: later stages are bound to
    /// it, and ScotAccount may ask for a mailbox for them while they are under way.
    async fn account(&self, subject: &str, proposed: DirectoryId) -> Result<Account, SignInError> {
        if let Some(account) = self.records.account_of(subject).await? {
            return Ok(account);
        }
        let publisher = self.directory.publisher().await;
        // Nobody else changes an account now.
        if let Some(account) = self.records.account_of(subject).await? {
            return Ok(account);
        }
        let is_taken = self.records.account(proposed).await?.is_some();
        let citizen = if is_taken { DirectoryId::generate(&mut randomness::system()) } else { proposed };
        let account = Account { citizen, provisioned: None, enrolled: None, listed: None };
        let rows = self.records.rows(&Change::Begun { subject, account: &account })?;
        publisher.publish(Vec::new(), rows).await.map_err(StoreFailure::from)?;
        Ok(account)
    }

    /// A sign-in that is under way.
    ///
    /// # Errors
    /// [`SignInError::Unknown`] or [`SignInError::Store`].
    pub async fn session(&self, handle: &Handle, now: u64) -> Result<Session, SignInError> {
        let session = self.records.sign_in(handle).await?;
        session.filter(|session| now <= session.ends()).ok_or(SignInError::Unknown)
    }

    /// What a sign-in has brought: the tokens with name and birth date, and the one with the address.
    /// Only for the holder of the identity key to which it was bound (`LBX-BIND-5`): a handle lies open
    /// on the device for up to an hour.
    ///
    /// # Errors
    /// [`SignInError`]; [`SignInError::Unknown`] also for somebody else.
    pub async fn collect(
        &self,
        handle: &Handle,
        bound: &SignIn,
        signature: &Signature,
        now: u64,
    ) -> Result<(IdentityTokens, Option<String>), SignInError> {
        let mut session = self.session(handle, now).await?;
        let identity = session.identity.take().ok_or(SignInError::Incomplete)?;
        if bound.nonce() != identity.nonce || !bound.verifies_collection(handle.expose(), signature) {
            return Err(SignInError::Unknown);
        }
        Ok((identity, session.address_token.take()))
    }

    /// Fetches what a stage asks for; says whether it was released and confirmed.
    async fn advance(
        &self,
        session: &mut Session,
        stage: SignInStage,
        tokens: &Tokens,
        nonce: String,
        now: u64,
    ) -> Result<bool, SignInError> {
        if stage == SignInStage::Account {
            return Ok(true);
        }
        let Some(mut token) = self.provider.attributes(&tokens.access_token, now).await? else {
            return Ok(false);
        };
        let subject = session.subject.clone();
        let check = |provider: &IdentityProvider| match stage {
            SignInStage::Address => verify_postcode(&token, &subject, provider).map(drop),
            SignInStage::Account | SignInStage::Identity => {
                verify_claims(&token, &subject, provider).map(drop)
            }
        };
        match self.provider.checked(check).await? {
            Ok(()) => {}
            Err(EvidenceError::NotVerified | EvidenceError::Attributes(_)) => return Ok(false),
            Err(error) => return Err(SignInError::Token(error)),
        }
        match stage {
            SignInStage::Address => session.address_token = Some(take(&mut *token)),
            SignInStage::Account | SignInStage::Identity => {
                let (id_token, claims_token) = (tokens.id_token.clone(), take(&mut *token));
                session.identity = Some(IdentityTokens { id_token, claims_token, nonce });
            }
        }
        Ok(true)
    }
}

fn is_code(code: &str) -> bool {
    (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 7636 §4.1.
fn is_verifier(verifier: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_code_or_a_verifier_does_not_reach_the_provider() {
        assert!(is_code("SplxlOBeZQQYbYS6WxSbIA") && is_verifier(&"aZ9-._~".repeat(7)));
        for hostile in ["", "a b", "a\r\nb", "é", &"a".repeat(LONGEST_CODE + 1)] {
            assert!(!is_code(hostile), "{hostile:?}");
        }
        for hostile in ["", &"a".repeat(42), &"a".repeat(129), &"a".repeat(43).replacen('a', "=", 1)] {
            assert!(!is_verifier(hostile), "{hostile}");
        }
    }
}
