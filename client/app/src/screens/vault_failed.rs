//! Shown when the vault cannot start or broke off. Nothing is deleted; loading again is the way on.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    address,
    elements::{button, heading, paragraph, screen},
    page::Page,
};

pub(crate) fn vault_failed(page: Page) -> AnyView {
    let content = html::div().attr("role", "alert").child((
        heading(Message::VaultFailedTitle),
        paragraph(Message::VaultFailedText),
        button(page, "retry", Message::LoadAgain, address::reload),
    ));
    screen(page, content)
}
