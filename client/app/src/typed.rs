//! A passphrase or a recovery code that was typed and lies in its field: it does not lie there for longer
//! than an open mailbox may, and the vault's clock does not run before there is one.
//!
//! As there, the reader is warned a minute before, and any sign of theirs begins the time anew. Two clocks
//! are asked, of which the one counts that says more: neither a device that sleeps nor a calendar that is set
//! back makes the time any longer.

use std::time::Duration;

use client_catalogue::Message;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

use crate::{
    elements::second_button,
    focus,
    idle::{self, SIGNS},
    language::{self, text},
    page::{Busy, Page},
    passphrase, recovery_code,
    shell::MAIN,
    vault::Life,
};

/// Where something may be typed that opens a mailbox.
const FIELDS: [&str; 2] = [passphrase::FIELD, recovery_code::FIELD];

/// For how long nothing may be done, in milliseconds: as long as a vault allows by itself.
const ALLOWED: f64 = 5.0 * 60_000.0;

/// How long before the end the reader is warned. WCAG 2.2, 2.2.1 asks for 20 seconds.
const WARNING: f64 = 60_000.0;

/// How often the clocks are looked at.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Where the warning is. What is done there is for its button to say.
const REGION: &str = "[data-clears-soon]";

/// What two clocks say at once, in milliseconds: the one on the wall, and the steady one.
type Moment = [f64; 2];

/// How long nobody has done anything.
#[derive(Clone, Copy)]
struct Idle {
    milliseconds: f64,
    last: Moment,
}

impl Idle {
    const fn begin(now: Moment) -> Self {
        Self { milliseconds: 0.0, last: now }
    }

    /// How long it is now.
    fn look(&mut self, now: Moment) -> f64 {
        let passed = |clock: usize| (now[clock] - self.last[clock]).max(0.0);
        self.milliseconds += passed(0).max(passed(1));
        self.last = now;
        self.milliseconds
    }
}

fn now() -> Moment {
    [js_sys::Date::now(), window().performance().map_or(0.0, |clock| clock.now())]
}

/// What was typed, and what the reader is told of it.
#[derive(Clone, Copy)]
pub(crate) struct Typed {
    idle: StoredValue<Idle>,
    ends_soon: RwSignal<bool>,
    has_stayed: RwSignal<bool>,
    /// Whether something was removed, and nothing was typed since.
    was_removed: RwSignal<bool>,
}

impl Typed {
    pub(crate) fn new() -> Self {
        Self {
            idle: StoredValue::new(Idle::begin(now())),
            ends_soon: RwSignal::new(false),
            has_stayed: RwSignal::new(false),
            was_removed: RwSignal::new(false),
        }
    }

    /// The reader does something now.
    fn act(self) {
        self.idle.set_value(Idle::begin(now()));
        self.warn(false);
    }

    /// Said once: screen readers would read it out each time.
    fn warn(self, is_soon: bool) {
        if self.ends_soon.get_untracked() != is_soon {
            self.ends_soon.set(is_soon);
        }
    }
}

/// Follows how long what was typed has been there. Call once.
pub(crate) fn follow(page: Page) {
    let typed = page.typed;
    for sign in SIGNS {
        idle::listen(sign, move |event| {
            // What an extension or a script pretends is not the reader.
            if !event.is_trusted() || idle::is_within(&event, REGION) {
                return;
            }
            // What is over is not begun anew by the first touch after a sleep.
            look(page);
            if sign == "scroll" && typed.ends_soon.get_untracked() {
                // It may be the warning that moved the page.
                return;
            }
            typed.act();
            if sign == "input" {
                typed.was_removed.set(false);
            }
        });
    }
    idle::listen("visibilitychange", move |_| look(page));
    set_interval(move || look(page), BETWEEN_LOOKS);
}

fn look(page: Page) {
    let typed = page.typed;
    let Some(idle) = typed.idle.try_update_value(|idle| idle.look(now())) else { return };
    if !page.keeps_code() && !fields().iter().any(is_filled) {
        typed.warn(false);
    } else if idle < ALLOWED {
        typed.warn(idle >= ALLOWED - WARNING);
    } else if page.busy.get_untracked() == Busy::No || page.vault.life.get_untracked() == Life::Failed {
        // While the vault works with it, it is the vault's. One that has failed never comes to an end.
        fields().iter().for_each(empty);
        page.forget_typed_code();
        typed.act();
        typed.was_removed.set(true);
    }
}

fn fields() -> Vec<Element> {
    // The selectors are valid.
    FIELDS.into_iter().filter_map(|field| document().query_selector(field).ok().flatten()).collect()
}

fn is_filled(field: &Element) -> bool {
    let is_line = field.dyn_ref::<HtmlInputElement>().is_some_and(|field| !field.value().is_empty());
    is_line || field.dyn_ref::<HtmlTextAreaElement>().is_some_and(|field| !field.value().is_empty())
}

fn empty(field: &Element) {
    if let Some(field) = field.dyn_ref::<HtmlInputElement>() {
        field.set_value("");
    }
    if let Some(field) = field.dyn_ref::<HtmlTextAreaElement>() {
        field.set_value("");
    }
}

/// Why a field is empty, above its form.
pub(crate) fn why_removed(page: Page) -> impl IntoView {
    let why = move || {
        let was_removed = page.typed.was_removed.get() && !page.vault.is_open();
        was_removed.then(|| html::p().class("ds_inset-text").child(text(Message::TypedRemoved)))
    };
    html::div().attr("role", "status").attr("data-removed", "").child(why)
}

/// The warning, at the lower edge as the vault's. Its regions are always in the document.
pub(crate) fn ends_soon(page: Page) -> impl IntoView {
    let texts = language::texts();
    let Typed { ends_soon: soon, has_stayed, .. } = page.typed;
    Effect::new(move || {
        if soon.get() {
            focus::keep_uncovered();
        }
    });
    let stay = move || {
        page.typed.act();
        has_stayed.set(true);
        // The button is about to go.
        focus::stay_at(MAIN);
    };
    let warning = move || {
        soon.get().then(|| {
            has_stayed.set(false);
            html::div().child((
                html::p().child(text(Message::TypedEndsSoon)),
                second_button(page, "keep-typed", Message::TypedStay, stay),
            ))
        })
    };
    let stayed = move || (has_stayed.get() && !soon.get()).then(|| texts.say(Message::TypedStays));
    (
        html::div().attr("role", "alert").attr("data-clears-soon", "").class("letterbox-soon").child(warning),
        html::p().attr("role", "status").attr("data-stayed", "typed").class("visually-hidden").child(stayed),
    )
}
