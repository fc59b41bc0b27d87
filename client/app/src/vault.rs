//! The page's end of the line to the vault.

use client_messages::{Answer, Command, FromVault, INTERFACE_VERSION, Request, Status};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, MessageEvent, Worker};

/// What the page knows of the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vault {
    /// The worker was started and has not answered yet.
    Starting,
    /// It answered, with this state of the mailbox.
    Ready(Status),
    /// It could not start, or is of another version than the page.
    Failed,
}

/// The vault as last heard of.
pub(crate) fn state() -> Signal<Vault> {
    expect_context::<Signal<Vault>>()
}

/// Listens to the vault in `worker`, after what it has said `early`: the two start side by side, and
/// either may be the first. Call once, before any screen.
pub(crate) fn connect(worker: &Worker, early: Vec<JsValue>) {
    let state = RwSignal::new(Vault::Starting);
    provide_context::<Signal<Vault>>(state.into());

    let receive = {
        let worker = worker.clone();
        move |message: JsValue| match serde_wasm_bindgen::from_value(message) {
            Ok(FromVault::Started { interface }) if interface == INTERFACE_VERSION => {
                if ask(&worker, Request { number: 1, command: Command::Status }).is_none() {
                    state.set(Vault::Failed);
                }
            }
            Ok(FromVault::Answer { answer: Answer::Status(status), .. }) => state.set(Vault::Ready(status)),
            // Another version, or an error: boot.js keeps one as `undefined`.
            Ok(FromVault::Started { .. } | FromVault::Unreadable) | Err(_) => state.set(Vault::Failed),
        }
    };
    early.into_iter().for_each(&receive);
    let on_message =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| receive(event.data()));
    let on_error = Closure::<dyn FnMut(Event)>::new(move |_| state.set(Vault::Failed));
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    on_message.forget(); // both live as long as the page
    on_error.forget();
}

fn ask(worker: &Worker, request: Request) -> Option<()> {
    let value = serde_wasm_bindgen::to_value(&request).ok()?;
    worker.post_message(&value).ok()
}
