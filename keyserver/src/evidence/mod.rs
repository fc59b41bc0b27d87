//! Whether the evidence for a first entry or a recovery holds (`LBX-EVID-1` to `LBX-EVID-6`).
//!
//! The directory checks what every public body will check, so that nothing is published that nobody
//! would believe; and one thing more, which only it can: that the tokens are those of the sign-in
//! that just happened here. Old evidence, or somebody else's, publishes nothing.

use crypto_core::{
    citizen::{Purpose, VerifiedEntry},
    evidence::{self, EvidenceError, IdentityProvider},
    person::Attributes,
};
use subtle::ConstantTimeEq as _;

use crate::{sign_ins::session::Session, store::KeptEvidence};

/// The evidence is not made of what this sign-in brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtherTokens {
    /// Name and birth date were not asked for yet, or not confirmed.
    #[error("the sign-in has no confirmed name and birth date: ask ScotAccount for them first")]
    Incomplete,
    /// Other tokens than those of the sign-in.
    #[error(
        "the evidence has other tokens than this sign-in brought: collect them and make the evidence again"
    )]
    Other,
}

/// Compares the tokens with those of the sign-in.
///
/// # Errors
/// [`OtherTokens`].
pub fn check_tokens(kept: &KeptEvidence, session: &Session) -> Result<(), OtherTokens> {
    let identity = session.identity.as_ref().ok_or(OtherTokens::Incomplete)?;
    let is_own = equal(&kept.evidence.id_token, &identity.id_token)
        && equal(&kept.evidence.claims_token, &identity.claims_token);
    // The address may be left out; another one may not be put in.
    let is_own_address = kept.address.as_ref().is_none_or(|address| {
        session.address_token.as_ref().is_some_and(|token| equal(&address.token, token))
    });
    if is_own && is_own_address { Ok(()) } else { Err(OtherTokens::Other) }
}

/// Verifies the evidence for an entry that brings an identity key, and says under whose details the
/// citizen is listed: with the postcode where the evidence commits to a confirmed address. `purpose`
/// is what the person has to have signed in for.
///
/// # Errors
/// [`EvidenceError`].
pub fn person(
    entry: &VerifiedEntry,
    purpose: Purpose,
    kept: &KeptEvidence,
    session: &Session,
    provider: &IdentityProvider,
) -> Result<Attributes, EvidenceError> {
    let KeptEvidence { evidence, address } = kept;
    let entry = entry.entry();
    // LBX-EVID-4: a sign-in for something else, or for another place in the chain, does not serve.
    if (evidence.purpose, evidence.previous) != (purpose, entry.previous) {
        return Err(EvidenceError::OtherPurpose);
    }
    let person =
        evidence::verify(evidence, &entry.evidence.0, entry.directory_id, &entry.identity_key, provider)?;
    if person.subject() != session.subject {
        return Err(EvidenceError::OtherSubject);
    }
    let Some(address) = address else {
        // A commitment that nobody can open would make every lookup with the postcode fail.
        return if evidence.address.is_none() {
            Ok(person.attributes().clone())
        } else {
            Err(EvidenceError::OtherAddress)
        };
    };
    let postcode = evidence::verify_postcode(&address.token, person.subject(), provider)?;
    let listed = person.attributes().with_postcode(&postcode)?;
    evidence::verify_address(evidence, Some(address), &person, &listed, provider)?;
    Ok(listed)
}

fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
