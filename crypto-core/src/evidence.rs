//! Evidence: ScotAccount's word that a person is who they say, and that a key is theirs
//! (`LBX-EVID-1` to `LBX-EVID-6`).
//!
//! Neither the directory nor the identity provider alone can answer with another key: the directory
//! cannot make ScotAccount's signatures, and ScotAccount does not publish entries. A body verifies
//! the evidence before the first letter that it seals to an identity key.

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    label,
    signing::VerifyingKey,
};
use serde::Deserialize;

use crate::{
    citizen::{DirectoryId, Purpose, SignIn},
    jwt::{JwtError, KeySet, LONGEST_TOKEN},
    person::{Attributes, PersonError, canonical_postcode},
};

/// How far the provider's clock may be from ours, in seconds.
const CLOCK_SKEW: u64 = 60;

/// The scope under which ScotAccount releases the address.
pub const ADDRESS_SCOPE: &str = "scotaccount.address";

/// The scope under which ScotAccount releases name and birth date.
pub const IDENTITY_SCOPE: &str = "scotaccount.gpg45.medium";

/// What an identity provider is known by. From the signed trust file and the directory's log.
#[derive(Debug)]
pub struct IdentityProvider {
    /// The issuer of ID tokens.
    pub issuer: String,
    /// The issuer of attribute tokens, which ScotAccount runs as a service of its own.
    pub attribute_issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// The keys that sign ID tokens.
    pub keys: KeySet,
    /// The keys that sign attribute tokens.
    pub attribute_keys: KeySet,
}

/// What is kept of a sign-in, so that others can check it later.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Evidence {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// For what the person signed in.
    #[n(2)]
    pub purpose: Purpose,
    /// The hash of the entry that was in force; none before the first.
    #[n(3)]
    pub previous: Option<Bytes32>,
    /// The salt of the nonce.
    #[n(4)]
    pub salt: Bytes32,
    /// The ID token of the sign-in in which the attributes were released.
    #[n(5)]
    pub id_token: String,
    /// The token with name and birth date.
    #[n(6)]
    pub claims_token: String,
    /// Commitment to the token with the address, which is shown only to those who asked with the
    /// postcode ([`address_commitment`]).
    #[n(7)]
    pub address: Option<Bytes32>,
}

impl Wire for Evidence {
    const LIMITS: Limits = Limits { bytes: 34 * 1024, depth: 1, items: 9 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.id_token.len() > LONGEST_TOKEN || self.claims_token.len() > LONGEST_TOKEN {
            return Err(DecodeError::Value("a token of the evidence is too long"));
        }
        Ok(())
    }
}

impl core::fmt::Debug for Evidence {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Evidence([redacted])")
    }
}

impl Evidence {
    /// The hash that stands in the entry. The salt inside keeps it from being guessed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        label::EVIDENCE.hash(self)
    }
}

/// The commitment to a token with the address.
#[must_use]
pub fn address_commitment(address_token: &str, salt: [u8; 32]) -> [u8; 32] {
    label::ADDRESS.hash(&(Bytes32(salt), address_token))
}

/// The token with the address and its salt, released to those who asked with the postcode.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct AddressEvidence {
    /// The salt of the commitment.
    #[n(0)]
    pub salt: Bytes32,
    /// The token.
    #[n(1)]
    pub token: String,
}

impl core::fmt::Debug for AddressEvidence {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("AddressEvidence([redacted])")
    }
}

/// Why evidence was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The entry names other evidence: the directory sent the wrong one.
    #[error("the directory sent other evidence than the entry names")]
    OtherEvidence,
    /// Made for another step of the chain of entries, or for something else altogether.
    #[error("the sign-in was made for something else than this key")]
    OtherPurpose,
    /// The ID token does not hold.
    #[error("the sign-in is not confirmed by the identity provider: {0}")]
    IdToken(JwtError),
    /// The attribute token does not hold.
    #[error("the name is not confirmed by the identity provider: {0}")]
    ClaimsToken(JwtError),
    /// From another issuer, or for another client.
    #[error("a token is from another identity provider, or for another service")]
    OtherIssuer,
    /// The nonce is not the one for this identity key: the sign-in was for another.
    #[error("the sign-in was made for another key")]
    OtherKey,
    /// The two tokens are about different people.
    #[error("the sign-in and the name are of different people")]
    OtherSubject,
    /// The token was not made just now.
    #[error("the sign-in is too old, or the clock of the device is wrong")]
    OutOfTime,
    /// The provider did not confirm the identity without reservation.
    #[error("the identity provider did not confirm the identity")]
    NotVerified,
    /// The confirmed attributes cannot be read.
    #[error("the identity provider confirmed a name that cannot be read: {0}")]
    Attributes(#[from] PersonError),
    /// The address was left out or is not the one that was committed to.
    #[error("the directory did not show the confirmed address that leads to this person")]
    OtherAddress,
    /// The evidence is about somebody else than was asked for.
    #[error("the key belongs to somebody else than was asked for")]
    OtherPerson,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn is(&self, client_id: &str) -> bool {
        match self {
            Self::One(audience) => audience == client_id,
            Self::Several(audiences) => audiences.iter().map(String::as_str).eq([client_id]),
        }
    }
}

