//! One file per screen. Which one is shown follows from what the vault says and what the reader does.

mod choose_passphrase;
mod confirm;
mod enrolled_elsewhere;
mod handed_over;
mod inbox;
mod letter;
mod locked;
mod open_elsewhere;
mod ready;
mod recover;
mod returning;
mod settings;
mod sheet;
mod sheet_check;
mod sign_in;
mod start;
mod starting;
mod stopped;
mod vault_failed;
mod visit;
mod visit_over;
mod visit_sign_in;

use client_catalogue::Message;
use client_messages::{Problem, Status};
use leptos::prelude::*;

use crate::{
    address::Anew,
    focus::{self, ERROR_SUMMARY, HEADING},
    language,
    page::{Beginning, Page},
    vault::Life,
};

/// Every screen. A journey looks at each in both languages and both sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Screen {
    Starting,
    Start,
    Recover,
    ChoosePassphrase,
    SignIn,
    Returning,
    Confirm,
    Sheet,
    SheetCheck,
    Ready,
    Inbox,
    Letter,
    Settings,
    Locked,
    OpenElsewhere,
    EnrolledElsewhere,
    Visit,
    VisitSignIn,
    VisitOver,
    HandedOver,
    Stopped,
    VaultFailed,
}

impl Screen {
    /// The screen to show now.
    fn of(page: Page) -> Self {
        let vault = page.vault;
        // Nothing more comes of this tab, whatever becomes of its vault.
        if page.tabs.has_handed_over.get() {
            return Self::HandedOver;
        }
        match vault.life.get() {
            Life::Failed => return Self::VaultFailed,
            Life::Starting => return Self::Starting,
            Life::Running => {}
        }
        if page.is_locking.get() || vault.has_locked.get() {
            return Self::Starting;
        }
        if page.because.get().is_some_and(Anew::is_of_visit) {
            return Self::VisitOver;
        }
        if page.is_returning.get() {
            return Self::Returning;
        }
        let status = vault.status.get();
        // The reader may have come from any of these to type the recovery code.
        if matches!(
            status,
            None | Some(
                Status::NoMailbox
                    | Status::SigningIn { .. }
                    | Status::Confirmed { .. }
                    | Status::Locked
                    | Status::EnrolledElsewhere
            )
        ) {
            match page.beginning.get() {
                Beginning::Code => return Self::Recover,
                Beginning::NewPassphrase => return Self::ChoosePassphrase,
                Beginning::VisitCode => return Self::Visit,
                Beginning::NotYet | Beginning::Passphrase => {}
            }
        }
        match status {
            None if page.problem.get().is_some() => Self::Stopped,
            None => Self::Starting,
            Some(Status::NoMailbox) if page.beginning.get() == Beginning::Passphrase => {
                Self::ChoosePassphrase
            }
            Some(Status::NoMailbox) => Self::Start,
            Some(Status::SigningIn { .. }) => Self::SignIn,
            Some(Status::Confirmed { .. }) => Self::Confirm,
            Some(Status::WritingDown) if page.is_checking.get() => Self::SheetCheck,
            Some(Status::WritingDown) => Self::Sheet,
            Some(Status::EnrolledElsewhere) => Self::EnrolledElsewhere,
            Some(Status::Locked) => Self::Locked,
            Some(Status::OpenElsewhere) => Self::OpenElsewhere,
            Some(Status::VisitBegun) => Self::VisitSignIn,
            Some(Status::VisitOver) => Self::Starting,
            Some(Status::Ready | Status::Open) if vault.is_new.get() => Self::Ready,
            Some(Status::Ready | Status::Open) if page.is_settling.get() => Self::Settings,
            Some(Status::Ready | Status::Open | Status::Visiting) if vault.letter.with(Option::is_some) => {
                Self::Letter
            }
            Some(Status::Ready | Status::Open | Status::Visiting) => Self::Inbox,
        }
    }

