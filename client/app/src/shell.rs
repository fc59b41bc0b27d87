//! What surrounds every screen: skip link, name, lock, language, leave-now, the main landmark.

use client_catalogue::Message;
use leptos::{ev, html, prelude::*};

use crate::{
    focus,
    idle::{locks_soon, why_locked},
    language::{self, text},
    leave::leave_button,
    notes::notes,
    page::Page,
    progress::progress,
    sessions::told,
    typed::{ends_soon, why_removed},
    visit::bar,
};

/// The main landmark, as a link's target and a selector.
pub(crate) const MAIN: &str = "#main-content";

/// `screen` inside the page's frame.
pub(crate) fn shell(page: Page, screen: impl IntoView + 'static) -> impl IntoView {
    let shown = language::shown();
    let other_tag = move || shown.get().other().tag();
    let [review, in_english] = [Message::LanguageReview, Message::LanguageReviewInEnglish].map(text);
    // A session is not locked: it is closed, below.
    let can_lock =
        Memo::new(move |_| page.vault.is_open() && !page.vault.is_visiting() && !page.is_locking.get());
    let skip = |event: ev::MouseEvent| {
        // Without a fragment in the address, which would be an entry of the history.
        event.prevent_default();
        focus::move_to(MAIN);
    };
    (
        html::div().class("ds_skip-links").child(
            html::ul().class("ds_skip-links__list").child(
                html::li().class("ds_skip-links__item").child(
                    html::a()
                        .attr("href", MAIN)
                        .class("ds_skip-links__link")
                        .on(ev::click, skip)
                        .child(text(Message::SkipToContent)),
                ),
            ),
        ),
        html::header().class("ds_site-header").child(
            html::div().class("ds_wrapper letterbox-bar").child((
                html::p().class("letterbox-bar__name").child(text(Message::AppTitle)),
                html::div().class("letterbox-bar__controls").child((
                    move || can_lock.get().then(|| lock_button(page)),
                    html::button()
                        .attr("type", "button")
                        .attr("data-action", "language")
                        .attr("lang", other_tag)
                        .class("ds_button ds_button--secondary ds_button--small")
                        .on(ev::click, move |_| shown.update(|language| *language = language.other()))
                        .child(text(Message::LanguageSwitch)),
                    leave_button(page),
                )),
            )),
        ),
        html::main()
            .attr("id", "main-content")
            .attr("tabindex", "-1")
            .class("ds_wrapper letterbox-main")
            .child((
                move || {
                    let note = review();
                    (!note.is_empty()).then(|| {
                        let in_english = html::span().attr("lang", "en").child(in_english);
                        html::p().class("ds_inset-text").child((note, " ", in_english))
                    })
                },
                bar(page),
                why_locked(page),
                why_removed(page),
                told(page),
                notes(page),
                screen,
                progress(page),
                locks_soon(page),
                ends_soon(page),
            )),
    )
}

fn lock_button(page: Page) -> impl IntoView {
    html::button()
        .attr("type", "button")
        .attr("data-action", "lock")
        .attr("title", text(Message::LockHint))
        .class("ds_button ds_button--secondary ds_button--small")
        .on(ev::click, move |_| page.lock())
        .child(text(Message::Lock))
}
