//! The mailbox is locked: the passphrase opens it, or the recovery code brings it back. It may be the mailbox
//! of somebody else, on whose device the reader wants to read their own letters.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{details, heading, paragraph, screen, second_button},
    page::Page,
    passphrase::{Form, form},
};

pub(crate) fn locked(page: Page) -> AnyView {
    let words =
        Form { hint: Message::LockedHint, button: Message::LockedButton, autocomplete: "current-password" };
    let forgotten = (
        paragraph(Message::LockedForgottenText),
        second_button(page, "recover", Message::RecoverStart, move || page.come_back()),
    );
    screen(
        page,
        (
            heading(Message::LockedTitle),
            form(page, words, move |passphrase| page.unlock(passphrase)),
            details(Message::ForgottenTitle, forgotten),
            second_button(page, "visit", Message::VisitStart, move || page.visit_here()),
        ),
    )
}
