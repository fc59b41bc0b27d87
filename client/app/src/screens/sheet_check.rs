//! Two groups of the recovery code, typed back from the sheet: nobody gets a mailbox whose way back
//! stands nowhere but on this device.

use client_catalogue::Message;
use client_messages::Problem;
use leptos::prelude::*;

use crate::{
    elements::{back_button, heading, paragraph, screen, second_button},
    page::Page,
    recovery_code,
};

pub(crate) fn sheet_check(page: Page) -> AnyView {
    let asked = page.vault.sheet.with_untracked(|sheet| {
        let number = |place: usize| {
            sheet.as_ref().and_then(|sheet| sheet.asked.get(place).copied()).unwrap_or_default()
        };
        [number(0), number(1)]
    });
    // Neither trying again nor the sheet helps then.
    let start_again = move || {
        matches!(page.problem.get(), Some(Problem::CodeReplaced | Problem::RelayOlder))
            .then(|| second_button(page, "start-again", Message::StartAgain, move || page.start_again()))
    };
    screen(
        page,
        (
            back_button(page, "show-sheet", Message::SheetShow, move || page.show_sheet()),
            heading(Message::SheetCheckTitle),
            paragraph(Message::SheetCheckText),
            recovery_code::two_groups(page, asked, move |groups| page.confirm_sheet(groups)),
            start_again,
        ),
    )
}
