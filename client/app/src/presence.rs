//! When the reader comes back to the page, or the browser to its network, the vault is asked where things
//! stand. It tries the relay at once then, whatever it was waiting for.

use client_messages::Command;
use leptos::{ev, prelude::*};

use crate::page::Page;

/// Listens for as long as the page lives. Call once.
pub(crate) fn attend(page: Page) {
    let look = move || {
        if untrack(|| page.vault.is_open() && !page.is_locking.get()) {
            page.vault.ask(Command::Status, |_| {});
        }
    };
    window_event_listener(ev::online, move |_| look());
    window_event_listener_untyped("visibilitychange", move |_| {
        if !document().hidden() {
            look();
        }
    });
}
