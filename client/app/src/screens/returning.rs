//! Shown while the vault looks at what ScotAccount sent, often for a moment between two steps.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{heading, paragraph, screen},
    page::Page,
};

pub(crate) fn returning(page: Page) -> AnyView {
    screen(page, (heading(Message::ReturningTitle), paragraph(Message::ReturningText)))
}
