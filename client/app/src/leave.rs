//! "Leave this page now": one button away, or the Escape key three times.
//!
//! Leaving covers the page at once and replaces the current history entry, so that "back" does not
//! return here. Earlier entries of the browser's history remain.

use client_catalogue::Message;
use leptos::{ev, html, prelude::*};

use crate::{
    language::{text, text_with},
    page::Page,
};

/// Where leaving leads: a page that many people have open, and that says nothing about this one.
const ELSEWHERE: &str = "https://www.bbc.co.uk/weather";

/// How often Escape has to be pressed in a row.
const PRESSES: u32 = 3;

fn leave(page: Page) {
    if let Some(body) = document().body()
        && let Ok(cover) = document().create_element("div")
    {
        cover.set_class_name("letterbox-left");
        // In place of everything, so that a screen reader stops as well.
        body.replace_children_with_node_1(&cover);
    }
    page.end_visit();
    page.forget_code();
    page.stop_saving();
    document().set_title("");
    // Fails only for an address that cannot be parsed.
    let _ = window().location().replace(ELSEWHERE);
}

/// The button, with the keyboard way announced as it is used.
pub(crate) fn leave_button(page: Page) -> impl IntoView {
    let pressed = RwSignal::new(0_u32);
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.repeat() {
            return;
        }
        let count = if event.key() == "Escape" { pressed.get_untracked() + 1 } else { 0 };
        pressed.set(count);
        if count >= PRESSES {
            // Escape is also the browser's "stop loading": it must not stop the leaving.
            event.prevent_default();
            leave(page);
        }
    });
    on_cleanup(move || listener.remove());

    let counting = text_with(Message::LeaveNowCount, move || {
        vec![("left", PRESSES.saturating_sub(pressed.get()).into())]
    });
    let announcement = move || if (1..PRESSES).contains(&pressed.get()) { counting() } else { String::new() };
    (
        html::button()
            .attr("type", "button")
            .attr("data-action", "leave")
            .attr("title", text(Message::LeaveNowHint))
            .class("ds_button ds_button--small")
            .on(ev::click, move |_| leave(page))
            .child(text(Message::LeaveNow)),
        html::div().attr("role", "status").class("visually-hidden").child(announcement),
    )
}
