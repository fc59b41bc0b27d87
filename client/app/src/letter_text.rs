//! A letter's text as elements. It is read as Markdown here and nowhere else (`client-markdown`), and never
//! as HTML: every piece of text becomes a text node.

use client_catalogue::Message;
use client_markdown::{Block, Link, Span, parse};
use client_messages as messages;
use leptos::{html, prelude::*};

use crate::{
    elements::outside_link,
    language::{self, Texts},
};

/// The level of the heading over the text.
const TITLE_LEVEL: u8 = 2;
/// The lowest level that HTML has.
const LOWEST_LEVEL: u8 = 6;

/// The text, whose headings are one level below the title over it. Links lead to `hosts`, those of the
/// verified sender.
pub(crate) fn letter_text(text: &str, hosts: &[String]) -> Vec<AnyView> {
    text_below(TITLE_LEVEL, text, hosts)
}

/// The same, below a title of another level.
pub(crate) fn text_below(title: u8, text: &str, hosts: &[String]) -> Vec<AnyView> {
    let mut writer = Writer { texts: language::texts(), title, last_level: title };
    writer.blocks(&parse(text, hosts))
}

struct Writer {
    texts: Texts,
    /// The level of the heading over the text.
    title: u8,
    /// The level of the last heading: the next one is at most one below it.
    last_level: u8,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block]) -> Vec<AnyView> {
        blocks.iter().map(|block| self.block(block)).collect()
    }

    fn block(&mut self, block: &Block) -> AnyView {
        match block {
            Block::Heading(level, spans) => {
                let level = self.level(*level);
                self.heading(level, spans)
            }
            Block::Paragraph(spans) => html::p().child(self.spans(spans)).into_any(),
            Block::List(None, items) => html::ul().child(self.items(items)).into_any(),
            Block::List(Some(first), items) => {
                html::ol().attr("start", first.to_string()).child(self.items(items)).into_any()
            }
            Block::Quote(blocks) => {
                html::blockquote().class("letterbox-quote").child(self.blocks(blocks)).into_any()
            }
            Block::Code(text) => {
                html::pre().class("letterbox-code").child(html::code().child(text.clone())).into_any()
            }
            Block::Rule => html::hr().into_any(),
        }
    }

    fn items(&mut self, items: &[Vec<Block>]) -> Vec<AnyView> {
        items.iter().map(|item| html::li().child(self.blocks(item)).into_any()).collect()
    }

    /// Levels follow each other without a gap, whatever the sender wrote: who goes from heading to
    /// heading by ear takes a gap for something missed.
    fn level(&mut self, asked: u8) -> u8 {
        let level = asked.max(1).saturating_add(self.title).min(self.last_level + 1).min(LOWEST_LEVEL);
        self.last_level = level;
        level
    }

    fn heading(&self, level: u8, spans: &[Span]) -> AnyView {
        let words = self.spans(spans);
        match level {
            3 => html::h3().child(words).into_any(),
            4 => html::h4().child(words).into_any(),
            5 => html::h5().child(words).into_any(),
            _ => html::h6().child(words).into_any(),
        }
    }

    fn spans(&self, spans: &[Span]) -> Vec<AnyView> {
        spans.iter().map(|span| self.span(span)).collect()
    }

    fn span(&self, span: &Span) -> AnyView {
        match span {
            Span::Text(text) => text.clone().into_any(),
            Span::Emphasis(spans) => html::em().child(self.spans(spans)).into_any(),
            Span::Strong(spans) => html::strong().child(self.spans(spans)).into_any(),
            Span::Code(text) => html::code().child(text.clone()).into_any(),
            Span::Link(Link { url, host }, spans) => {
                let link = messages::Link { url: url.clone(), host: host.clone() };
                outside_link(self.texts, &link, "letterbox-link", self.spans(spans))
            }
            Span::DeadLink(address, spans) => self.dead_link(address, spans),
            Span::Break => html::br().into_any(),
        }
    }

    /// Text, with the address as text behind it.
    fn dead_link(&self, address: &str, spans: &[Span]) -> AnyView {
        let (texts, address) = (self.texts, address.to_owned());
        let note = move || texts.say_with(Message::DeadLink, &[("address", address.as_str().into())]);
        (self.spans(spans), " ", html::span().class("letterbox-host").child(note)).into_any()
    }
}
