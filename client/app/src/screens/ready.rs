//! The mailbox was set up: what there is now, and plainly what there is not.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    elements::{button, heading, lead, paragraph, points, screen, subheading},
    language::text,
    page::Page,
};

pub(crate) fn ready(page: Page) -> AnyView {
    screen(
        page,
        (
            heading(Message::ReadyTitle),
            lead(Message::ReadyLead),
            subheading(Message::ReadyMadeTitle),
            points(&[Message::ReadyMadeIdentity, Message::ReadyMadeDevice, Message::ReadyMadeChecked]),
            html::section().class("ds_inset-text").attr("aria-labelledby", "lost").child((
                html::h2().attr("id", "lost").child(text(Message::ReadyLostTitle)),
                paragraph(Message::ReadyLostText),
                paragraph(Message::ReadyLostAdvice),
            )),
            button(page, "enter", Message::ReadyEnter, move || page.enter()),
        ),
    )
}
