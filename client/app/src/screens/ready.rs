//! The mailbox was set up, or has come back: what there is now, and what the sheet is for.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    address,
    elements::{button, heading, lead, paragraph, points, screen, subheading},
    language::{self, text},
    page::Page,
};

pub(crate) fn ready(page: Page) -> AnyView {
    let texts = language::texts();
    let host = address::host();
    let lost = move || texts.say_with(Message::ReadyLostText, &[("host", host.as_str().into())]);
    let what = if page.vault.is_recovery.get_untracked() {
        (
            heading(Message::ReadyBackTitle),
            lead(Message::ReadyBackLead),
            subheading(Message::ReadyBackChangedTitle),
            points(&[
                Message::ReadyBackCode,
                Message::ReadyBackDevices,
                Message::ReadyMadeDevice,
                Message::ReadyMadeChecked,
            ]),
        )
            .into_any()
    } else {
        (
            heading(Message::ReadyTitle),
            lead(Message::ReadyLead),
            subheading(Message::ReadyMadeTitle),
            points(&[Message::ReadyMadeIdentity, Message::ReadyMadeDevice, Message::ReadyMadeChecked]),
        )
            .into_any()
    };
    screen(
        page,
        (
            what,
            html::section().class("ds_inset-text").attr("aria-labelledby", "lost").child((
                html::h2().attr("id", "lost").child(text(Message::ReadyLostTitle)),
                html::p().child(lost),
                paragraph(Message::ReadyLostAdvice),
            )),
            button(page, "enter", Message::ReadyEnter, move || page.enter()),
        ),
    )
}
