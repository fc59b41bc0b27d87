//! What the reader is told on every screen of the open mailbox: alarms, a lost connection, news, a file
//! that was saved after its letter was closed.

use client_catalogue::Message;
use client_messages::Connection;
use leptos::{html, prelude::*};

use crate::{
    attachments::save_again,
    elements::{paragraph, warning},
    language::{self, text},
    page::Page,
    problem,
};

/// The notes, above the screen. Their regions are always in the document, so that screen readers
/// know of them before they have something to say.
pub(crate) fn notes(page: Page) -> impl IntoView {
    let texts = language::texts();
    let vault = page.vault;
    let alarms = move || {
        let alarms = vault.alarms.get().into_iter();
        alarms.map(|alarm| warning(move || texts.say(problem::message(alarm)))).collect::<Vec<_>>()
    };
    let connection = move || {
        (vault.is_open() && vault.connection.get() == Some(Connection::Lost))
            .then(|| html::p().class("ds_inset-text").child(text(Message::ConnectionLost)))
    };
    // Nothing is said of a connection of which nothing was heard: neither that it is there nor that it is not.
    let heard = move || match vault.connection.get() {
        None => "",
        Some(Connection::Live) => "live",
        Some(Connection::Lost) => "lost",
    };
    let news = move || {
        let count = vault.news.get();
        (count > 0).then(|| {
            let words = move || texts.say_with(Message::InboxNews, &[("count", count.into())]);
            html::p().class("ds_inset-text").child(words)
        })
    };
    // Where its letter is shown, this stands beside its button.
    let saved = move || {
        let offer = vault.offer.get().filter(|_| vault.saving.with(Option::is_none));
        offer.map(|offer| {
            let words = paragraph(Message::AttachmentSaved);
            html::div().class("ds_inset-text").child((words, save_again(offer)))
        })
    };
    (
        html::div().attr("role", "alert").attr("data-alarms", "").child(alarms),
        html::div().attr("role", "status").attr("data-connection", heard).child(connection),
        html::div().attr("role", "status").attr("data-news", "").child(news),
        html::div().attr("role", "status").attr("data-offer", "").child(saved),
    )
}
