//! The vault runs and cannot say in what state the mailbox is: what went wrong stands above.

use client_catalogue::Message;
use client_messages::Problem;
use leptos::{html, prelude::*};

use crate::{
    address,
    elements::{button, heading, paragraph, screen, second_button},
    page::Page,
};

pub(crate) fn stopped(page: Page) -> AnyView {
    // Only what is stored here is broken then: the letters can come back from where they are filed.
    let is_broken =
        matches!(page.problem.get_untracked(), Some(Problem::StorageDamaged | Problem::KeysInUse));
    let recover =
        is_broken.then(|| second_button(page, "recover", Message::RecoverStart, move || page.come_back()));
    // A session stores nothing, so it needs no place for it.
    let visit = (page.problem.get_untracked() == Some(Problem::NoStorage))
        .then(|| second_button(page, "visit", Message::VisitStart, move || page.visit_here()));
    screen(
        page,
        (
            heading(Message::StoppedTitle),
            paragraph(Message::StoppedText),
            html::div().class("ds_button-group").child((
                button(page, "retry", Message::LoadAgain, address::reload),
                recover,
                visit,
                second_button(page, "start-again", Message::StartAgain, move || page.start_again()),
            )),
        ),
    )
}
