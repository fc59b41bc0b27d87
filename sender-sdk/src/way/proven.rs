//! The person's key is proven; a letter can be sealed to it.

use core::fmt;
use std::sync::Arc;

use crypto_core::{
    body::VerifiedBody, directory::ProvenRecipient, letter::Sender as Writer, person::Attributes,
};
use relay_auth::cbor::Bytes;

use super::Sealed;
use crate::{
    error::SendError,
    letter::{Letter, LetterError},
    sender::Sender,
    system::{now, rng},
};

/// A person whose key the directory proved, and leave to deposit one letter.
#[must_use]
pub struct Proven<'s> {
    pub(super) sender: &'s Sender,
    pub(super) body: Arc<VerifiedBody>,
    pub(super) person: Attributes,
    pub(super) recipient: Box<ProvenRecipient>,
    pub(super) permit: Bytes,
}

impl fmt::Debug for Proven<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proven([redacted])")
    }
}

impl<'s> Proven<'s> {
    /// Signs the letter and seals it to the proven key. Takes letters to the person who was asked for
    /// and to nobody else.
    ///
    /// # Errors
    /// [`SendError::Letter`].
    pub fn seal(self, letter: &Letter) -> Result<Sealed<'s>, SendError> {
        if *letter.recipient() != self.person {
            return Err(LetterError::OtherRecipient.into());
        }
        letter.check(&self.body)?;
        let writer = Writer::new(&self.body, &self.sender.key);
        let content = letter.content().map_err(LetterError::from)?;
        let sealed = writer
            .seal(letter.id(), content, &self.recipient, now(), &mut rng())
            .map_err(LetterError::from)?;
        Ok(Sealed { sender: self.sender, letter: sealed, permit: self.permit })
    }
}
