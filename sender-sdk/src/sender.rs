//! A public body that sends.

use core::fmt;
use std::sync::Arc;

use crypto_core::{
    body::{BodyId, VerifiedBody},
    person::Attributes,
    trust::VerifiedTrust,
};
use relay_auth::signing::SigningKey;
use tokio::sync::{Mutex, Semaphore};

use crate::{
    directory::Directory,
    error::{ConnectError, SendError},
    letter::Letter,
    outcome::{Delivery, Outcome},
    registry::{Standing, StandingError},
    relay::Relay,
    settings::Settings,
    state::Memory,
    system::now,
    trust,
    upload::{Progress, UploadError},
    way::{Found, Proven, Recipient},
};

/// How often a letter is sealed again because the person's key, the permit or its files at the relay did
/// not hold on the way.
const MOST_NEW_KEYS: usize = 2;

/// How many letters have files on their way at one time: more would only share the line, until each is
/// too slow.
const MOST_UPLOADS: usize = 4;

/// A public body that sends: it verified the trust file, the registry and its own place in it.
///
/// One serves any number of letters at a time. Its questions to the directory go one after another,
/// because each answer has to follow from the one before; sealing and depositing go side by side, and
/// so do uploads, of a few letters at a time.
pub struct Sender {
    pub(crate) key: SigningKey,
    pub(crate) trust: VerifiedTrust,
    pub(crate) relay: Relay,
    pub(crate) memory: Memory,
    /// Who uploads has one of these.
    pub(crate) uploads: Semaphore,
    directory: Directory,
    body: BodyId,
    standing: Mutex<Standing>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("body", &self.body).finish_non_exhaustive()
    }
}

impl Sender {
    /// Loads and verifies the trust file, asks the directory for the registry, verifies it, and checks
    /// that this body may send with its key now.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        let Settings { body, trust, deployment_key, signing_key: key, state, patience } = settings;
        let memory = Memory::new(state);
        let trust = trust::load(&trust, &deployment_key, &memory, &patience).await?;
        let directory = Directory::new(&trust.file().directory.url, patience.clone())?;
        let relay = Relay::new(&trust.file().relay.url, patience)?;
        let known = memory.pin(&trust.trust().log).await?;
        let registry = directory.registry(known.as_ref()).await?;
        let own = key.verifying_key();
        let standing = Standing::verify(&registry, trust.trust(), known.as_ref(), &body, &own, now())?;
        if known != Some(standing.pin) {
            memory.remember_pin(&trust.trust().log, standing.pin).await?;
        }
        let (uploads, standing) = (Semaphore::new(MOST_UPLOADS), Mutex::new(standing));
        Ok(Self { key, trust, relay, memory, uploads, directory, body, standing })
    }

    /// Sends a letter: looks the person up, verifies the answer, uploads the files, seals, deposits,
    /// verifies the receipt. If the person's key changes on the way, or the relay loses the files, it
    /// starts again, at most twice; the letter keeps its id, and its files are uploaded anew.
    ///
    /// # Errors
    /// [`SendError`]. See [`SendError::may_have_arrived`].
    pub async fn send(&self, letter: &Letter) -> Result<Outcome, SendError> {
        self.send_with_progress(letter, &mut |_| {}).await
    }

    /// As [`Sender::send`], and says after each part of a file how far the files are.
    ///
    /// # Errors
    /// [`SendError`]. See [`SendError::may_have_arrived`].
    pub async fn send_with_progress(
        &self,
        letter: &Letter,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Outcome, SendError> {
        // A letter that may not be sent is no reason to ask about a person.
        letter.check(self.entry().await.as_ref())?;
        let mut ends = SendError::KeyKeepsChanging;
        for _ in 0..=MOST_NEW_KEYS {
            let proven = match self.find(letter.recipient()).await?.prove().await? {
                Recipient::Proven(proven) => proven,
                Recipient::NotSealed(obstacle) => return Ok(Outcome::NotSealed(obstacle)),
            };
            match deliver(proven, letter, progress).await {
                Ok(delivery) => return Ok(Outcome::Delivered(delivery)),
                Err(SendError::RecipientKeyChanged) => ends = SendError::KeyKeepsChanging,
                Err(SendError::PermitExpired) => ends = SendError::PermitsExpire,
                Err(SendError::FilesLost) => ends = UploadError::NotKept.into(),
                Err(error) => return Err(error),
            }
        }
        Err(ends)
    }

    /// Asks the directory about a person. The answer has to be proven next; until then, nobody else's
    /// question is sent.
    ///
    /// # Errors
    /// [`SendError::Standing`], [`SendError::Transport`] or [`SendError::State`].
    pub async fn find(&self, person: &Attributes) -> Result<Found<'_>, SendError> {
        let mut standing = self.standing.lock().await;
        if standing.is_old(now()) {
            *standing = self.renewed(&standing).await?;
        }
        let known = self.memory.recipient(person).await?;
        let answer = self.directory.look_up(person, &standing.pin, &self.key).await?;
        Ok(Found { sender: self, standing, person: person.clone(), known, answer })
    }

    /// The registry may have changed since: letters name the body's entry in force.
    async fn renewed(&self, before: &Standing) -> Result<Standing, StandingError> {
        let registry = self.directory.registry(Some(&before.pin)).await?;
        let (trust, own) = (self.trust.trust(), self.key.verifying_key());
        let standing = Standing::verify(&registry, trust, Some(&before.pin), &self.body, &own, now())?;
        if standing.pin != before.pin {
            self.memory.remember_pin(&trust.log, standing.pin).await?;
        }
        Ok(standing)
    }

    async fn entry(&self) -> Arc<VerifiedBody> {
        Arc::clone(&self.standing.lock().await.body)
    }
}

async fn deliver(
    proven: Proven<'_>,
    letter: &Letter,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Delivery, SendError> {
    proven.upload(letter, progress).await?.seal(letter)?.deposit().await
}
