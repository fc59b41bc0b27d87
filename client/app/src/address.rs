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

/// Begins the page anew after the vault has locked itself: nothing of its memory is left. One word of why
/// goes with the entry of the history, and nothing else.
pub(crate) fn begin_anew(because: LockedBecause) {
    replace_entry(&JsValue::from_str(word(because)));
    reload();
}

/// Why the page began anew, if it did because the vault had locked itself. Said once.
pub(crate) fn take_because() -> Option<LockedBecause> {
    let kept = window().history().and_then(|history| history.state()).ok()?.as_string()?;
    replace_entry(&JsValue::NULL);
    [LockedBecause::Idle, LockedBecause::Hidden].into_iter().find(|because| word(*because) == kept)
}

const fn word(because: LockedBecause) -> &'static str {
    match because {
        LockedBecause::Idle => "idle",
        LockedBecause::Hidden => "hidden",
    }
}

/// Puts the plain address and `state` in place of the present entry of the history.
fn replace_entry(state: &JsValue) {
    // Fails only for an address of another origin.
    let _ = window().history().and_then(|history| history.replace_state_with_url(state, "", Some("/")));
}

/// Goes to an address that the vault named. `false` if it cannot be gone to.
pub(crate) fn follow(address: &str) -> bool {
    // The vault names addresses of the signed trust file. Nothing that runs script is ever gone to.
    let is_web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
    is_web && window().location().replace(address).is_ok()
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
