//! What locks by itself: telling the vault that the reader is there, the warning before the end, and why
//! the page was locked.
//!
//! The vault has the clock ([`client_messages::Event::LocksSoon`]). The page says that its reader does
//! something, and when it goes out of sight and comes back. Out of sight it shows nothing, so that neither
//! the picture in the list of open apps nor the first moment after a long sleep has a letter on it.

use client_catalogue::Message;
use client_messages::{Command, Status};
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use crate::{
    address::{self, Anew},
    elements::second_button,
    focus,
    language::{self, text},
    page::Page,
    shell::MAIN,
};

/// What a reader does, whatever they read with. A screen reader may do no more than scroll; what it presses,
/// and what is dictated, comes without a pointer and without a key.
pub(crate) const SIGNS: [&str; 9] =
    ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "touchmove", "scroll", "click", "input"];

/// The vault need not hear of each.
const BETWEEN_SIGNS_MILLISECONDS: f64 = 5_000.0;

/// For so long a page may move by itself after something came.
const SETTLES_MILLISECONDS: f64 = 1_000.0;

/// Set on the document's root while nothing is to be seen (see the stylesheet).
const COVERED: &str = "data-covered";

/// Where the warning is. What is done there is for its button to say.
const WARNING: &str = "[data-locks-soon]";

/// Follows what the reader does, and whether the page is in sight. Call once.
pub(crate) fn follow(page: Page) {
    let last = StoredValue::new(f64::NEG_INFINITY);
    for sign in SIGNS {
        listen(sign, move |event| {
            // What an extension or a script pretends is not the reader.
            if !event.is_trusted() || is_within(&event, WARNING) || !page.vault.holds_secrets() {
                return;
            }
            let is_warned = page.vault.locks_soon.get_untracked();
            if sign == "scroll" && (is_warned || page.vault.since_something_happened() < SETTLES_MILLISECONDS)
            {
                // It may be the warning, or a letter that came, that moved the page: what is sent to a
                // mailbox does not keep it open.
                return;
            }
            let now = js_sys::Date::now();
            // Also when the device's clock was set back.
            let is_due = (now - last.get_value()).abs() >= BETWEEN_SIGNS_MILLISECONDS;
            if is_due || is_warned {
                last.set_value(now);
                page.vault.ask(Command::Active, |_| ());
            }
        });
    }
    listen("visibilitychange", move |_| {
        if document().hidden() {
            go_out_of_sight(page);
        } else {
            // If it is over meanwhile, the vault says that instead, and the page begins anew.
            let asked = page.vault.ask(Command::Shown, |_| cover(false));
            if asked.is_none() {
                cover(false);
            }
        }
    });
    // The vault may take a while to open, and the page be out of sight by then.
    Effect::new(move || {
        page.vault.status.track();
        if document().hidden() {
            go_out_of_sight(page);
        }
    });
    // A browser may keep the page behind its "back" button: then it keeps one without letters, and begins
    // anew when somebody goes back.
    let is_left = StoredValue::new(false);
    let was_visit = StoredValue::new(false);
    listen("pagehide", move |_| {
        is_left.set_value(true);
        was_visit.set_value(page.vault.is_in_visit());
        page.leave_visit();
        page.clear();
    });
    listen("pageshow", move |_| match (is_left.get_value(), was_visit.get_value()) {
        (true, true) => address::begin_anew(Anew::VisitClosed),
        (true, false) => address::reload(),
        (false, _) => {}
    });
}

pub(crate) fn listen(name: &str, hear: impl Fn(Event) + 'static) {
    let listener = window_event_listener_untyped(name, hear);
    on_cleanup(move || listener.remove());
}

/// Whether it came from within what a selector names.
pub(crate) fn is_within(event: &Event, selector: &str) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| matches!(target.closest(selector), Ok(Some(_))))
}

fn go_out_of_sight(page: Page) {
    if page.vault.holds_secrets() {
        cover(true);
        page.lock_if_hidden();
    }
}

fn cover(is_covered: bool) {
    if let Some(root) = document().document_element() {
        // Neither fails for a valid name.
        let _ = if is_covered { root.set_attribute(COVERED, "") } else { root.remove_attribute(COVERED) };
    }
}

/// The warning, at the lower edge wherever the reader is, said at once. Its regions are always in the
/// document, so that screen readers know of them before they have something to say.
pub(crate) fn locks_soon(page: Page) -> impl IntoView {
    let soon = page.vault.locks_soon;
    let has_stayed = RwSignal::new(false);
    Effect::new(move || {
        if soon.get() {
            focus::keep_uncovered();
        }
    });
    let stay = move || {
        page.vault.ask(Command::Active, |_| ());
        has_stayed.set(true);
        // The button is about to go.
        focus::stay_at(MAIN);
    };
    let warning = move || {
        soon.get().then(|| {
            has_stayed.set(false);
            html::div().child((
                html::p().child(text(if page.vault.is_in_visit() {
                    Message::VisitEndsSoon
                } else {
                    Message::LocksSoon
                })),
                second_button(page, "stay", Message::LocksSoonStay, stay),
            ))
        })
    };
    let texts = language::texts();
    let stayed = move || (has_stayed.get() && !soon.get()).then(|| texts.say(Message::LocksLater));
    (
        html::div().attr("role", "alert").attr("data-locks-soon", "").class("letterbox-soon").child(warning),
        html::p().attr("role", "status").attr("data-stayed", "").class("visually-hidden").child(stayed),
    )
}

/// Why the page was locked by itself, above the form that opens it.
pub(crate) fn why_locked(page: Page) -> impl IntoView {
    let why = move || {
        let is_locked = matches!(page.vault.status.get(), Some(Status::Locked | Status::Confirmed { .. }));
        let because = match page.because.get().filter(|_| is_locked) {
            Some(Anew::Idle) => Message::LockedIdle,
            Some(Anew::Hidden) => Message::LockedHidden,
            _ => return None,
        };
        Some(html::p().class("ds_inset-text").child(text(because)))
    };
    html::div().attr("role", "status").attr("data-why-locked", "").child(why)
}
