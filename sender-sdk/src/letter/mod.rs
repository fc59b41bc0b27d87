//! A letter as a body writes it, checked before anybody is asked about its reader.

mod markdown;

use core::fmt;

use crypto_core::{
    body::VerifiedBody,
    letter::{
        Action, Alternative, AlternativeKind, Inline, Letter as Content, LetterId, ThreadId, WriteError,
    },
    person::Attributes,
};
use relay_auth::cbor::{DecodeError, Wire as _};
use zeroize::Zeroizing;

use crate::system::rng;

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
        Self { to: person, id: LetterId::generate(&mut rng()), content }
    }

    /// Gives it the id of a letter of which it is not known whether it arrived.
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

    /// Whether this body may send it (`LBX-LETTER-3`, `LBX-LETTER-6`).
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
        self.content.validate()?;
        let mut links = self.content.actions.iter().filter_map(|action| action.url.as_deref());
        if links.all(|address| body.may_open(address)) {
            Ok(())
        } else {
            Err(WriteError::HostNotRegistered.into())
        }
    }

    /// A copy to be sealed; each try seals one.
    pub(crate) fn content(&self) -> Result<Content, DecodeError> {
        Content::from_bytes(&Zeroizing::new(self.content.to_bytes()))
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
