//! The worker's global scope: the one door to the page, the clock, timers and the browser's services.

use client_mailbox::idleness::Moment;
use client_messages::{Answer, Event, FromVault};
use futures_util::future::LocalBoxFuture;
use js_sys::{Date, Function, Promise};
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, IdbFactory, RequestInit, Response, WorkerNavigator};

/// The last word of a session to the relay. It is on its way, and whoever waits for the answer may do so.
pub(crate) type Farewell = LocalBoxFuture<'static, ()>;

/// A timer that is waited for.
struct Timer<'a> {
    scope: &'a DedicatedWorkerGlobalScope,
    handle: i32,
    resolve: Function,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.scope.clear_timeout_with_handle(self.handle);
        // What waits for a promise is freed when the promise settles, and not before. It cannot fail.
        let _ = self.resolve.call0(&JsValue::UNDEFINED);
    }
}

/// The scope of the worker that this program runs in.
#[derive(Clone)]
pub(crate) struct Worker(DedicatedWorkerGlobalScope);

impl Worker {
    /// `None` outside a worker.
    pub(crate) fn here() -> Option<Self> {
        js_sys::global().dyn_into().ok().map(Self)
    }

    /// Calls `listener` with every message of the page.
    pub(crate) fn set_listener(&self, listener: &Function) {
        self.0.set_onmessage(Some(listener));
    }

    /// Sends a message to the page.
    pub(crate) fn say(&self, message: &FromVault) {
        // Numbers of 64 bits go as BigInt: a letter can name any time, and JavaScript's own numbers end
        // at 2^53. With that, every message can be written.
        let writer = serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(true);
        if let Ok(value) = message.serialize(&writer) {
            // Fails only for values that cannot be cloned, and these are plain data.
            let _ = self.0.post_message(&value);
        }
    }

    /// Sends the answer to request `number`.
    pub(crate) fn answer(&self, number: u32, answer: Answer) {
        self.say(&FromVault::Answer { number, answer });
    }

    /// Tells the page of something that happened by itself.
    pub(crate) fn tell(&self, event: Event) {
        self.say(&FromVault::Event(event));
    }

    /// Ends the worker once the present task is done; its memory goes with it.
    pub(crate) fn close(&self) {
        self.0.set_onmessage(None);
        self.0.close();
    }

    /// Unix seconds by the device's clock.
    pub(crate) fn now(&self) -> u64 {
        // A float converts to the nearest value that fits: a clock before 1970 gives 0.
        (Date::now() / 1000.0) as u64
    }

    /// What both clocks say, for measuring how long something lasts.
    pub(crate) fn moment(&self) -> Moment {
        // Floats convert to the nearest value that fits. Without a steady clock the other has to do.
        let steady = self.0.performance().map_or(0.0, |clock| clock.now());
        Moment { wall: Date::now() as u64, steady: steady as u64 }
    }

    /// Waits. Whoever stops waiting leaves nothing behind.
    pub(crate) async fn sleep(&self, milliseconds: u32) {
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let scope = &self.0;
        let mut timer = None;
        // The timer calls the promise's own function: there is no closure that could be gone by then.
        let promise = Promise::new(&mut |resolve, _| {
            let handle = scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
            timer = handle.ok().map(|handle| Timer { scope, handle, resolve });
        });
        let _timer = timer;
        let _ = JsFuture::from(promise).await;
    }

    /// The origin that served this program, such as `https://letterbox.example`.
    pub(crate) fn origin(&self) -> String {
        self.0.location().origin()
    }

    pub(crate) fn navigator(&self) -> WorkerNavigator {
        self.0.navigator()
    }

    /// The browser's databases, if it allows any here.
    pub(crate) fn databases(&self) -> Option<IdbFactory> {
        self.0.indexed_db().ok().flatten()
    }

    pub(crate) async fn fetch(&self, url: &str, init: &RequestInit) -> Result<Response, JsValue> {
        JsFuture::from(self.begin_fetch(url, init)).await?.dyn_into()
    }

    /// Sends a request, whether anybody waits for its answer or not.
    pub(crate) fn begin_fetch(&self, url: &str, init: &RequestInit) -> Promise {
        self.0.fetch_with_str_and_init(url, init)
    }
}
