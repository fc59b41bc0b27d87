//! What is remembered of each letter: enough for the list, for finding out duplicates, and to know
//! what the archive must have.

use core::fmt;

use api::{Octets16, archive::ArchivePut};
use crypto_core::{
    archive::{ArchiveError, Item, ObjectId, Place, SealedObject},
    body::{BodyEntry, BodyId, VerifiedBody},
    letter::{LetterId, VerifiedLetter},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    hex,
    receipt::Deposit,
    secret::Secret,
};

use crate::{
    http,
    letter::{LetterSummary, Sender},
};

/// A sealed object, its id and counters, one sequence number.
const PUT: Limits = Limits { bytes: crypto_core::archive::LARGEST + 64, depth: 2, items: 8 };

/// A letter, as far as it is kept in memory.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Held {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    pub(super) sequence: u64,
    #[n(3)]
    arrived: u64,
    #[n(4)]
    pub(super) body: BodyId,
    #[n(5)]
    pub(super) letter: LetterId,
    #[n(6)]
    pub(super) fingerprint: Bytes32,
    /// The version of the archive's object.
    #[n(7)]
    pub(super) counter: u64,
    /// The relay confirmed that it is filed.
    #[n(8)]
    pub(super) is_filed: bool,
    /// It came before in the same form: kept in the archive, not shown.
    #[n(9)]
    pub(super) is_duplicate: bool,
    #[n(10)]
    label: String,
    #[n(11)]
    language: String,
    #[n(12)]
    name: String,
    #[n(13)]
    domain: String,
    #[n(14)]
    name_in_gaelic: Option<String>,
    #[n(15)]
    unit: Option<String>,
    #[n(16)]
    reply_by: Option<u64>,
}

redacted!(Held);

impl Wire for Held {
    const LIMITS: Limits = Limits { bytes: 8 * 1024, depth: 1, items: 20 };
    const START: Start = Start::VersionAndSuite;
}

impl Held {
    pub(super) fn new(
        letter: &VerifiedLetter,
        sender: &VerifiedBody,
        deposit: &Deposit,
        counter: u64,
    ) -> Self {
        let BodyEntry { name, name_in_gaelic, domain, .. } = sender.entry();
        let content = letter.letter();
        Self {
            version: Version,
            suite: Suite,
            sequence: deposit.sequence,
            arrived: deposit.time,
            body: letter.body().clone(),
            letter: letter.id(),
            fingerprint: letter.fingerprint().into(),
            counter,
            is_filed: false,
            is_duplicate: false,
            label: content.label.clone(),
            language: content.language.clone(),
            name: name.clone(),
            domain: domain.clone(),
            name_in_gaelic: name_in_gaelic.clone(),
            unit: content.unit.clone(),
            reply_by: content.reply_by,
        }
    }

    /// When the relay stored it.
    pub(super) const fn arrived(&self) -> u64 {
        self.arrived
    }

    /// What the list shows.
    pub(super) fn summary(&self, id: &ObjectId, is_suspended: bool) -> LetterSummary {
        LetterSummary {
            id: hex::encode(id.as_bytes()),
            label: self.label.clone(),
            language: self.language.clone(),
            sender: Sender {
                name: self.name.clone(),
                name_in_gaelic: self.name_in_gaelic.clone(),
                domain: self.domain.clone(),
                unit: self.unit.clone(),
                is_suspended,
            },
            arrived: self.arrived,
            reply_by: self.reply_by,
        }
    }
}

/// A letter that is to be filed and acknowledged at the relay. The same bytes are sent again until
/// the relay confirms them, also after the page was closed: the relay knows a repetition by them.
#[derive(Clone, PartialEq, Eq)]
pub struct Filing {
    id: ObjectId,
    content: Bytes,
}

impl fmt::Debug for Filing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Filing({:?})", self.content)
    }
}

impl Filing {
    /// Seals a letter for the archive, to be stored at a new place.
    pub(super) fn seal(
        letter: &Item,
        sequence: u64,
        place: &Place,
        root: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, ArchiveError> {
        let object = SealedObject::seal(letter, place, root, rng)?;
        let put = ArchivePut {
            object: object.to_bytes().into(),
            id: Octets16(*place.id.as_bytes()),
            counter: place.counter,
            expected_counter: 0,
            acknowledge: vec![sequence],
        };
        Ok(Self { id: place.id, content: encode(&put).into() })
    }

    /// Takes what was stored.
    pub(super) fn stored(content: &[u8]) -> Result<Self, DecodeError> {
        let put: ArchivePut = http::decode(content, PUT)?;
        Ok(Self { id: ObjectId::from(put.id.0), content: content.into() })
    }

    /// The object.
    #[must_use]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// The content of the request.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.content.as_ref()
    }
}
