//! What a screen shows of a letter. Made from a verified letter only.

use crypto_core::letter::{self, AlternativeKind, Amount, VerifiedLetter};
use text_rules::registered_host;

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
    /// The letter itself, in Markdown as it was signed. Whoever shows it reads it.
    pub text: String,
    /// The hosts that its verified sender has registered: where links in its texts may lead (`LBX-LETTER-7`).
    pub hosts: Vec<String>,
    /// How else to reach the body.
    pub contact: Option<String>,
    /// The body's number of the case.
    pub case_id: Option<String>,
    /// What there is to do.
    pub actions: Vec<Action>,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
    /// The same letter in other forms.
    pub alternatives: Vec<Alternative>,
}

/// An address that may be opened: `https`, and its host registered for the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The whole address.
    pub url: String,
    /// Its host, to be shown.
    pub host: String,
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
    /// Where it is done, if that may not be opened: it is shown as text.
    pub address: Option<String>,
    /// When it begins, Unix seconds.
    pub start: Option<u64>,
    /// When it ends, Unix seconds.
    pub end: Option<u64>,
    /// Where it is, in several lines.
    pub place: Option<String>,
    /// What exactly it is about, in several lines.
    pub details: Option<String>,
    /// Until when what is allowed holds, Unix seconds.
    pub until: Option<u64>,
    /// The name of the file that it is about.
    pub file: Option<String>,
}

/// A form of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In another language.
    Translation,
    /// In large print.
    LargePrint,
    /// In Easy Read.
    EasyRead,
    /// As a video in sign language.
    SignLanguage,
    /// As sound.
    Audio,
    /// In Braille.
    Braille,
    /// Laid out as on paper.
    Print,
}

/// The letter in another form: in a file, somewhere else, or here.
#[derive(Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Which form.
    pub form: Form,
    /// Its language, BCP 47.
    pub language: String,
    /// The name of the file that it is in.
    pub file: Option<String>,
    /// Where it is, if the body registered the host.
    pub link: Option<Link>,
    /// Where it is, if that may not be opened: it is shown as text.
    pub address: Option<String>,
    /// What it is about.
    pub label: Option<String>,
    /// What it says in plain words.
    pub in_plain_words: Option<String>,
    /// The letter itself in this form, in Markdown as it was signed, where it is here.
    pub text: Option<String>,
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
        let way = |url: &Option<String>| match url {
            None => (None, None),
            Some(url) => match registered_host(url, letter.hosts()) {
                None => (None, Some(url.clone())),
                Some(host) => (Some(Link { url: url.clone(), host: host.to_owned() }), None),
            },
        };
        let file = |number: Option<u8>| {
            let file = content.attachments.get(usize::from(number?))?;
            Some(file.file_name.clone())
        };
        let action = |action: &letter::Action| {
            let (link, address) = way(&action.url);
            Action {
                label: action.label.clone(),
                by: action.by,
                link,
                address,
                start: action.start,
                end: action.end,
                place: action.place.clone(),
                details: action.details.clone(),
                until: action.until,
                file: file(action.attachment),
                reference: action.reference.clone(),
                amount: action
                    .amount
                    .as_ref()
                    .map(|Amount { minor_units, currency }| (*minor_units, currency.clone())),
            }
        };
        let alternative = |alternative: &letter::Alternative| {
            let (link, address) = way(&alternative.url);
            let inline = alternative.inline.as_ref();
            Alternative {
                form: form(alternative.kind),
                language: alternative.language.clone(),
                file: file(alternative.attachment),
                link,
                address,
                label: inline.map(|inline| inline.label.clone()),
                in_plain_words: inline.and_then(|inline| inline.summary.clone()),
                text: inline.map(|inline| inline.text.clone()),
            }
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
            text: content.text.clone(),
            hosts: letter.hosts().to_vec(),
            contact: content.contact.clone(),
            case_id: content.case_id.clone(),
            actions: content.actions.iter().map(action).collect(),
            attachments: content.attachments.iter().map(attachment).collect(),
            alternatives: content.alternatives.iter().map(alternative).collect(),
        }
    }
}

const fn form(kind: AlternativeKind) -> Form {
    match kind {
        AlternativeKind::Translation => Form::Translation,
        AlternativeKind::LargePrint => Form::LargePrint,
        AlternativeKind::EasyRead => Form::EasyRead,
        AlternativeKind::SignLanguage => Form::SignLanguage,
        AlternativeKind::Audio => Form::Audio,
        AlternativeKind::Braille => Form::Braille,
        AlternativeKind::Print => Form::Print,
    }
}

redacted!(LetterSummary, Sender, LetterView, Link, Action, Attachment, Alternative);