    /// Marks the screen on the document's root, for the journeys.
    const fn mark(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Start => "start",
            Self::Recover => "recover",
            Self::ChoosePassphrase => "choose-passphrase",
            Self::SignIn => "sign-in",
            Self::Returning => "returning",
            Self::Confirm => "confirm",
            Self::Sheet => "sheet",
            Self::SheetCheck => "sheet-check",
            Self::Ready => "ready",
            Self::Inbox => "inbox",
            Self::Letter => "letter",
            Self::Settings => "settings",
            Self::Locked => "locked",
            Self::OpenElsewhere => "open-elsewhere",
            Self::EnrolledElsewhere => "enrolled-elsewhere",
            Self::Visit => "visit",
            Self::VisitSignIn => "visit-sign-in",
            Self::VisitOver => "visit-over",
            Self::HandedOver => "handed-over",
            Self::Stopped => "stopped",
            Self::VaultFailed => "vault-failed",
        }
    }

    /// The screen's part of the document's title: short, and telling nothing to a passer-by.
    const fn name(self) -> Message {
        match self {
            Self::Starting => Message::StartingName,
            Self::Start => Message::StartName,
            Self::Recover => Message::RecoverName,
            Self::ChoosePassphrase => Message::ChoosePassphraseName,
            Self::SignIn => Message::SignInName,
            Self::Returning => Message::ReturningName,
            Self::Confirm => Message::ConfirmName,
            Self::Sheet => Message::SheetName,
            Self::SheetCheck => Message::SheetCheckName,
            Self::Ready => Message::ReadyName,
            Self::Inbox => Message::InboxName,
            Self::Letter => Message::LetterName,
            Self::Settings => Message::SettingsName,
            Self::Locked => Message::LockedName,
            Self::OpenElsewhere => Message::OpenElsewhereName,
            Self::EnrolledElsewhere => Message::EnrolledElsewhereName,
            Self::Visit => Message::VisitName,
            Self::VisitSignIn => Message::SignInName,
            Self::VisitOver => Message::VisitOverName,
            Self::HandedOver => Message::HandedOverName,
            Self::Stopped => Message::StoppedName,
            Self::VaultFailed => Message::VaultFailedName,
        }
    }

    fn content(self, page: Page) -> AnyView {
        match self {
            Self::Starting => starting::starting(page),
            Self::Start => start::start(page),
            Self::Recover => recover::recover(page),
            Self::ChoosePassphrase => choose_passphrase::choose_passphrase(page),
            Self::SignIn => sign_in::sign_in(page),
            Self::Returning => returning::returning(page),
            Self::Confirm => confirm::confirm(page),
            Self::Sheet => sheet::sheet(page),
            Self::SheetCheck => sheet_check::sheet_check(page),
            Self::Ready => ready::ready(page),
            Self::Inbox => inbox::inbox(page),
            Self::Letter => letter::letter(page),
            Self::Settings => settings::settings(page),
            Self::Locked => locked::locked(page),
            Self::OpenElsewhere => open_elsewhere::open_elsewhere(page),
            Self::EnrolledElsewhere => enrolled_elsewhere::enrolled_elsewhere(page),
            Self::Visit => visit::visit(page),
            Self::VisitSignIn => visit_sign_in::visit_sign_in(page),
            Self::VisitOver => visit_over::visit_over(page),
            Self::HandedOver => handed_over::handed_over(page),
            Self::Stopped => stopped::stopped(page),
            Self::VaultFailed => vault_failed::vault_failed(page),
        }
    }
}

/// What the focus and the title follow.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shown {
    screen: Screen,
    problem: Option<Problem>,
}

/// The screen to show now. The document's title, the mark on its root and the focus follow it.
pub(crate) fn current(page: Page) -> impl IntoView {
    let texts = language::texts();
    let screen = Memo::new(move |_| Screen::of(page));
    let shown = Memo::new(move |_| Shown { screen: screen.get(), problem: page.problem.get() });
    Effect::new(move || {
        let Shown { screen, problem } = shown.get();
        let title = if problem.is_some() { Message::PageTitleError } else { Message::PageTitle };
        let name = texts.say(screen.name());
        document().set_title(&texts.say_with(title, &[("screen", name.into())]));
        if let Some(root) = document().document_element() {
            // Setting an attribute by a valid name does not fail.
            let _ = root.set_attribute("data-screen", screen.mark());
        }
    });
    Effect::new(move |before: Option<Shown>| {
        let now = shown.get();
        // What the other tab took over is said whether or not this one had begun.
        let says_why = page.because.get_untracked().is_some() || now.screen == Screen::HandedOver;
        lead_the_focus(before, now, says_why);
        now
    });
    // Keyed by the screen: a new screen is made of new elements, and nothing typed into one is left
    // in the next.
    let each = move || [screen.get()];
    let content = move |screen: Screen| untrack(|| screen.content(page));
    For(ForProps::builder().each(each).key(|screen: &Screen| *screen).children(content).build())
}

/// The focus goes to what went wrong, or to the heading of a new screen. On the first screen it
/// stays where the browser puts it, unless it says why the page is there or ends.
fn lead_the_focus(before: Option<Shown>, now: Shown, says_why: bool) {
    let is_new_problem = now.problem.is_some() && before != Some(now);
    let is_new_screen = before
        .is_some_and(|before| before.screen != now.screen && (says_why || before.screen != Screen::Starting));
    if is_new_problem {
        focus::begin_at(ERROR_SUMMARY);
    } else if is_new_screen {
        focus::begin_at(HEADING);
    }
}
