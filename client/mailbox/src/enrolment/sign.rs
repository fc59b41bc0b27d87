//! The entry: made from what was verified, signed last.

use api::directory::Collected;
use crypto_core::{
    citizen::{ChangeKind, Entry, EntryStatus, InboxKey, SignedEntry, device_commitment, recovery_key_hash},
    evidence::{
        self, AddressEvidence, Evidence, EvidenceError, IdentityProvider, VerifiedPerson, address_commitment,
    },
    jwt::LONGEST_TOKEN,
    person::Attributes,
    recovery::{SealedBundle, archive_head_commitment},
    trust::VerifiedTrust,
};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes32, DecodeError, Limits, Suite, Version, Wire as _},
    signing::SigningKey,
};

use crate::{
    enrolment::{
        EnrolmentError, Lie, SignedEnrolment, entries,
        sign_in::Enrolment,
        step::{Stage, Step},
    },
    http::HttpResponse,
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
    /// Takes the tokens, verifies all of them as every reader of the entry will, makes the evidence,
    /// the recovery bundle and the entry, and signs. `shown` is the directory's answer to
    /// [`Enrolment::entries`], asked again; for a recovery alone. Store the result sealed, and the
    /// enrolment, before it is published: from then on the keys are not dropped any more.
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing was signed and nothing changed.
    pub fn sign(
        &mut self,
        trust: &VerifiedTrust,
        keys: &DeviceKeys,
        response: &HttpResponse,
        shown: Option<&HttpResponse>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<SignedEnrolment, EnrolmentError> {
        let (Step::Confirmed | Step::ConfirmedWithAddress, Some(sign_in)) = (self.step, self.sign_in) else {
            return Err(EnrolmentError::OutOfTurn);
        };
        let former = keys.former().map(|former| former.identity());
        if keys.identity().verifying_key() != self.identity_key
            || former.as_ref().map(SigningKey::verifying_key) != self.former_identity
        {
            return Err(EnrolmentError::OtherKeys);
        }
        let mut chain = self.entries_before(keys, shown)?;
        let Collected { id_token, claims_token, address_token } = response.decoded(COLLECTED)?;
        let without_address = Evidence {
            version: Version,
            suite: Suite,
            purpose: self.purpose(),
            previous: self.previous,
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
        let (bundle, commitment) = self.bundle(keys, rng)?;
        let entry = self.entry(keys, &evidence, commitment, now, rng)?;
        chain.push(match &former {
            Some(former) => SignedEntry::by_recovery(&entry, &keys.identity(), former),
            None => SignedEntry::by_identity(&entry, &keys.identity()),
        });
        // As every reader will: a closed chain, for one, does not go on.
        entries::verified(self, &chain)?;
        let signed = SignedEnrolment {
            version: Version,
            suite: Suite,
            directory_id: self.directory_id,
            sign_in,
            chain,
            bundle: bundle.to_bytes().into(),
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

    /// The recovery bundle, sealed to the key of the new code, and the commitment to it
    /// (`LBX-BUNDLE-3`). Nothing of the archive's head is committed to yet.
    fn bundle(
        &self,
        keys: &DeviceKeys,
        rng: &mut impl CryptoRng,
    ) -> Result<(SealedBundle, Bytes32), EnrolmentError> {
        let Bytes32(salt) = random(rng);
        let unsealed = DecodeError::Value("the recovery bundle cannot be sealed");
        let sealed = keys
            .bundle(self.directory_id, salt)
            .seal(&keys.recovery().0, rng)
            .map_err(|_| EnrolmentError::Entry(unsealed))?;
        let commitment = archive_head_commitment(None, &sealed.digest(), &salt);
        Ok((sealed, Bytes32(commitment)))
    }

    fn entry(
        &self,
        keys: &DeviceKeys,
        evidence: &Evidence,
        archive_head: Bytes32,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Entry, EnrolmentError> {
        let inbox_keys = keys.accepted_inbox_keys().into_iter().map(|key| InboxKey {
            key: key.public_key().clone(),
            rotate_after: now.saturating_add(ROTATE_AFTER),
            not_after: now.saturating_add(NOT_AFTER),
        });
        let (recovery_key, recovery_salt) = keys.recovery();
        let mut devices = vec![Bytes32(device_commitment(&keys.device_opening()))];
        while devices.len() < COMMITMENTS {
            let nobodys = random(rng);
            devices.insert(devices.partition_point(|other| *other < nobodys), nobodys);
        }
        let entry = Entry {
            version: Version,
            suite: Suite,
            directory_id: self.directory_id,
            status: EntryStatus::Active,
            change: if self.is_recovery() { ChangeKind::Recovery } else { ChangeKind::First },
            previous: self.previous,
            identity_key: self.identity_key,
            evidence: evidence.hash().into(),
            inbox_keys: inbox_keys.collect(),
            devices,
            recovery_key: recovery_key_hash(&recovery_key, recovery_salt).into(),
            archive_head: Some(archive_head),
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
