//! The one place from which requests leave this device.
//!
//! Requests carry no cookies, no referrer and nothing from a cache; they follow no redirect, because
//! the address is part of what was signed. An answer is read up to a limit and within a time.

use client_mailbox::http::{HttpRequest, HttpResponse, retry_after};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, Headers, ReadableStreamDefaultReader, ReadableStreamReadResult,
    ReferrerPolicy, RequestCache, RequestCredentials, RequestInit, RequestMode, RequestRedirect, Response,
};

use crate::worker::Worker;

/// The largest answer in bytes: a page of the relay's listing, with room to spare.
pub(crate) const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// The largest answer with all public bodies in it, in bytes.
pub(crate) const LARGEST_REGISTRY: usize = 12 * 1024 * 1024;

/// The largest problem report in bytes.
const LARGEST_REFUSAL: usize = 16 * 1024;

/// For a whole exchange, the answer's body included.
const MOST_MILLISECONDS: u32 = 60_000;

/// No answer, not in time, cut off, too large, or refused by the browser: it does not say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service cannot be reached")]
pub(crate) struct Unreachable;

impl From<JsValue> for Unreachable {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// Sends a request and reads the whole answer, which has at most `most` bytes.
pub(crate) async fn send(
    worker: &Worker,
    request: &HttpRequest,
    most: usize,
) -> Result<HttpResponse, Unreachable> {
    // The signal ends the reading of the body as well.
    let signal = AbortSignal::timeout_with_u32(MOST_MILLISECONDS);
    let response = worker.fetch(&request.url, &options(request, &signal)?).await?;
    let mut chunks = Chunks::of(&response)?;
    answered(&response, chunks.all(most).await?)
}

/// Sends a request that goes on when this program ends. It is under way when this returns, so that the last
/// thing that a page has this program do is done.
pub(crate) fn send_off(worker: &Worker, request: &HttpRequest) -> Result<JsFuture, Unreachable> {
    let options = options(request, &AbortSignal::timeout_with_u32(MOST_MILLISECONDS))?;
    // web-sys does not know it.
    Reflect::set(&options, &"keepalive".into(), &JsValue::TRUE)?;
    Ok(JsFuture::from(worker.begin_fetch(&request.url, &options)))
}

fn answered(response: &Response, body: Vec<u8>) -> Result<HttpResponse, Unreachable> {
    let asked = response.headers().get("retry-after")?;
    let retry_after = asked.as_deref().and_then(retry_after);
    Ok(HttpResponse { retry_after, ..HttpResponse::new(response.status(), body) })
}

/// An answer that goes on for as long as it is listened to.
pub(crate) struct Stream {
    response: Response,
    chunks: Chunks,
    _ends: Ends,
}

/// Ends a request when it is dropped, wherever it has got to.
struct Ends(AbortController);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Stream {
    /// Sends a request whose answer is a stream.
    pub(crate) async fn open(worker: &Worker, request: &HttpRequest) -> Result<Self, Unreachable> {
        let ends = Ends(AbortController::new()?);
        let response = worker.fetch(&request.url, &options(request, &ends.0.signal())?).await?;
        Ok(Self { chunks: Chunks::of(&response)?, response, _ends: ends })
    }

    /// Whether there is a stream. If not, the service said why.
    pub(crate) fn is_open(&self) -> bool {
        self.response.status() == 200
    }

    /// The whole of an answer that is no stream.
    pub(crate) async fn refusal(mut self) -> Result<HttpResponse, Unreachable> {
        let body = self.chunks.all(LARGEST_REFUSAL).await?;
        answered(&self.response, body)
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Unreachable> {
        self.chunks.next().await
    }
}

/// The bytes of an answer as they come.
struct Chunks(Option<ReadableStreamDefaultReader>);

impl Chunks {
    fn of(response: &Response) -> Result<Self, Unreachable> {
        // An answer without a body, such as 204, has no stream.
        let reader = response.body().map(|stream| ReadableStreamDefaultReader::new(&stream)).transpose()?;
        Ok(Self(reader))
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, Unreachable> {
        let Some(reader) = &self.0 else { return Ok(None) };
        let result: ReadableStreamReadResult = JsFuture::from(reader.read()).await?.unchecked_into();
        if result.get_done().unwrap_or(true) {
            self.0 = None;
            return Ok(None);
        }
        Ok(Some(result.get_value().dyn_into::<Uint8Array>()?.to_vec()))
    }

    async fn all(&mut self, most: usize) -> Result<Vec<u8>, Unreachable> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.next().await? {
            if whole.len() + chunk.len() > most {
                if let Some(reader) = self.0.take() {
                    drop(JsFuture::from(reader.cancel()));
                }
                return Err(Unreachable);
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

fn options(request: &HttpRequest, signal: &AbortSignal) -> Result<RequestInit, Unreachable> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let options = RequestInit::new();
    options.set_method(request.method);
    options.set_headers_headers(&headers);
    options.set_mode(RequestMode::Cors);
    options.set_credentials(RequestCredentials::Omit);
    options.set_cache(RequestCache::NoStore);
    options.set_redirect(RequestRedirect::Error);
    options.set_referrer_policy(ReferrerPolicy::NoReferrer);
    options.set_signal(Some(signal));
    // A GET has no body, not even an empty one.
    if !request.body.is_empty() {
        options.set_body_opt_u8_array(Some(&Uint8Array::from(&request.body[..])));
    }
    Ok(options)
}
