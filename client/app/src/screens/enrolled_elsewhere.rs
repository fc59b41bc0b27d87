//! This person has a mailbox on another device.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{heading, paragraph, screen, second_button},
    page::Page,
};

pub(crate) fn enrolled_elsewhere(page: Page) -> AnyView {
    screen(
        page,
        (
            heading(Message::EnrolledElsewhereTitle),
            paragraph(Message::EnrolledElsewhereText),
            paragraph(Message::EnrolledElsewhereMore),
            second_button(page, "start-again", Message::StartAgain, move || page.start_again()),
        ),
    )
}
