//! One letter: who sent it and how we know, what it is about, what to do by when, what it says in
//! plain words, the letter itself, the files that came with it, how to reach the sender.

use client_catalogue::Message;
use client_messages::{Action, Alternative, Form, LetterView, Link, Sender};
use leptos::{html, prelude::*};

use crate::{
    attachments::attachments,
    elements::{back_button, details, is_outside, outside_link, screen, subheading, time, warning},
    language::{self, text},
    letter_text::{letter_text, text_below},
    locale,
    page::Page,
    sender,
};

/// The level of the heading over another form of the letter.
const FORM_LEVEL: u8 = 3;

pub(crate) fn letter(page: Page) -> AnyView {
    let Some(letter) = page.vault.letter.get_untracked() else { return ().into_any() };
    let LetterView {
        summary,
        in_plain_words,
        text: words,
        hosts,
        contact,
        case_id,
        actions,
        attachments: files,
        alternatives,
    } = letter;
    let language = summary.language;
    let in_plain_words = in_plain_words.map(|words| {
        let words = html::p().class("letterbox-lines").attr("lang", language.clone()).child(words);
        (subheading(Message::LetterPlainTitle), words)
    });
    screen(
        page,
        html::article().attr("data-letter", "").child((
            back_button(page, "close-letter", Message::LetterBack, move || page.close_letter()),
            from(&summary.sender, &language),
            html::h1()
                .attr("tabindex", "-1")
                .attr("aria-describedby", "sender")
                .attr("lang", language.clone())
                .class("letterbox-letter__label")
                .child(summary.label),
            html::p().child((text(Message::InboxCame), " ", time(summary.arrived, locale::day))),
            to_do(&summary.sender, &language, summary.reply_by, actions),
            in_plain_words,
            subheading(Message::LetterTextTitle),
            html::div()
                .class("letterbox-letter__text")
                .attr("lang", language.clone())
                .child(letter_text(&words, &hosts)),
            attachments(page, &summary.id, &language, files),
            other_forms(alternatives, &hosts),
            how_to_reach(&language, contact, case_id),
        )),
    )
}

/// Who sent it, and how we know.
fn from(sender: &Sender, language: &str) -> AnyView {
    let texts = language::texts();
    let is_suspended = sender.is_suspended;
    let unit = sender
        .unit
        .clone()
        .map(|unit| html::p().class("letterbox-letter__unit").attr("lang", language.to_owned()).child(unit));
    let tag = (!is_suspended)
        .then(|| html::span().class("ds_tag ds_tag--green").child(text(Message::SenderVerified)));
    let [for_name, for_lang, for_how, for_warning] = [(); 4].map(|()| sender.clone());
    let name = move || sender::name(&for_name, texts.language()).0.to_owned();
    let lang = move || sender::name(&for_lang, texts.language()).1.tag();
    let how = move || {
        let name = sender::name(&for_how, texts.language()).0;
        texts.say_with(
            Message::SenderHowText,
            &[("sender", name.into()), ("domain", for_how.domain.as_str().into())],
        )
    };
    let careful = is_suspended.then(|| {
        warning(move || {
            let name = sender::name(&for_warning, texts.language()).0;
            texts.say_with(Message::SenderSuspended, &[("sender", name.into())])
        })
    });
    (
        html::div()
            .attr("id", "sender")
            .class("letterbox-letter__sender")
            .child((html::p().child((html::strong().attr("lang", lang).child(name), " ", tag)), unit)),
        details(Message::SenderHowTitle, html::p().child(how)),
        careful,
    )
        .into_any()
}

/// What to do, and by when.
fn to_do(sender: &Sender, language: &str, reply_by: Option<u64>, actions: Vec<Action>) -> AnyView {
    let texts = language::texts();
    let nothing = (reply_by.is_none() && actions.is_empty()).then(|| {
        let sender = sender.clone();
        html::p().child(move || {
            let name = sender::name(&sender, texts.language()).0;
            texts.say_with(Message::LetterNothingToDo, &[("sender", name.into())])
        })
    });
    let reply_by = reply_by.map(|by| {
        html::p().child(html::strong().child((text(Message::ReplyBy), " ", time(by, locale::deadline))))
    });
    let actions = actions.into_iter().map(|action| to_do_item(language, action)).collect::<Vec<_>>();
    let list = (!actions.is_empty())
        .then(|| html::ul().class("letterbox-actions").attr("role", "list").child(actions));
    html::section()
        .class("letterbox-letter__to-do")
        .attr("aria-labelledby", "to-do")
        .child((
            html::h2().attr("id", "to-do").child(text(Message::LetterToDoTitle)),
            reply_by,
            nothing,
            list,
        ))
        .into_any()
}

