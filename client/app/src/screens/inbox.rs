//! The letters, newest first.

use client_catalogue::Message;
use client_messages::LetterSummary;
use leptos::{ev, html, prelude::*};

use crate::{
    elements::{heading, paragraph, screen, second_button, subheading, time},
    language::{self, text},
    locale,
    page::Page,
    sender,
};

pub(crate) fn inbox(page: Page) -> AnyView {
    let texts = language::texts();
    let inbox = page.vault.inbox;
    let count = Memo::new(move |_| inbox.with(|letters| letters.as_ref().map(Vec::len)));
    let state = move || match count.get() {
        None => paragraph(Message::InboxLooking).into_any(),
        Some(0) => (subheading(Message::InboxEmptyTitle), paragraph(Message::InboxEmptyText)).into_any(),
        Some(count) => {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let words = move || texts.say_with(Message::InboxCount, &[("count", count.into())]);
            html::p().attr("data-count", count.to_string()).child(words).into_any()
        }
    };
    // Keyed by the letter: when one comes, the others keep their elements and the focus in them.
    let letters = ForProps::builder()
        .each(move || inbox.get().unwrap_or_default())
        .key(|letter: &LetterSummary| (letter.id.clone(), letter.sender.is_suspended))
        .children(move |letter: LetterSummary| item(page, letter))
        .build();
    let list = html::ul()
        .class("letterbox-letters")
        .attr("role", "list")
        .attr("hidden", move || count.get().unwrap_or_default() == 0)
        .child(For(letters));
    let settings = move || {
        page.vault
            .settings
            .with(Option::is_some)
            .then(|| second_button(page, "settings", Message::SettingsOpen, move || page.open_settings()))
    };
    screen(page, (heading(Message::InboxTitle), state, list, settings))
}

/// One letter of the list. Its heading is a button: the letter opens on this page, at no address.
fn item(page: Page, letter: LetterSummary) -> impl IntoView {
    let texts = language::texts();
    let LetterSummary { id, label, language, sender, arrived, reply_by } = letter;
    let is_suspended = sender.is_suspended;
    let language_of_unit = language.clone();
    html::li().class("letterbox-letters__item").attr("data-letter", "").child((
        html::h2().class("letterbox-letters__label").child(
            html::button()
                .attr("type", "button")
                .attr("data-action", "read")
                .attr("lang", language)
                .class("ds_link letterbox-letters__open")
                .on(ev::click, move |_| page.read(id.clone()))
                .child(label),
        ),
        html::p().child(move || sender::from(texts, &sender, &language_of_unit)),
        is_suspended.then(|| html::p().child(html::strong().child(text(Message::SuspendedShort)))),
        html::p().class("letterbox-letters__came").child((
            text(Message::InboxCame),
            " ",
            time(arrived, locale::day),
        )),
        reply_by.map(|by| {
            html::p().child(html::strong().child((text(Message::ReplyBy), " ", time(by, locale::deadline))))
        }),
    ))
}
