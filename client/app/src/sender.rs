//! How a sender is named.

use client_catalogue::{Language, Message};
use client_messages::Sender;

use crate::language::Texts;

/// The sender's name in the language shown, if it has one, and the language that the name is in.
pub(crate) fn name(sender: &Sender, shown: Language) -> (&str, Language) {
    match (&sender.name_in_gaelic, shown) {
        (Some(name), Language::Gaelic) => (name.as_str(), Language::Gaelic),
        _ => (sender.name.as_str(), Language::English),
    }
}

/// "From …", with the unit if the body named one.
pub(crate) fn from(texts: Texts, sender: &Sender) -> String {
    let (name, _) = name(sender, texts.language());
    match &sender.unit {
        None => texts.say_with(Message::FromSender, &[("sender", name.into())]),
        Some(unit) => texts
            .say_with(Message::FromSenderUnit, &[("sender", name.into()), ("unit", unit.as_str().into())]),
    }
}
