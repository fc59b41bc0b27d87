//! The page's end of the line to the vault: commands go out with a number, answers come back under
//! it, and what happens by itself becomes signals.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use client_messages::{
    Answer, Command, Connection, Event, FromVault, INTERFACE_VERSION, LetterSummary, LetterView, Problem,
    RecoverySheet, Request, Session, Settings, Status, Step,
};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event as BrowserEvent, MessageEvent, Worker};

use crate::{
    address::{self, Anew},
    saving::{Offer, Saving, Stage},
};

/// As long as a vault waits for the relay's word that a session is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whether the vault is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// The worker was started and has not been heard of.
    Starting,
    /// It listens.
    Running,
    /// It could not start, broke off, or is of another version than the page.
    Failed,
}

/// The vault, and the mailbox behind it as last heard of.
#[derive(Clone, Copy)]
pub(crate) struct Vault {
    /// Whether it is there.
    pub(crate) life: RwSignal<Life>,
    /// The state of the mailbox. `None` before the first answer.
    pub(crate) status: RwSignal<Option<Status>>,
    /// The letters, newest first. `None` before they were told of.
    pub(crate) inbox: RwSignal<Option<Vec<LetterSummary>>>,
    /// The letter that is read.
    pub(crate) letter: RwSignal<Option<LetterView>>,
    /// The file of a letter that is being saved, or was saved last. It holds nothing of the file.
    pub(crate) saving: RwSignal<Option<Saving>>,
    /// The file that the browser was given last, while an address leads to it.
    pub(crate) offer: RwSignal<Option<Offer>>,
    /// How many letters came while the mailbox was open and the reader did something else.
    pub(crate) news: RwSignal<u32>,
    /// Whether the relay can be reached. `None` before anything was heard of it.
    pub(crate) connection: RwSignal<Option<Connection>>,
    /// What must not be. It stays until the page is left.
    pub(crate) alarms: RwSignal<Vec<Problem>>,
    /// What the vault is doing.
    pub(crate) step: RwSignal<Option<Step>>,
    /// Whether the mailbox was set up just now, and the reader was not told yet.
    pub(crate) is_new: RwSignal<bool>,
    /// Whether the sign-in that was last heard of brings a mailbox back.
    pub(crate) is_recovery: RwSignal<bool>,
    /// The recovery code, while it is written down.
    pub(crate) sheet: RwSignal<Option<RecoverySheet>>,
    /// When it locks itself, as the reader has chosen. `None` while it is locked.
    pub(crate) settings: RwSignal<Option<Settings>>,
    /// The sessions that read this mailbox, the latest first. `None` before they were told of.
    pub(crate) sessions: RwSignal<Option<Vec<Session>>>,
    /// Those of them that the reader is told of, until they say that they have seen it.
    pub(crate) told: RwSignal<Vec<Session>>,
    /// Whether it locks itself within a minute, unless the reader does something.
    pub(crate) locks_soon: RwSignal<bool>,
    /// Whether it has locked itself: the page is about to begin anew.
    pub(crate) has_locked: RwSignal<bool>,
    /// When something happened by itself that may have moved the page, in milliseconds since 1970.
    happened: StoredValue<f64>,
    line: StoredValue<Line, LocalStorage>,
}

type Then = Box<dyn FnOnce(Answer)>;

struct Line {
    worker: Worker,
    last_number: u32,
    waiting: HashMap<u32, Then>,
    started: Option<Box<dyn FnOnce()>>,
}

