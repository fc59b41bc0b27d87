//! The way to ScotAccount for a session: a plain link to another tab, which no browser holds back, because this
//! tab has everything in its memory and must stay.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    elements::{heading, lead, outside_link, paragraph, screen, second_button},
    language::{self, text},
    page::Page,
};

pub(crate) fn visit_sign_in(page: Page) -> AnyView {
    let texts = language::texts();
    let link = move || {
        let link = page.visit.link.get();
        link.map(|link| html::p().child(outside_link(texts, &link, "ds_button", text(Message::SignInGoOn))))
    };
    screen(
        page,
        (
            heading(Message::SignInTitle),
            lead(Message::VisitSignInText),
            paragraph(Message::VisitSignInTab),
            html::div().attr("data-visit-link", "").child(link),
            paragraph(Message::VisitSignInStay),
            // What was begun is in memory alone: the page begins without it.
            second_button(page, "start-again", Message::StartAgain, move || page.lock()),
        ),
    )
}
