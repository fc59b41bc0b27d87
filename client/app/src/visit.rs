//! A session, on the device that is not the reader's: nothing of it is stored (`LBX-SESSION-8`).
//!
//! The recovery code is typed in this tab, ScotAccount is in another, and what it sent comes back through
//! [`crate::tabs`]. This tab goes nowhere: all there is lies in the memory of its vault, and is over with it.

use client_catalogue::Message;
use client_messages::{Answer, Command, Link, Problem, Status};
use leptos::{html, prelude::*};
use web_sys::Url;

use crate::{
    address::{self, Anew},
    elements::{button, outside_link, paragraph},
    language::{self, text},
    page::{Beginning, Busy, Page},
};

/// What the page knows of a session that reads here.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    /// The address at ScotAccount, until somebody has come back from there.
    pub(crate) link: RwSignal<Option<Link>>,
    /// Where one signs out of ScotAccount.
    pub(crate) sign_out: RwSignal<Option<Link>>,
}

impl Visit {
    pub(crate) fn new() -> Self {
        Self { link: RwSignal::new(None), sign_out: RwSignal::new(None) }
    }
}

impl Page {
    /// The reader has the recovery code here, and their own devices somewhere else.
    pub(crate) fn visit_here(self) {
        self.problem.set(None);
        self.beginning.set(Beginning::VisitCode);
    }

    /// Begins a session with the recovery code, as it was typed. The vault keeps it, and the page does not.
    pub(crate) fn begin_visit(self, code: String) {
        if self.start(Busy::Waiting) {
            self.vault.ask(Command::Visit { code }, move |answer| match answer {
                Answer::Visit { link } => {
                    // The reader may have gone back meanwhile.
                    if self.beginning.get_untracked() == Beginning::VisitCode {
                        self.beginning.set(Beginning::NotYet);
                        self.vault.note(Status::VisitBegun);
                        self.offer(&link, None);
                    } else {
                        self.lock();
                    }
                }
                other => self.heard(other),
            });
        }
    }

    /// Another tab came back from ScotAccount, and has handed over what it brought.
    pub(crate) fn visited(self, query: String) {
        if self.start(Busy::Waiting) {
            self.is_returning.set(true);
            self.visit.link.set(None);
            self.vault.ask(Command::Visited { query }, move |answer| match answer {
                Answer::Problem(problem) => self.offer_another(problem),
                other => self.heard(other),
            });
        }
    }

    /// The address was used and it did not work: the vault gives another one, and need not be told the code.
    fn offer_another(self, problem: Problem) {
        self.vault.ask(Command::Resume, move |answer| match answer {
            Answer::Visit { link } => self.offer(&link, Some(problem)),
            // What went wrong first says more.
            _ => self.fail(problem),
        });
    }

    /// Shows the address at ScotAccount as a link, and waits for what comes back from there.
    fn offer(self, address: &str, problem: Option<Problem>) {
        let Some(link) = web_link(address) else { return self.fail(Problem::OutOfTurn) };
        self.tabs.wait_for(address);
        self.visit.sign_out.set(sign_out(address));
        self.visit.link.set(Some(link));
        self.problem.set(problem);
        self.rest();
    }

    /// Closes the session and says so: nothing readable stays on the screen, in the page or in the vault.
    pub(crate) fn close_visit(self) {
        self.lock_and(|| address::begin_anew(Anew::VisitClosed));
    }

    /// The reader leaves the page: the session ends, if there is one. Nobody waits for the answer.
    pub(crate) fn end_visit(self) {
        if self.vault.is_in_visit() {
            self.vault.ask(Command::Lock, |_| ());
        }
    }

    /// The same where the page goes away. A browser may keep it behind its "back" button, or a picture of it:
    /// there is nothing on it then.
    pub(crate) fn leave_visit(self) {
        if !self.vault.is_in_visit() {
            return;
        }
        if let Some(body) = document().body() {
            body.replace_children_with_node_0();
        }
        self.end_visit();
    }

    /// The reader was told that it is over, and goes to the first screen.
    pub(crate) fn go_on_after_visit(self) {
        self.because.set(None);
        self.look();
    }
}

/// An address at ScotAccount as a link beside which its host stands.
fn web_link(address: &str) -> Option<Link> {
    let url = Url::new(address).ok().filter(|_| address::is_web(address))?;
    Some(Link { url: address.to_owned(), host: url.host() })
}

/// ScotAccount's own page for signing out lies below the one for signing in.
fn sign_out(address: &str) -> Option<Link> {
    let url = Url::new(address).ok()?;
    let path = url.pathname();
    path.ends_with("/authorize").then(|| web_link(&format!("{}{path}/logout", url.origin()))).flatten()
}

/// Says above every screen of a session where the reader is, with the way out.
pub(crate) fn bar(page: Page) -> impl IntoView {
    // The vault says its state again and again: the button keeps its focus.
    let is_visiting = Memo::new(move |_| page.vault.is_visiting() && !page.is_locking.get());
    let texts = language::texts();
    let sign_out = move || {
        let link = page.visit.sign_out.get();
        link.map(|link| {
            html::p().child(outside_link(texts, &link, "letterbox-link", text(Message::VisitSignOut)))
        })
    };
    move || {
        is_visiting.get().then(|| {
            html::div().attr("data-visit", "").class("ds_inset-text").child((
                paragraph(Message::VisitBar),
                sign_out,
                button(page, "close-visit", Message::VisitClose, move || page.close_visit()),
            ))
        })
    }
}
