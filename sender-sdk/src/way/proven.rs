//! The person's key is proven; files can be uploaded and a letter sealed to it.

use core::{fmt, mem};
use std::sync::Arc;

use crypto_core::{
    body::VerifiedBody,
    directory::ProvenRecipient,
    letter::{Attachment, SealedLetter, Sender as Writer},
    person::Attributes,
};
use relay_auth::cbor::Bytes;

use super::Sealed;
use crate::{
    error::SendError,
    file::File,
    letter::{Letter, LetterError},
    sender::Sender,
    system::{now, rng},
    upload::{Pace, Progress, Upload},
};

/// A person whose key the directory proved, and leave to deposit one letter.
#[must_use]
pub struct Proven<'s> {
    pub(super) sender: &'s Sender,
    pub(super) body: Arc<VerifiedBody>,
    pub(super) person: Attributes,
    pub(super) recipient: Box<ProvenRecipient>,
    pub(super) permit: Bytes,
    /// The files that the relay has on this permit, and how the letter names them.
    pub(super) uploaded: Vec<(File, Attachment)>,
}

impl fmt::Debug for Proven<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proven([redacted])")
    }
}

impl<'s> Proven<'s> {
    /// Uploads the files of a letter on the permit, each sealed under a key of its own while it is
    /// read, and says after each part how far they are. It waits while several letters have files on
    /// their way. A letter without files needs none of it.
    ///
    /// # Errors
    /// [`SendError::RecipientKeyChanged`], [`SendError::PermitExpired`] and [`SendError::FilesLost`] ask
    /// for another lookup, because what a permit allows is used up by what was uploaded on it;
    /// [`SendError::Letter`], [`SendError::Upload`]. Nothing was deposited.
    pub async fn upload(
        mut self,
        letter: &Letter,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Self, SendError> {
        // What could not be sealed afterwards is not uploaded.
        self.write(letter, letter.drafts())?;
        let files = letter.files();
        let sender = self.sender;
        let _turn = if files.is_empty() {
            None
        } else {
            // Fails only where nobody gives turns any more, which does not happen.
            sender.uploads.acquire().await.ok()
        };
        let mut pace = Pace::new();
        let total: u64 = files.iter().map(File::sealed_length).sum();
        let mut uploaded = Vec::with_capacity(files.len());
        let mut before = 0_u64;
        for (number, file) in (1..).zip(files) {
            let (relay, permit) = (&sender.relay, self.permit.as_ref());
            let stored = |sent: u64| {
                progress(Progress { file: number, files: files.len(), sent: before + sent, total })
            };
            let attachment = Upload { relay, permit, file, number }.run(&mut pace, stored).await?;
            before += file.sealed_length();
            uploaded.push((file.clone(), attachment));
        }
        self.uploaded = uploaded;
        Ok(self)
    }

    /// Signs the letter and seals it to the proven key. Takes letters to the person who was asked for
    /// and to nobody else, and with the files that were uploaded and no others.
    ///
    /// # Errors
    /// [`SendError::Letter`].
    pub fn seal(mut self, letter: &Letter) -> Result<Sealed<'s>, SendError> {
        let (files, attachments): (Vec<File>, Vec<Attachment>) =
            mem::take(&mut self.uploaded).into_iter().unzip();
        if files != letter.files() {
            return Err(LetterError::NotUploaded.into());
        }
        let blobs = attachments.iter().map(|file| file.blob).collect();
        let written = now();
        let sealed = self.write(letter, attachments)?;
        Ok(Sealed { sender: self.sender, letter: sealed, written, blobs, permit: self.permit })
    }

    fn write(&self, letter: &Letter, attachments: Vec<Attachment>) -> Result<SealedLetter, LetterError> {
        if *letter.recipient() != self.person {
            return Err(LetterError::OtherRecipient);
        }
        letter.check(&self.body)?;
        let writer = Writer::new(&self.body, &self.sender.key);
        let content = letter.content(attachments);
        Ok(writer.seal(letter.id(), content, &self.recipient, now(), &mut rng())?)
    }
}
