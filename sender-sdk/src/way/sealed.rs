//! The letter is sealed; the relay takes it and signs for it.

use core::fmt;

use crypto_core::letter::SealedLetter;
use relay_auth::{
    cbor::{Bytes, Wire as _},
    id::BlobId,
    receipt::{Receipt, ReceiptError, SignedReceipt},
    request::WINDOW,
};

use crate::{error::SendError, outcome::Delivery, sender::Sender};

/// A letter that only its recipient can open, and the permit to deposit it.
#[must_use]
pub struct Sealed<'s> {
    pub(super) sender: &'s Sender,
    pub(super) letter: SealedLetter,
    /// When, Unix seconds.
    pub(super) written: u64,
    /// The uploaded files, in the order of the letter.
    pub(super) blobs: Vec<BlobId>,
    pub(super) permit: Bytes,
}

impl fmt::Debug for Sealed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed([redacted])")
    }
}

impl Sealed<'_> {
    /// Deposits the letter and verifies the relay's receipt for exactly these bytes and files
    /// (`LBX-RECEIPT-3`). While the relay cannot be reached, the same permit and bytes are sent again:
    /// that stores one letter.
    ///
    /// # Errors
    /// [`SendError::RecipientKeyChanged`], [`SendError::PermitExpired`] and [`SendError::FilesLost`] ask
    /// for another lookup; [`SendError::Transport`], [`SendError::Receipt`], [`SendError::RelayBehind`].
    pub async fn deposit(self) -> Result<Delivery, SendError> {
        let envelope = self.letter.envelope();
        let deposited = self.sender.relay.deposit(self.permit.as_ref(), envelope, &self.blobs).await;
        let answer = deposited
            .map_err(|error| SendError::asking_for_another_lookup(&error).unwrap_or_else(|| error.into()))?;
        let signed = SignedReceipt::from_bytes(&answer).map_err(ReceiptError::from)?;
        let Receipt { digest, time, head, .. } =
            signed.verify(self.sender.trust.receipt_keys(), envelope, &self.blobs)?;
        // A reader refuses a letter from the future (`LBX-LETTER-4`).
        if time.saturating_add(WINDOW) < self.written {
            return Err(SendError::RelayBehind);
        }
        Ok(Delivery {
            letter: self.letter.id(),
            time,
            digest: digest.0,
            chain_head: *head.as_bytes(),
            receipt: answer,
        })
    }
}
