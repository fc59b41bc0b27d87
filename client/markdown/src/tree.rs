//! From events to a tree, without recursion: the parser's nesting is as deep as the text makes it.

use core::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Tag};

use super::{Block, DEEPEST, Link, Span, readable};

/// What stands open.
enum Frame {
    /// The text itself, a quotation, or an item of a list: blocks, and inline content between them.
    Blocks(Kind, Vec<Block>, Vec<Span>),
    List(Option<u64>, Vec<Vec<Block>>),
    /// A block or an inline element with inline content.
    Spans(Line, Vec<Span>),
    /// Text as it stands: code, or raw HTML.
    Verbatim(Raw, String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Quote,
    Item,
}

enum Line {
    Paragraph,
    Heading(u8),
    Emphasis,
    Strong,
    Link(Target),
    /// Its description is shown in its place.
    Image(Target),
}

/// Where a link or an image leads.
struct Target {
    address: String,
    /// Words that others show on a link while something points at it; mostly none.
    title: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Raw {
    Code,
    Html,
}

/// A tree that grows.
pub(super) struct Tree<'a> {
    source: &'a str,
    /// Up to where the source is shown.
    shown: usize,
    /// Where links may lead.
    hosts: &'a [String],
    blocks: Vec<Block>,
    spans: Vec<Span>,
    open: Vec<Frame>,
    /// For each element that the parser has open: whether it has a frame, or is shown flat.
    has_frame: Vec<bool>,
    elements: usize,
}

impl<'a> Tree<'a> {
    pub(super) const fn new(source: &'a str, hosts: &'a [String]) -> Self {
        Self {
            source,
            shown: 0,
            hosts,
            blocks: Vec::new(),
            spans: Vec::new(),
            open: Vec::new(),
            has_frame: Vec::new(),
            elements: 0,
        }
    }

    /// How many elements there are.
    pub(super) const fn elements(&self) -> usize {
        self.elements
    }

