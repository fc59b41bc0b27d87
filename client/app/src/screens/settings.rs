//! When the letters on this device lock by themselves. They always do in the end: there is no "never". Below,
//! which sessions read them.

use client_catalogue::Message;
use client_messages::{IDLE_MINUTES, Settings};
use leptos::{ev, html, prelude::*};

use crate::{
    elements::{back_button, heading, paragraph, screen, subheading, submit_button},
    language::{self, text},
    page::Page,
    sessions::list,
};

pub(crate) fn settings(page: Page) -> AnyView {
    let Some(Settings { idle_minutes, locks_when_hidden }) = page.vault.settings.get_untracked() else {
        return ().into_any();
    };
    let minutes = RwSignal::new(idle_minutes);
    let is_hidden = RwSignal::new(locks_when_hidden);
    let send = move |event: ev::SubmitEvent| {
        // The vault takes it; the browser would send it off.
        event.prevent_default();
        page.settle(Settings {
            idle_minutes: minutes.get_untracked(),
            locks_when_hidden: is_hidden.get_untracked(),
        });
    };
    let texts = language::texts();
    let saved = move || {
        page.has_settled
            .get()
            .then(|| html::p().class("ds_inset-text").child(move || texts.say(Message::SettingsSaved)))
    };
    let choices = IDLE_MINUTES.map(|choice| radio(choice, idle_minutes, minutes)).into_iter();
    screen(
        page,
        (
            back_button(page, "close-settings", Message::LetterBack, move || page.close_settings()),
            heading(Message::SettingsName),
            subheading(Message::SettingsTitle),
            paragraph(Message::SettingsDevice),
            html::form().attr("novalidate", true).attr("data-form", "settings").on(ev::submit, send).child((
                html::div().class("ds_question").child(
                    html::fieldset().attr("aria-describedby", "idle-hint").child((
                        html::legend().child(text(Message::SettingsIdle)),
                        html::p()
                            .attr("id", "idle-hint")
                            .class("ds_hint-text")
                            .child(text(Message::SettingsIdleHint)),
                        html::div().class("ds_field-group").child(choices.collect::<Vec<_>>()),
                    )),
                ),
                html::div().class("ds_question").child(hidden(locks_when_hidden, is_hidden)),
                submit_button(page, "submit", Message::SettingsSave),
            )),
            html::div().attr("role", "status").attr("data-settled", "").child(saved),
            list(page),
        ),
    )
}

fn radio(choice: u8, chosen: u8, minutes: RwSignal<u8>) -> impl IntoView {
    let texts = language::texts();
    let id = format!("idle-{choice}");
    let words = move || texts.say_with(Message::SettingsMinutes, &[("count", u32::from(choice).into())]);
    html::div().class("ds_radio").child((
        html::input()
            .attr("id", id.clone())
            .attr("type", "radio")
            .attr("name", "idle")
            .attr("value", choice.to_string())
            .attr("checked", (choice == chosen).then_some(""))
            .attr("class", "ds_radio__input")
            .on(ev::change, move |_| minutes.set(choice)),
        html::label().attr("for", id).class("ds_radio__label").child(words),
    ))
}

fn hidden(is_chosen: bool, is_hidden: RwSignal<bool>) -> impl IntoView {
    html::div().class("ds_checkbox").child((
        html::input()
            .attr("id", "hidden")
            .attr("type", "checkbox")
            .attr("checked", is_chosen.then_some(""))
            .attr("aria-describedby", "hidden-hint")
            .attr("class", "ds_checkbox__input")
            .on(ev::change, move |event| is_hidden.set(event_target_checked(&event))),
        html::label().attr("for", "hidden").class("ds_checkbox__label").child(text(Message::SettingsHidden)),
        html::p().attr("id", "hidden-hint").class("ds_hint-text").child(text(Message::SettingsHiddenHint)),
    ))
}
