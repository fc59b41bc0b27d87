//! What the page is doing: what it asked of the vault, what came of it, where the reader is.
//!
//! One command is under way at a time; a second press of a button does nothing. What went wrong
//! stays on the screen until the reader does something.

use std::time::Duration;

use client_messages::{Answer, Command, Problem, Settings, Status};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Worker;

use crate::{
    address::{self, Anew},
    focus::{self, ERROR_SUMMARY},
    problem::is_of_code,
    tabs::{self, Tabs},
    typed::Typed,
    vault::{Life, Vault},
    visit::Visit,
};

/// The shortest passphrase that the vault takes, in characters.
const SHORTEST: usize = 8;

/// How long the vault may take to lock before the page ends it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether a command is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    No,
    /// With something that is there at once.
    Briefly,
    /// With something that takes a while.
    Waiting,
    /// The browser is on its way to ScotAccount.
    Leaving,
}

/// What the reader does before a sign-in begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Nothing yet: the screen follows from the state of the mailbox.
    NotYet,
    /// Chooses a passphrase for a new mailbox.
    Passphrase,
    /// Types the recovery code of a mailbox that there is.
    Code,
    /// Chooses a new passphrase for it.
    NewPassphrase,
    /// Types the recovery code to read on a device that keeps nothing.
    VisitCode,
}

/// The page's part in everything.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// The vault and what it has said.
    pub(crate) vault: Vault,
    /// Whether a command is under way.
    pub(crate) busy: RwSignal<Busy>,
    /// Why the last command did not work.
    pub(crate) problem: RwSignal<Option<Problem>>,
    /// What the reader does before a sign-in.
    pub(crate) beginning: RwSignal<Beginning>,
    /// Whether the reader types two groups back, after the recovery code was written down.
    pub(crate) is_checking: RwSignal<bool>,
    /// Whether the sign-in was begun on this page, not earlier.
    pub(crate) has_begun: RwSignal<bool>,
    /// Whether what ScotAccount sent is being looked at.
    pub(crate) is_returning: RwSignal<bool>,
    /// Whether the mailbox is being locked.
    pub(crate) is_locking: RwSignal<bool>,
    /// Why the page began anew, if it did by itself.
    pub(crate) because: RwSignal<Option<Anew>>,
    /// Whether the reader looks at the settings.
    pub(crate) is_settling: RwSignal<bool>,
    /// Whether what the reader chose there was stored, and nothing was done since.
    pub(crate) has_settled: RwSignal<bool>,
    /// What was typed and is not sent yet.
    pub(crate) typed: Typed,
    /// What the page knows of a session that reads here.
    pub(crate) visit: Visit,
    /// The other tabs of this browser.
    pub(crate) tabs: Tabs,
    /// The recovery code as it was typed, from when it fits until the vault has taken it.
    code: RwSignal<String>,
}

impl Page {
    /// Listens to the vault in `worker`. `returned` is what ScotAccount sent the browser back with,
    /// `because` why the page began anew.
    pub(crate) fn open(
        worker: Worker,
        early: Vec<JsValue>,
        returned: Option<String>,
        because: Option<Anew>,
    ) -> Self {
        let needs_code = because == Some(Anew::NewCode);
        let page = Self {
            vault: Vault::new(worker),
            busy: RwSignal::new(Busy::No),
            problem: RwSignal::new(None),
            beginning: RwSignal::new(if needs_code { Beginning::Code } else { Beginning::NotYet }),
            is_checking: RwSignal::new(false),
            has_begun: RwSignal::new(false),
            is_returning: RwSignal::new(returned.is_some()),
            is_locking: RwSignal::new(false),
            because: RwSignal::new(because),
            is_settling: RwSignal::new(false),
            has_settled: RwSignal::new(false),
            typed: Typed::new(),
            visit: Visit::new(),
            tabs: Tabs::new(),
            code: RwSignal::new(String::new()),
        };
        page.tabs.listen(move |query| page.visited(query), move || page.is_in_use());
        let is_asking = returned.as_deref().is_some_and(|query| page.tabs.ask(query));
        page.vault.listen(early, move || match returned {
            // It may be for another tab, which reads here without the vault of this one.
            Some(query) if is_asking => set_timeout(move || page.came_back(query), tabs::PATIENCE),
            Some(query) => page.came_back(query),
            // What is over is said first, and asks nothing of anybody.
            None if because.is_some_and(Anew::is_of_visit) => {}
            None => page.look(),
        });
        page
    }

    /// What ScotAccount sent is for the vault of this tab, as far as is known.
    fn came_back(self, query: String) {
        if !self.tabs.has_handed_over.get_untracked() {
            self.send(Busy::Waiting, Command::Returned { query });
        }
    }

    /// Whether the reader has opened something in the vault of this tab, or is about to.
    fn is_in_use(self) -> bool {
        let is_opening = self.busy.get_untracked() != Busy::No && !self.is_returning.get_untracked();
        is_opening
            || matches!(
                self.vault.status.get_untracked(),
                Some(
                    Status::WritingDown
                        | Status::Ready
                        | Status::Open
                        | Status::VisitBegun
                        | Status::Visiting
                )
            )
    }

