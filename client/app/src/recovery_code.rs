//! The forms that ask for the recovery code: the whole of it, or two groups of it.
//!
//! Nothing is refused while it is typed or pasted (WCAG 2.2, 3.3.8): the vault reads small letters,
//! spaces and hyphens as they come. No browser is to remember the code, or to send it to a speller.

use client_catalogue::Message;
use client_messages::Problem;
use leptos::{ev, html, prelude::*};

use crate::{
    elements::submit_button,
    language::{text, text_with},
    page::Page,
    problem,
};

/// The field for the whole code, as a link's target and a selector.
pub(crate) const FIELD: &str = "#recovery-code";
/// The first of the two fields for a group each.
pub(crate) const FIRST_GROUP: &str = "#group-first";

/// The form for the whole code. `submit` gets what was typed.
pub(crate) fn whole(page: Page, submit: impl Fn(String) + 'static) -> impl IntoView {
    let input = NodeRef::<html::Textarea>::new();
    let error = move || page.problem.get().filter(|problem| problem::is_of_code(*problem));
    let send = move |event: ev::SubmitEvent| {
        // The vault takes it; the browser would send it off.
        event.prevent_default();
        if let Some(field) = input.get_untracked() {
            submit(field.value());
        }
    };
    let described_by = move || {
        if error().is_some() { "recovery-code-error recovery-code-hint" } else { "recovery-code-hint" }
    };
    // All of it is seen at once, on a phone too.
    let field = html::textarea()
        .attr("id", "recovery-code")
        .attr("rows", "3")
        .attr("class", move || input_class(error().is_some()))
        .attr("autocomplete", "off")
        .attr("autocapitalize", "characters")
        .attr("autocorrect", "off")
        .attr("spellcheck", "false")
        .attr("aria-describedby", described_by)
        .attr("aria-invalid", move || error().map(|_| "true"))
        .node_ref(input);
    html::form().attr("novalidate", true).attr("data-form", "recovery-code").on(ev::submit, send).child((
        html::div().attr("class", move || question_class(error().is_some())).child((
            html::label().attr("for", "recovery-code").class("ds_label").child(text(Message::RecoverLabel)),
            html::p()
                .attr("id", "recovery-code-hint")
                .class("ds_hint-text")
                .child(text(Message::RecoverHint)),
            problem::beside_field("recovery-code-error", error),
            field,
        )),
        submit_button(page, "submit", Message::RecoverButton),
    ))
}

/// The form for the two groups with these numbers. `submit` gets what was typed, in this order.
pub(crate) fn two_groups(
    page: Page,
    [first, second]: [u8; 2],
    submit: impl Fn(Vec<String>) + 'static,
) -> impl IntoView {
    let inputs = [NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new()];
    let error = move || page.problem.get().filter(|problem| *problem == Problem::CodeMistyped);
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        submit(
            inputs.into_iter().filter_map(|input| input.get_untracked()).map(|field| field.value()).collect(),
        );
    };
    html::form().attr("novalidate", true).attr("data-form", "groups").on(ev::submit, send).child((
        html::div().attr("class", move || question_class(error().is_some())).child((
            html::p().attr("id", "groups-hint").class("ds_hint-text").child(text(Message::SheetCheckHint)),
            problem::beside_field("groups-error", error),
            html::div().class("letterbox-groups").child((
                group("group-first", first, inputs[0], error),
                group("group-second", second, inputs[1], error),
            )),
        )),
        submit_button(page, "submit", Message::SheetCheckButton),
    ))
}

/// The field for one group, named after its number on the sheet.
fn group(
    id: &'static str,
    number: u8,
    input: NodeRef<html::Input>,
    error: impl Fn() -> Option<Problem> + Copy + Send + 'static,
) -> impl IntoView {
    let label = text_with(Message::SheetCheckGroup, move || vec![("number", u32::from(number).into())]);
    let described_by = move || if error().is_some() { "groups-error groups-hint" } else { "groups-hint" };
    let field = html::input()
        .attr("id", id)
        .attr("type", "text")
        .attr("class", move || input_class(error().is_some()))
        .attr("autocomplete", "off")
        .attr("autocapitalize", "characters")
        .attr("autocorrect", "off")
        .attr("spellcheck", "false")
        .attr("aria-describedby", described_by)
        .attr("aria-invalid", move || error().map(|_| "true"))
        .node_ref(input);
    html::div().child((html::label().attr("for", id).class("ds_label").child(label), field))
}

const fn question_class(is_wrong: bool) -> &'static str {
    if is_wrong { "ds_question ds_question--error" } else { "ds_question" }
}

const fn input_class(is_wrong: bool) -> &'static str {
    if is_wrong { "ds_input ds_input--error letterbox-code-field" } else { "ds_input letterbox-code-field" }
}