#[derive(Deserialize)]
struct IdClaims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    iat: u64,
    nonce: String,
}

#[derive(Deserialize)]
struct AttributeClaims {
    iss: String,
    sub: String,
    verified_claims: OneOrMore,
}

/// ScotAccount's documents show an array; an older sample shows an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    More(Vec<VerifiedClaim>),
    One(VerifiedClaim),
}

#[derive(Deserialize)]
struct VerifiedClaim {
    scope: String,
    verification: Verification,
    claims: serde_json::Value,
}

#[derive(Deserialize)]
struct Verification {
    outcome: String,
}

#[derive(Deserialize)]
struct AddressClaims {
    address: Address,
}

/// ScotAccount's schema writes `postalCode`; its guide shows `postal_code`.
#[derive(Deserialize)]
struct Address {
    #[serde(rename = "postalCode", alias = "postal_code")]
    postal_code: String,
}

#[derive(Deserialize)]
struct IdentityClaims {
    given_name: String,
    family_name: String,
    birth_date: String,
}

/// Checks an ID token at the moment of the sign-in: signature, issuer, audience, nonce, time
/// (`LBX-BIND-2`). Returns the subject.
///
/// # Errors
/// [`EvidenceError`].
pub fn verify_sign_in(
    id_token: &str,
    sign_in: &SignIn,
    provider: &IdentityProvider,
    now: u64,
) -> Result<String, EvidenceError> {
    let claims = id_claims(id_token, sign_in, provider)?;
    claims.check_time(now)?;
    Ok(claims.sub)
}

/// What an ID token says that holds and is fresh, before it is compared with a sign-in.
pub struct IdToken {
    /// ScotAccount's name for the person, pairwise for our client.
    pub subject: String,
    /// The nonce of the request that it answers.
    pub nonce: String,
}

/// Checks an ID token as [`verify_sign_in`] does, but for its nonce: for whoever redeems the code and
/// does not know the keys to which it is bound.
///
/// # Errors
/// [`EvidenceError`].
pub fn verify_id_token(
    id_token: &str,
    provider: &IdentityProvider,
    now: u64,
) -> Result<IdToken, EvidenceError> {
    let claims = issued_claims(id_token, provider)?;
    claims.check_time(now)?;
    Ok(IdToken { subject: claims.sub, nonce: claims.nonce })
}

/// Who ScotAccount says the owner of an identity key is.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedPerson {
    subject: String,
    attributes: Attributes,
}

impl VerifiedPerson {
    /// ScotAccount's name for the person, pairwise for our client.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Name and birth date in canonical form.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Name and birth date with the postcode of a token with this person's confirmed address: the
    /// form under which a mailbox with an address is listed (`LBX-EVID-6`).
    ///
    /// # Errors
    /// [`EvidenceError`]; [`EvidenceError::Attributes`] for an address without a postcode of ours.
    pub fn with_address(
        &self,
        token: &str,
        provider: &IdentityProvider,
    ) -> Result<Attributes, EvidenceError> {
        Ok(self.attributes.with_postcode(&verify_postcode(token, &self.subject, provider)?)?)
    }

    /// Compares with the person that was asked for: name and birth date (`LBX-EVID-5`).
    ///
    /// # Errors
    /// [`EvidenceError::OtherPerson`].
    pub fn is(&self, asked: &Attributes) -> Result<(), EvidenceError> {
        if self.attributes.is_same_person(asked) { Ok(()) } else { Err(EvidenceError::OtherPerson) }
    }
}

impl core::fmt::Debug for VerifiedPerson {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("VerifiedPerson([redacted])")
    }
}

/// Verifies evidence against the entry that names it. Tokens expire within minutes and evidence is
/// kept for years, so their time is not compared here; that they were fresh when the entry was made
/// is for the vault to check ([`verify_sign_in`]), and that the entry was made then is what the log
/// proves.
///
/// # Errors
/// [`EvidenceError`].
pub fn verify(
    evidence: &Evidence,
    named: &[u8; 32],
    directory_id: DirectoryId,
    identity_key: &VerifyingKey,
    provider: &IdentityProvider,
) -> Result<VerifiedPerson, EvidenceError> {
    if evidence.hash() != *named {
        return Err(EvidenceError::OtherEvidence);
    }
    let sign_in = SignIn {
        purpose: evidence.purpose,
        directory_id,
        previous: evidence.previous,
        identity_key: *identity_key,
        salt: evidence.salt,
    };
    let id = id_claims(&evidence.id_token, &sign_in, provider)?;
    let attributes = verify_claims(&evidence.claims_token, &id.sub, provider)?;
    Ok(VerifiedPerson { subject: id.sub, attributes })
}

