//! A letter as a body writes it, checked before anybody is asked about its reader.

mod files;
mod markdown;

use core::fmt;

use crypto_core::{
    body::VerifiedBody,
    letter::{
        Action, Alternative, AlternativeKind, Attachment, Inline, Letter as Content, LetterId, ThreadId,
        WriteError,
    },
    person::Attributes,
};
use relay_auth::cbor::{DecodeError, Wire as _};

use crate::{file::File, system::rng};

/// The longest text in bytes.
const MOST_TEXT: usize = 60_000;

/// The longest subject in characters.
const MOST_SUBJECT: usize = 255;

/// Why a letter cannot be sent. It says where, never what: letters are nobody's business.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// Without a subject, or with too long a one.
    #[error("the letter needs a subject of 1 to {MOST_SUBJECT} characters")]
    Subject,
    /// Without a text, or with too long a one.
    #[error("{part} is empty or longer than {MOST_TEXT} bytes: put the rest into an attachment")]
    Text {
        /// Which text.
        part: String,
    },
    /// Raw HTML is never shown.
    #[error("{part}, line {line}: HTML is not shown to readers. Write it in Markdown, or between backticks")]
    Html {
        /// Which text.
        part: String,
        /// The line, from 1.
        line: usize,
    },
    /// Pictures load from somewhere, which would tell who reads.
    #[error("{part}, line {line}: a text cannot hold a picture. Say in words what it shows")]
    Image {
        /// Which text.
        part: String,
        /// The line, from 1.
        line: usize,
    },
    /// A link leads where links of this body may not lead.
    #[error(
        "{part}, line {line}: the link is no plain https address on a host that the registry names for this public body. Have the host registered, or write the address without a link"
    )]
    Link {
        /// Which text.
        part: String,
        /// The line, from 1.
        line: usize,
    },
    /// A title is words on a link that not everybody finds.
    #[error("{part}, line {line}: a link cannot have a title. Write its words into the text")]
    Title {
        /// Which text.
        part: String,
        /// The line, from 1.
        line: usize,
    },
    /// A definition that no link uses is words that belong nowhere.
    #[error(
        "{part}, line {line}: no link uses this definition, or another one has the same label. Remove it"
    )]
    Definition {
        /// Which text.
        part: String,
        /// The line, from 1.
        line: usize,
    },
    /// Too many files, or too large ones.
    #[error(
        "a letter takes up to 32 files, and 32 MiB of them together once they are sealed: send the rest with another letter"
    )]
    Files,
    /// A file has a name, a media type, a label or a language that is not allowed.
    #[error("file {number}: {cause}")]
    File {
        /// Which file, from 1.
        number: usize,
        /// Why.
        cause: DecodeError,
    },
    /// The relay does not have its files.
    #[error("the files of the letter were not uploaded, or others were: upload them before sealing")]
    NotUploaded,
    /// Sealing would send it to somebody else than it is addressed to.
    #[error("the letter is addressed to somebody else than the person who was looked up")]
    OtherRecipient,
    /// Another field has a value that is not allowed.
    #[error("the letter cannot be sent: {0}")]
    Content(#[from] DecodeError),
    /// It could not be signed or sealed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A letter to one person. It has its id from the start: sent twice, the reader sees it once. Times
/// are Unix seconds.
#[must_use = "a letter is sent by Sender::send"]
pub struct Letter {
    to: Attributes,
    id: LetterId,
    content: Content,
    files: Vec<File>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Letter([redacted])")
    }
}

impl Letter {
    /// A letter in English to a person.
    pub fn to(person: Attributes) -> Self {
        let content = Content { language: "en".to_owned(), ..Content::default() };
        Self { to: person, id: LetterId::generate(&mut rng()), content, files: Vec::new() }
    }

    /// Gives it the id of a letter of which it is not known whether it arrived. The reader sees the two as
    /// one if nothing in them is different, the files and their names included (`LBX-LETTER-5`).
    pub fn with_id(mut self, id: LetterId) -> Self {
        self.id = id;
        self
    }

