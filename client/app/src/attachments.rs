//! The files of a letter: what each is, a button that saves it, how much of it has come.

use client_catalogue::Message;
use client_messages::Attachment;
use leptos::{ev, html, prelude::*};

use crate::{
    elements::{paragraph, warning},
    file_kind::{self, Care},
    language::{self, Texts, text},
    locale,
    page::Page,
    problem,
    saving::{Offer, Saving, Stage},
};

/// The files, if the letter has any. `language` is the letter's.
pub(crate) fn attachments(page: Page, letter: &str, language: &str, files: Vec<Attachment>) -> AnyView {
    if files.is_empty() {
        return ().into_any();
    }
    let files = files.into_iter().zip(0_u32..);
    let items = files.map(|(file, place)| item(page, letter, language, file, place)).collect::<Vec<_>>();
    html::section()
        .attr("aria-labelledby", "attachments")
        .child((
            html::h2().attr("id", "attachments").child(text(Message::AttachmentsTitle)),
            paragraph(Message::AttachmentsHint),
            html::ul().class("letterbox-attachments").attr("role", "list").child(items),
        ))
        .into_any()
}

fn item(page: Page, letter: &str, language: &str, file: Attachment, place: u32) -> AnyView {
    let texts = language::texts();
    let Attachment { file_name, size, label, .. } = file;
    let id = format!("attachment-{place}");
    // Isolated: a name in a script from right to left must not turn what stands around it.
    let name = html::bdi().child(file_name.clone());
    let label = label.map(|label| html::p().attr("lang", language.to_owned()).child(label));
    let careful = match file_kind::care(&file_name) {
        Care::None => ().into_any(),
        Care::OfItsKind => warning(text(Message::AttachmentCanRun)).into_any(),
        Care::OfNoKind => paragraph(Message::AttachmentNoKind).into_any(),
    };
    let kind = text(file_kind::in_words(&file_name));
    let saving = page.vault.saving;
    let of = letter.to_owned();
    let stage = Memo::new(move |_| {
        let found = |saving: &Saving| saving.is_of(&of, place).then_some(saving.stage);
        saving.with(|saving| saving.as_ref().and_then(found))
    });
    html::li()
        .class("letterbox-attachments__item")
        .child((
            html::p().attr("id", id.clone()).child(html::strong().child(name)),
            label,
            html::p().child((kind, ", ", move || locale::size(texts, size))),
            careful,
            save_button(page, letter.to_owned(), place, file_name),
            progress(texts, stage, size, id),
            news(texts, stage),
            once_more(page, stage),
            failure(texts, stage),
        ))
        .into_any()
}

/// A button that waits keeps the focus, which `disabled` would take from it.
fn save_button(page: Page, letter: String, place: u32, file_name: String) -> impl IntoView {
    let saving = page.vault.saving;
    let is_disabled =
        move || saving.with(|saving| saving.as_ref().is_some_and(Saving::is_under_way)).then_some("true");
    html::button()
        .attr("type", "button")
        .attr("data-action", "save")
        .attr("data-attachment", place.to_string())
        .attr("aria-disabled", is_disabled)
        .class("ds_button ds_button--secondary")
        .on(ev::click, move |_| page.save(letter.clone(), place))
        .child((text(Message::AttachmentSave), " ", html::span().class("visually-hidden").child(file_name)))
}

/// How much has come, for the eye: it changes too often to be said aloud.
fn progress(texts: Texts, stage: Memo<Option<Stage>>, size: u64, id: String) -> impl IntoView {
    let is_fetching = Memo::new(move |_| matches!(stage.get(), Some(Stage::Fetching { .. })));
    let part = move || stage.get().and_then(Stage::part);
    let words = move || {
        // What lies at the relay is longer than the file.
        let done = (part().unwrap_or_default() * size as f64) as u64;
        let [done, size] = [done, size].map(|bytes| locale::size(texts, bytes));
        texts.say_with(Message::AttachmentProgress, &[("done", done.into()), ("size", size.into())])
    };
    move || {
        is_fetching.get().then(|| {
            let bar = html::progress()
                .attr("aria-labelledby", id.clone())
                .attr("max", "1")
                .attr("value", move || part().map(|part| part.to_string()));
            html::div().child((bar, html::p().child(words)))
        })
    }
}

/// What is said aloud of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    /// One, two or three quarters of the file are here.
    Quarters(u32),
    Saved,
}

/// Politely, and not often. The region is always in the document, so that screen readers know of it
/// before it has something to say.
fn news(texts: Texts, stage: Memo<Option<Stage>>) -> impl IntoView {
    let news = Memo::new(move |_| match stage.get()? {
        Stage::Saved => Some(News::Saved),
        stage => {
            let quarters = (stage.part()? * 4.0) as u32;
            (1..4).contains(&quarters).then_some(News::Quarters(quarters))
        }
    });
    let words = move || {
        news.get().map(|news| match news {
            News::Quarters(quarters) => {
                let words =
                    move || texts.say_with(Message::AttachmentQuarters, &[("quarters", quarters.into())]);
                html::span().class("visually-hidden").child(words).into_any()
            }
            News::Saved => {
                html::p().attr("data-saved", "").child(move || texts.say(Message::AttachmentSaved)).into_any()
            }
        })
    };
    html::div().attr("role", "status").attr("data-file-news", "").child(words)
}

/// The way to a file that was saved and that the browser did not take.
fn once_more(page: Page, stage: Memo<Option<Stage>>) -> impl IntoView {
    let offer = page.vault.offer;
    move || offer.get().filter(|_| stage.get() == Some(Stage::Saved)).map(save_again)
}

/// A link that saves a file once more. What the reader presses by hand every browser lets through.
pub(crate) fn save_again(offer: Offer) -> impl IntoView {
    let Offer { address, file_name } = offer;
    html::p().child(
        html::a()
            .attr("href", address)
            .attr("download", file_name.clone())
            .attr("data-action", "save-again")
            .class("letterbox-again")
            .child((
                text(Message::AttachmentSaveAgain),
                " ",
                html::span().class("visually-hidden").child(file_name),
            )),
    )
}

/// Why it was not saved, beside its button.
fn failure(texts: Texts, stage: Memo<Option<Stage>>) -> impl IntoView {
    let problem = Memo::new(move |_| match stage.get() {
        Some(Stage::Failed(problem)) => Some(problem),
        _ => None,
    });
    let words = move || {
        problem.get().map(|problem| {
            let prefix = html::span().class("visually-hidden").child(move || texts.say(Message::ErrorPrefix));
            html::p()
                .attr("data-problem", format!("{problem:?}"))
                .class("ds_question__error-message")
                .child((prefix, " ", move || texts.say(problem::message(problem))))
        })
    };
    html::div().attr("role", "alert").child(words)
}
