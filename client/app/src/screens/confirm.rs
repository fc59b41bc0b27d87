//! ScotAccount has confirmed the person: the passphrase, typed once more, finishes the enrolment.

use client_catalogue::Message;
use client_messages::Status;
use leptos::{html, prelude::*};

use crate::{
    elements::{details, heading, paragraph, screen, second_button},
    language,
    page::Page,
    passphrase::{Form, form},
};

pub(crate) fn confirm(page: Page) -> AnyView {
    let texts = language::texts();
    let address = move || {
        let with_address = page.vault.status.get() == Some(Status::Confirmed { with_address: true });
        texts.say(if with_address { Message::ConfirmWithAddress } else { Message::ConfirmWithoutAddress })
    };
    let words =
        Form { hint: Message::ConfirmHint, button: Message::ConfirmButton, autocomplete: "current-password" };
    let forgotten = (
        paragraph(Message::ConfirmForgottenText),
        second_button(page, "start-again", Message::StartAgain, move || page.start_again()),
    );
    screen(
        page,
        (
            heading(Message::ConfirmTitle),
            paragraph(Message::ConfirmText),
            html::p().child(address),
            form(page, words, move |passphrase| page.unlock(passphrase)),
            details(Message::ForgottenTitle, forgotten),
        ),
    )
}
