//! The first screen: what this is, that it is private, what it takes.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    elements::{button, heading, lead, paragraph, points, screen, second_button, subheading},
    language::text,
    page::Page,
};

pub(crate) fn start(page: Page) -> AnyView {
    screen(
        page,
        (
            heading(Message::StartTitle),
            lead(Message::StartLead),
            subheading(Message::StartPrivateTitle),
            paragraph(Message::StartPrivateText),
            paragraph(Message::StartLeave),
            subheading(Message::StartNeedTitle),
            points(&[
                Message::StartNeedAccount,
                Message::StartNeedPassphrase,
                Message::StartNeedPaper,
                Message::StartNeedTime,
            ]),
            html::section().class("ds_inset-text").attr("aria-labelledby", "early").child((
                html::h2().attr("id", "early").child(text(Message::StartEarlyTitle)),
                paragraph(Message::StartEarlyText),
            )),
            html::div().class("ds_button-group").child((
                button(page, "begin", Message::StartBegin, move || page.choose()),
                second_button(page, "recover", Message::StartRecover, move || page.come_back()),
                second_button(page, "visit", Message::VisitStart, move || page.visit_here()),
            )),
        ),
    )
}
