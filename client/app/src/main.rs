//! The page: screens over the vault's answers. It never holds a key.
//!
//! `static/boot.js` starts this program and the vault and hands the vault's worker to [`start`].
//! Screens are written in Leptos's builder syntax, not in its `view!` macro: the macro turns
//! static subtrees into HTML strings, which the Content-Security-Policy refuses (Trusted Types).

#![forbid(unsafe_code)]

mod language;
mod leave;
mod screens;
mod shell;
mod vault;

use leptos::mount::mount_to_body;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Shows the page, which talks to the vault in `worker`. `early` is what the vault has said already.
#[wasm_bindgen]
pub fn start(worker: web_sys::Worker, early: Vec<JsValue>) {
    mount_to_body(move || {
        language::provide();
        vault::connect(&worker, early);
        shell::shell(screens::current())
    });
}

fn main() {}
