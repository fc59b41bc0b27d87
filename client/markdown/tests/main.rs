//! What a letter's text becomes, and what hostile text becomes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

#[cfg(not(target_family = "wasm"))]
mod collections;
mod markdown;

use client_markdown::{Block, Span};

/// Tests that wasm runs in Node as well.
#[cfg(not(target_family = "wasm"))]
pub(crate) use core::prelude::v1::test as portable_test;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as portable_test;

/// Where the sender's links may lead.
pub(crate) fn hosts() -> Vec<String> {
    vec!["pay.example.scot".to_owned()]
}

/// Whether there is a link that may be opened.
pub(crate) fn has_link(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Heading(_, spans) | Block::Paragraph(spans) => has_link_in_line(spans),
        Block::List(_, items) => items.iter().any(|item| has_link(item)),
        Block::Quote(inner) => has_link(inner),
        Block::Code(_) | Block::Rule => false,
    })
}

fn has_link_in_line(spans: &[Span]) -> bool {
    spans.iter().any(|span| match span {
        Span::Link(..) => true,
        Span::Emphasis(inner) | Span::Strong(inner) | Span::DeadLink(_, inner) => has_link_in_line(inner),
        Span::Text(_) | Span::Code(_) | Span::Break => false,
    })
}