    /// Takes an event, which stands at `place` in the source.
    pub(super) fn take(&mut self, event: Event<'_>, place: &Range<usize>) {
        let is_end = matches!(event, Event::End(_));
        self.reveal(if is_end { place.end } else { place.start });
        // Between what such a one holds there may be more that no event tells of.
        let is_around = matches!(event, Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item));
        if !is_around {
            self.shown = self.shown.max(place.end);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.end(),
            // Raw HTML is text like any other; formulas and footnotes are extensions that are off.
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text),
            Event::Code(text) => self.span(Span::Code(readable(&text))),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.span(Span::Break),
            Event::Rule => self.block(Block::Rule),
            Event::TaskListMarker(_) => {}
        }
    }

    /// The whole tree.
    pub(super) fn finish(mut self) -> Vec<Block> {
        while !self.has_frame.is_empty() {
            self.end();
        }
        self.reveal(self.source.len());
        flush(&mut self.blocks, &mut self.spans);
        self.blocks
    }

    /// Shows what the parser passed over: a definition of a link, which has a label and a title with as many
    /// words as anybody likes. The signs of lists and quotations are passed over as well.
    fn reveal(&mut self, end: usize) {
        let source = self.source;
        let passed_over = source.get(self.shown..end).unwrap_or_default();
        if let Some(start) = passed_over.find('[') {
            self.block(Block::Code(readable(passed_over[start..].trim_end())));
        }
        self.shown = self.shown.max(end);
    }

    fn start(&mut self, tag: Tag<'_>) {
        let is_shallow = self.open.len() < DEEPEST;
        let may_be_inline = self.open.len() < 2 * DEEPEST;
        let frame = match tag {
            Tag::Paragraph => Some(Frame::Spans(Line::Paragraph, Vec::new())),
            Tag::Heading { level, .. } => Some(Frame::Spans(Line::Heading((level as u8).min(4)), Vec::new())),
            Tag::CodeBlock(kind) => Some(Frame::Verbatim(Raw::Code, first_line(&kind))),
            Tag::HtmlBlock => Some(Frame::Verbatim(Raw::Html, String::new())),
            Tag::BlockQuote(_) if is_shallow => Some(Frame::Blocks(Kind::Quote, Vec::new(), Vec::new())),
            Tag::List(first) if is_shallow => Some(Frame::List(first, Vec::new())),
            Tag::Item if matches!(self.open.last(), Some(Frame::List(..))) => {
                Some(Frame::Blocks(Kind::Item, Vec::new(), Vec::new()))
            }
            Tag::Emphasis if may_be_inline => Some(Frame::Spans(Line::Emphasis, Vec::new())),
            Tag::Strong if may_be_inline => Some(Frame::Spans(Line::Strong, Vec::new())),
            Tag::Link { dest_url, title, .. } => {
                let target = Target { address: dest_url.into_string(), title: title.into_string() };
                self.lead(Line::Link, target, may_be_inline)
            }
            Tag::Image { dest_url, title, .. } => {
                let target = Target { address: dest_url.into_string(), title: title.into_string() };
                self.lead(Line::Image, target, may_be_inline)
            }
            _ => None,
        };
        if frame.is_none() {
            self.separate();
        }
        self.has_frame.push(frame.is_some());
        self.open.extend(frame);
    }

    /// What leads somewhere. Where it is shown flat, its address and title stand before its words.
    fn lead(&mut self, line: fn(Target) -> Line, target: Target, may_be_inline: bool) -> Option<Frame> {
        if may_be_inline {
            return Some(Frame::Spans(line(target), Vec::new()));
        }
        self.text(&format!(" ({})", target.address));
        self.title(&target.title);
        self.text(" ");
        None
    }

    /// The title of a link or an image, behind it.
    fn title(&mut self, title: &str) {
        if !title.is_empty() {
            self.text(&format!(" ({title})"));
        }
    }

    fn end(&mut self) {
        if self.has_frame.pop() != Some(true) {
            self.separate();
            return;
        }
        match self.open.pop() {
            Some(Frame::Blocks(kind, mut blocks, mut spans)) => {
                flush(&mut blocks, &mut spans);
                match (kind, self.open.last_mut()) {
                    (Kind::Item, Some(Frame::List(_, items))) => {
                        items.push(blocks);
                        self.elements += 1;
                    }
                    _ => self.block(Block::Quote(blocks)),
                }
            }
            Some(Frame::List(first, items)) => self.block(Block::List(first, items)),
            Some(Frame::Spans(line, spans)) => self.close_line(line, spans),
            Some(Frame::Verbatim(Raw::Code, text)) => {
                self.block(Block::Code(text.strip_suffix('\n').unwrap_or(&text).to_owned()));
            }
            Some(Frame::Verbatim(Raw::Html, text)) => {
                let spans = lines(&text);
                // A comment may be nothing but lines, each of them an element.
                self.elements += spans.len();
                self.block(Block::Paragraph(spans));
            }
            None => {}
        }
    }

    fn close_line(&mut self, line: Line, spans: Vec<Span>) {
        match line {
            Line::Paragraph => self.block(Block::Paragraph(spans)),
            Line::Heading(level) => self.block(Block::Heading(level, spans)),
            Line::Emphasis => self.span(Span::Emphasis(spans)),
            Line::Strong => self.span(Span::Strong(spans)),
            Line::Link(Target { address, title }) => {
                let span = match Link::allowed(&address, self.hosts) {
                    Some(link) => Span::Link(link, spans),
                    None => Span::DeadLink(readable(&address), spans),
                };
                self.span(span);
                self.title(&title);
            }
            Line::Image(Target { address, title }) => {
                let words = Span::Text(plain(spans));
                self.span(Span::DeadLink(readable(&address), vec![words]));
                self.title(&title);
            }
        }
    }

    /// Puts a block where blocks go now.
    fn block(&mut self, block: Block) {
        self.elements += 1;
        match self.open.last_mut() {
            None => {
                flush(&mut self.blocks, &mut self.spans);
                self.blocks.push(block);
            }
            Some(Frame::Blocks(_, blocks, spans)) => {
                flush(blocks, spans);
                blocks.push(block);
            }
            Some(Frame::List(_, items)) => items.push(vec![block]),
            // The parser puts no block into a line. If it did, its text is kept.
            Some(Frame::Spans(_, spans)) => spans.push(Span::Text(plain(vec_of(block)))),
            Some(Frame::Verbatim(_, text)) => text.push_str(&plain(vec_of(block))),
        }
    }

    /// Puts an inline element where these go now.
    fn span(&mut self, span: Span) {
        self.elements += 1;
        match self.open.last_mut() {
            None => self.spans.push(span),
            Some(Frame::Blocks(_, _, spans) | Frame::Spans(_, spans)) => spans.push(span),
            Some(Frame::List(_, items)) => items.push(vec![Block::Paragraph(vec![span])]),
            Some(Frame::Verbatim(_, text)) => text.push_str(&plain(vec![span])),
        }
    }

    /// Text, joined to the text before it.
    fn text(&mut self, text: &str) {
        let text = readable(text);
        let spans = match self.open.last_mut() {
            None => &mut self.spans,
            Some(Frame::Blocks(_, _, spans) | Frame::Spans(_, spans)) => spans,
            Some(Frame::Verbatim(_, verbatim)) => return verbatim.push_str(&text),
            Some(Frame::List(..)) => return self.span(Span::Text(text)),
        };
        if let Some(Span::Text(before)) = spans.last_mut() {
            before.push_str(&text);
        } else {
            self.span(Span::Text(text));
        }
    }

    /// Where an element is shown flat, its words do not run into those around it.
    fn separate(&mut self) {
        let spans = match self.open.last_mut() {
            None => &mut self.spans,
            Some(Frame::Blocks(_, _, spans)) => spans,
            Some(Frame::Spans(..) | Frame::List(..) | Frame::Verbatim(..)) => return,
        };
        if !matches!(spans.last(), None | Some(Span::Break)) {
            self.span(Span::Break);
        }
    }
}