/// Verifies that ScotAccount confirmed the postcode that was asked with (`LBX-EVID-6`).
///
/// # Errors
/// [`EvidenceError`].
pub fn verify_address(
    evidence: &Evidence,
    address: Option<&AddressEvidence>,
    person: &VerifiedPerson,
    asked: &Attributes,
    provider: &IdentityProvider,
) -> Result<(), EvidenceError> {
    let Some(postcode) = asked.postcode() else { return Ok(()) };
    let AddressEvidence { salt, token } = address.ok_or(EvidenceError::OtherAddress)?;
    if evidence.address != Some(address_commitment(token, salt.0).into()) {
        return Err(EvidenceError::OtherAddress);
    }
    if verify_postcode(token, &person.subject, provider)? == postcode {
        Ok(())
    } else {
        Err(EvidenceError::OtherPerson)
    }
}

/// Name and birth date of a token of the attribute issuer, if they are confirmed for this subject
/// (`LBX-EVID-3`). Whether a key is theirs is what [`verify`] says.
///
/// # Errors
/// [`EvidenceError`].
pub fn verify_claims(
    claims_token: &str,
    subject: &str,
    provider: &IdentityProvider,
) -> Result<Attributes, EvidenceError> {
    let claims = confirmed_claims(claims_token, IDENTITY_SCOPE, subject, provider)?;
    let IdentityClaims { given_name, family_name, birth_date } =
        serde_json::from_value(claims).map_err(|_| EvidenceError::NotVerified)?;
    Ok(Attributes::new(&given_name, &family_name, &birth_date, None)?)
}

/// The postcode of a token of the attribute issuer, in canonical form, if the address is confirmed
/// for this subject.
///
/// # Errors
/// [`EvidenceError`]; [`EvidenceError::Attributes`] for an address without a postcode of ours.
pub fn verify_postcode(
    address_token: &str,
    subject: &str,
    provider: &IdentityProvider,
) -> Result<String, EvidenceError> {
    let claims = confirmed_claims(address_token, ADDRESS_SCOPE, subject, provider)?;
    let AddressClaims { address } = serde_json::from_value(claims).map_err(|_| EvidenceError::NotVerified)?;
    Ok(canonical_postcode(&address.postal_code)?)
}

/// The claims of one scope, if the attribute issuer signed them for this subject and confirmed them
/// without reservation.
fn confirmed_claims(
    token: &str,
    scope: &str,
    subject: &str,
    provider: &IdentityProvider,
) -> Result<serde_json::Value, EvidenceError> {
    let attributes: AttributeClaims =
        provider.attribute_keys.verify(token).map_err(EvidenceError::ClaimsToken)?;
    if attributes.iss != provider.attribute_issuer {
        return Err(EvidenceError::OtherIssuer);
    }
    if attributes.sub != subject {
        return Err(EvidenceError::OtherSubject);
    }
    let claims = match attributes.verified_claims {
        OneOrMore::More(claims) => claims,
        OneOrMore::One(claim) => vec![claim],
    };
    let mut of_scope = claims.into_iter().filter(|claim| claim.scope == scope);
    match (of_scope.next(), of_scope.next()) {
        (Some(claim), None) if claim.verification.outcome == "VERIFIED_SUCCESSFULLY" => Ok(claim.claims),
        _ => Err(EvidenceError::NotVerified),
    }
}

fn id_claims(
    id_token: &str,
    sign_in: &SignIn,
    provider: &IdentityProvider,
) -> Result<IdClaims, EvidenceError> {
    let claims = issued_claims(id_token, provider)?;
    if claims.nonce != sign_in.nonce() {
        return Err(EvidenceError::OtherKey);
    }
    Ok(claims)
}

/// What an ID token of the trusted issuer says, for our client alone (`LBX-EVID-2`).
fn issued_claims(id_token: &str, provider: &IdentityProvider) -> Result<IdClaims, EvidenceError> {
    let claims: IdClaims = provider.keys.verify(id_token).map_err(EvidenceError::IdToken)?;
    if claims.iss == provider.issuer && claims.aud.is(&provider.client_id) {
        Ok(claims)
    } else {
        Err(EvidenceError::OtherIssuer)
    }
}

impl IdClaims {
    fn check_time(&self, now: u64) -> Result<(), EvidenceError> {
        let is_fresh =
            self.iat <= now.saturating_add(CLOCK_SKEW) && now <= self.exp.saturating_add(CLOCK_SKEW);
        if is_fresh { Ok(()) } else { Err(EvidenceError::OutOfTime) }
    }
}
