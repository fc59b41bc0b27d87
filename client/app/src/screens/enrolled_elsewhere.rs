//! This person has a mailbox on another device. The recovery code brings it here.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    elements::{button, heading, paragraph, screen, second_button},
    page::Page,
};

pub(crate) fn enrolled_elsewhere(page: Page) -> AnyView {
    screen(
        page,
        (
            heading(Message::EnrolledElsewhereTitle),
            paragraph(Message::EnrolledElsewhereText),
            paragraph(Message::EnrolledElsewhereMore),
            html::div().class("ds_button-group").child((
                button(page, "recover", Message::RecoverStart, move || page.come_back()),
                second_button(page, "start-again", Message::VisitOverStart, move || page.start_again()),
            )),
        ),
    )
}
