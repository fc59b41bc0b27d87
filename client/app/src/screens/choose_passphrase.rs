//! Choosing the passphrase: one field, and advice. It is asked again after the sign-in, so that a
//! slip of the finger shows before anything depends on it.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{back_button, heading, paragraph, points, screen},
    page::Page,
    passphrase::{Form, form},
};

pub(crate) fn choose_passphrase(page: Page) -> AnyView {
    let words = Form {
        hint: Message::ChoosePassphraseHint,
        button: Message::ChoosePassphraseButton,
        autocomplete: "new-password",
    };
    screen(
        page,
        (
            back_button(page, "back", Message::Back, move || page.choose_later()),
            heading(Message::ChoosePassphraseTitle),
            paragraph(Message::ChoosePassphraseText),
            points(&[
                Message::PassphraseAdviceWords,
                Message::PassphraseAdviceNew,
                Message::PassphraseAdviceKeep,
            ]),
            form(page, words, move |passphrase| page.begin(passphrase)),
        ),
    )
}
