//! The recovery code, once: to be written down or printed before the mailbox is opened.
//!
//! Paper gets what stands in `letterbox-sheet` and nothing else (see the stylesheet): the code, what
//! it is for and where to go with it, but not whose it is.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    address,
    elements::{button, heading, paragraph, points, screen, second_button, subheading},
    language,
    page::Page,
};

pub(crate) fn sheet(page: Page) -> AnyView {
    let texts = language::texts();
    let shown = page.vault.sheet;
    let host = address::host();
    let place = move || texts.say_with(Message::SheetPlace, &[("host", host.as_str().into())]);
    let groups = move || shown.get().map(|sheet| list(&sheet.groups));
    let print = move || {
        // Fails only where there is nothing to print with.
        let _ = window().print();
    };
    let go_on = move || {
        shown.with(Option::is_some).then(|| {
            html::div().class("ds_button-group").child((
                button(page, "written-down", Message::SheetWrittenDown, move || page.check_sheet()),
                second_button(page, "print", Message::SheetPrint, print),
            ))
        })
    };
    // The vault has the code as long as it is not confirmed, and gives it again.
    let again = move || {
        (shown.with(Option::is_none) && !page.is_busy())
            .then(|| button(page, "show-sheet", Message::SheetShow, move || page.show_sheet()))
    };
    let is_recovery = page.vault.is_recovery.get_untracked();
    screen(
        page,
        (
            html::div().class("letterbox-sheet").child((
                heading(Message::SheetTitle),
                paragraph(Message::SheetPurpose),
                groups,
                html::p().class("letterbox-sheet__place").child(place),
            )),
            again,
            paragraph(Message::SheetOnce),
            is_recovery.then(|| paragraph(Message::SheetOldCode)),
            subheading(Message::SheetKeepTitle),
            paragraph(Message::SheetKeepText),
            points(&[Message::SheetKeepHome, Message::SheetKeepPhoto, Message::SheetKeepDevice]),
            go_on,
        ),
    )
}

/// The groups in their order. The eye sees four characters; a screen reader says one after the other.
fn list(groups: &[String]) -> AnyView {
    let items = groups.iter().zip(1_u32..).map(|(group, number)| {
        let spelled: Vec<String> = group.chars().map(String::from).collect();
        html::li().class("letterbox-sheet__group").child((
            html::span()
                .attr("aria-hidden", "true")
                .attr("data-group", number.to_string())
                .child(group.clone()),
            html::span().class("visually-hidden letterbox-sheet__spelled").child(spelled.join(" ")),
        ))
    });
    // A browser's translator would send the code away.
    html::ol()
        .attr("translate", "no")
        .class("letterbox-sheet__groups")
        .child(items.collect::<Vec<_>>())
        .into_any()
}
