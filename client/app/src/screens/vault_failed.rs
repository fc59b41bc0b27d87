//! Shown when the vault cannot start. Nothing is deleted; loading again is the way on.

use client_catalogue::Message;
use leptos::{ev, html, prelude::*};

use crate::language::text;

pub(crate) fn vault_failed() -> impl IntoView {
    html::div().attr("role", "alert").child((
        html::h1().child(text(Message::VaultFailedTitle)),
        html::p().child(text(Message::VaultFailedText)),
        html::button()
            .attr("type", "button")
            .attr("data-action", "retry")
            .class("ds_button")
            .on(ev::click, |_| {
                // Fails only where there is no document to load again.
                let _ = window().location().reload();
            })
            .child(text(Message::VaultFailedRetry)),
    ))
}
