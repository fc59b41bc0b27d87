//! What a screen shows of a letter. Made from a verified letter only.

use crypto_core::letter::{self, Amount, VerifiedLetter};

use crate::markdown::{self, Block, Link};

/// A letter in the list.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterSummary {
    /// Names the letter on this device; means nothing outside.
    pub id: String,
    /// What it is about.
    pub label: String,
    /// The language of the letter, BCP 47.
    pub language: String,
    /// The verified sender.
    pub sender: Sender,
    /// When the relay stored it, Unix seconds.
    pub arrived: u64,
    /// By when an answer is needed.
    pub reply_by: Option<u64>,
}

/// Who wrote a letter, as two operators approved it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name.
    pub name: String,
    /// The name in Gaelic.
    pub name_in_gaelic: Option<String>,
    /// The domain.
    pub domain: String,
    /// The unit that wrote it, as the body says.
    pub unit: Option<String>,
    /// Whether the body was suspended since (`LBX-LETTER-4`).
    pub is_suspended: bool,
}

/// A letter to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterView {
    /// As in the list.
    pub summary: LetterSummary,
    /// What it says in plain words.
    pub in_plain_words: Option<String>,
    /// The letter itself.
    pub text: Vec<Block>,
    /// How else to reach the body.
    pub contact: Option<String>,
    /// The body's number of the case.
    pub case_id: Option<String>,
    /// What there is to do.
    pub actions: Vec<Action>,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
}

/// Something to do.
#[derive(Clone, PartialEq, Eq)]
pub struct Action {
    /// The words of its button.
    pub label: String,
    /// By when, Unix seconds.
    pub by: Option<u64>,
    /// Where it is done, if the body registered the host.
    pub link: Option<Link>,
    /// A reference to give.
    pub reference: Option<String>,
    /// How much to pay: minor units and currency.
    pub amount: Option<(u64, String)>,
}

/// A file that came with a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, as the body gave it: one line, without a path (`LBX-LETTER-3`).
    pub file_name: String,
    /// Its media type, as the body says. Nothing has checked what the file is.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// What it is.
    pub label: Option<String>,
    /// Its language, BCP 47.
    pub language: Option<String>,
}

impl LetterView {
    pub(crate) fn of(letter: &VerifiedLetter, summary: LetterSummary) -> Self {
        let content = letter.letter();
        let may_open = |address: &str| letter.may_open(address);
        let action = |action: &letter::Action| Action {
            label: action.label.clone(),
            by: action.by,
            link: action.url.as_deref().and_then(|url| Link::allowed(url, may_open)),
            reference: action.reference.clone(),
            amount: action
                .amount
                .as_ref()
                .map(|Amount { minor_units, currency }| (*minor_units, currency.clone())),
        };
        let attachment = |file: &letter::Attachment| Attachment {
            file_name: file.file_name.clone(),
            media_type: file.encoding_format.clone(),
            size: file.size,
            label: file.label.clone(),
            language: file.language.clone(),
        };
        Self {
            summary,
            in_plain_words: content.summary.clone(),
            text: markdown::parse(&content.text, may_open),
            contact: content.contact.clone(),
            case_id: content.case_id.clone(),
            actions: content.actions.iter().map(action).collect(),
            attachments: content.attachments.iter().map(attachment).collect(),
        }
    }
}

redacted!(LetterSummary, Sender, LetterView, Action, Attachment);
