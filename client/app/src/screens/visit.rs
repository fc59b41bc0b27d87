//! The recovery code, on a device that is not the reader's: what they should know before they type it.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    elements::{back_button, heading, lead, paragraph, screen, steps, subheading, warning},
    language::text,
    page::Page,
    recovery_code,
};

pub(crate) fn visit(page: Page) -> AnyView {
    screen(
        page,
        (
            back_button(page, "back", Message::Back, move || page.step_back()),
            heading(Message::VisitTitle),
            lead(Message::VisitLead),
            warning(text(Message::VisitTrust)),
            html::div().class("ds_inset-text").child(paragraph(Message::VisitKept)),
            recovery_code::whole(page, move |code| page.begin_visit(code)),
            subheading(Message::RecoverNextTitle),
            steps(&[
                Message::VisitNextSignIn,
                Message::VisitNextRead,
                Message::VisitNextTold,
                Message::VisitNextEnd,
            ]),
        ),
    )
}
