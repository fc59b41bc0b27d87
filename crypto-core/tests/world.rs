//! People, bodies and an identity provider to try things on. The same in each run.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    body::{BodyEntry, BodyId, BodyKey, BodyStatus, SignedBodyEntry, VerifiedBody},
    citizen::{
        ChangeKind, DeviceOpening, DirectoryId, Entry, EntryStatus, InboxKey, Purpose, SignIn, SignedEntry,
        device_commitment, recovery_key_hash,
    },
    evidence::{AddressEvidence, Evidence, IdentityProvider, address_commitment},
    inbox_key::InboxPrivateKey,
    jwt::KeySet,
    letter::{Letter, LetterId},
    person::Attributes,
};
use minicbor::Encode;
use proptest::prelude::ProptestConfig;
pub(crate) use relay_auth::hostile::TestRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, Suite, Version, encode},
    id::InboxKeyId,
    label,
    secret::Secret,
    signing::{Signature, SigningKey},
};
use rsa::{BoxedUint, RsaPrivateKey, signature::SignatureEncoding as _, signature::Signer as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::test_keys::{ATTRIBUTES, ID_TOKENS, TestKey};

/// Now, in this world.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;

pub(crate) const ISSUER: &str = "https://authz.scotaccount.example";
pub(crate) const ATTRIBUTE_ISSUER: &str = "https://issuer.scotaccount.example";
pub(crate) const CLIENT: &str = "letterbox";

pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from([number; 32]))
}

pub(crate) fn inbox_key(number: u8) -> InboxPrivateKey {
    InboxPrivateKey::from_seed(&Secret::from([number; 32])).unwrap()
}

// --- an identity provider

fn hex(text: &str) -> BoxedUint {
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    BoxedUint::from_be_slice_vartime(&bytes)
}

fn rsa_key(key: &TestKey) -> RsaPrivateKey {
    let primes = key.primes.iter().map(|prime| hex(prime)).collect();
    RsaPrivateKey::from_components(
        hex(key.modulus),
        BoxedUint::from(65_537_u64),
        hex(key.private_exponent),
        primes,
    )
    .unwrap()
}

pub(crate) fn jwk(key: &TestKey, id: &str) -> Value {
    let modulus: Vec<u8> = (0..key.modulus.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&key.modulus[at..at + 2], 16).unwrap())
        .collect();
    let modulus = Base64UrlUnpadded::encode_string(&modulus);
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": modulus, "e": "AQAB" })
}

pub(crate) fn key_set(keys: &[Value]) -> Vec<u8> {
    serde_json::to_vec(&json!({ "keys": keys })).unwrap()
}

pub(crate) fn provider() -> IdentityProvider {
    IdentityProvider {
        issuer: ISSUER.to_owned(),
        attribute_issuer: ATTRIBUTE_ISSUER.to_owned(),
        client_id: CLIENT.to_owned(),
        keys: KeySet::from_json(&key_set(&[jwk(&ID_TOKENS, "login")])).unwrap(),
        attribute_keys: KeySet::from_json(&key_set(&[jwk(&ATTRIBUTES, "issuer")])).unwrap(),
    }
}

pub(crate) fn token(key: &TestKey, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| Base64UrlUnpadded::encode_string(&serde_json::to_vec(value).unwrap());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = rsa::pkcs1v15::SigningKey::<Sha256>::new(rsa_key(key)).sign(signed.as_bytes()).to_vec();
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
}

pub(crate) fn id_claims(subject: &str, nonce: &str) -> Value {
    json!({ "iss": ISSUER, "sub": subject, "aud": CLIENT, "exp": NOW + 900, "iat": NOW, "nonce": nonce,
        "jti": "1", "sid": "2" })
}

pub(crate) fn id_token(claims: &Value) -> String {
    token(&ID_TOKENS, &json!({ "alg": "RS256", "kid": "login", "typ": "JWT" }), claims)
}

