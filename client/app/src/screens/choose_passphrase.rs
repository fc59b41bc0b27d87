//! Choosing the passphrase, for a new mailbox or for one that comes back: one field, and advice. It
//! is asked again after the sign-in, so that a slip of the finger shows before anything depends on it.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{back_button, heading, paragraph, points, screen},
    page::{Beginning, Page},
    passphrase::{Form, form},
};

pub(crate) fn choose_passphrase(page: Page) -> AnyView {
    let is_recovery = page.beginning.get_untracked() == Beginning::NewPassphrase;
    let (title, purpose) = if is_recovery {
        (Message::ChoosePassphraseNewTitle, Message::ChoosePassphraseNewText)
    } else {
        (Message::ChoosePassphraseTitle, Message::ChoosePassphraseText)
    };
    let words = Form {
        hint: Message::ChoosePassphraseHint,
        button: Message::ChoosePassphraseButton,
        autocomplete: "new-password",
    };
    screen(
        page,
        (
            back_button(page, "back", Message::Back, move || page.step_back()),
            heading(title),
            paragraph(purpose),
            points(&[
                Message::PassphraseAdviceWords,
                Message::PassphraseAdviceNew,
                Message::PassphraseAdviceKeep,
            ]),
            form(page, words, move |passphrase| {
                if is_recovery {
                    page.recover(passphrase);
                } else {
                    page.begin(passphrase);
                }
            }),
        ),
    )
}
