//! The work: verifying an answer, signing and sealing a letter, opening and verifying it.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    body::{BodyError, SignedBodyEntry, VerifiedBody},
    directory::{Answer, LookupError, Memory, Outcome, ProvenRecipient},
    envelope::Envelope,
    inbox_key::InboxPrivateKey,
    letter::{Letter, LetterError, LetterId, OpenedLetter, Sender, WriteError},
    person::Attributes,
    trust::{SignedTrust, TrustError, VerifiedTrust},
};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use relay_auth::{
    cbor::{DecodeError, Wire as _},
    secret::Secret,
    signing::SigningKey,
};

use crate::Sample;

/// The length of the letter's text.
pub const TEXT_BYTES: usize = 4096;

/// Why there is nothing to be measured: take the sample again, by a program of the same version.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// It is no sample.
    #[error("the sample cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A field of it is not in its encoding.
    #[error("a field of the sample is not base64url, or too short or too long")]
    Base64,
    /// A field of it is not what its name says.
    #[error("a field of the sample cannot be decoded: {0}")]
    Malformed(#[from] DecodeError),
    /// The trust file does not hold.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The body's entry does not hold.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The answer does not hold.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The answer holds, and leads to nobody.
    #[error("the answer proves no key to seal to")]
    NotFound,
    /// The letter was not sealed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The letter was not opened, or its signature does not hold.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// Another letter was in the envelope.
    #[error("what was opened is not the letter that is measured with")]
    OtherLetter,
}

/// A letter as a public body might write it.
#[must_use]
pub fn letter() -> Letter {
    let line = "This line says what a letter of this length might have to say.\n";
    let mut text = line.repeat(TEXT_BYTES / line.len() + 1);
    text.truncate(TEXT_BYTES);
    Letter { label: "Your council tax".to_owned(), language: "en".to_owned(), text, ..Letter::default() }
}

/// A sample that was read, ready to be worked with.
pub struct Work {
    time: u64,
    trust: VerifiedTrust,
    asked: Attributes,
    answer: Vec<u8>,
    recipient: ProvenRecipient,
    body: VerifiedBody,
    body_key: SigningKey,
    inbox_key: InboxPrivateKey,
    envelope: Vec<u8>,
}

impl Work {
    /// Reads a sample and does all of the work once, so that nothing is timed that fails.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn new(sample: &str) -> Result<Self, WorkError> {
        let Sample { people: _, time, trust, asked, answer, body, body_seed, inbox_seed, envelope } =
            serde_json::from_str(sample)?;
        let trust = SignedTrust::from_json(trust.as_bytes())?;
        let trust = trust.verify(&trust.signer()?)?;
        let (asked, answer) = (Attributes::from_bytes(&bytes(&asked)?)?, bytes(&answer)?);
        let body = SignedBodyEntry::from_bytes(&bytes(&body)?)?.verify(&trust.trust().operators)?;
        let work = Self {
            time,
            recipient: proven(&answer, &asked, &trust, time)?,
            trust,
            asked,
            answer,
            body,
            body_key: SigningKey::from_seed(&seed(&body_seed)?),
            inbox_key: InboxPrivateKey::from_seed(&seed(&inbox_seed)?)?,
            envelope: bytes(&envelope)?,
        };
        for envelope in [&work.envelope, &work.seal()?] {
            if work.open(envelope)? != TEXT_BYTES {
                return Err(WorkError::OtherLetter);
            }
        }
        Ok(work)
    }

    /// The directory's answer, for [`Work::verify`].
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    /// The sealed letter, for [`Work::open`].
    #[must_use]
    pub fn envelope(&self) -> &[u8] {
        &self.envelope
    }

    /// Verifies an answer with all its proofs.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn verify(&self, answer: &[u8]) -> Result<ProvenRecipient, WorkError> {
        proven(answer, &self.asked, &self.trust, self.time)
    }

    /// Signs and seals the letter. Returns the envelope.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn seal(&self) -> Result<Vec<u8>, WorkError> {
        let mut rng = UnwrapErr(SysRng);
        let id = LetterId::generate(&mut rng);
        let sender = Sender::new(&self.body, &self.body_key);
        let sealed = sender.seal(id, letter(), &self.recipient, self.time, &mut rng)?;
        Ok(sealed.envelope().to_vec())
    }

    /// Opens an envelope and verifies the letter in it. Returns the length of its text.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn open(&self, envelope: &[u8]) -> Result<usize, WorkError> {
        let envelope = Envelope::from_bytes(envelope)?;
        let opened = OpenedLetter::open(&envelope, self.recipient.directory_id(), &self.inbox_key)?;
        Ok(opened.verify(&self.body, self.time)?.letter().text.len())
    }
}

fn proven(
    answer: &[u8],
    asked: &Attributes,
    trust: &VerifiedTrust,
    time: u64,
) -> Result<ProvenRecipient, WorkError> {
    let answer = Answer::from_bytes(answer)?;
    match answer.verify(asked, trust.trust(), trust.provider(), Memory::default(), time)?.outcome {
        Outcome::Found(recipient) => Ok(*recipient),
        _ => Err(WorkError::NotFound),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, WorkError> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| WorkError::Base64)
}

fn seed(text: &str) -> Result<Secret, WorkError> {
    let bytes: [u8; Secret::LENGTH] = bytes(text)?.try_into().map_err(|_| WorkError::Base64)?;
    Ok(Secret::from(bytes))
}
