//! What a letter holds. Field names follow MeMo (Denmark's Digital Post format) where it has them.

use core::fmt;

use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Wire},
    id::BlobId,
    identifier,
    permit::LARGEST_BLOB_QUOTA,
    receipt::MOST_BLOBS,
    secret::Secret,
};

use crate::{
    attachment::{LARGEST, sealed_length},
    text::{check_line, check_text, https_host},
};

/// The end of the year 9999: later times are mistakes of units, and no calendar shows them.
const LATEST: u64 = 253_402_300_799;
const MOST_MONEY: u64 = 1_000_000_000_000_000;
const MOST_TEXT: usize = 60_000;
const MOST_ACTIONS: usize = 8;
const MOST_ALTERNATIVES: usize = 8;
const MOST_REPLY_PERMITS: usize = 8;
const LONGEST_PERMIT: usize = 256;

identifier! {
    /// The id of a letter, chosen by the body, unique for each body for ever (MeMo `messageUUID`).
    LetterId
}

identifier! {
    /// The matter to which a letter belongs; letters of one matter are shown together.
    ThreadId
}

/// A letter, version 1. Times are Unix seconds, texts UTF-8. It does not print its content.
#[derive(Default, PartialEq, Eq, Encode, Decode)]
pub struct Letter {
    /// What it is about, 1 to 255 characters.
    #[n(0)]
    pub label: String,
    /// The language of the letter, a BCP 47 tag such as `en` or `gd`.
    #[n(1)]
    pub language: String,
    /// The letter itself: CommonMark without raw HTML and images, up to 60,000 bytes.
    #[n(2)]
    pub text: String,
    /// What it says in plain words, up to 4,000 bytes.
    #[n(3)]
    pub summary: Option<String>,
    /// Who in the body wrote it, up to 100 characters (MeMo `AttentionData`).
    #[n(4)]
    pub unit: Option<String>,
    /// How else to reach the body, up to 2,000 bytes, several lines (MeMo `ContactPoint`).
    #[n(5)]
    pub contact: Option<String>,
    /// The body's own number of the case, up to 100 characters.
    #[n(6)]
    pub case_id: Option<String>,
    /// The matter to which it belongs.
    #[n(7)]
    pub thread: Option<ThreadId>,
    /// The letter that it answers.
    #[n(8)]
    pub in_reply_to: Option<LetterId>,
    /// Whether it has legal effect (MeMo `legalNotification`).
    #[n(9)]
    pub legal_notification: bool,
    /// Whether the reader is asked to confirm that it was opened. Never done without asking.
    #[n(10)]
    pub receipt_requested: bool,
    /// By when an answer is needed.
    #[n(11)]
    pub reply_by: Option<u64>,
    /// When the body prints it, if it was not opened by then.
    #[n(12)]
    pub print_after: Option<u64>,
    /// What there is to do, up to 8.
    #[n(13)]
    pub actions: Vec<Action>,
    /// Files, up to 32.
    #[n(14)]
    pub attachments: Vec<Attachment>,
    /// The same letter in other forms, up to 8.
    #[n(15)]
    pub alternatives: Vec<Alternative>,
    /// Leave to deposit answers in the body's own mailbox, up to 8 sealed permits.
    #[n(16)]
    pub reply_permits: Vec<Bytes>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Letter([redacted])")
    }
}

impl Wire for Letter {
    const LIMITS: Limits = Limits { bytes: 63 * 1024, depth: 4, items: 1024 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        check_line(&self.label, 1, 255)?;
        check_language(&self.language)?;
        check_times([self.reply_by, self.print_after])?;
        check_text(&self.text, 0, MOST_TEXT)?;
        for (text, most) in [(&self.unit, 100), (&self.case_id, 100)] {
            if let Some(text) = text {
                check_line(text, 1, most)?;
            }
        }
        for (text, most) in [(&self.summary, 4000), (&self.contact, 2000)] {
            if let Some(text) = text {
                check_text(text, 1, most)?;
            }
        }
        let is_too_many = self.actions.len() > MOST_ACTIONS
            || self.attachments.len() > MOST_BLOBS
            || self.alternatives.len() > MOST_ALTERNATIVES
            || self.reply_permits.len() > MOST_REPLY_PERMITS;
        if is_too_many {
            return Err(DecodeError::Value("a letter has too many parts"));
        }
        if self.reply_permits.iter().any(|permit| permit.as_ref().len() > LONGEST_PERMIT) {
            return Err(DecodeError::Value("a reply permit is too long"));
        }
        self.actions.iter().try_for_each(|action| action.check(self.attachments.len()))?;
        self.attachments.iter().try_for_each(Attachment::check)?;
        let sealed = self.attachments.iter().map(|file| sealed_length(file.size));
        if sealed.fold(0, u64::saturating_add) > LARGEST_BLOB_QUOTA {
            return Err(DecodeError::Value("the files of a letter are too large together"));
        }
        let is_known = |(place, file): (usize, &Attachment)| {
            self.attachments.iter().take(place).any(|other| other.blob == file.blob)
        };
        if self.attachments.iter().enumerate().any(is_known) {
            return Err(DecodeError::Value("two files of a letter are stored in one place"));
        }
        self.alternatives.iter().try_for_each(|alternative| alternative.check(self.attachments.len()))
    }
}

