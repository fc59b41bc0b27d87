//! Letters as a journey writes them: every text of a letter, and nothing about how it is to be.

use crypto_core::letter::{
    Action, ActionCode, Alternative, AlternativeKind, Amount, Attachment, Inline, Letter,
};
use serde::Deserialize;

/// A letter. What is not named is empty.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Draft {
    label: String,
    language: String,
    text: String,
    summary: Option<String>,
    unit: Option<String>,
    contact: Option<String>,
    case_id: Option<String>,
    actions: Vec<ActionDraft>,
    pub(crate) files: Vec<FileDraft>,
    translations: Vec<TranslationDraft>,
}

/// Something to do: of the kind that may have every field and needs none.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ActionDraft {
    label: String,
    url: Option<String>,
    reference: Option<String>,
    currency: Option<String>,
    place: Option<String>,
    details: Option<String>,
}

/// A file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FileDraft {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) label: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) content: String,
}

/// The letter in another language.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TranslationDraft {
    language: String,
    label: String,
    text: String,
    summary: Option<String>,
}

impl Draft {
    /// The letter with its files as they were uploaded. Nothing is checked.
    pub(crate) fn into_letter(self, attachments: Vec<Attachment>) -> Letter {
        let Self { label, language, text, summary, unit, contact, case_id, actions, files: _, translations } =
            self;
        Letter {
            label,
            language,
            text,
            summary,
            unit,
            contact,
            case_id,
            actions: actions.into_iter().map(ActionDraft::into_action).collect(),
            attachments,
            alternatives: translations.into_iter().map(TranslationDraft::into_alternative).collect(),
            ..Letter::default()
        }
    }
}

impl ActionDraft {
    fn into_action(self) -> Action {
        let Self { label, url, reference, currency, place, details } = self;
        Action {
            code: ActionCode::Reply,
            label,
            by: None,
            url,
            reference,
            amount: currency.map(|currency| Amount { minor_units: 100, currency }),
            start: None,
            end: None,
            place,
            attachment: None,
            details,
            until: None,
        }
    }
}

impl TranslationDraft {
    fn into_alternative(self) -> Alternative {
        let Self { language, label, text, summary } = self;
        Alternative {
            kind: AlternativeKind::Translation,
            language,
            attachment: None,
            url: None,
            inline: Some(Inline { label, text, summary }),
        }
    }
}
