//! The vault: a worker of its own, so that keys never share memory with the page.
//!
//! This file is the only one that touches the worker's global scope: it receives a [`Request`],
//! lets [`answer`] decide, and sends the answer back.

#![forbid(unsafe_code)]

use client_messages::{Answer, Command, FromVault, INTERFACE_VERSION, Request, Status};
use js_sys::global;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let Ok(scope) = global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        // Loaded outside a worker: there is nobody to talk to.
        return;
    };
    let listener = Closure::<dyn FnMut(MessageEvent)>::new({
        let scope = scope.clone();
        move |event: MessageEvent| send(&scope, &receive(event))
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener.forget(); // lives as long as the worker
    send(&scope, &FromVault::Started { interface: INTERFACE_VERSION });
}

fn receive(event: MessageEvent) -> FromVault {
    match serde_wasm_bindgen::from_value::<Request>(event.data()) {
        Ok(Request { number, command }) => FromVault::Answer { number, answer: answer(&command) },
        Err(_) => FromVault::Unreadable,
    }
}

fn answer(command: &Command) -> Answer {
    match command {
        Command::Status => Answer::Status(Status::NoMailbox),
    }
}

fn send(scope: &DedicatedWorkerGlobalScope, message: &FromVault) {
    if let Ok(value) = serde_wasm_bindgen::to_value(message) {
        // Fails only for values that cannot be cloned, and these are plain data.
        let _ = scope.post_message(&value);
    }
}
