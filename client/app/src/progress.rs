//! What is being done, for everything that takes a while.

use client_catalogue::Message;
use client_messages::Step;
use leptos::{html, prelude::*};

use crate::{
    focus, language,
    page::{Busy, Page},
};

const fn message(step: Step) -> Message {
    match step {
        Step::Sealing => Message::StepSealing,
        Step::Confirming => Message::StepConfirming,
        Step::Publishing => Message::StepPublishing,
        Step::Verifying => Message::StepVerifying,
        Step::OpeningMailbox => Message::StepOpeningMailbox,
        Step::Unlocking => Message::StepUnlocking,
        Step::Loading => Message::StepLoading,
        Step::Restoring => Message::StepRestoring,
    }
}

/// One line at the lower edge, said politely as it changes. It is always in the document, so that
/// screen readers know of it before it has something to say.
pub(crate) fn progress(page: Page) -> impl IntoView {
    let texts = language::texts();
    let doing = Memo::new(move |_| match (page.busy.get(), page.vault.step.get()) {
        // Another tab does it.
        _ if page.tabs.has_handed_over.get() => None,
        (Busy::Leaving, _) => Some(Message::ProgressLeaving),
        (_, Some(step)) => Some(message(step)),
        (Busy::Waiting, None) => Some(Message::ProgressWaiting),
        (Busy::No | Busy::Briefly, None) => None,
    });
    // What happens by itself moves no page: that would be taken for the reader (see `idle`).
    let is_asked_for = Memo::new(move |_| doing.get().is_some() && page.busy.get() != Busy::No);
    Effect::new(move || {
        if is_asked_for.get() {
            focus::keep_uncovered();
        }
    });
    html::p()
        .attr("role", "status")
        .attr("data-progress", "")
        .class("letterbox-progress")
        .child(move || doing.get().map(|message| texts.say(message)))
}
