//! Coming back from ScotAccount and going there.
//!
//! Every step replaces the present history entry, and nothing adds one: "back" never leads to an
//! address with a code in it, and leaving the page leaves no entry of it behind.

use client_messages::LockedBecause;
use leptos::prelude::window;
use wasm_bindgen::JsValue;

/// Where ScotAccount sends the browser back to. The static host serves the page there too.
const RETURN_PATH: &str = "/signed-in";

/// What ScotAccount sent, if it sent the browser here just now: the part after the question mark.
/// The address is replaced by the plain one at once.
pub(crate) fn take_returned() -> Option<String> {
    let location = window().location();
    if location.pathname().ok()? != RETURN_PATH {
        return None;
    }
    let query = location.search().unwrap_or_default();
    replace_entry(&JsValue::NULL);
    Some(query.strip_prefix('?').unwrap_or_default().to_owned())
}

/// Why the page began anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anew {
    /// Nobody did anything for a while, and the mailbox was locked.
    Idle,
    /// The page was out of sight, and the mailbox was locked.
    Hidden,
    /// The reader closed a session, or left the page in which it was.
    VisitClosed,
    /// Nobody did anything for a while, and a session was closed.
    VisitIdle,
    /// A session had its time.
    VisitTime,
    /// A session was ended from somewhere else.
    VisitEnded,
    /// Somebody else has the recovery code: the reader gets another one.
    NewCode,
}

impl Anew {
    const ALL: [Self; 7] = [
        Self::Idle,
        Self::Hidden,
        Self::VisitClosed,
        Self::VisitIdle,
        Self::VisitTime,
        Self::VisitEnded,
        Self::NewCode,
    ];

    /// After the vault has locked itself. `is_visit`: it held a session.
    pub(crate) const fn after(because: LockedBecause, is_visit: bool) -> Self {
        match because {
            LockedBecause::Idle if is_visit => Self::VisitIdle,
            LockedBecause::Idle => Self::Idle,
            LockedBecause::Hidden => Self::Hidden,
            LockedBecause::SessionTime => Self::VisitTime,
            LockedBecause::SessionEnded => Self::VisitEnded,
        }
    }

    /// Whether a session is over.
    pub(crate) const fn is_of_visit(self) -> bool {
        matches!(self, Self::VisitClosed | Self::VisitIdle | Self::VisitTime | Self::VisitEnded)
    }

    /// What stands in the entry of the history.
    const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Hidden => "hidden",
            Self::VisitClosed => "visit-closed",
            Self::VisitIdle => "visit-idle",
            Self::VisitTime => "visit-time",
            Self::VisitEnded => "visit-ended",
            Self::NewCode => "new-code",
        }
    }
}

/// Begins the page anew: nothing of its memory is left. One word of why goes with the entry of the history,
/// and nothing else.
pub(crate) fn begin_anew(because: Anew) {
    replace_entry(&JsValue::from_str(because.word()));
    reload();
}

/// Why the page began anew, if it did by itself. Said once.
pub(crate) fn take_because() -> Option<Anew> {
    let kept = window().history().and_then(|history| history.state()).ok()?.as_string()?;
    replace_entry(&JsValue::NULL);
    Anew::ALL.into_iter().find(|because| because.word() == kept)
}

/// Puts the plain address and `state` in place of the present entry of the history.
fn replace_entry(state: &JsValue) {
    // Fails only for an address of another origin.
    let _ = window().history().and_then(|history| history.replace_state_with_url(state, "", Some("/")));
}

/// Goes to an address that the vault named. `false` if it cannot be gone to.
pub(crate) fn follow(address: &str) -> bool {
    is_web(address) && window().location().replace(address).is_ok()
}

/// Whether an address may be gone to. The vault names addresses of the signed trust file. Nothing that runs
/// script is ever gone to.
pub(crate) fn is_web(address: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme))
}

/// Where this page is, as a person types it.
pub(crate) fn host() -> String {
    window().location().host().unwrap_or_default()
}

/// Loads the page again, which also ends the vault.
pub(crate) fn reload() {
    // Fails only where there is no document to load again.
    let _ = window().location().reload();
}
