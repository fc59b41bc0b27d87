//! Receipts and the chain of deposits (`LBX-RECEIPT-1` to `LBX-RECEIPT-3`, `LBX-RECEIPT-5`).
//!
//! For each mailbox the relay keeps a hash chain over its deposits. A receipt carries the chain's
//! head after the deposit; a listing carries what is needed to compute it again. So a relay that
//! drops, alters or reorders a letter after it gave a receipt contradicts its own signature.
//!
//! A receipt names neither mailbox nor sequence number: bodies that compare receipts learn nothing
//! about who they wrote to. It proves submission, not that anybody could or did read.

use minicbor::{Decode, Encode, bytes::ByteSlice};

use crate::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    id::{BlobId, MailboxId, PermitId},
    label,
    signing::{Signature, SigningKey, VerifyingKey},
};

/// The most attachments of one letter.
pub const MOST_BLOBS: usize = 32;

/// The labelled hash of an envelope's bytes, as receipts and chains name it.
#[must_use]
pub fn envelope_digest(envelope: &[u8]) -> [u8; 32] {
    // Not as `Bytes`: that is a copy, and wiped byte by byte.
    label::ENVELOPE_DIGEST.hash(&(<&ByteSlice>::from(envelope),))
}

/// One deposit, as the chain covers it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Deposit {
    /// Strictly increasing in a mailbox; there may be gaps.
    #[n(0)]
    pub sequence: u64,
    /// When the relay stored it, Unix seconds.
    #[n(1)]
    pub time: u64,
    /// [`envelope_digest`].
    #[n(2)]
    pub digest: Bytes32,
    /// The attachments that came with it.
    #[n(3)]
    pub blobs: Vec<BlobId>,
}

impl Wire for Deposit {
    const LIMITS: Limits = Limits { bytes: 768, depth: 2, items: 48 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.blobs.len() > MOST_BLOBS {
            return Err(DecodeError::Value("a letter has too many attachments"));
        }
        Ok(())
    }
}

/// The head of a mailbox's chain of deposits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ChainHead(Bytes32);

impl ChainHead {
    /// The head of a mailbox without deposits. It depends on the secret number of the mailbox, so
    /// that a head tells nothing to those who do not know it.
    #[must_use]
    pub fn start(mailbox: MailboxId) -> Self {
        Self(label::CHAIN_START.hash(&(mailbox,)).into())
    }

    /// The head after one more deposit. The secret number of the mailbox is part of every link: who
    /// has two receipts cannot try whether one follows the other.
    #[must_use]
    pub fn after(self, mailbox: MailboxId, deposit: &Deposit) -> Self {
        Self(label::CHAIN_LINK.hash(&(mailbox, self, deposit)).into())
    }

    /// The head after a listing, whose deposits must stand in order.
    ///
    /// # Errors
    /// [`ListingError`]: the relay's listing contradicts itself.
    pub fn after_listing(
        self,
        mailbox: MailboxId,
        last: Option<&Deposit>,
        listing: &[Deposit],
    ) -> Result<Self, ListingError> {
        let mut last = last;
        let mut head = self;
        for deposit in listing {
            if last.is_some_and(|last| deposit.sequence <= last.sequence || deposit.time < last.time) {
                return Err(ListingError);
            }
            head = head.after(mailbox, deposit);
            last = Some(deposit);
        }
        Ok(head)
    }

    /// The 32 bytes of the head.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0.0
    }
}

impl From<[u8; 32]> for ChainHead {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }
}

/// A listing whose deposits are not in order of sequence and time. The relay is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the relay listed letters out of order")]
pub struct ListingError;

/// What the relay says it stored. ETSI EN 319 522 calls the event *ContentConsignment*.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The permit that was spent.
    #[n(2)]
    pub permit: PermitId,
    /// [`envelope_digest`] of what was stored.
    #[n(3)]
    pub digest: Bytes32,
    /// The attachments that were adopted.
    #[n(4)]
    pub blobs: Vec<BlobId>,
    /// When it was stored, Unix seconds.
    #[n(5)]
    pub time: u64,
    /// The mailbox's chain after this deposit.
    #[n(6)]
    pub head: ChainHead,
}

impl Wire for Receipt {
    const LIMITS: Limits = Limits { bytes: 768, depth: 2, items: 48 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.blobs.len() > MOST_BLOBS {
            return Err(DecodeError::Value("a letter has too many attachments"));
        }
        Ok(())
    }
}

