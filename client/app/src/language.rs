//! The language of the page: chosen by the browser's preference, changed by one button.

use client_catalogue::{Catalogue, Language, Message, Value};
use leptos::prelude::*;

/// The language and its texts, kept in Leptos's context.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    language: RwSignal<Language>,
    english: StoredValue<Catalogue, LocalStorage>,
    gaelic: StoredValue<Catalogue, LocalStorage>,
}

impl Texts {
    /// The language that is shown now. Whoever asks is told of a change.
    pub(crate) fn language(self) -> Language {
        self.language.get()
    }

    /// A text in that language.
    pub(crate) fn say(self, message: Message) -> String {
        self.say_with(message, &[])
    }

    /// A text with values in that language.
    pub(crate) fn say_with(self, message: Message, values: &[(&'static str, Value)]) -> String {
        let catalogue = match self.language() {
            Language::English => self.english,
            Language::Gaelic => self.gaelic,
        };
        catalogue.with_value(|catalogue| catalogue.text_with(message, values))
    }
}

/// Reads the texts and keeps the document's language in step. Call once, before any screen.
pub(crate) fn provide() {
    let preferred = window().navigator().language().unwrap_or_default();
    let language = RwSignal::new(Language::from_preference(&preferred));
    provide_context(Texts {
        language,
        english: StoredValue::new_local(Catalogue::load(Language::English)),
        gaelic: StoredValue::new_local(Catalogue::load(Language::Gaelic)),
    });
    Effect::new(move || {
        if let Some(root) = document().document_element() {
            // Setting an attribute by a valid name does not fail.
            let _ = root.set_attribute("lang", language.get().tag());
        }
    });
}

/// The texts. Call while a screen is made, not in what runs later.
pub(crate) fn texts() -> Texts {
    expect_context::<Texts>()
}

/// The language that is shown now.
pub(crate) fn shown() -> RwSignal<Language> {
    texts().language
}

/// A text that follows the language.
pub(crate) fn text(message: Message) -> impl Fn() -> String + Copy + Send + 'static {
    text_with(message, Vec::new)
}

/// A text with values; both follow their signals.
pub(crate) fn text_with<F>(message: Message, values: F) -> impl Fn() -> String + Copy + Send + 'static
where
    F: Fn() -> Vec<(&'static str, Value)> + Copy + Send + 'static,
{
    let texts = texts();
    move || texts.say_with(message, &values())
}
