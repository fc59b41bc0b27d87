//! Shown while the vault starts, and while it locks.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{heading, paragraph, screen},
    page::Page,
};

pub(crate) fn starting(page: Page) -> AnyView {
    screen(page, (heading(Message::StartingTitle), paragraph(Message::StartingText)))
}
