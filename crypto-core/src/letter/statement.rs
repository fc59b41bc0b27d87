//! A letter with the body's signature: written, sealed, opened, verified.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    id::{BlobId, InboxKeyId},
    label,
    signing::{Signature, SigningKey},
};
use zeroize::Zeroizing;

use crate::{
    body::{BodyId, VerifiedBody},
    citizen::DirectoryId,
    directory::ProvenRecipient,
    envelope::{Envelope, OpenError, Recipient, SealError},
    inbox_key::InboxPrivateKey,
    letter::{
        content::{Letter, LetterId},
        fingerprint::fingerprint,
    },
    text::{https_host, registered_host},
};

/// How far the sender's clock may be ahead of the relay's, in seconds.
const CLOCK_SKEW: u64 = 5 * 60;

/// What the body signs (`LBX-LETTER-1`).
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
struct Statement {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    id: LetterId,
    #[n(3)]
    recipient: DirectoryId,
    #[n(4)]
    inbox_key: InboxKeyId,
    #[n(5)]
    body: BodyId,
    #[n(6)]
    body_entry: Bytes32,
    #[n(7)]
    time: u64,
    #[n(8)]
    letter: Letter,
}

impl Wire for Statement {
    const LIMITS: Limits = Limits { bytes: 62 * 1024, depth: 5, items: 1100 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        self.body.check()?;
        self.letter.validate()
    }
}

/// A letter's statement and signature, as they travel inside the envelope and lie in the archive.
/// Not yet verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedLetter {
    #[n(0)]
    statement: Bytes,
    #[n(1)]
    signature: Signature,
}

impl Wire for SignedLetter {
    const LIMITS: Limits = Limits { bytes: 63 * 1024, depth: 1, items: 3 };
    const START: Start = Start::Plain;
}

/// What is inside an envelope. The kind is sealed with the content: the relay cannot tell kinds
/// apart. Forwarded letters, answers and receipts get kinds of their own.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
enum Content {
    #[n(0)]
    Letter(#[n(0)] SignedLetter),
}

impl Wire for Content {
    const LIMITS: Limits = Limits { bytes: 63 * 1024, depth: 3, items: 6 };
    const START: Start = Start::Plain;
}

/// Why a letter was not written. The body is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Something in the letter is not allowed.
    #[error("the letter cannot be sent: {0}")]
    Content(#[from] DecodeError),
    /// The letter could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The signing key is not one of the body's, or not at this time.
    #[error("the signing key is not registered for this public body at this time")]
    KeyNotRegistered,
    /// A link leads to a host that is not registered.
    #[error("a link of the letter leads to a host that is not registered for this public body")]
    HostNotRegistered,
}

/// A body that writes: its entry and one of its keys.
#[derive(Debug)]
pub struct Sender<'a> {
    body: &'a VerifiedBody,
    key: &'a SigningKey,
}

impl<'a> Sender<'a> {
    /// A body with its key.
    #[must_use]
    pub const fn new(body: &'a VerifiedBody, key: &'a SigningKey) -> Self {
        Self { body, key }
    }

    /// Signs and seals a letter to a recipient whose key was proven. `time` is now, Unix seconds.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn seal(
        &self,
        id: LetterId,
        letter: Letter,
        recipient: &ProvenRecipient,
        time: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedLetter, WriteError> {
        if !self.body.keys_at(time).any(|key| *key == self.key.verifying_key()) {
            return Err(WriteError::KeyNotRegistered);
        }
        letter.validate()?;
        let links = letter.actions.iter().filter_map(|action| action.url.as_deref());
        let links = links.chain(letter.alternatives.iter().filter_map(|form| form.url.as_deref()));
        if !links.filter_map(https_host).all(|host| self.body.may_link_to(host)) {
            return Err(WriteError::HostNotRegistered);
        }
        let statement = Statement {
            version: Version,
            suite: Suite,
            id,
            recipient: recipient.directory_id(),
            inbox_key: recipient.inbox_key().id(),
            body: self.body.entry().id.clone(),
            body_entry: (*self.body.hash()).into(),
            time,
            letter,
        }
        .to_bytes();
        let signature = self.key.sign(label::LETTER, &statement);
        let signed = SignedLetter { statement: statement.into(), signature };
        let content = Zeroizing::new(Content::Letter(signed).to_bytes());
        let recipient_id = Recipient::from(recipient.directory_id());
        let envelope = Envelope::seal(&recipient_id, recipient.inbox_key(), &content, rng)?;
        Ok(SealedLetter { envelope: envelope.to_bytes(), id })
    }
}

/// A letter ready to be deposited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedLetter {
    envelope: Vec<u8>,
    id: LetterId,
}

impl SealedLetter {
    /// The bytes for the relay.
    #[must_use]
    pub fn envelope(&self) -> &[u8] {
        &self.envelope
    }

    /// The letter's id.
    #[must_use]
    pub const fn id(&self) -> LetterId {
        self.id
    }
}