    /// The reader wants a mailbox, and chooses a passphrase first.
    pub(crate) fn choose(self) {
        self.problem.set(None);
        self.beginning.set(Beginning::Passphrase);
    }

    /// The reader has a mailbox already, and types its recovery code first.
    pub(crate) fn come_back(self) {
        self.problem.set(None);
        self.beginning.set(Beginning::Code);
    }

    /// One step back towards the screen where the reader began.
    pub(crate) fn step_back(self) {
        self.problem.set(None);
        self.code.set(String::new());
        if self.beginning.get_untracked() == Beginning::NewPassphrase {
            self.beginning.set(Beginning::Code);
        } else {
            self.beginning.set(Beginning::NotYet);
            // What went wrong was the only thing known of the mailbox, and is not shown any more.
            if self.vault.status.get_untracked().is_none() {
                self.look();
            }
        }
    }

    /// Begins a sign-in for a new mailbox.
    pub(crate) fn begin(self, passphrase: String) {
        if self.takes(&passphrase) {
            self.begin_with(Command::Begin { passphrase }, false);
        }
    }

    /// Has the vault look at the recovery code, so that a slip of the finger shows at once.
    pub(crate) fn check_code(self, code: String) {
        if self.start(Busy::Waiting) {
            self.vault.ask(Command::CheckCode { code: code.clone() }, move |answer| match answer {
                Answer::CodeFits => {
                    // The reader may have gone back meanwhile.
                    if self.beginning.get_untracked() == Beginning::Code {
                        self.code.set(code);
                        self.beginning.set(Beginning::NewPassphrase);
                    }
                    self.rest();
                }
                other => self.heard(other),
            });
        }
    }

    /// Begins a sign-in that brings a mailbox back. Should the vault not get as far as trying the
    /// code, it need not be typed again.
    pub(crate) fn recover(self, passphrase: String) {
        if self.takes(&passphrase) {
            let code = self.code.get_untracked();
            self.begin_with(Command::Recover { code, passphrase }, true);
        }
    }

    /// Goes on to ScotAccount.
    pub(crate) fn go_on(self) {
        self.send(Busy::Waiting, Command::Resume);
    }

    /// Throws a sign-in away that was not finished.
    pub(crate) fn start_again(self) {
        if self.start(Busy::Briefly) {
            self.end_beginning();
            self.has_begun.set(false);
            self.vault.ask(Command::StartAgain, move |answer| self.heard(answer));
        }
    }

    /// Finishes setting up, or opens the mailbox.
    pub(crate) fn unlock(self, passphrase: String) {
        if self.takes(&passphrase) {
            self.send(Busy::Waiting, Command::Unlock { passphrase });
        }
    }

    /// Shows the recovery code again.
    pub(crate) fn show_sheet(self) {
        if self.vault.sheet.with_untracked(Option::is_none) {
            self.send(Busy::Briefly, Command::Sheet);
        } else {
            self.problem.set(None);
            self.is_checking.set(false);
        }
    }

    /// The reader has written the recovery code down, and types two groups of it back.
    pub(crate) fn check_sheet(self) {
        self.problem.set(None);
        self.is_checking.set(true);
    }

    /// Gives the vault the groups that were typed back, and finishes setting up.
    pub(crate) fn confirm_sheet(self, groups: Vec<String>) {
        self.send(Busy::Waiting, Command::ConfirmSheet { groups });
    }

    /// The reader was told that the mailbox is ready, and goes to the letters.
    pub(crate) fn enter(self) {
        self.vault.is_new.set(false);
    }

    /// Reads a letter.
    pub(crate) fn read(self, id: String) {
        self.vault.news.set(0);
        self.send(Busy::Briefly, Command::Read { id });
    }

    /// Goes back from a letter to the list.
    pub(crate) fn close_letter(self) {
        self.problem.set(None);
        self.vault.news.set(0);
        self.vault.letter.set(None);
        self.put_saved_away();
    }

    /// Asks the vault again in what state the mailbox is.
    pub(crate) fn look_again(self) {
        self.send(Busy::Briefly, Command::Status);
    }

    /// Shows the settings.
    pub(crate) fn open_settings(self) {
        self.problem.set(None);
        self.vault.news.set(0);
        self.has_settled.set(false);
        self.is_settling.set(true);
    }

    /// Goes back from them to the list.
    pub(crate) fn close_settings(self) {
        self.problem.set(None);
        self.is_settling.set(false);
    }

    /// Has the vault keep what the reader chose.
    pub(crate) fn settle(self, settings: Settings) {
        self.has_settled.set(false);
        self.send(Busy::Briefly, Command::Choose { settings });
    }

    /// Locks: nothing readable stays on the screen, in the page or in the vault.
    pub(crate) fn lock(self) {
        self.lock_and(address::reload);
    }

