//! The directory answered; nothing of it is believed yet.

use core::fmt;
use std::sync::Arc;

use crypto_core::{
    citizen::{DirectoryId, History, SignedEntry},
    directory::{self, Answer, CitizenProof, LookupError, Memory, Verified},
    person::Attributes,
};
use relay_auth::cbor::{Version, Wire as _};
use tokio::sync::MutexGuard;

use super::Proven;
use crate::{
    error::SendError, outcome::Obstacle, registry::Standing, sender::Sender, state::KnownRecipient,
    system::now,
};

/// An answer of the directory, not proven. Nothing can be read from it.
#[must_use = "an answer says nothing until it is proven"]
pub struct Found<'s> {
    pub(crate) sender: &'s Sender,
    /// Held until the answer is proven: the next question names what this answer proves.
    pub(crate) standing: MutexGuard<'s, Standing>,
    pub(crate) person: Attributes,
    pub(crate) known: Option<History>,
    pub(crate) answer: Vec<u8>,
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Found([not proven])")
    }
}

/// What a proven answer comes to.
#[derive(Debug)]
#[must_use]
pub enum Recipient<'s> {
    /// The person has a key, and this is it.
    Proven(Proven<'s>),
    /// There is nobody to seal to.
    NotSealed(Obstacle),
}

impl<'s> Found<'s> {
    /// Verifies every proof of the answer (`LBX-DIR-7` to `LBX-DIR-11`) and remembers what it showed.
    ///
    /// # Errors
    /// [`SendError::Lookup`] names the lie; [`SendError::NoPermit`], [`SendError::State`].
    pub async fn prove(mut self) -> Result<Recipient<'s>, SendError> {
        let answer = Answer::from_bytes(&self.answer).map_err(LookupError::from)?;
        let before = self.standing.pin;
        let known = self.known.as_ref().map(History::last);
        let (trust, provider) = (self.sender.trust.trust(), self.sender.trust.provider());
        let memory = Memory { pin: Some(&before), recipient: known };
        let Verified { outcome, head } = answer.verify(&self.person, trust, provider, memory, now())?;
        if head.pin() != before {
            self.sender.memory.remember_pin(&trust.log, head.pin()).await?;
            self.standing.pin = head.pin();
        }
        let recipient = match outcome {
            directory::Outcome::Found(recipient) => recipient,
            directory::Outcome::None => return Ok(Recipient::NotSealed(Obstacle::NoMailbox)),
            directory::Outcome::NotReady => return Ok(Recipient::NotSealed(Obstacle::NotReady)),
            directory::Outcome::Resetting => return Ok(Recipient::NotSealed(Obstacle::Resetting)),
            directory::Outcome::Ambiguous => return Ok(Recipient::NotSealed(Obstacle::Ambiguous)),
            directory::Outcome::Expired => return Ok(Recipient::NotSealed(Obstacle::Expired)),
        };
        if known.is_none_or(|known| known.hash() != recipient.entry().hash()) {
            let chain = chain_of(answer.citizen);
            self.remember(recipient.directory_id(), chain).await?;
        }
        let permit = answer.permits.into_iter().next().ok_or(SendError::NoPermit)?;
        let body = Arc::clone(&self.standing.body);
        let (sender, person) = (self.sender, self.person);
        Ok(Recipient::Proven(Proven { sender, body, person, recipient, permit, uploaded: Vec::new() }))
    }

    async fn remember(&self, directory_id: DirectoryId, chain: Vec<SignedEntry>) -> Result<(), SendError> {
        let known = KnownRecipient { version: Version, directory_id, chain };
        Ok(self.sender.memory.remember_recipient(&self.person, known).await?)
    }
}

/// The entries of a citizen who was found: there are some.
fn chain_of(citizen: Option<CitizenProof>) -> Vec<SignedEntry> {
    match citizen {
        Some(CitizenProof::Entries { chain, .. }) => chain,
        Some(CitizenProof::Keyless(_)) | None => Vec::new(),
    }
}