pub(crate) fn attribute_claims(subject: &str, person: &Person) -> Value {
    json!({
        "iss": ATTRIBUTE_ISSUER, "sub": subject, "iat": NOW,
        "verified_claims": [{
            "scope": "scotaccount.gpg45.medium",
            "verification": { "outcome": "VERIFIED_SUCCESSFULLY", "trust_framework": "uk_tfida",
                "assurance_policy": "GPG_45", "confidence_level": "medium" },
            "claims": { "given_name": person.given_name, "family_name": person.family_name,
                "birth_date": person.born },
        }],
    })
}

pub(crate) fn address_claims(subject: &str, postcode: &str) -> Value {
    json!({
        "iss": ATTRIBUTE_ISSUER, "sub": subject, "iat": NOW,
        "verified_claims": [{
            "scope": "scotaccount.address",
            "verification": { "outcome": "VERIFIED_SUCCESSFULLY" },
            "claims": { "address": { "streetName": "High Street", "postalCode": postcode } },
        }],
    })
}

pub(crate) fn claims_token(claims: &Value) -> String {
    token(&ATTRIBUTES, &json!({ "alg": "RS256", "kid": "issuer" }), claims)
}

// --- people

pub(crate) struct Person {
    pub(crate) given_name: &'static str,
    pub(crate) family_name: &'static str,
    pub(crate) born: &'static str,
    pub(crate) postcode: &'static str,
    pub(crate) number: u8,
}

pub(crate) const ANN: Person =
    Person { given_name: "Ann", family_name: "O’Neil", born: "1980-02-29", postcode: "EH1 1AA", number: 1 };
pub(crate) const BOB: Person =
    Person { given_name: "Bob", family_name: "Bruce", born: "1975-12-01", postcode: "G2 1AL", number: 2 };

impl Person {
    pub(crate) fn attributes(&self) -> Attributes {
        Attributes::new(self.given_name, self.family_name, self.born, Some(self.postcode)).unwrap()
    }

    pub(crate) fn id(&self) -> DirectoryId {
        DirectoryId::from([self.number; 16])
    }

    pub(crate) fn identity(&self) -> SigningKey {
        key(self.number)
    }

    pub(crate) fn device(&self) -> SigningKey {
        key(self.number + 100)
    }

    pub(crate) fn inbox(&self) -> InboxPrivateKey {
        inbox_key(self.number)
    }

    /// Evidence for an identity key, as the first sign-in makes it.
    pub(crate) fn evidence(
        &self,
        identity: &SigningKey,
        purpose: Purpose,
        previous: Option<Bytes32>,
    ) -> Evidence {
        let salt = Bytes32([self.number; 32]);
        let sign_in = SignIn {
            purpose,
            directory_id: self.id(),
            previous,
            identity_key: identity.verifying_key(),
            salt,
        };
        let subject = format!("subject-{}", self.number);
        Evidence {
            version: Version,
            suite: Suite,
            purpose,
            previous,
            salt,
            id_token: id_token(&id_claims(&subject, &sign_in.nonce())),
            claims_token: claims_token(&attribute_claims(&subject, self)),
            address: Some(address_commitment(&self.address().token, self.address().salt.0).into()),
        }
    }

    /// The confirmed address.
    pub(crate) fn address(&self) -> AddressEvidence {
        let subject = format!("subject-{}", self.number);
        let token = claims_token(&address_claims(&subject, self.postcode));
        AddressEvidence { salt: Bytes32([self.number; 32]), token }
    }

    /// The first entry, and its evidence.
    pub(crate) fn first_entry(&self) -> (Entry, Evidence) {
        let evidence = self.evidence(&self.identity(), Purpose::Enrol, None);
        let mut devices: Vec<Bytes32> = (0..3).map(|filler| Bytes32([filler; 32])).collect();
        devices.push(device_commitment(&self.opening()).into());
        devices.sort_unstable();
        let entry = Entry {
            version: Version,
            suite: Suite,
            directory_id: self.id(),
            status: EntryStatus::Active,
            change: ChangeKind::First,
            previous: None,
            identity_key: self.identity().verifying_key(),
            evidence: evidence.hash().into(),
            inbox_keys: vec![InboxKey {
                key: self.inbox().public_key().clone(),
                rotate_after: NOW + 30 * DAY,
                not_after: NOW + 400 * DAY,
            }],
            devices,
            recovery_key: recovery_key_hash(inbox_key(50).public_key(), [self.number; 32]).into(),
            archive_head: None,
            salt: Bytes32([self.number; 32]),
        };
        (entry, evidence)
    }

