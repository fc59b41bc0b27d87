//! What was signed on this device and is to be published.

use api::{
    Octets32,
    directory::{KnownLog, PublishRequest},
};
use crypto_core::{
    citizen::{DirectoryId, SignedEntry},
    directory::Pin,
    evidence::{AddressEvidence, Evidence},
    jwt::LONGEST_TOKEN,
    person::Attributes,
    recovery::SealedBundle,
    trust::VerifiedTrust,
};
use minicbor::{Decode, Encode};
use relay_auth::cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode};

use crate::{
    enrolment::{EnrolmentError, entries::MOST_ENTRIES},
    http::{self, HttpRequest},
    keys::DeviceKeys,
};

/// What is not counted below: heads, an id, a handle, a salt.
const HEADS: usize = 1024;

/// An entry that was signed on this device, with everything that the directory needs to publish it.
/// It holds a name, a birth date and an address: stored sealed.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedEnrolment {
    #[n(0)]
    pub(super) version: Version,
    #[n(1)]
    pub(super) suite: Suite,
    #[n(2)]
    pub(super) directory_id: DirectoryId,
    #[n(3)]
    pub(super) sign_in: Bytes32,
    /// From the first entry on; the one that was signed here is the last.
    #[n(4)]
    pub(super) chain: Vec<SignedEntry>,
    /// To which the entry commits.
    #[n(5)]
    pub(super) bundle: Bytes,
    #[n(6)]
    pub(super) evidence: Evidence,
    #[n(7)]
    pub(super) attributes: Attributes,
    #[n(8)]
    pub(super) address: Option<AddressEvidence>,
}

redacted!(SignedEnrolment);

impl Wire for SignedEnrolment {
    const LIMITS: Limits = Limits {
        bytes: MOST_ENTRIES * SignedEntry::LIMITS.bytes
            + SealedBundle::LIMITS.bytes
            + Evidence::LIMITS.bytes
            + Attributes::LIMITS.bytes
            + LONGEST_TOKEN
            + HEADS,
        depth: 8,
        items: MOST_ENTRIES as u32 * SignedEntry::LIMITS.items
            + Evidence::LIMITS.items
            + Attributes::LIMITS.items
            + 16,
    };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if !(1..=MOST_ENTRIES).contains(&self.chain.len()) {
            return Err(DecodeError::Value("a chain has one to 256 entries"));
        }
        if !(1..=SealedBundle::LIMITS.bytes).contains(&self.bundle.as_ref().len()) {
            return Err(DecodeError::Value("a recovery bundle is empty or too long"));
        }
        self.chain.iter().try_for_each(Wire::validate)?;
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

    /// The sealed recovery bundle to which the entry commits, for the relay.
    #[must_use]
    pub fn bundle(&self) -> &[u8] {
        self.bundle.as_ref()
    }

    pub(super) fn request(
        &self,
        trust: &VerifiedTrust,
        keys: &DeviceKeys,
        sign_in: Option<Bytes32>,
        pin: Option<&Pin>,
    ) -> Result<HttpRequest, EnrolmentError> {
        let entry = self.chain.last().ok_or(EnrolmentError::OutOfTurn)?;
        let request = PublishRequest {
            sign_in: sign_in.map(|handle| Octets32(handle.0)),
            entry: entry.to_bytes().into(),
            evidence: self.evidence.to_bytes().into(),
            address: self.address.as_ref().map(|address| encode(address).into()),
            access_key: Octets32(*keys.access().verifying_key().as_bytes()),
            known: pin.map(|pin| KnownLog { size: pin.size, root: Octets32(pin.root.0) }),
        };
        Ok(http::post(&trust.file().directory.url, "/v1/entries", &request)?)
    }
}