    /// What it is about: 1 to 255 characters.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.content.label = subject.into();
        self
    }

    /// The letter itself: CommonMark without HTML and pictures, up to 60,000 bytes.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.content.text = with_plain_line_ends(text.into());
        self
    }

    /// Its language, a BCP 47 tag such as `en` or `gd`.
    pub fn language(mut self, tag: impl Into<String>) -> Self {
        self.content.language = tag.into();
        self
    }

    /// What it says in plain words, up to 4,000 bytes.
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.content.summary = Some(with_plain_line_ends(summary.into()));
        self
    }

    /// Who in the body wrote it.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.content.unit = Some(unit.into());
        self
    }

    /// How else to reach the body.
    pub fn contact(mut self, contact: impl Into<String>) -> Self {
        self.content.contact = Some(with_plain_line_ends(contact.into()));
        self
    }

    /// The body's number of the case.
    pub fn case(mut self, number: impl Into<String>) -> Self {
        self.content.case_id = Some(number.into());
        self
    }

    /// The matter to which it belongs.
    pub fn thread(mut self, thread: ThreadId) -> Self {
        self.content.thread = Some(thread);
        self
    }

    /// The letter that it answers.
    pub fn in_reply_to(mut self, letter: LetterId) -> Self {
        self.content.in_reply_to = Some(letter);
        self
    }

    /// It has legal effect.
    pub fn with_legal_effect(mut self) -> Self {
        self.content.legal_notification = true;
        self
    }

    /// By when an answer is needed.
    pub fn reply_by(mut self, time: u64) -> Self {
        self.content.reply_by = Some(time);
        self
    }

    /// Something to do. Its address has to be on a registered host.
    pub fn action(mut self, action: Action) -> Self {
        self.content.actions.push(action);
        self
    }

    /// A file that goes with it, after those before: up to 32, of up to 25 MiB each and 32 MiB together
    /// once sealed.
    pub fn attach(mut self, file: File) -> Self {
        self.files.push(file);
        self
    }

    /// The same letter in another language, as a part of it.
    pub fn also_in(
        mut self,
        language: impl Into<String>,
        subject: impl Into<String>,
        text: impl Into<String>,
        summary: Option<String>,
    ) -> Self {
        let inline = Inline {
            label: subject.into(),
            text: with_plain_line_ends(text.into()),
            summary: summary.map(with_plain_line_ends),
        };
        self.content.alternatives.push(Alternative {
            kind: AlternativeKind::Translation,
            language: language.into(),
            attachment: None,
            url: None,
            inline: Some(inline),
        });
        self
    }

    /// To whom it is addressed.
    pub const fn recipient(&self) -> &Attributes {
        &self.to
    }

    /// Its id.
    pub const fn id(&self) -> LetterId {
        self.id
    }

    /// The files that go with it.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// Its files as it will name them, before they are uploaded.
    pub(crate) fn drafts(&self) -> Vec<Attachment> {
        files::drafts(&self.files)
    }

    /// Whether this body may send it (`LBX-ATT-1`, `LBX-LETTER-3`, `LBX-LETTER-6`).
    pub(crate) fn check(&self, body: &VerifiedBody) -> Result<(), LetterError> {
        if !(1..=MOST_SUBJECT).contains(&self.content.label.chars().count()) {
            return Err(LetterError::Subject);
        }
        check_text("the text", &self.content.text, body)?;
        for form in &self.content.alternatives {
            if let Some(inline) = &form.inline {
                check_text(&format!("the text in {}", form.language), &inline.text, body)?;
            }
        }
        files::check(&self.files)?;
        self.content(self.drafts()).validate()?;
        let mut links = self.content.actions.iter().filter_map(|action| action.url.as_deref());
        if links.all(|address| body.may_open(address)) {
            Ok(())
        } else {
            Err(WriteError::HostNotRegistered.into())
        }
    }

    /// A copy to be sealed, with the files as they were uploaded; each try seals one.
    pub(crate) fn content(&self, attachments: Vec<Attachment>) -> Content {
        let Content {
            label,
            language,
            text,
            summary,
            unit,
            contact,
            case_id,
            thread,
            in_reply_to,
            legal_notification,
            receipt_requested,
            reply_by,
            print_after,
            actions,
            attachments: _,
            alternatives,
            reply_permits,
        } = &self.content;
        Content {
            label: label.clone(),
            language: language.clone(),
            text: text.clone(),
            summary: summary.clone(),
            unit: unit.clone(),
            contact: contact.clone(),
            case_id: case_id.clone(),
            thread: *thread,
            in_reply_to: *in_reply_to,
            legal_notification: *legal_notification,
            receipt_requested: *receipt_requested,
            reply_by: *reply_by,
            print_after: *print_after,
            actions: actions.clone(),
            attachments,
            alternatives: alternatives.clone(),
            reply_permits: reply_permits.clone(),
        }
    }
}

fn check_text(part: &str, text: &str, body: &VerifiedBody) -> Result<(), LetterError> {
    if text.trim().is_empty() || text.len() > MOST_TEXT {
        return Err(LetterError::Text { part: part.to_owned() });
    }
    markdown::check(part, text, |address| body.may_open(address))
}

/// Letters have one kind of line end. Files from elsewhere have two.
fn with_plain_line_ends(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n") } else { text }
}
