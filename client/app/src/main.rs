//! The page: screens over the vault's answers. It never holds a key.
//!
//! `static/boot.js` starts this program and the vault and hands the vault's worker to [`start`].
//! Screens are written in Leptos's builder syntax, not in its `view!` macro: the macro turns
//! static subtrees into HTML strings, which the Content-Security-Policy refuses (Trusted Types).

#![forbid(unsafe_code)]

mod address;
mod attachments;
mod elements;
mod file_kind;
mod focus;
mod idle;
mod language;
mod leave;
mod letter_text;
mod locale;
mod notes;
mod page;
mod passphrase;
mod presence;
mod problem;
mod progress;
mod recovery_code;
mod saving;
mod screens;
mod sender;
mod sessions;
mod shell;
mod tabs;
mod typed;
mod vault;
mod visit;

use leptos::mount::mount_to_body;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Shows the page, which talks to the vault in `worker`. `early` is what the vault has said already.
#[wasm_bindgen]
pub fn start(worker: web_sys::Worker, early: Vec<JsValue>) {
    // First of all: what ScotAccount sent must not stay in the address bar or the history.
    let returned = address::take_returned();
    let because = address::take_because();
    mount_to_body(move || {
        language::provide();
        let page = page::Page::open(worker, early, returned, because);
        presence::attend(page);
        idle::follow(page);
        typed::follow(page);
        sessions::follow(page);
        shell::shell(page, screens::current(page))
    });
}

fn main() {}