    /// The same, and what loads the page again then.
    pub(crate) fn lock_and(self, next: fn()) {
        self.clear();
        self.vault.ask(Command::Lock, move |_| next());
        // Loading again ends the vault in any case.
        set_timeout(next, PATIENCE);
    }

    /// The page is out of sight: locks, if the reader chose that.
    pub(crate) fn lock_if_hidden(self) {
        let settings = self.vault.settings.get_untracked();
        if settings.is_some_and(|settings| settings.locks_when_hidden) {
            self.clear();
            self.vault.ask(Command::Hidden, |_| ());
            // The vault answers with its end, and has been asked for nothing else since.
            set_timeout(|| address::begin_anew(Anew::Hidden), PATIENCE);
        }
    }

    /// Nothing readable stays on the screen or in the page. There is no way back from here but to begin
    /// anew.
    pub(crate) fn clear(self) {
        self.is_locking.set(true);
        self.tabs.stop_waiting();
        self.vault.forget();
        self.forget_code();
    }

    /// Keeps nothing of a recovery code, neither typed nor shown.
    pub(crate) fn forget_code(self) {
        self.code.set(String::new());
        self.vault.sheet.set(None);
    }

    /// Whether a recovery code that fits waits to be used.
    pub(crate) fn keeps_code(self) -> bool {
        self.code.with_untracked(|code| !code.is_empty())
    }

    /// Forgets a recovery code that was typed. It is asked for again.
    pub(crate) fn forget_typed_code(self) {
        self.code.set(String::new());
        if self.beginning.get_untracked() == Beginning::NewPassphrase {
            self.beginning.set(Beginning::Code);
        }
    }

    /// Whether a command is under way. Whoever asks is told of a change.
    pub(crate) fn is_busy(self) -> bool {
        self.busy.get() != Busy::No && self.vault.life.get() == Life::Running
    }

    fn takes(self, passphrase: &str) -> bool {
        if passphrase.chars().count() >= SHORTEST {
            return true;
        }
        self.problem.set(Some(Problem::PassphraseTooShort));
        // The same problem twice changes nothing on the screen: lead there all the same.
        focus::begin_at(ERROR_SUMMARY);
        false
    }

    /// Begins a sign-in. The next screen says what happens at ScotAccount before the browser goes there.
    fn begin_with(self, command: Command, is_recovery: bool) {
        if self.start(Busy::Waiting) {
            self.vault.ask(command, move |answer| match answer {
                Answer::GoTo(_) => {
                    self.has_begun.set(true);
                    self.vault.note(Status::SigningIn { is_recovery });
                    self.end_beginning();
                    self.rest();
                }
                other => self.heard(other),
            });
        }
    }

    fn end_beginning(self) {
        self.code.set(String::new());
        self.beginning.set(Beginning::NotYet);
    }

    fn send(self, busy: Busy, command: Command) {
        if self.start(busy) {
            self.vault.ask(command, move |answer| self.heard(answer));
        }
    }

    /// `false` if another command is under way.
    pub(crate) fn start(self, busy: Busy) -> bool {
        if self.busy.get_untracked() != Busy::No {
            return false;
        }
        self.problem.set(None);
        self.busy.set(busy);
        true
    }

    /// What came of a command, where nothing else is made of it.
    pub(crate) fn heard(self, answer: Answer) {
        match answer {
            Answer::GoTo(place) if address::follow(&place) => self.busy.set(Busy::Leaving),
            Answer::GoTo(_)
            | Answer::CodeFits
            | Answer::File(_)
            | Answer::Heard
            | Answer::Visit { .. }
            | Answer::Done => self.fail(Problem::OutOfTurn),
            Answer::Settings(settings) => {
                self.vault.settings.set(Some(settings));
                self.has_settled.set(true);
                self.rest();
            }
            // The vault's end of the line has noted it.
            Answer::Status(_) => self.rest(),
            Answer::Letter(letter) => {
                self.vault.letter.set(Some(*letter));
                self.rest();
            }
            Answer::Sheet(sheet) => {
                self.is_checking.set(false);
                self.vault.note(Status::WritingDown);
                self.vault.sheet.set(Some(sheet));
                self.rest();
            }
            Answer::Problem(problem) => self.fail(problem),
        }
    }

    /// Shows a problem on the screen that fits the state which it left behind.
    pub(crate) fn fail(self, problem: Problem) {
        self.vault.ask(Command::Status, move |_| {
            // A code that leads nowhere is of no more use: the reader types another.
            if is_of_code(problem) && self.beginning.get_untracked() == Beginning::NewPassphrase {
                self.code.set(String::new());
                self.beginning.set(Beginning::Code);
            }
            self.problem.set(Some(problem));
            self.rest();
        });
    }

    /// No command is under way any more.
    pub(crate) fn rest(self) {
        self.is_returning.set(false);
        self.busy.set(Busy::No);
    }

    /// Asks for the state when the page begins.
    pub(crate) fn look(self) {
        self.vault.ask(Command::Status, move |answer| {
            if let Answer::Problem(problem) = answer {
                self.problem.set(Some(problem));
            }
        });
    }
}