fn check_times<const N: usize>(times: [Option<u64>; N]) -> Result<(), DecodeError> {
    if times.into_iter().flatten().all(|time| time <= LATEST) {
        Ok(())
    } else {
        Err(DecodeError::Value("a time after the year 9999; times are in seconds"))
    }
}

/// A BCP 47 tag in its usual length and letters.
fn check_language(tag: &str) -> Result<(), DecodeError> {
    let is_tag = (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if is_tag { Ok(()) } else { Err(DecodeError::Value("a language is not a BCP 47 tag")) }
}

/// Something to do.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Action {
    /// What kind.
    #[n(0)]
    pub code: ActionCode,
    /// The words of its button, up to 100 characters.
    #[n(1)]
    pub label: String,
    /// By when (MeMo `endDateTime` of the action).
    #[n(2)]
    pub by: Option<u64>,
    /// Where it is done, an `https` address (MeMo `EntryPoint`). Opened only if the body registered
    /// the host.
    #[n(3)]
    pub url: Option<String>,
    /// A reference to give, up to 64 characters.
    #[n(4)]
    pub reference: Option<String>,
    /// How much to pay.
    #[n(5)]
    pub amount: Option<Amount>,
    /// When an appointment begins.
    #[n(6)]
    pub start: Option<u64>,
    /// When it ends.
    #[n(7)]
    pub end: Option<u64>,
    /// Where it is, up to 400 bytes, several lines.
    #[n(8)]
    pub place: Option<String>,
    /// The attachment that it is about (to sign, to fill in), counted from 0.
    #[n(9)]
    pub attachment: Option<u8>,
    /// What exactly it is about (which document to provide; which data to share, with whom and why),
    /// up to 2,000 bytes, several lines.
    #[n(10)]
    pub details: Option<String>,
    /// Until when what is allowed holds.
    #[n(11)]
    pub until: Option<u64>,
}

/// Kinds of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ActionCode {
    /// Pay an amount under a reference.
    #[n(0)]
    Pay,
    /// Write an answer.
    #[n(1)]
    Reply,
    /// Fill in a form.
    #[n(2)]
    Form,
    /// Confirm that it was received.
    #[n(3)]
    Confirm,
    /// Come, book or change an appointment.
    #[n(4)]
    Appointment,
    /// Provide a document.
    #[n(5)]
    Document,
    /// Sign.
    #[n(6)]
    Sign,
    /// Allow that data be shared.
    #[n(7)]
    Share,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Amount {
    /// In the smallest unit, such as pence.
    #[n(0)]
    pub minor_units: u64,
    /// Three capitals (ISO 4217).
    #[n(1)]
    pub currency: String,
}

impl fmt::Debug for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Action([redacted])")
    }
}

impl Action {
    fn check(&self, attachments: usize) -> Result<(), DecodeError> {
        check_line(&self.label, 1, 100)?;
        check_times([self.by, self.start, self.end, self.until])?;
        if self.amount.as_ref().is_some_and(|amount| amount.minor_units > MOST_MONEY) {
            return Err(DecodeError::Value("an amount of money beyond all bounds"));
        }
        self.reference.as_deref().map_or(Ok(()), |reference| check_line(reference, 1, 64))?;
        for (text, most) in [(&self.place, 400), (&self.details, 2000)] {
            if let Some(text) = text {
                check_text(text, 1, most)?;
            }
        }
        if self.attachment.is_some_and(|number| usize::from(number) >= attachments) {
            return Err(DecodeError::Value("an action names a file that is not there"));
        }
        if self.url.as_ref().is_some_and(|url| https_host(url).is_none()) {
            return Err(DecodeError::Value("the address of an action is not a plain https address"));
        }
        if let Some(Amount { currency, .. }) = &self.amount
            && !(currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            return Err(DecodeError::Value("a currency is three capital letters"));
        }
        let is_complete = match self.code {
            ActionCode::Pay => self.amount.is_some() && self.reference.is_some(),
            // A time that is set, or a place to choose one.
            ActionCode::Appointment => self.start.is_some() || self.url.is_some(),
            ActionCode::Form => self.url.is_some() || self.attachment.is_some(),
            ActionCode::Sign => self.attachment.is_some() || self.details.is_some(),
            ActionCode::Document | ActionCode::Share => self.details.is_some(),
            ActionCode::Reply | ActionCode::Confirm => true,
        };
        let is_forward = match (self.start, self.end) {
            (Some(start), Some(end)) => start <= end,
            (None, Some(_)) => false,
            _ => true,
        };
        if is_complete && is_forward { Ok(()) } else { Err(DecodeError::Value("an action is not complete")) }
    }
}

