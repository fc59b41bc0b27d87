//! The form that asks for the passphrase.

use client_catalogue::Message;
use leptos::{ev, html, prelude::*};

use crate::{
    elements::submit_button,
    language::{self, text},
    page::Page,
    problem,
};

/// The field, as a link's target and a selector.
pub(crate) const FIELD: &str = "#passphrase";

/// What the form says.
pub(crate) struct Form {
    /// What helps to fill it in.
    pub(crate) hint: Message,
    /// The words of its button.
    pub(crate) button: Message,
    /// `new-password` or `current-password` (HTML §4.10.18.7.1), for password managers.
    pub(crate) autocomplete: &'static str,
}

/// The form. `submit` gets what was typed.
pub(crate) fn form(page: Page, form: Form, submit: impl Fn(String) + 'static) -> impl IntoView {
    let texts = language::texts();
    let input = NodeRef::<html::Input>::new();
    // `None` until the reader asks for it to be shown.
    let visible = RwSignal::new(None::<bool>);
    let is_visible = move || visible.get() == Some(true);
    let error = move || page.problem.get().filter(|problem| problem::is_of_passphrase(*problem));

    let send = move |event: ev::SubmitEvent| {
        // The vault takes it; the browser would send it off.
        event.prevent_default();
        if let Some(field) = input.get_untracked() {
            visible.update(|visible| *visible = visible.map(|_| false));
            submit(field.value());
        }
    };
    let question_class =
        move || if error().is_some() { "ds_question ds_question--error" } else { "ds_question" };
    let described_by =
        move || if error().is_some() { "passphrase-error passphrase-hint" } else { "passphrase-hint" };
    let field = html::input()
        .attr("id", "passphrase")
        .attr("name", "passphrase")
        .attr("type", move || if is_visible() { "text" } else { "password" })
        .attr("class", move || if error().is_some() { "ds_input ds_input--error" } else { "ds_input" })
        .attr("autocomplete", form.autocomplete)
        .attr("autocapitalize", "none")
        .attr("autocorrect", "off")
        .attr("spellcheck", "false")
        .attr("aria-describedby", described_by)
        .attr("aria-invalid", move || error().map(|_| "true"))
        .node_ref(input);
    let toggle = html::button()
        .attr("type", "button")
        .attr("data-action", "show-passphrase")
        .attr("aria-controls", "passphrase")
        .class("ds_button ds_button--secondary letterbox-passphrase__toggle")
        .on(ev::click, move |_| visible.update(|visible| *visible = Some(*visible != Some(true))))
        .child(move || {
            texts.say(if is_visible() { Message::PassphraseHide } else { Message::PassphraseShow })
        });
    let announcement = move || {
        visible.get().map(|is_visible| {
            texts.say(if is_visible { Message::PassphraseIsShown } else { Message::PassphraseIsHidden })
        })
    };
    html::form().attr("novalidate", true).attr("data-form", "passphrase").on(ev::submit, send).child((
        html::div().attr("class", question_class).child((
            html::label().attr("for", "passphrase").class("ds_label").child(text(Message::PassphraseLabel)),
            html::p().attr("id", "passphrase-hint").class("ds_hint-text").child(text(form.hint)),
            problem::beside_field("passphrase-error", error),
            html::div().class("letterbox-passphrase").child((field, toggle)),
            html::p().attr("role", "status").class("visually-hidden").child(announcement),
        )),
        submit_button(page, "submit", form.button),
    ))
}
