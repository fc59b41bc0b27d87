//! The vault: a worker of its own, so that keys never share memory with the page.
//!
//! Here is everything that the citizen's device does with the world: IndexedDB, requests, timers,
//! the clock, randomness, the lock that keeps a second vault of the same profile away. What all of it
//! means is decided in `client-mailbox`, which does none of it. The page talks to this program by
//! messages and gets no key.
//!
//! Requests of the page are handled strictly one after the other, each to its end; events are posted
//! in between. A file alone is fetched beside them, because that may take minutes, and that the reader
//! does something is heard at once. When nobody did anything for a while the vault locks itself, in the
//! middle of whatever it does. Nothing is logged: not even what a failure says is of use to whoever reads
//! a console.

#![forbid(unsafe_code)]

mod archive;
mod aside;
mod asking;
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
mod reading;
mod records;
mod recover;
mod save;
mod services;
mod session;
mod sheet;
mod show;
mod source;
mod stir;
mod storage;
mod sync;
mod told;
mod trust;
mod unlock;
mod visit;
mod waits;
mod watch;
mod worker;

use std::{alloc::System, pin::pin};

use client_messages::{Answer, Command, Event, FromVault, INTERFACE_VERSION, LockedBecause, Request};
use futures_channel::mpsc;
use futures_util::{
    StreamExt as _,
    future::{Either, select},
};
use wasm_bindgen::{JsCast as _, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;
use zeroizing_alloc::ZeroAlloc;

use crate::{
    session::Session,
    watch::{Ends, Watch},
    worker::Worker,
};

/// Wipes all that is freed: keys say so themselves, letters, tokens and what libraries copy do not.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

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
    let (watch, ends) = Watch::new(worker.clone());
    let listener = Closure::<dyn FnMut(MessageEvent)>::new({
        let (worker, watch) = (worker.clone(), watch.clone());
        move |event: MessageEvent| {
            // First of all: the device may have slept.
            if watch.is_over() {
                return;
            }
            match serde_wasm_bindgen::from_value::<Request>(event.data()) {
                Ok(Request { number, command }) if watch.hears(&command) => {
                    worker.answer(number, Answer::Heard);
                }
                // Fails only after the vault was locked for good.
                Ok(request) => drop(queue.unbounded_send(request)),
                Err(_) => worker.say(&FromVault::Unreadable),
            }
        }
    });
    worker.set_listener(listener.as_ref().unchecked_ref());
    listener.forget(); // lives as long as the worker
    worker.say(&FromVault::Started { interface: INTERFACE_VERSION });
    spawn_local(serve(worker, watch, ends, requests));
}

async fn serve(worker: Worker, watch: Watch, mut ends: Ends, mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut session = Session::new(worker.clone(), watch.clone());
    let because = loop {
        let request = match select(ends.next(), requests.next()).await {
            Either::Left((because, _)) => break because,
            Either::Right((request, _)) => request,
        };
        let Some(Request { number, command }) = request else { return };
        match command {
            Command::Lock => {
                let answer = session.lock().await;
                worker.answer(number, answer);
                // What is left of this program's memory goes with the worker.
                return worker.close();
            }
            Command::Save { id, attachment } => session.save(number, id, attachment),
            command => match unless_over(&mut session, command, &mut ends).await {
                // It may be over since a moment ago: then nothing more is answered.
                Ok(answer) => {
                    watch.keep(session.settings());
                    if !watch.is_over() {
                        worker.answer(number, answer);
                    }
                }
                Err(because) => break because,
            },
        }
    };
    let is_being_opened = session.is_being_opened();
    let mut ending = session.forget();
    if is_being_opened {
        // The page takes this program with it as soon as it hears of the end. It shows nothing yet that has to go.
        session::ended(&worker, ending.take()).await;
    }
    if let Some(because) = because {
        worker.tell(Event::Locked(because));
    }
    session::ended(&worker, ending).await;
    worker.close();
}

/// The answer to a command, unless the vault locks itself meanwhile: then the command stops where it waits,
/// as it does when the page is closed.
async fn unless_over(
    session: &mut Session,
    command: Command,
    ends: &mut Ends,
) -> Result<Answer, Option<LockedBecause>> {
    let work = pin!(session.handle(command));
    match select(ends.next(), work).await {
        Either::Left((because, _)) => Err(because),
        Either::Right((answer, _)) => Ok(answer),
    }
}