/// Inline content between blocks is a paragraph.
fn flush(blocks: &mut Vec<Block>, spans: &mut Vec<Span>) {
    if matches!(spans.last(), Some(Span::Break)) {
        spans.pop();
    }
    if !spans.is_empty() {
        blocks.push(Block::Paragraph(core::mem::take(spans)));
    }
}

/// What stands behind the fence of code, mostly the name of a language. It is part of what was written.
fn first_line(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(info) if !info.is_empty() => format!("{}\n", readable(info)),
        CodeBlockKind::Fenced(_) | CodeBlockKind::Indented => String::new(),
    }
}

/// Lines as they stand.
fn lines(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for line in text.lines() {
        if !spans.is_empty() {
            spans.push(Span::Break);
        }
        spans.push(Span::Text(line.to_owned()));
    }
    spans
}

/// The words of inline elements. Their depth is limited when they are made.
fn plain(spans: Vec<Span>) -> String {
    spans
        .into_iter()
        .map(|span| match span {
            Span::Text(text) | Span::Code(text) => text,
            Span::Emphasis(inner) | Span::Strong(inner) => plain(inner),
            Span::Link(Link { url, .. }, inner) => format!("{} ({url})", plain(inner)),
            Span::DeadLink(address, inner) => format!("{} ({address})", plain(inner)),
            Span::Break => " ".to_owned(),
        })
        .collect()
}

/// The inline elements of a block that has some.
fn vec_of(block: Block) -> Vec<Span> {
    match block {
        Block::Paragraph(spans) | Block::Heading(_, spans) => spans,
        Block::Code(text) => vec![Span::Text(text)],
        Block::List(..) | Block::Quote(_) | Block::Rule => Vec::new(),
    }
}
