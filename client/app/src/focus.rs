//! Where the keyboard and the screen reader are.

use leptos::prelude::{document, request_animation_frame, window};
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

/// The heading of the screen.
pub(crate) const HEADING: &str = "#main-content h1";
/// What went wrong, above the heading.
pub(crate) const ERROR_SUMMARY: &str = "#error-summary";

/// What may have the focus though nothing can be done with it by key.
const NO_CONTROL: &str = "html, body, [tabindex='-1']";

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

/// The control that has the focus comes out from under what appears at the lower edge (WCAG 2.4.11). A reader who
/// has scrolled away from it stays where they are.
pub(crate) fn keep_uncovered() {
    request_animation_frame(|| {
        let Some(element) = document().active_element() else { return };
        // The selector is valid.
        if element.matches(NO_CONTROL).unwrap_or(true) || !is_in_sight(&element) {
            return;
        }
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    });
}

fn is_in_sight(element: &Element) -> bool {
    let place = element.get_bounding_client_rect();
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    place.y() + place.height() > 0.0 && place.y() < height
}