/// A receipt with the relay's signature, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedReceipt {
    #[n(0)]
    receipt: Bytes,
    #[n(1)]
    signature: Signature,
}

impl Wire for SignedReceipt {
    const LIMITS: Limits = Limits { bytes: 1024, depth: 1, items: 3 };
    const START: Start = Start::Plain;
}

/// A key of a relay's receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptKey {
    /// The public key.
    pub key: VerifyingKey,
    /// The first second (Unix time) of the receipts for which it counts.
    pub not_before: u64,
    /// The last second.
    pub not_after: u64,
}

/// The keys of a relay's receipts: the one in force, and those that it replaced (`LBX-RECEIPT-5`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptKeys(Vec<ReceiptKey>);

impl From<Vec<ReceiptKey>> for ReceiptKeys {
    fn from(keys: Vec<ReceiptKey>) -> Self {
        Self(keys)
    }
}

/// One key for every time.
impl From<VerifyingKey> for ReceiptKeys {
    fn from(key: VerifyingKey) -> Self {
        Self(vec![ReceiptKey { key, not_before: 0, not_after: u64::MAX }])
    }
}

/// Why a receipt was not taken. In every case the relay is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The bytes are no receipt.
    #[error("the relay answered with something that is not a receipt: {0}")]
    Malformed(#[from] DecodeError),
    /// Not signed by the relay's receipt key.
    #[error("the receipt is not signed by this relay's receipt key")]
    Forged,
    /// Signed by a receipt key that was replaced before, or came into force after.
    #[error("the receipt is signed by a key of this relay that was not in force at its time")]
    NotInForce,
    /// It is for another envelope or other attachments.
    #[error("the receipt is for something else than what was deposited")]
    OtherContent,
}

impl ReceiptError {
    /// Whether another receipt key would lift it: whoever has a trust file of before knows fewer keys, or
    /// other seconds of one (`LBX-RECEIPT-5`).
    #[must_use]
    pub const fn is_of_key(self) -> bool {
        matches!(self, Self::Forged | Self::NotInForce)
    }
}

impl SignedReceipt {
    /// Signs a receipt.
    #[must_use]
    pub fn sign(receipt: &Receipt, receipt_key: &SigningKey) -> Self {
        let receipt = receipt.to_bytes();
        Self { signature: receipt_key.sign(label::RECEIPT, &receipt), receipt: receipt.into() }
    }

    /// Verifies the relay's signature, and that the receipt is for a deposit as it was listed.
    ///
    /// # Errors
    /// See [`ReceiptError`].
    pub fn verify_for(&self, receipt_keys: &ReceiptKeys, deposit: &Deposit) -> Result<Receipt, ReceiptError> {
        let receipt = self.verify_signature(receipt_keys)?;
        let is_for =
            (receipt.digest, receipt.time, &receipt.blobs) == (deposit.digest, deposit.time, &deposit.blobs);
        if is_for { Ok(receipt) } else { Err(ReceiptError::OtherContent) }
    }

    fn verify_signature(&self, receipt_keys: &ReceiptKeys) -> Result<Receipt, ReceiptError> {
        let signed =
            |key: &&ReceiptKey| key.key.verifies(label::RECEIPT, self.receipt.as_ref(), &self.signature);
        let by = receipt_keys.0.iter().find(signed).ok_or(ReceiptError::Forged)?;
        let receipt = Receipt::from_bytes(self.receipt.as_ref())?;
        // LBX-RECEIPT-5: whoever has a key that was replaced can sign for nothing that comes later.
        if !(by.not_before..=by.not_after).contains(&receipt.time) {
            return Err(ReceiptError::NotInForce);
        }
        Ok(receipt)
    }

    /// Verifies the relay's signature, and that the receipt is for this envelope and these
    /// attachments. (The sender cannot read its permit, so the permit's id is not compared.)
    ///
    /// # Errors
    /// See [`ReceiptError`].
    pub fn verify(
        &self,
        receipt_keys: &ReceiptKeys,
        envelope: &[u8],
        blobs: &[BlobId],
    ) -> Result<Receipt, ReceiptError> {
        let receipt = self.verify_signature(receipt_keys)?;
        if receipt.digest.0 != envelope_digest(envelope) || receipt.blobs != blobs {
            return Err(ReceiptError::OtherContent);
        }
        Ok(receipt)
    }
}
