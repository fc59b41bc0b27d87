//! What surrounds every screen: skip link, name, language, leave-now, the main landmark.

use client_catalogue::Message;
use leptos::{ev, html, prelude::*};

use crate::{
    language::{self, text},
    leave::leave_button,
};

/// `screen` inside the page's frame.
pub(crate) fn shell(screen: impl IntoView + 'static) -> impl IntoView {
    let shown = language::shown();
    let other_tag = move || shown.get().other().tag();
    let review = text(Message::LanguageReview);
    (
        html::div().class("ds_skip-links").child(
            html::ul().class("ds_skip-links__list").child(
                html::li().class("ds_skip-links__item").child(
                    html::a()
                        .attr("href", "#main-content")
                        .class("ds_skip-links__link")
                        .child(text(Message::SkipToContent)),
                ),
            ),
        ),
        html::header().class("ds_site-header").child(
            html::div().class("ds_wrapper letterbox-bar").child((
                html::p().class("letterbox-bar__name").child(text(Message::AppTitle)),
                html::div().class("letterbox-bar__controls").child((
                    html::button()
                        .attr("type", "button")
                        .attr("data-action", "language")
                        .attr("lang", other_tag)
                        .class("ds_button ds_button--secondary ds_button--small")
                        .on(ev::click, move |_| shown.update(|language| *language = language.other()))
                        .child(text(Message::LanguageSwitch)),
                    leave_button(),
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
                    (!note.is_empty()).then(|| html::p().class("ds_inset-text").child(note))
                },
                screen,
            )),
    )
}
