//! How a sender is named.

use client_catalogue::{Language, Message};
use client_messages::Sender;
use leptos::{html, prelude::*};

use crate::language::Texts;

// Where the names go in a sentence. No text of the catalogue has such signs, and no name comes near them.
const SENDER_SIGN: char = '\u{e000}';
const SENDER: &str = "\u{e000}";
const UNIT_SIGN: char = '\u{e001}';
const UNIT: &str = "\u{e001}";

/// The sender's name in the language shown, if it has one, and the language that the name is in.
pub(crate) fn name(sender: &Sender, shown: Language) -> (&str, Language) {
    match (&sender.name_in_gaelic, shown) {
        (Some(name), Language::Gaelic) => (name.as_str(), Language::Gaelic),
        _ => (sender.name.as_str(), Language::English),
    }
}

/// "From …", with the unit if the body named one. The name was verified and the unit is what the body says:
/// each stands in an element of its own, so that no script from right to left in one of them moves the other,
/// and neither reads as part of the other. The unit is in `language`, as the letter is.
pub(crate) fn from(texts: Texts, sender: &Sender, language: &str) -> Vec<AnyView> {
    let (name, language_of_name) = name(sender, texts.language());
    let unit = sender.unit.as_deref().map(|unit| (unit, language));
    let names = [(SENDER, Some((name, language_of_name.tag()))), (UNIT, unit)];
    let sentence = match &sender.unit {
        None => texts.say_with(Message::FromSender, &[("sender", SENDER.into())]),
        Some(_) => {
            texts.say_with(Message::FromSenderUnit, &[("sender", SENDER.into()), ("unit", UNIT.into())])
        }
    };
    let mut views = Vec::new();
    for piece in sentence.split_inclusive([SENDER_SIGN, UNIT_SIGN]) {
        let found = names.iter().find_map(|(mark, name)| Some((piece.strip_suffix(*mark)?, (*name)?)));
        let (words, name) = found.map_or((piece, None), |(words, name)| (words, Some(name)));
        views.push(words.to_owned().into_any());
        views.extend(name.map(|(name, language)| {
            html::bdi().attr("lang", language.to_owned()).child(name.to_owned()).into_any()
        }));
    }
    views
}
