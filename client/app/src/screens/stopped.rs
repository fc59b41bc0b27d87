//! The vault runs and cannot say in what state the mailbox is: what went wrong stands above.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    address,
    elements::{button, heading, paragraph, screen, second_button},
    page::Page,
};

pub(crate) fn stopped(page: Page) -> AnyView {
    screen(
        page,
        (
            heading(Message::StoppedTitle),
            paragraph(Message::StoppedText),
            button(page, "retry", Message::LoadAgain, address::reload),
            second_button(page, "start-again", Message::StartAgain, move || page.start_again()),
        ),
    )
}
