//! The first entry: made from what was verified, signed last.

use api::{
    Octets32,
    directory::{Collected, KnownLog, PublishRequest},
};
use crypto_core::{
    citizen::{
        ChangeKind, DirectoryId, Entry, EntryStatus, InboxKey, Purpose, SignedEntry, device_commitment,
        recovery_key_hash,
    },
    directory::Pin,
    evidence::{
        self, AddressEvidence, Evidence, EvidenceError, IdentityProvider, VerifiedPerson, address_commitment,
    },
    jwt::LONGEST_TOKEN,
    person::Attributes,
    trust::VerifiedTrust,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::cbor::{Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode};

use crate::{
    enrolment::{
        EnrolmentError, Lie,
        sign_in::{Enrolment, Stage, Step},
    },
    http::{self, HttpRequest, HttpResponse},
    keys::DeviceKeys,
};

const DAY: u64 = 24 * 60 * 60;

/// After how long devices make a new inbox key, and until when senders use this one (`LBX-ENTRY-3`).
const ROTATE_AFTER: u64 = 30 * DAY;
const NOT_AFTER: u64 = 400 * DAY;

/// Device commitments come in fours (`LBX-ENTRY-2`).
const COMMITMENTS: usize = 4;

/// Three tokens.
const COLLECTED: Limits = Limits { bytes: 3 * LONGEST_TOKEN + 64, depth: 1, items: 4 };

impl Enrolment {
    /// Takes the tokens, verifies all of them as every reader of the entry will, makes the evidence
    /// and the entry, and signs. Store the result sealed, and the enrolment, before it is published:
    /// from then on the keys are not dropped any more.
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing was signed and nothing changed.
    pub fn sign(
        &mut self,
        trust: &VerifiedTrust,
        keys: &DeviceKeys,
        response: &HttpResponse,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<SignedEnrolment, EnrolmentError> {
        let (Step::Confirmed | Step::ConfirmedWithAddress, Some(sign_in)) = (self.step, self.sign_in) else {
            return Err(EnrolmentError::OutOfTurn);
        };
        if keys.identity().verifying_key() != self.identity_key {
            return Err(EnrolmentError::OtherKeys);
        }
        let Collected { id_token, claims_token, address_token } = response.decoded(COLLECTED)?;
        let without_address = Evidence {
            version: Version,
            suite: Suite,
            purpose: Purpose::Enrol,
            previous: None,
            salt: self.flow(Stage::Identity).salt,
            id_token,
            claims_token,
            address: None,
        };
        let person = self.person(&without_address, trust.provider())?;
        let confirmed = match (self.with_address(), address_token) {
            (false, _) => None,
            (true, None) => return Err(Lie::AddressLeftOut.into()),
            (true, Some(token)) => confirmed_address(&person, token, trust.provider(), rng)?,
        };
        let commitment = confirmed.as_ref().map(|(_, shown)| address_commitment(&shown.token, shown.salt.0));
        let evidence = Evidence { address: commitment.map(Bytes32), ..without_address };
        let (attributes, address) = match confirmed {
            Some((attributes, address)) => (attributes, Some(address)),
            None => (person.attributes().clone(), None),
        };
        // Once more in the form in which everybody will see it.
        let person = self.person(&evidence, trust.provider())?;
        person.is(&attributes).map_err(Lie::Name)?;
        evidence::verify_address(&evidence, address.as_ref(), &person, &attributes, trust.provider())
            .map_err(Lie::Address)?;
        let entry = self.entry(keys, &evidence, now, rng)?;
        let signed = SignedEnrolment {
            version: Version,
            suite: Suite,
            directory_id: self.directory_id,
            sign_in,
            entry: SignedEntry::by_identity(&entry, &keys.identity()),
            evidence,
            attributes,
            address,
        };
        self.step = Step::Signed;
        Ok(signed)
    }

    /// Whom the evidence is about, if it holds and is of the person who signed in.
    fn person(
        &self,
        evidence: &Evidence,
        provider: &IdentityProvider,
    ) -> Result<VerifiedPerson, EnrolmentError> {
        let person =
            evidence::verify(evidence, &evidence.hash(), self.directory_id, &self.identity_key, provider)
                .map_err(Lie::Name)?;
        if self.subject == Some(self.subject_hash(person.subject())) {
            Ok(person)
        } else {
            Err(Lie::OtherPerson.into())
        }
    }

    fn entry(
        &self,
        keys: &DeviceKeys,
        evidence: &Evidence,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Entry, EnrolmentError> {
        let inbox_keys = keys.inbox_keys().into_iter().map(|key| InboxKey {
            key: key.public_key().clone(),
            rotate_after: now.saturating_add(ROTATE_AFTER),
            not_after: now.saturating_add(NOT_AFTER),
        });
        let (recovery_key, recovery_salt) = keys.recovery().ok_or(EnrolmentError::OutOfTurn)?;
        let mut devices = vec![Bytes32(device_commitment(&keys.device_opening()))];
        devices.resize_with(COMMITMENTS, || random(rng));
        devices.sort_unstable();
        let entry = Entry {
            version: Version,
            suite: Suite,
            directory_id: self.directory_id,
            status: EntryStatus::Active,
            change: ChangeKind::First,
            previous: None,
            identity_key: self.identity_key,
            evidence: evidence.hash().into(),
            inbox_keys: inbox_keys.collect(),
            devices,
            recovery_key: recovery_key_hash(&recovery_key, recovery_salt).into(),
            archive_head: None,
            salt: random(rng),
        };
        entry.validate().map_err(EnrolmentError::Entry)?;
        Ok(entry)
    }
}

/// The person's details with the postcode, and what shows it to those who ask with it. None if the
/// address has no postcode that letters could be asked for with.
fn confirmed_address(
    person: &VerifiedPerson,
    token: String,
    provider: &IdentityProvider,
    rng: &mut impl CryptoRng,
) -> Result<Option<(Attributes, AddressEvidence)>, EnrolmentError> {
    match person.with_address(&token, provider) {
        Ok(attributes) => Ok(Some((attributes, AddressEvidence { salt: random(rng), token }))),
        Err(EvidenceError::Attributes(_)) => Ok(None),
        Err(error) => Err(Lie::Address(error).into()),
    }
}

fn random(rng: &mut impl CryptoRng) -> Bytes32 {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    Bytes32(bytes)
}

/// An entry that was signed on this device, with everything that the directory needs to publish it.
/// It holds a name, a birth date and an address: stored sealed.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedEnrolment {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    pub(super) directory_id: DirectoryId,
    #[n(3)]
    sign_in: Bytes32,
    #[n(4)]
    pub(super) entry: SignedEntry,
    #[n(5)]
    evidence: Evidence,
    #[n(6)]
    pub(super) attributes: Attributes,
    #[n(7)]
    address: Option<AddressEvidence>,
}

redacted!(SignedEnrolment);

impl Wire for SignedEnrolment {
    const LIMITS: Limits = Limits { bytes: 68 * 1024, depth: 8, items: 128 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        self.entry.validate()?;
        self.evidence.validate()?;
        self.attributes.validate()
    }
}

impl SignedEnrolment {
    /// Asks the directory to publish the entry. The same request again has the same effect: whoever
    /// lost the answer asks once more.
    ///
    /// # Errors
    /// [`EnrolmentError::Request`].
    pub fn publish(&self, trust: &VerifiedTrust, keys: &DeviceKeys) -> Result<HttpRequest, EnrolmentError> {
        self.request(trust, keys, Some(self.sign_in), None)
    }

    pub(super) fn request(
        &self,
        trust: &VerifiedTrust,
        keys: &DeviceKeys,
        sign_in: Option<Bytes32>,
        pin: Option<&Pin>,
    ) -> Result<HttpRequest, EnrolmentError> {
        let request = PublishRequest {
            sign_in: sign_in.map(|handle| Octets32(handle.0)),
            entry: self.entry.to_bytes().into(),
            evidence: self.evidence.to_bytes().into(),
            address: self.address.as_ref().map(|address| encode(address).into()),
            access_key: Octets32(*keys.access().verifying_key().as_bytes()),
            known: pin.map(|pin| KnownLog { size: pin.size, root: Octets32(pin.root.0) }),
        };
        Ok(http::post(&trust.file().directory.url, "/v1/entries", &request)?)
    }
}
