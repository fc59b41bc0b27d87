//! The vault: a worker of its own, so that keys never share memory with the page.
//!
//! Here is everything that the citizen's device does with the world: IndexedDB, requests, timers,
//! the clock, randomness, the lock that keeps a second vault of the same profile away. What all of it
//! means is decided in `client-mailbox`, which does none of it. The page talks to this program by
//! messages and gets no key.
//!
//! Requests of the page are handled strictly one after the other, each to its end; events are posted
//! in between. A file alone is fetched beside them, because that may take minutes. Nothing is logged:
//! not even what a failure says is of use to whoever reads a console.

#![forbid(unsafe_code)]

mod archive;
mod aside;
mod chain;
mod device;
mod enrol;
mod events;
mod failure;
mod finish;
mod lock;
mod network;
mod opened;
mod random;
mod records;
mod recover;
mod save;
mod session;
mod sheet;
mod show;
mod stir;
mod storage;
mod sync;
mod trust;
mod unlock;
mod waits;
mod worker;

use client_messages::{Command, FromVault, INTERFACE_VERSION, Request};
use futures_channel::mpsc;
use futures_util::StreamExt as _;
use wasm_bindgen::{JsCast as _, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use crate::{session::Session, worker::Worker};

fn main() {
    let Some(worker) = Worker::here() else {
        // Loaded outside a worker: there is nobody to talk to.
        return;
    };
    if !random::is_there() {
        // Without randomness there is no key. The page takes this for a vault that cannot start.
        worker.say(&FromVault::Unreadable);
        return worker.close();
    }
    let (queue, requests) = mpsc::unbounded();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new({
        let worker = worker.clone();
        move |event: MessageEvent| match serde_wasm_bindgen::from_value::<Request>(event.data()) {
            // Fails only after the vault was locked for good.
            Ok(request) => drop(queue.unbounded_send(request)),
            Err(_) => worker.say(&FromVault::Unreadable),
        }
    });
    worker.set_listener(listener.as_ref().unchecked_ref());
    listener.forget(); // lives as long as the worker
    worker.say(&FromVault::Started { interface: INTERFACE_VERSION });
    spawn_local(serve(worker, requests));
}

async fn serve(worker: Worker, mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut session = Session::new(worker.clone());
    while let Some(Request { number, command }) = requests.next().await {
        match command {
            Command::Lock => {
                let answer = session.lock().await;
                worker.answer(number, answer);
                // What is left of this program's memory goes with the worker.
                return worker.close();
            }
            Command::Save { id, attachment } => session.save(number, id, attachment),
            command => worker.answer(number, session.handle(command).await),
        }
    }
}
