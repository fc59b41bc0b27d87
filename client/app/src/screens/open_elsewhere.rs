//! Another tab or window has the mailbox open.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{button, heading, paragraph, screen},
    page::Page,
};

pub(crate) fn open_elsewhere(page: Page) -> AnyView {
    screen(
        page,
        (
            heading(Message::OpenElsewhereTitle),
            paragraph(Message::OpenElsewhereText),
            button(page, "look-again", Message::OpenElsewhereButton, move || page.look_again()),
        ),
    )
}
