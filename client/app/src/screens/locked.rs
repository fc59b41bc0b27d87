//! The mailbox is locked: the passphrase opens it.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{details, heading, paragraph, screen},
    page::Page,
    passphrase::{Form, form},
};

pub(crate) fn locked(page: Page) -> AnyView {
    let words =
        Form { hint: Message::LockedHint, button: Message::LockedButton, autocomplete: "current-password" };
    screen(
        page,
        (
            heading(Message::LockedTitle),
            form(page, words, move |passphrase| page.unlock(passphrase)),
            details(Message::ForgottenTitle, paragraph(Message::LockedForgottenText)),
        ),
    )
}
