//! On the reader's own device: which sessions read the letters with the recovery code (`LBX-SESSION-7`).
//!
//! What is new stands above every screen of the open mailbox until the reader says that they have seen it. The
//! vault hears that it was shown once it is on a screen that somebody can see.

use client_catalogue::Message;
use client_messages::{Answer, Command, Session, SessionEnd};
use leptos::{html, prelude::*};

use crate::{
    address::{self, Anew},
    elements::{paragraph, second_button, subheading},
    focus, idle,
    language::{self, Texts, text},
    locale,
    page::{Busy, Page},
    shell::MAIN,
    vault::Vault,
};

impl Vault {
    /// All the sessions that there were, as the relay has them now.
    pub(crate) fn hear_of(self, sessions: Vec<Session>) {
        self.told.update(|told| {
            // What the reader has not put away stays, with what became of it.
            let is_told =
                |session: &&Session| session.is_news || told.iter().any(|known| known.id == session.id);
            let now = sessions.iter().filter(is_told).cloned().collect();
            *told = now;
        });
        self.sessions.set(Some(sessions));
    }
}

impl Page {
    /// The reader has seen this one.
    fn put_away(self, id: &str) {
        self.vault.told.update(|told| told.retain(|session| session.id != id));
        // The button is about to go.
        focus::stay_at(MAIN);
    }

    /// Ends a session that is open.
    fn end_session(self, id: String) {
        if self.start(Busy::Briefly) {
            self.vault.ask(Command::EndSession { id }, move |answer| match answer {
                Answer::Done => {
                    self.rest();
                    // The button is gone.
                    focus::stay_at(MAIN);
                }
                other => self.heard(other),
            });
        }
    }

    /// Somebody else has the code: the session ends, if it still reads, and the reader gets another code. That
    /// goes on in a page without letters, as every recovery does.
    fn replace_code(self, session: &Session) {
        let go_on = move || self.lock_and(|| address::begin_anew(Anew::NewCode));
        if session.end.is_some() {
            return go_on();
        }
        if self.start(Busy::Waiting) {
            let id = session.id.clone();
            // Should the relay not end it now: coming back with the code ends every session (`LBX-SESSION-6`).
            self.vault.ask(Command::EndSession { id }, move |_| go_on());
        }
    }
}

/// Tells the vault what was shown. Call once.
pub(crate) fn follow(page: Page) {
    let tell = move || {
        let is_shown = untrack(|| page.vault.is_open() && !page.is_locking.get());
        if !is_shown || document().hidden() {
            return;
        }
        let mut sessions = page.vault.told.get_untracked();
        sessions.retain(|session| session.is_news);
        if !sessions.is_empty() {
            // Said once. Should it fail, the vault tells of them again when the mailbox is next opened.
            page.vault.told.update(|told| told.iter_mut().for_each(|session| session.is_news = false));
            page.vault.ask(Command::ToldOf { sessions }, |_| ());
        }
    };
    Effect::new(move || {
        page.vault.told.track();
        page.vault.status.track();
        // Once it is in the document, and painted: a page that is out of sight paints nothing.
        request_animation_frame(tell);
    });
    idle::listen("visibilitychange", move |_| tell());
}

/// What the reader is told of, above the screen. Its region is always in the document, so that screen readers
/// know of it before it has something to say.
pub(crate) fn told(page: Page) -> impl IntoView {
    let each = move || {
        let is_shown = page.vault.is_open() && !page.is_locking.get();
        if is_shown { page.vault.told.get() } else { Vec::new() }
    };
    let list = ForProps::builder()
        .each(each)
        .key(|session: &Session| (session.id.clone(), session.end.is_some()))
        .children(move |session: Session| notice(page, session))
        .build();
    html::div().attr("role", "status").attr("data-sessions", "").child(For(list))
}

/// One session, with what the reader may do about it.
fn notice(page: Page, session: Session) -> impl IntoView {
    let texts = language::texts();
    let id = format!("session-{}", session.id);
    let [for_words, for_code] = [(); 2].map(|()| session.clone());
    let Session { id: seen, end, .. } = session;
    let ends = end.is_none().then(|| end_button(page, seen.clone()));
    html::div().attr("role", "group").attr("aria-labelledby", id.clone()).class("ds_inset-text").child((
        html::p().attr("id", id).child(html::strong().child(move || words(texts, &for_words))),
        html::div().class("ds_button-group").child((
            second_button(page, "session-was-me", Message::SessionWasMe, move || page.put_away(&seen)),
            ends,
            second_button(page, "session-not-me", Message::SessionNotMe, move || {
                page.replace_code(&for_code)
            }),
        )),
    ))
}

fn end_button(page: Page, id: String) -> impl IntoView {
    second_button(page, "end-session", Message::SessionEnd, move || page.end_session(id.clone()))
}

/// When it was opened, and until when.
fn words(texts: Texts, session: &Session) -> String {
    let opened = locale::day_and_time(texts, session.opened);
    if session.end.is_none() {
        return texts.say_with(Message::SessionIsOpen, &[("opened", opened.into())]);
    }
    let closed = locale::day_and_time(texts, session.ends);
    texts.say_with(Message::SessionWasOpen, &[("opened", opened.into()), ("closed", closed.into())])
}

const fn why(end: SessionEnd) -> Message {
    match end {
        SessionEnd::Itself => Message::SessionEndItself,
        SessionEnd::Device => Message::SessionEndDevice,
        SessionEnd::Restart => Message::SessionEndRestart,
        SessionEnd::Time => Message::SessionEndTime,
    }
}

/// Every session that is remembered, for the settings.
pub(crate) fn list(page: Page) -> impl IntoView {
    let texts = language::texts();
    let items = move |sessions: Vec<Session>| {
        let items = sessions.into_iter().map(|session| item(page, texts, session)).collect::<Vec<_>>();
        html::ul().attr("data-session-list", "").child(items)
    };
    let content = move || match page.vault.sessions.get() {
        None => paragraph(Message::SessionsUnknown).into_any(),
        Some(sessions) if sessions.is_empty() => paragraph(Message::SessionsNone).into_any(),
        Some(sessions) => (paragraph(Message::SessionsText), items(sessions)).into_any(),
    };
    (subheading(Message::SessionsTitle), content)
}

fn item(page: Page, texts: Texts, session: Session) -> AnyView {
    let id = session.id.clone();
    let ended = session.end.map(|end| (" ", text(why(end))));
    let ends = session.end.is_none().then(|| end_button(page, id));
    let words = move || words(texts, &session);
    html::li().child((html::p().child((words, ended)), ends)).into_any()
}
