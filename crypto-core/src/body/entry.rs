//! A public body's entry and its approvals.

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    label,
    signing::{Signature, SigningKey, VerifyingKey},
};

use crate::{inbox_key::InboxPublicKey, text};

/// How many different operators approve an entry.
pub const APPROVALS: usize = 2;

const MOST_KEYS: usize = 8;
const MOST_HOSTS: usize = 16;

/// The short name of a body in the registry, such as `example-council`: 2 to 63 lower-case letters,
/// digits and hyphens, as in a host name (RFC 1123).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct BodyId(#[n(0)] String);

impl BodyId {
    /// Checks and takes an id.
    ///
    /// # Errors
    /// [`DecodeError::Value`].
    pub fn new(id: &str) -> Result<Self, DecodeError> {
        let id = Self(id.to_owned());
        id.check()?;
        Ok(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The label under which the directory lists this body (`LBX-DIR-2`).
    #[must_use]
    pub fn directory_label(&self) -> Vec<u8> {
        label::DIRECTORY_BODY.with(&(self,))
    }

    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if self.0.len() >= 2 && text::is_host_label(&self.0) {
            Ok(())
        } else {
            Err(DecodeError::Value("a body's id is 2 to 63 lower-case letters, digits and hyphens"))
        }
    }
}

/// Whether a body may write letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum BodyStatus {
    /// It may.
    #[n(0)]
    Active,
    /// It may not any more; letters that arrived before stay valid, and devices show the suspension.
    #[n(1)]
    Suspended,
}

/// A key with which a body signs letters and requests.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BodyKey {
    /// The public key.
    #[n(0)]
    pub key: VerifyingKey,
    /// The first second (Unix time) of its validity.
    #[n(1)]
    pub not_before: u64,
    /// The last second.
    #[n(2)]
    pub not_after: u64,
}

/// An entry of the registry, before it is approved.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BodyEntry {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The body.
    #[n(2)]
    pub id: BodyId,
    /// Whether it may write letters.
    #[n(3)]
    pub status: BodyStatus,
    /// The hash of the signed entry before; none for the first.
    #[n(4)]
    pub previous: Option<Bytes32>,
    /// The name that readers see, up to 100 characters.
    #[n(5)]
    pub name: String,
    /// The name in Gaelic.
    #[n(6)]
    pub name_in_gaelic: Option<String>,
    /// The body's domain, shown beside the name.
    #[n(7)]
    pub domain: String,
    /// Its signing keys.
    #[n(8)]
    pub keys: Vec<BodyKey>,
    /// Where answers are sealed to; none where the body takes no answers.
    #[n(9)]
    pub reply_key: Option<InboxPublicKey>,
    /// The hosts to which links in its letters may lead.
    #[n(10)]
    pub hosts: Vec<String>,
}

impl Wire for BodyEntry {
    const LIMITS: Limits = Limits { bytes: 8 * 1024, depth: 3, items: 64 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        self.id.check()?;
        text::check_line(&self.name, 1, 100)?;
        if let Some(name) = &self.name_in_gaelic {
            text::check_line(name, 1, 100)?;
        }
        if self.keys.len() > MOST_KEYS || self.hosts.len() > MOST_HOSTS {
            return Err(DecodeError::Value("a body has too many keys or hosts"));
        }
        if self.keys.iter().any(|key| key.not_before > key.not_after) {
            return Err(DecodeError::Value("a body's key ends before it begins"));
        }
        if !text::is_host(&self.domain) || !self.hosts.iter().all(|host| text::is_host(host)) {
            return Err(DecodeError::Value("a body has a domain or host that is none"));
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Approval {
    #[n(0)]
    operator: VerifyingKey,
    #[n(1)]
    signature: Signature,
}

/// An entry with the operators' approvals, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedBodyEntry {
    #[n(0)]
    entry: Bytes,
    #[n(1)]
    approvals: Vec<Approval>,
}

impl Wire for SignedBodyEntry {
    const LIMITS: Limits = Limits { bytes: 9 * 1024, depth: 3, items: 32 };
    const START: Start = Start::Plain;
}

/// Why a body's entry was not taken. The directory or its operators are at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The bytes are no entry.
    #[error("this is not an entry of a public body: {0}")]
    Malformed(#[from] DecodeError),
    /// Too few valid approvals of different operators.
    #[error("the public body's entry is not approved by {APPROVALS} operators")]
    NotApproved,
}

impl SignedBodyEntry {
    /// An entry without approvals.
    #[must_use]
    pub fn new(entry: &BodyEntry) -> Self {
        Self { entry: entry.to_bytes().into(), approvals: Vec::new() }
    }

    /// Adds an operator's approval.
    #[must_use]
    pub fn approve(mut self, operator: &SigningKey) -> Self {
        let signature = operator.sign(label::BODY_APPROVAL, self.entry.as_ref());
        self.approvals.push(Approval { operator: operator.verifying_key(), signature });
        self
    }

    /// An entry that a verified later one names by its hash: who approved that one approved what went
    /// before, also where an operator has been replaced since.
    pub(super) fn vouched_for(&self) -> Result<VerifiedBody, BodyError> {
        Ok(VerifiedBody { entry: self.unverified()?, hash: self.hash() })
    }

    /// The hash by which letters and later entries name this entry. Approvals are not part of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        label::BODY_HASH.hash(&(&self.entry,))
    }

    /// What the entry says, without a look at its approvals: for whoever keeps or approves entries.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn unverified(&self) -> Result<BodyEntry, DecodeError> {
        BodyEntry::from_bytes(self.entry.as_ref())
    }

    /// Verifies the approvals against the operators that the trust file names.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn verify(&self, operators: &[VerifyingKey]) -> Result<VerifiedBody, BodyError> {
        let mut approving: Vec<&VerifyingKey> = Vec::new();
        for Approval { operator, signature } in &self.approvals {
            let is_new = !approving.contains(&operator);
            if is_new
                && operators.contains(operator)
                && operator.verifies(label::BODY_APPROVAL, self.entry.as_ref(), signature)
            {
                approving.push(operator);
            }
        }
        if approving.len() < APPROVALS {
            return Err(BodyError::NotApproved);
        }
        let entry = BodyEntry::from_bytes(self.entry.as_ref())?;
        Ok(VerifiedBody { entry, hash: self.hash() })
    }
}

/// An entry of the registry whose approvals were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBody {
    entry: BodyEntry,
    hash: [u8; 32],
}

impl VerifiedBody {
    /// What the operators approved.
    #[must_use]
    pub const fn entry(&self) -> &BodyEntry {
        &self.entry
    }

    /// See [`SignedBodyEntry::hash`].
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The signing keys that are valid at `time` (Unix seconds); none of a suspended body.
    pub fn keys_at(&self, time: u64) -> impl Iterator<Item = &VerifyingKey> {
        let is_active = self.entry.status == BodyStatus::Active;
        self.entry
            .keys
            .iter()
            .filter(move |key| is_active && (key.not_before..=key.not_after).contains(&time))
            .map(|key| &key.key)
    }

    /// Whether a letter of this body may lead to `host`.
    #[must_use]
    pub fn may_link_to(&self, host: &str) -> bool {
        self.entry.hosts.iter().any(|registered| registered == host)
    }

    /// Whether a link of this body's letters may lead to an address: plain `https`, on a registered host
    /// (`LBX-LETTER-6`, `LBX-LETTER-7`).
    #[must_use]
    pub fn may_open(&self, address: &str) -> bool {
        text::registered_host(address, &self.entry.hosts).is_some()
    }
}
