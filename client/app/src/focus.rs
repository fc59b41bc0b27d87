//! Where the keyboard and the screen reader are.

use leptos::prelude::{document, request_animation_frame, window};
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

/// The heading of the screen.
pub(crate) const HEADING: &str = "#main-content h1";
/// What went wrong, above the heading.
pub(crate) const ERROR_SUMMARY: &str = "#error-summary";

/// Moves the focus to an element, from the top of the page, once what changed is in the document.
pub(crate) fn begin_at(selector: &'static str) {
    request_animation_frame(move || {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        move_to(selector);
    });
}

/// Moves the focus to an element that is there.
pub(crate) fn move_to(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Fails for no element that is in the document.
        let _ = element.focus();
    }
}

/// Moves the focus to an element that is there, and leaves everything where it stands on the screen.
pub(crate) fn stay_at(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        // Fails for no element that is in the document.
        let _ = element.focus_with_options(&options);
    }
}
