//! This tab came back from ScotAccount for another one, which goes on now.

use client_catalogue::Message;
use leptos::prelude::*;

use crate::{
    elements::{heading, paragraph, screen},
    page::Page,
};

pub(crate) fn handed_over(page: Page) -> AnyView {
    screen(page, (heading(Message::HandedOverTitle), paragraph(Message::HandedOverText)))
}
