//! What the worker's script calls. Bytes are copied in and out, as the vault's are.

use std::cell::RefCell;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::{Work, WorkError};

thread_local! {
    static WORK: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// Reads the sample to work with, once.
///
/// # Errors
/// What is wrong with it.
#[wasm_bindgen]
pub fn load(sample: &str) -> Result<(), JsError> {
    let work = Work::new(sample)?;
    WORK.set(Some(work));
    Ok(())
}

/// The directory's answer.
///
/// # Errors
/// Nothing is loaded.
#[wasm_bindgen]
pub fn answer() -> Result<Vec<u8>, JsError> {
    with(|work| Ok(work.answer().to_vec()))
}

/// The sealed letter.
///
/// # Errors
/// Nothing is loaded.
#[wasm_bindgen]
pub fn envelope() -> Result<Vec<u8>, JsError> {
    with(|work| Ok(work.envelope().to_vec()))
}

/// Verifies an answer with all its proofs.
///
/// # Errors
/// It does not hold.
#[wasm_bindgen(js_name = "verifyAnswer")]
pub fn verify_answer(answer: &[u8]) -> Result<(), JsError> {
    with(|work| work.verify(answer).map(drop))
}

/// Signs and seals the letter. Returns the envelope.
///
/// # Errors
/// The browser gives no randomness.
#[wasm_bindgen(js_name = "sealLetter")]
pub fn seal_letter() -> Result<Vec<u8>, JsError> {
    with(Work::seal)
}

/// Opens an envelope and verifies the letter in it. Returns the length of its text.
///
/// # Errors
/// It does not hold.
#[wasm_bindgen(js_name = "openLetter")]
pub fn open_letter(envelope: &[u8]) -> Result<usize, JsError> {
    with(|work| work.open(envelope))
}

fn with<T>(work: impl FnOnce(&Work) -> Result<T, WorkError>) -> Result<T, JsError> {
    WORK.with_borrow(|loaded| match loaded {
        Some(loaded) => work(loaded).map_err(JsError::from),
        None => Err(JsError::new("load a sample first")),
    })
}
