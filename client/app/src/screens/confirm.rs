//! ScotAccount has confirmed the person: the passphrase, typed once more, leads on to the
//! recovery code.

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
        let with_address =
            matches!(page.vault.status.get(), Some(Status::Confirmed { with_address: true, .. }));
        texts.say(if with_address { Message::ConfirmWithAddress } else { Message::ConfirmWithoutAddress })
    };
    let (next, forgotten) = if page.vault.is_recovery.get_untracked() {
        (Message::ConfirmRecoveryNext, Message::ConfirmRecoveryForgottenText)
    } else {
        (Message::ConfirmNext, Message::ConfirmForgottenText)
    };
    let words =
        Form { hint: Message::ConfirmHint, button: Message::ConfirmButton, autocomplete: "current-password" };
    // What the words above them say comes first.
    let again =
        second_button(page, "start-again", Message::StartAgain, move || page.start_again()).into_any();
    let recover = second_button(page, "recover", Message::RecoverStart, move || page.come_back()).into_any();
    let ways = if page.vault.is_recovery.get_untracked() { (recover, again) } else { (again, recover) };
    let forgotten = (paragraph(forgotten), html::div().class("ds_button-group").child(ways));
    screen(
        page,
        (
            heading(Message::ConfirmTitle),
            paragraph(Message::ConfirmText),
            html::p().child(address),
            paragraph(next),
            form(page, words, move |passphrase| page.unlock(passphrase)),
            details(Message::ForgottenTitle, forgotten),
        ),
    )
}