    pub(crate) fn opening(&self) -> DeviceOpening {
        DeviceOpening { device: self.device().verifying_key(), salt: Bytes32([self.number; 32]) }
    }

    pub(crate) fn first_signed(&self) -> SignedEntry {
        SignedEntry::by_identity(&self.first_entry().0, &self.identity())
    }
}

// --- bodies

pub(crate) fn operators() -> Vec<SigningKey> {
    vec![key(201), key(202), key(203)]
}

pub(crate) fn operator_keys() -> Vec<relay_auth::signing::VerifyingKey> {
    operators().iter().map(SigningKey::verifying_key).collect()
}

pub(crate) fn body_key() -> SigningKey {
    key(210)
}

pub(crate) fn body_entry() -> BodyEntry {
    BodyEntry {
        version: Version,
        suite: Suite,
        id: BodyId::new("example-council").unwrap(),
        status: BodyStatus::Active,
        previous: None,
        name: "Example Council".to_owned(),
        name_in_gaelic: Some("Comhairle Eisimpleir".to_owned()),
        domain: "example.scot".to_owned(),
        keys: vec![BodyKey {
            key: body_key().verifying_key(),
            not_before: NOW - DAY,
            not_after: NOW + 365 * DAY,
        }],
        reply_key: None,
        hosts: vec!["pay.example.scot".to_owned()],
    }
}

pub(crate) fn approve(entry: &BodyEntry) -> SignedBodyEntry {
    SignedBodyEntry::new(entry).approve(&operators()[0]).approve(&operators()[1])
}

pub(crate) fn body() -> VerifiedBody {
    approve(&body_entry()).verify(&operator_keys()).unwrap()
}

// --- letters

pub(crate) fn letter_id() -> LetterId {
    LetterId::from([77; 16])
}

pub(crate) fn letter() -> Letter {
    Letter {
        label: "Your council tax for 2027".to_owned(),
        language: "en".to_owned(),
        text: "Dear Ms O’Neil,\n\nyour **council tax** is due.".to_owned(),
        summary: Some("You owe £120. Pay by 1 April.".to_owned()),
        ..Letter::default()
    }
}

/// A statement as `docs/protocol.md` lays it out, written here a second time.
#[derive(Encode)]
pub(crate) struct Statement<'a> {
    #[n(0)]
    pub(crate) version: Version,
    #[n(1)]
    pub(crate) suite: Suite,
    #[n(2)]
    pub(crate) id: LetterId,
    #[n(3)]
    pub(crate) recipient: DirectoryId,
    #[n(4)]
    pub(crate) inbox_key: InboxKeyId,
    #[n(5)]
    pub(crate) body: &'a str,
    #[n(6)]
    pub(crate) body_entry: Bytes32,
    #[n(7)]
    pub(crate) time: u64,
    #[n(8)]
    pub(crate) letter: &'a Letter,
}

/// The signed letter as it is sealed: kind 0, and the letter.
pub(crate) fn sealed_content(signed: &[u8]) -> Vec<u8> {
    [&[0x82, 0, 0x81], signed].concat()
}

#[derive(Encode)]
struct Signed {
    #[n(0)]
    statement: Bytes,
    #[n(1)]
    signature: Signature,
}

pub(crate) fn statement(letter: &Letter) -> Statement<'_> {
    Statement {
        version: Version,
        suite: Suite,
        id: letter_id(),
        recipient: ANN.id(),
        inbox_key: ANN.inbox().public_key().id(),
        body: "example-council",
        body_entry: Bytes32(*body().hash()),
        time: NOW,
        letter,
    }
}

pub(crate) fn signed(statement: &Statement<'_>, key: &SigningKey) -> Vec<u8> {
    let statement = encode(statement);
    let signature = key.sign(label::LETTER, &statement);
    encode(&Signed { statement: statement.into(), signature })
}