/// Why a letter is not shown. Each says who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// The envelope was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was inside is no letter: the sender broke the protocol.
    #[error("what was sealed is not a letter: {0}")]
    Malformed(#[from] DecodeError),
    /// Signed for somebody else, and sealed again by whoever received it.
    #[error("the letter was written to somebody else")]
    OtherRecipient,
    /// Signed for another key of the same person than the one it is sealed to.
    #[error("the letter was sealed to another key than its sender signed")]
    OtherKey,
    /// It says that it is from another body than the entry given.
    #[error("the letter names another public body than the one it is checked against")]
    OtherBody,
    /// It was written under another entry of the body than the one in force.
    #[error("the letter names another entry of the public body than the one in force when it arrived")]
    OtherEntry,
    /// The letter says that it was written after it arrived.
    #[error("the letter gives a time of writing after its arrival")]
    FromTheFuture,
    /// No key of the body that was valid on arrival made the signature.
    #[error("the letter is not signed by the public body that it names")]
    Forged,
}

/// A letter that was opened. Its signature is not verified, so nothing of it can be read from here
/// but what is needed to find the body's entry.
#[derive(Debug, PartialEq, Eq)]
pub struct OpenedLetter {
    signed: SignedLetter,
    statement: Statement,
}

impl OpenedLetter {
    /// Opens an envelope with the recipient's own id and the inbox key that the envelope names.
    ///
    /// # Errors
    /// [`LetterError`].
    pub fn open(
        envelope: &Envelope,
        recipient: DirectoryId,
        key: &InboxPrivateKey,
    ) -> Result<Self, LetterError> {
        let content = envelope.open(&Recipient::from(recipient), key)?;
        let Content::Letter(signed) = Content::from_bytes(&content)?;
        let opened = Self::from_signed(signed, recipient)?;
        if opened.statement.inbox_key == envelope.inbox_key() {
            Ok(opened)
        } else {
            Err(LetterError::OtherKey)
        }
    }

    /// Takes a letter from the archive, where the signed statement is kept, to be verified again.
    ///
    /// # Errors
    /// [`LetterError::Malformed`] or [`LetterError::OtherRecipient`].
    pub fn from_signed(signed: SignedLetter, recipient: DirectoryId) -> Result<Self, LetterError> {
        let statement = Statement::from_bytes(signed.statement.as_ref())?;
        if statement.recipient != recipient {
            return Err(LetterError::OtherRecipient);
        }
        Ok(Self { signed, statement })
    }

    /// The body that the letter says it is from: whose entry is needed to verify it.
    #[must_use]
    pub const fn claimed_body(&self) -> &BodyId {
        &self.statement.body
    }

    /// The hash of the body's entry that the letter says it was written under.
    #[must_use]
    pub const fn claimed_entry(&self) -> &[u8; 32] {
        &self.statement.body_entry.0
    }

    /// Verifies the letter against the body's entry that was in force at `arrival`, the time at
    /// which the relay stored it (Unix seconds). A body that was suspended later stays the sender of
    /// what it wrote before (`LBX-LETTER-4`).
    ///
    /// # Errors
    /// [`LetterError`].
    pub fn verify(self, body: &VerifiedBody, arrival: u64) -> Result<VerifiedLetter, LetterError> {
        if self.statement.body != body.entry().id {
            return Err(LetterError::OtherBody);
        }
        if self.statement.body_entry.0 != *body.hash() {
            return Err(LetterError::OtherEntry);
        }
        if self.statement.time > arrival.saturating_add(CLOCK_SKEW) {
            return Err(LetterError::FromTheFuture);
        }
        let SignedLetter { statement, signature } = &self.signed;
        if !body.keys_at(arrival).any(|key| key.verifies(label::LETTER, statement.as_ref(), signature)) {
            return Err(LetterError::Forged);
        }
        let hosts = body.entry().hosts.clone();
        Ok(VerifiedLetter { signed: self.signed, statement: self.statement, hosts })
    }
}

/// A letter whose signature holds. The only type from which a letter can be read.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedLetter {
    signed: SignedLetter,
    statement: Statement,
    hosts: Vec<String>,
}

impl VerifiedLetter {
    /// The letter.
    #[must_use]
    pub const fn letter(&self) -> &Letter {
        &self.statement.letter
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> LetterId {
        self.statement.id
    }

    /// The body that wrote it.
    #[must_use]
    pub const fn body(&self) -> &BodyId {
        &self.statement.body
    }

    /// When the body says it wrote it, Unix seconds. The relay's time of arrival is in the deposit.
    #[must_use]
    pub const fn time(&self) -> u64 {
        self.statement.time
    }

    /// Whether an address in the letter may be opened: `https`, without surprises, on a host that
    /// the body has registered. Anything else is shown as text (`LBX-LETTER-7`).
    #[must_use]
    pub fn may_open(&self, address: &str) -> bool {
        registered_host(address, &self.hosts).is_some()
    }

    /// The hosts that the body has registered, for whoever judges the addresses in the text
    /// (`LBX-LETTER-7`).
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Whether its files are stored in exactly these places, in this order: those of the blobs that
    /// came with its deposit (`LBX-ATT-5`).
    #[must_use]
    pub fn names_blobs(&self, blobs: &[BlobId]) -> bool {
        self.letter().attachments.iter().map(|file| &file.blob).eq(blobs)
    }

    /// Statement and signature, for the archive: every device verifies again.
    #[must_use]
    pub const fn signed(&self) -> &SignedLetter {
        &self.signed
    }

    /// What tells two letters of one body with the same id apart: an identical replay has the same
    /// fingerprint, anything else is an alarm (`LBX-LETTER-5`). A letter that was sealed again, to a
    /// newer key, under a newer entry of the body, or with its files under new keys in new places, stays
    /// the same letter.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let Statement { id, recipient, body, letter, .. } = &self.statement;
        fingerprint(id, recipient, body, letter)
    }
}