fn to_do_item(language: &str, action: Action) -> impl IntoView + use<> {
    let texts = language::texts();
    let Action { label, by, link, reference, amount, address, start, end, place, details, until, file } =
        action;
    let address = address.or_else(|| only_text(link.as_ref()));
    let title = html::p().child(html::strong().attr("lang", language.to_owned()).child(label.clone()));
    let button = link.filter(is_outside).map(|link| {
        let words = html::span().attr("lang", language.to_owned()).child(label);
        html::p().child(outside_link(texts, &link, "ds_button", words))
    });
    let by = by.map(|by| {
        html::p().child(html::strong().child((text(Message::ActionBy), " ", time(by, locale::deadline))))
    });
    let amount = amount.map(|(minor_units, currency)| {
        let words = move || locale::amount(texts.language(), minor_units, &currency);
        html::p().child((text(Message::ActionAmount), " ", html::strong().child(words)))
    });
    let reference = reference.map(|reference| {
        html::p().child((text(Message::ActionReference), " ", html::strong().child(reference)))
    });
    let [start, end, until] =
        [(start, Message::ActionStart), (end, Message::ActionEnd), (until, Message::ActionUntil)].map(
            |(moment, words)| {
                moment.map(|moment| {
                    html::p().child((text(words), " ", html::strong().child(time(moment, locale::deadline))))
                })
            },
        );
    let place = place.map(|place| {
        let place = html::span().attr("lang", language.to_owned()).child(place);
        html::p().class("letterbox-lines").child((text(Message::ActionPlace), " ", place))
    });
    let details = details
        .map(|details| html::p().class("letterbox-lines").attr("lang", language.to_owned()).child(details));
    let when = (by, start, end);
    let what = (until, amount, reference, file.map(in_file), details);
    let address = address.map(dead_address);
    html::li().class("letterbox-actions__item").child((title, when, place, what, button, address))
}

/// The address of a link that may not be opened.
fn only_text(link: Option<&Link>) -> Option<String> {
    link.filter(|link| !is_outside(link)).map(|link| link.url.clone())
}

/// An address as text.
fn dead_address(address: String) -> impl IntoView {
    let texts = language::texts();
    let note = move || texts.say_with(Message::DeadLink, &[("address", address.as_str().into())]);
    html::p().child(html::span().class("letterbox-host").child(note))
}

/// Which of the letter's files it is about.
fn in_file(name: String) -> impl IntoView {
    // Isolated, as where the file is saved.
    html::p().child((text(Message::FormFile), " ", html::strong().child(html::bdi().child(name))))
}

/// The same letter in other forms.
fn other_forms(alternatives: Vec<Alternative>, hosts: &[String]) -> AnyView {
    if alternatives.is_empty() {
        return ().into_any();
    }
    let forms = alternatives.into_iter().map(|form| other_form(form, hosts)).collect::<Vec<_>>();
    (subheading(Message::FormsTitle), forms).into_any()
}

fn other_form(alternative: Alternative, hosts: &[String]) -> AnyView {
    let texts = language::texts();
    let Alternative { form, language, file, link, address, label, in_plain_words, text: words } = alternative;
    let name = text(match form {
        Form::Translation => Message::FormTranslation,
        Form::LargePrint => Message::FormLargePrint,
        Form::EasyRead => Message::FormEasyRead,
        Form::SignLanguage => Message::FormSignLanguage,
        Form::Audio => Message::FormAudio,
        Form::Braille => Message::FormBraille,
        Form::Print => Message::FormPrint,
    });
    let address = address.or_else(|| only_text(link.as_ref()));
    let link = link
        .filter(is_outside)
        .map(|link| html::p().child(outside_link(texts, &link, "letterbox-link", name)));
    let label =
        label.map(|label| html::p().child(html::strong().attr("lang", language.clone()).child(label)));
    let in_plain_words = in_plain_words
        .map(|words| html::p().class("letterbox-lines").attr("lang", language.clone()).child(words));
    let elements = words.map(|words| text_below(FORM_LEVEL, &words, hosts)).unwrap_or_default();
    let here = (!elements.is_empty())
        .then(|| html::div().class("letterbox-letter__text").attr("lang", language.clone()).child(elements));
    let title = html::h3().child((name, " (", language.clone(), ")"));
    (title, file.map(in_file), link, address.map(dead_address), label, in_plain_words, here).into_any()
}

/// How else to reach the sender.
fn how_to_reach(language: &str, contact: Option<String>, case_id: Option<String>) -> AnyView {
    if contact.is_none() && case_id.is_none() {
        return ().into_any();
    }
    let contact = contact
        .map(|contact| html::p().class("letterbox-lines").attr("lang", language.to_owned()).child(contact));
    let case_id = case_id
        .map(|case_id| html::p().child((text(Message::LetterCase), " ", html::strong().child(case_id))));
    (subheading(Message::LetterContactTitle), contact, case_id).into_any()
}
