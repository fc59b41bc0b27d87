//! The first step back to a mailbox that there is: its recovery code.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{back_button, details, heading, lead, paragraph, screen, steps, subheading},
    page::Page,
    recovery_code,
};

pub(crate) fn recover(page: Page) -> AnyView {
    let without = (paragraph(Message::RecoverWithoutText), paragraph(Message::RecoverWithoutStartAgain));
    screen(
        page,
        (
            back_button(page, "back", Message::Back, move || page.step_back()),
            heading(Message::RecoverTitle),
            lead(Message::RecoverLead),
            recovery_code::whole(page, move |code| page.check_code(code)),
            details(Message::RecoverWithoutTitle, without),
            subheading(Message::RecoverNextTitle),
            steps(&[
                Message::RecoverNextPassphrase,
                Message::RecoverNextSignIn,
                Message::RecoverNextSheet,
                Message::RecoverNextLetters,
            ]),
        ),
    )
}
