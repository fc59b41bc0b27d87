//! The first step back to a mailbox that there is: its recovery code.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    address::Anew,
    elements::{back_button, details, heading, lead, paragraph, screen, steps, subheading},
    language::text,
    page::Page,
    recovery_code,
};

pub(crate) fn recover(page: Page) -> AnyView {
    let without = (paragraph(Message::RecoverWithoutText), paragraph(Message::RecoverWithoutStartAgain));
    let new_code = (page.because.get_untracked() == Some(Anew::NewCode))
        .then(|| html::p().class("ds_inset-text").child(text(Message::RecoverNewCode)));
    screen(
        page,
        (
            back_button(page, "back", Message::Back, move || page.step_back()),
            heading(Message::RecoverTitle),
            new_code,
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