/// A file. The sealed bytes are at the relay; what is needed to open and check them is here.
#[derive(PartialEq, Eq, Encode, Decode)]
pub struct Attachment {
    /// Where the sealed bytes are.
    #[n(0)]
    pub blob: BlobId,
    /// The key of this file alone.
    #[n(1)]
    pub key: AttachmentKey,
    /// The length of the file in bytes, before padding and sealing.
    #[n(2)]
    pub size: u64,
    /// SHA-256 of the file.
    #[n(3)]
    pub digest: Bytes32,
    /// The file's name, 1 to 100 characters, without a path (MeMo `filename`).
    #[n(4)]
    pub file_name: String,
    /// Its media type (MeMo `encodingFormat`).
    #[n(5)]
    pub encoding_format: String,
    /// Its language, a BCP 47 tag.
    #[n(6)]
    pub language: Option<String>,
    /// What it is, up to 100 characters.
    #[n(7)]
    pub label: Option<String>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Attachment([redacted])")
    }
}

impl Attachment {
    fn check(&self) -> Result<(), DecodeError> {
        check_line(&self.file_name, 1, 100)?;
        if self.size > LARGEST {
            return Err(DecodeError::Value("a file is larger than 25 MiB"));
        }
        if self.file_name.starts_with('.')
            || self.file_name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|'])
        {
            return Err(DecodeError::Value(
                "the name of a file has a path or a character that systems refuse",
            ));
        }
        let token = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        let is_media_type = self.encoding_format.len() <= 100
            && self.encoding_format.split_once('/').is_some_and(|(kind, name)| token(kind) && token(name));
        if !is_media_type {
            return Err(DecodeError::Value("the media type of a file is none (RFC 6838)"));
        }
        self.language.as_deref().map_or(Ok(()), check_language)?;
        self.label.as_deref().map_or(Ok(()), |label| check_line(label, 1, 100))
    }
}

/// The key of one attachment. Wiped when dropped; never printed.
#[derive(PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct AttachmentKey(#[cbor(with = "crate::seed::wire")] pub Secret);

relay_auth::wiped!(AttachmentKey { 0 });

impl fmt::Debug for AttachmentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AttachmentKey([redacted])")
    }
}

/// The same letter in another form.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Alternative {
    /// Which form.
    #[n(0)]
    pub kind: AlternativeKind,
    /// Its language, a BCP 47 tag.
    #[n(1)]
    pub language: String,
    /// The attachment that is this form, counted from 0.
    #[n(2)]
    pub attachment: Option<u8>,
    /// Or where it is, an `https` address.
    #[n(3)]
    pub url: Option<String>,
    /// Or the form itself.
    #[n(4)]
    pub inline: Option<Inline>,
}

impl fmt::Debug for Alternative {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address can be a reader's own.
        formatter.write_str("Alternative([redacted])")
    }
}

/// Another form of the letter that is part of it, such as the letter in Gaelic.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Inline {
    /// As [`Letter::label`].
    #[n(0)]
    pub label: String,
    /// As [`Letter::text`].
    #[n(1)]
    pub text: String,
    /// As [`Letter::summary`].
    #[n(2)]
    pub summary: Option<String>,
}

impl fmt::Debug for Inline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Inline([redacted])")
    }
}

/// Forms of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AlternativeKind {
    /// In another language.
    #[n(0)]
    Translation,
    /// In large print.
    #[n(1)]
    LargePrint,
    /// In Easy Read.
    #[n(2)]
    EasyRead,
    /// As a video in British Sign Language.
    #[n(3)]
    SignLanguage,
    /// As sound.
    #[n(4)]
    Audio,
    /// In Braille.
    #[n(5)]
    Braille,
    /// Laid out as on paper.
    #[n(6)]
    Print,
}

impl Alternative {
    fn check(&self, attachments: usize) -> Result<(), DecodeError> {
        check_language(&self.language)?;
        match (self.attachment, &self.url, &self.inline) {
            (Some(number), None, None) if usize::from(number) < attachments => Ok(()),
            (None, Some(url), None) if https_host(url).is_some() => Ok(()),
            (None, None, Some(Inline { label, text, summary })) => {
                check_line(label, 1, 255)?;
                check_text(text, 1, MOST_TEXT)?;
                summary.as_deref().map_or(Ok(()), |summary| check_text(summary, 1, 4000))
            }
            _ => Err(DecodeError::Value("another form of the letter leads nowhere")),
        }
    }
}
