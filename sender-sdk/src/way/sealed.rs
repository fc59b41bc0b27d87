//! The letter is sealed; the relay takes it and signs for it.

use core::fmt;

use api::Code;
use crypto_core::letter::SealedLetter;
use relay_auth::{
    cbor::{Bytes, Wire as _},
    receipt::{Receipt, ReceiptError, SignedReceipt},
};

use crate::{error::SendError, outcome::Delivery, sender::Sender, transport::TransportError};

/// A letter that only its recipient can open, and the permit to deposit it.
#[must_use]
pub struct Sealed<'s> {
    pub(super) sender: &'s Sender,
    pub(super) letter: SealedLetter,
    pub(super) permit: Bytes,
}

impl fmt::Debug for Sealed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed([redacted])")
    }
}

impl Sealed<'_> {
    /// Deposits the letter and verifies the relay's receipt for exactly these bytes (`LBX-RECEIPT-3`).
    /// While the relay cannot be reached, the same permit and bytes are sent again: that stores one
    /// letter.
    ///
    /// # Errors
    /// [`SendError::RecipientKeyChanged`] and [`SendError::PermitExpired`] ask for another lookup;
    /// [`SendError::Transport`], [`SendError::Receipt`].
    pub async fn deposit(self) -> Result<Delivery, SendError> {
        let envelope = self.letter.envelope();
        let answer = match self.sender.relay.deposit(self.permit.as_ref(), envelope).await {
            Ok(answer) => answer,
            Err(TransportError::Refused(refusal)) if refusal.is(Code::RecipientKeyChanged) => {
                return Err(SendError::RecipientKeyChanged);
            }
            Err(TransportError::Refused(refusal)) if refusal.is(Code::PermitExpired) => {
                return Err(SendError::PermitExpired);
            }
            Err(error) => return Err(error.into()),
        };
        let signed = SignedReceipt::from_bytes(&answer).map_err(ReceiptError::from)?;
        let Receipt { digest, time, head, .. } =
            signed.verify(self.sender.trust.relay_key(), envelope, &[])?;
        Ok(Delivery {
            letter: self.letter.id(),
            time,
            digest: digest.0,
            chain_head: *head.as_bytes(),
            receipt: answer,
        })
    }
}
