//! A session is over: why, what stays all the same, and what to do who doubts the device.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    address::{self, Anew},
    elements::{button, heading, lead, paragraph, screen, subheading},
    language::{self, text},
    page::Page,
};

pub(crate) fn visit_over(page: Page) -> AnyView {
    let texts = language::texts();
    let host = address::host();
    let why = match page.because.get_untracked() {
        Some(Anew::VisitIdle) => Some(Message::VisitOverIdle),
        Some(Anew::VisitTime) => Some(Message::VisitOverTime),
        Some(Anew::VisitEnded) => Some(Message::VisitOverEnded),
        _ => None,
    };
    let why = why.map(|why| html::p().class("ds_inset-text").attr("data-why-over", "").child(text(why)));
    let new_code = move || texts.say_with(Message::VisitOverCodeText, &[("host", host.as_str().into())]);
    screen(
        page,
        (
            heading(Message::VisitOverTitle),
            lead(Message::VisitOverText),
            why,
            paragraph(Message::VisitOverFiles),
            paragraph(Message::VisitOverScotAccount),
            subheading(Message::VisitOverCodeTitle),
            html::p().child(new_code),
            button(page, "first-screen", Message::VisitOverStart, move || page.go_on_after_visit()),
        ),
    )
}
