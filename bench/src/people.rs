//! A public body, an identity provider and people to measure with.

use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    body::{BodyEntry, BodyId, BodyKey, BodyStatus, SignedBodyEntry, VerifiedBody},
    citizen::{ChangeKind, DirectoryId, Entry, EntryStatus, InboxKey, Purpose, SignIn, SignedEntry},
    evidence::{Evidence, IDENTITY_SCOPE, IdentityProvider},
    inbox_key::InboxPrivateKey,
    jwt::KeySet,
    person::Attributes,
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use relay_auth::{
    cbor::{Bytes32, Suite, Version},
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
};
use rsa::{
    RsaPrivateKey,
    signature::{SignatureEncoding as _, Signer as _},
    traits::PublicKeyParts as _,
};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Failure;

const ISSUER: &str = "https://authz.scotaccount.example";
const ATTRIBUTE_ISSUER: &str = "https://issuer.scotaccount.example";
const CLIENT: &str = "letterbox";
const BORN: &str = "1980-02-29";
const DAY: u64 = 24 * 60 * 60;

/// The system's randomness.
pub(crate) const fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Now, Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn random() -> Bytes32 {
    Bytes32(*Secret::generate(&mut rng()).expose())
}

/// What exists besides the people.
pub(crate) struct World {
    pub(crate) provider: IdentityProvider,
    /// The keys of the provider's tokens (RFC 7517).
    pub(crate) keys: Value,
    pub(crate) body: VerifiedBody,
    pub(crate) signed_body: SignedBodyEntry,
    pub(crate) body_key: SigningKey,
    pub(crate) operators: Vec<VerifyingKey>,
    /// When it began, Unix seconds.
    pub(crate) began: u64,
    tokens: rsa::pkcs1v15::SigningKey<Sha256>,
}

/// Somebody as the directory knows them.
pub(crate) struct Person {
    pub(crate) attributes: Attributes,
    pub(crate) id: DirectoryId,
    pub(crate) signed: SignedEntry,
    pub(crate) evidence: Evidence,
}

/// The details under which a person is listed.
pub(crate) fn attributes(number: u32) -> Result<Attributes, Failure> {
    Ok(Attributes::new("Ann", &family_name(number), BORN, Some("EH1 1AA"))?)
}

fn family_name(number: u32) -> String {
    format!("Number {number}")
}

/// The id of a person, different for each number.
pub(crate) fn directory_id(number: u32) -> DirectoryId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    DirectoryId::from(id)
}

impl World {
    pub(crate) fn new() -> Result<Self, Failure> {
        let began = now();
        let key = RsaPrivateKey::new(&mut rng(), 2048)?;
        let modulus = Base64UrlUnpadded::encode_string(&key.n_bytes());
        let keys = json!({ "keys": [
            { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "key", "n": modulus, "e": "AQAB" },
        ] });
        let key_set = keys.to_string();
        let operators = [SigningKey::generate(&mut rng()), SigningKey::generate(&mut rng())];
        let operator_keys: Vec<VerifyingKey> = operators.iter().map(SigningKey::verifying_key).collect();
        let body_key = SigningKey::generate(&mut rng());
        let entry = BodyEntry {
            version: Version,
            suite: Suite,
            id: BodyId::new("example-council")?,
            status: BodyStatus::Active,
            previous: None,
            name: "Example Council".to_owned(),
            name_in_gaelic: None,
            domain: "example.scot".to_owned(),
            keys: vec![BodyKey {
                key: body_key.verifying_key(),
                not_before: began - DAY,
                not_after: began + 365 * DAY,
            }],
            reply_key: None,
            hosts: Vec::new(),
        };
        let [first, second] = &operators;
        let signed_body = SignedBodyEntry::new(&entry).approve(first).approve(second);
        Ok(Self {
            provider: IdentityProvider {
                issuer: ISSUER.to_owned(),
                attribute_issuer: ATTRIBUTE_ISSUER.to_owned(),
                client_id: CLIENT.to_owned(),
                keys: KeySet::from_json(key_set.as_bytes())?,
                attribute_keys: KeySet::from_json(key_set.as_bytes())?,
            },
            keys,
            body: signed_body.verify(&operator_keys)?,
            signed_body,
            body_key,
            operators: operator_keys,
            began,
            tokens: rsa::pkcs1v15::SigningKey::new(key),
        })
    }

    fn token(&self, claims: &Value) -> String {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({ "alg": "RS256", "kid": "key" })), part(claims));
        let signature = self.tokens.sign(signed.as_bytes()).to_vec();
        format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
    }

    /// Somebody with a first entry and the evidence for it, and the key to their letters.
    pub(crate) fn person(&self, number: u32) -> Result<(Person, InboxPrivateKey), Failure> {
        let id = directory_id(number);
        let identity = SigningKey::generate(&mut rng());
        let inbox = InboxPrivateKey::from_seed(&Secret::generate(&mut rng()))?;
        let evidence = self.evidence(number, id, &identity);
        let mut devices: Vec<Bytes32> = (0..4).map(|_| random()).collect();
        devices.sort_unstable();
        let entry = Entry {
            version: Version,
            suite: Suite,
            directory_id: id,
            status: EntryStatus::Active,
            change: ChangeKind::First,
            previous: None,
            identity_key: identity.verifying_key(),
            evidence: evidence.hash().into(),
            inbox_keys: vec![InboxKey {
                key: inbox.public_key().clone(),
                rotate_after: self.began + 30 * DAY,
                not_after: self.began + 400 * DAY,
            }],
            devices,
            recovery_key: random(),
            archive_head: None,
            salt: random(),
        };
        let signed = SignedEntry::by_identity(&entry, &identity);
        Ok((Person { attributes: attributes(number)?, id, signed, evidence }, inbox))
    }

    fn evidence(&self, number: u32, id: DirectoryId, identity: &SigningKey) -> Evidence {
        let salt = random();
        let sign_in = SignIn {
            purpose: Purpose::Enrol,
            directory_id: id,
            previous: None,
            identity_key: identity.verifying_key(),
            salt,
        };
        let subject = format!("subject-{number}");
        let id_token = self.token(&json!({
            "iss": ISSUER, "sub": subject, "aud": CLIENT, "exp": self.began + 900, "iat": self.began,
            "nonce": sign_in.nonce(),
        }));
        let claims_token = self.token(&json!({
            "iss": ATTRIBUTE_ISSUER, "sub": subject, "iat": self.began,
            "verified_claims": [{
                "scope": IDENTITY_SCOPE,
                "verification": { "outcome": "VERIFIED_SUCCESSFULLY", "trust_framework": "uk_tfida",
                    "assurance_policy": "GPG_45", "confidence_level": "medium" },
                "claims": { "given_name": "Ann", "family_name": family_name(number), "birth_date": BORN },
            }],
        }));
        Evidence {
            version: Version,
            suite: Suite,
            purpose: Purpose::Enrol,
            previous: None,
            salt,
            id_token,
            claims_token,
            address: None,
        }
    }
}
