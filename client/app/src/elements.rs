//! The pieces that screens are made of, in the design system's markup.

use client_catalogue::Message;
use client_messages::Link;
use leptos::{ev, html, prelude::*};

use crate::{
    language::{self, Texts, text},
    locale,
    page::Page,
    problem::error_summary,
};

/// A screen: one column of readable width, what went wrong above its content.
pub(crate) fn screen(page: Page, content: impl IntoView + 'static) -> AnyView {
    html::div()
        .class("ds_layout ds_layout--article")
        .child(html::div().class("ds_layout__content").child((error_summary(page), content)))
        .into_any()
}

/// The heading of a screen. It takes the focus when the screen is shown.
pub(crate) fn heading(message: Message) -> impl IntoView {
    html::h1().attr("tabindex", "-1").child(text(message))
}

/// The heading of a part.
pub(crate) fn subheading(message: Message) -> impl IntoView {
    html::h2().child(text(message))
}

/// A paragraph.
pub(crate) fn paragraph(message: Message) -> impl IntoView {
    html::p().child(text(message))
}

/// The paragraph that opens a screen.
pub(crate) fn lead(message: Message) -> impl IntoView {
    html::p().class("ds_leader").child(text(message))
}

/// A list of short points.
pub(crate) fn points(messages: &'static [Message]) -> impl IntoView {
    html::ul().child(messages.iter().map(|message| html::li().child(text(*message))).collect::<Vec<_>>())
}

/// A list of steps.
pub(crate) fn steps(messages: &'static [Message]) -> impl IntoView {
    html::ol().child(messages.iter().map(|message| html::li().child(text(*message))).collect::<Vec<_>>())
}

/// A part that opens when its title is pressed.
pub(crate) fn details(title: Message, content: impl IntoView + 'static) -> impl IntoView {
    html::details().class("ds_details").child((
        html::summary().class("ds_details__summary").child(text(title)),
        html::div().class("ds_details__text").child(content),
    ))
}

/// Something to be careful about.
pub(crate) fn warning(words: impl Fn() -> String + Send + 'static) -> impl IntoView {
    html::div().class("ds_warning-text").child((
        html::strong().class("ds_warning-text__icon").attr("aria-hidden", "true"),
        html::strong().class("visually-hidden").child(text(Message::Warning)),
        html::div().class("ds_warning-text__text").child(words),
    ))
}

/// The button that a screen is about. `mark` names it for the journeys.
pub(crate) fn button(
    page: Page,
    mark: &'static str,
    message: Message,
    press: impl Fn() + 'static,
) -> impl IntoView {
    any_button(page, mark, "ds_button", message, press)
}

/// A button beside it.
pub(crate) fn second_button(
    page: Page,
    mark: &'static str,
    message: Message,
    press: impl Fn() + 'static,
) -> impl IntoView {
    any_button(page, mark, "ds_button ds_button--secondary", message, press)
}

/// A button that leads back within the page.
pub(crate) fn back_button(
    page: Page,
    mark: &'static str,
    message: Message,
    press: impl Fn() + 'static,
) -> impl IntoView {
    any_button(page, mark, "ds_link ds_back-link letterbox-back", message, press)
}

/// A button that sends the form around it.
pub(crate) fn submit_button(page: Page, mark: &'static str, message: Message) -> impl IntoView {
    html::button()
        .attr("type", "submit")
        .attr("data-action", mark)
        .attr("aria-disabled", is_disabled(page))
        .class("ds_button")
        .child(text(message))
}

fn any_button(
    page: Page,
    mark: &'static str,
    class: &'static str,
    message: Message,
    press: impl Fn() + 'static,
) -> impl IntoView {
    html::button()
        .attr("type", "button")
        .attr("data-action", mark)
        .attr("aria-disabled", is_disabled(page))
        .class(class)
        .on(ev::click, move |_| press())
        .child(text(message))
}

/// A button that waits keeps the focus, which `disabled` would take from it. What it does is
/// refused while another command is under way (see [`Page`]).
fn is_disabled(page: Page) -> impl Fn() -> Option<&'static str> + Send + 'static {
    move || page.is_busy().then_some("true")
}

/// A link to another site. It opens beside the page, which stays open; the site is told nothing of
/// where its visitor comes from.
pub(crate) fn outside_link(
    texts: Texts,
    link: &Link,
    class: &'static str,
    words: impl IntoView + 'static,
) -> AnyView {
    let host = link.host.clone();
    let note = move || texts.say_with(Message::LinkHost, &[("host", host.as_str().into())]);
    // It stands in the words of the letter, which may be in another language.
    let language = move || texts.language().tag();
    html::a()
        .attr("href", link.url.clone())
        .attr("target", "_blank")
        .attr("rel", "noopener noreferrer")
        .class(class)
        .child((words, " ", html::span().attr("lang", language).class("letterbox-host").child(note)))
        .into_any()
}

/// Whether an address is one that an action or another form of a letter may lead to. The vault has made
/// sure; a mistake there must not become script here.
pub(crate) fn is_outside(link: &Link) -> bool {
    link.url.starts_with("https://")
}

/// A time of the day's length, for people and for machines.
pub(crate) fn time(seconds: u64, words: fn(Texts, u64) -> String) -> impl IntoView {
    let texts = language::texts();
    html::time().attr("datetime", locale::machine_readable(seconds)).child(move || words(texts, seconds))
}