impl Vault {
    pub(crate) fn new(worker: Worker) -> Self {
        Self {
            life: RwSignal::new(Life::Starting),
            status: RwSignal::new(None),
            inbox: RwSignal::new(None),
            letter: RwSignal::new(None),
            saving: RwSignal::new(None),
            offer: RwSignal::new(None),
            news: RwSignal::new(0),
            connection: RwSignal::new(None),
            alarms: RwSignal::new(Vec::new()),
            step: RwSignal::new(None),
            is_new: RwSignal::new(false),
            is_recovery: RwSignal::new(false),
            sheet: RwSignal::new(None),
            settings: RwSignal::new(None),
            sessions: RwSignal::new(None),
            told: RwSignal::new(Vec::new()),
            locks_soon: RwSignal::new(false),
            has_locked: RwSignal::new(false),
            happened: StoredValue::new(f64::NEG_INFINITY),
            line: StoredValue::new_local(Line {
                worker,
                last_number: 0,
                waiting: HashMap::new(),
                started: None,
            }),
        }
    }

    /// Listens, after what the vault has said `early`: the two start side by side, and either may be
    /// the first. `started` is called when the vault is there. Call once.
    pub(crate) fn listen(self, early: Vec<JsValue>, started: impl FnOnce() + 'static) {
        self.line.update_value(|line| line.started = Some(Box::new(started)));
        early.into_iter().for_each(|message| self.hear(message));
        let on_message =
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| self.hear(event.data()));
        let on_error = Closure::<dyn FnMut(BrowserEvent)>::new(move |_| self.life.set(Life::Failed));
        self.line.with_value(|line| {
            line.worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            line.worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        });
        on_message.forget(); // both live as long as the page
        on_error.forget();
    }

    /// Sends a command and calls `then` with its answer. Gives the number of the request, which is later
    /// than every earlier one; none if there is no vault to ask.
    pub(crate) fn ask(self, command: Command, then: impl FnOnce(Answer) + 'static) -> Option<u32> {
        let sent = self.line.try_update_value(|line| {
            line.last_number += 1;
            let number = line.last_number;
            let request = serde_wasm_bindgen::to_value(&Request { number, command }).ok()?;
            line.worker.post_message(&request).ok()?;
            line.waiting.insert(number, Box::new(then));
            Some(number)
        });
        let sent = sent.flatten();
        if sent.is_none() {
            self.life.set(Life::Failed);
        }
        sent
    }

    /// The mailbox is in this state now.
    pub(crate) fn note(self, status: Status) {
        let was_open = matches!(self.status.get_untracked(), Some(Status::Ready | Status::Open));
        if status != Status::WritingDown {
            self.sheet.set(None);
        }
        if let Status::SigningIn { is_recovery } | Status::Confirmed { is_recovery, .. } = status {
            self.is_recovery.set(is_recovery);
        }
        match status {
            Status::Ready if !was_open => self.is_new.set(true),
            Status::Ready | Status::Open | Status::WritingDown | Status::VisitBegun | Status::Visiting => {}
            _ => self.forget(),
        }
        self.status.set(Some(status));
    }

    /// Keeps nothing of what was in the mailbox.
    pub(crate) fn forget(self) {
        self.inbox.set(None);
        self.letter.set(None);
        self.saving.set(None);
        self.withdraw();
        self.news.set(0);
        self.connection.set(None);
        self.is_new.set(false);
        self.sheet.set(None);
        self.settings.set(None);
        self.sessions.set(None);
        self.told.set(Vec::new());
        self.locks_soon.set(false);
    }

    /// Whether the vault holds something that it locks by itself.
    pub(crate) fn holds_secrets(self) -> bool {
        let is_held = matches!(
            self.status.get_untracked(),
            Some(Status::Ready | Status::Open | Status::WritingDown | Status::VisitBegun | Status::Visiting)
        );
        is_held && !self.has_locked.get_untracked()
    }

    /// Whether the mailbox is open. Whoever asks is told of a change.
    pub(crate) fn is_open(self) -> bool {
        self.life.get() == Life::Running
            && matches!(self.status.get(), Some(Status::Ready | Status::Open | Status::Visiting))
    }

    /// Whether a session reads here. Whoever asks is told of a change.
    pub(crate) fn is_visiting(self) -> bool {
        self.life.get() == Life::Running && self.status.get() == Some(Status::Visiting)
    }

    /// Whether a session was begun here, or reads.
    pub(crate) fn is_in_visit(self) -> bool {
        matches!(self.status.get_untracked(), Some(Status::VisitBegun | Status::Visiting))
    }

    /// How long ago something happened by itself that may have moved the page, in milliseconds.
    pub(crate) fn since_something_happened(self) -> f64 {
        (js_sys::Date::now() - self.happened.get_value()).abs()
    }

    fn hear(self, message: JsValue) {
        match serde_wasm_bindgen::from_value::<FromVault>(message) {
            Ok(FromVault::Started { interface }) if interface == INTERFACE_VERSION => {
                self.life.set(Life::Running);
                // Taken out before it is called: it asks, and asking writes here.
                let started = self.line.try_update_value(|line| line.started.take()).flatten();
                if let Some(started) = started {
                    started();
                }
            }
            Ok(FromVault::Answer { number, answer }) => {
                if let Answer::Status(status) = &answer {
                    self.note(*status);
                }
                let then = self.line.try_update_value(|line| line.waiting.remove(&number)).flatten();
                if let Some(then) = then {
                    then(answer);
                }
            }
            Ok(FromVault::Event(event)) => self.happen(event),
            // Another version, or an error: boot.js keeps one as `undefined`.
            Ok(FromVault::Started { .. } | FromVault::Unreadable) | Err(_) => self.life.set(Life::Failed),
        }
    }

    fn happen(self, event: Event) {
        // What the reader waits for has its place, and comes too often.
        if !matches!(event, Event::Download { .. } | Event::Progress(_)) {
            self.happened.set_value(js_sys::Date::now());
        }
        match event {
            Event::Status(status) => self.note(status),
            Event::Inbox(letters) => self.take(letters),
            // Said once, not again with each try that fails: screen readers would read it out each time.
            Event::Connection(connection) if self.connection.get_untracked() == Some(connection) => {}
            Event::Connection(connection) => self.connection.set(Some(connection)),
            Event::Alarm(problem) => self.alarms.update(|alarms| {
                if !alarms.contains(&problem) {
                    alarms.push(problem);
                }
            }),
            Event::Progress(step) => self.step.set(step),
            Event::Settings(settings) => self.settings.set(Some(settings)),
            Event::Sessions(sessions) => self.hear_of(sessions),
            Event::LocksSoon(is_soon) => self.locks_soon.set(is_soon),
            Event::Locked(because) => {
                self.has_locked.set(true);
                self.forget();
                let anew = Anew::after(because, self.is_in_visit());
                if anew == Anew::VisitIdle {
                    // The vault has wiped everything, and tells the relay: that ends with the page.
                    set_timeout(move || address::begin_anew(anew), FAREWELL);
                } else {
                    address::begin_anew(anew);
                }
            }
            Event::Download { number, received, total } => self.saving.update(|saving| {
                if let Some(saving) = saving.as_mut().filter(|saving| saving.awaits(number)) {
                    saving.stage = Stage::Fetching { received, total };
                }
            }),
        }
    }

    fn take(self, letters: Vec<LetterSummary>) {
        let new = self.inbox.with_untracked(|known| match known {
            None => 0,
            Some(known) => {
                let known: HashSet<&str> = known.iter().map(|letter| letter.id.as_str()).collect();
                letters.iter().filter(|letter| !known.contains(letter.id.as_str())).count()
            }
        });
        // Letters that are loaded after the mailbox was opened, or brought back, are not news.
        let is_loading = matches!(self.step.get_untracked(), Some(Step::Loading | Step::Restoring));
        if new > 0 && !is_loading {
            self.news.update(|news| *news = news.saturating_add(u32::try_from(new).unwrap_or(u32::MAX)));
        }
        self.inbox.set(Some(letters));
    }
}
