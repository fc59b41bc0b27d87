//! One live vault for each browser profile, by a Web Lock.
//!
//! Two vaults that write the same records would undo each other's work. The lock is held until the
//! worker ends or lets go, and the browser frees it when the worker dies, however it dies.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;

use crate::worker::Worker;

const NAME: &str = "letterbox-vault";

/// How long a vault that is just going away (a page that is loaded again) is waited for.
const TRIES: u32 = 10;
const BETWEEN_TRIES_MILLISECONDS: u32 = 100;

/// The lock, held while this lives.
pub(crate) struct Held {
    let_go: Function,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Settles the promise for which the browser holds the lock. It cannot fail.
        let _ = self.let_go.call0(&JsValue::UNDEFINED);
    }
}

/// The browser has no Web Locks here.
#[derive(Debug)]
pub(crate) struct NoLocks;

/// Takes the lock. `None` if another vault of this profile has it, and keeps it.
pub(crate) async fn take(worker: &Worker) -> Result<Option<Held>, NoLocks> {
    for left in (0..TRIES).rev() {
        if let Some(held) = request(worker).await? {
            return Ok(Some(held));
        }
        if left > 0 {
            worker.sleep(BETWEEN_TRIES_MILLISECONDS).await;
        }
    }
    Ok(None)
}

/// Asks once, with `ifAvailable`. web-sys has this interface among its unstable ones only.
async fn request(worker: &Worker) -> Result<Option<Held>, NoLocks> {
    let mut let_go = None;
    let until = Promise::new(&mut |resolve, _| let_go = Some(resolve));
    let (told, granted) = oneshot::channel();
    let callback = Closure::<dyn FnMut(JsValue) -> JsValue>::once_into_js(move |lock: JsValue| -> JsValue {
        let is_granted = !lock.is_null() && !lock.is_undefined();
        let _ = told.send(is_granted);
        // The browser holds the lock until this promise settles.
        if is_granted { until.into() } else { JsValue::UNDEFINED }
    });
    let whole = call(worker, &callback).map_err(|_| NoLocks)?;
    let is_granted = match select(granted, JsFuture::from(whole)).await {
        Either::Left((answer, _)) => answer.map_err(|_| NoLocks)?,
        // Over before the callback was called: refused, in a browser without a place for locks.
        Either::Right(_) => return Err(NoLocks),
    };
    Ok(let_go.filter(|_| is_granted).map(|let_go| Held { let_go }))
}

fn call(worker: &Worker, callback: &JsValue) -> Result<Promise, JsValue> {
    let locks = Reflect::get(&worker.navigator(), &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    request.apply(&locks, &Array::of3(&NAME.into(), &options, callback))?.dyn_into()
}
