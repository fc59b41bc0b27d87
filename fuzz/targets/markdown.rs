//! The text of a letter: every word of it is shown, nothing in it opens where it may not, and what it
//! becomes has limits (`LBX-LETTER-3`, `LBX-LETTER-7`).

#![no_main]

use std::collections::BTreeSet;

use client_markdown::{Block, Link, Span, parse};
use libfuzzer_sys::fuzz_target;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use text_rules::is_deceptive;

/// Where links may lead.
const HOST: &str = "pay.example.scot";

/// The longest text of a letter, in bytes.
const LONGEST: usize = 60_000;

/// Twelve levels of blocks, as many of what stands in a line, and what these hold.
const DEEPEST: usize = 32;

/// The reader counts up to 20,000 and one; what it counts may have a paragraph around it and words in it.
const MOST_ELEMENTS: usize = 3 * 20_001;

/// What is seen of a tree.
#[derive(Default)]
struct Seen {
    /// Without white space.
    words: String,
    /// One in a line.
    addresses: String,
    elements: usize,
    links: usize,
}

impl Seen {
    fn of(blocks: &[Block]) -> Self {
        let mut seen = Self::default();
        seen.blocks(blocks, 1);
        assert!(seen.elements <= MOST_ELEMENTS, "a text became too many elements");
        seen
    }

    fn blocks(&mut self, blocks: &[Block], depth: usize) {
        for block in blocks {
            self.element(depth);
            match block {
                Block::Heading(_, spans) | Block::Paragraph(spans) => self.line(spans, depth + 1),
                Block::List(_, items) => items.iter().for_each(|item| self.blocks(item, depth + 1)),
                Block::Quote(inner) => self.blocks(inner, depth + 1),
                Block::Code(text) => self.say(text),
                Block::Rule => {}
            }
        }
    }

    fn line(&mut self, spans: &[Span], depth: usize) {
        for span in spans {
            self.element(depth);
            match span {
                Span::Text(text) | Span::Code(text) => self.say(text),
                Span::Emphasis(inner) | Span::Strong(inner) => self.line(inner, depth + 1),
                Span::Link(link, inner) => {
                    self.link(link);
                    self.line(inner, depth + 1);
                }
                Span::DeadLink(address, inner) => {
                    self.lead(address);
                    self.line(inner, depth + 1);
                }
                Span::Break => {}
            }
        }
    }

    fn element(&mut self, depth: usize) {
        assert!(depth <= DEEPEST, "a text became too deep");
        self.elements += 1;
    }

    fn say(&mut self, text: &str) {
        assert!(!text.chars().any(is_refused), "a character that deceives is shown");
        self.words.extend(text.split_whitespace());
    }

    fn lead(&mut self, address: &str) {
        assert!(!address.chars().any(is_refused), "an address has a character that deceives");
        self.addresses.push_str(address);
        self.addresses.push('\n');
    }

    /// One that may be opened: by `https`, and with nothing but the registered host before its path.
    fn link(&mut self, Link { url, host }: &Link) {
        let rest = url.strip_prefix("https://").and_then(|rest| rest.strip_prefix(HOST));
        let is_there = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        assert!(is_there && host == HOST, "a link opens where it may not");
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "a link has surprising characters");
        self.links += 1;
        self.lead(url);
    }
}

fn is_refused(sign: char) -> bool {
    is_deceptive(sign) || sign.is_control() && !matches!(sign, '\n' | '\t')
}

/// A text with what deceives replaced.
fn shown(text: &str) -> String {
    let replaced = |sign: char| if is_refused(sign) { char::REPLACEMENT_CHARACTER } else { sign };
    text.chars().map(replaced).collect()
}

/// All that the parser takes for text, without white space.
fn read(text: &str) -> String {
    let mut words = String::new();
    for event in Parser::new_ext(text, Options::empty()) {
        if let Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) = event {
            words.extend(shown(&part).split_whitespace());
        }
    }
    words
}

/// The words of what CommonMark keeps out of sight: addresses, titles, what stands behind a fence, and
/// definitions of links.
fn kept_out_of_sight(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut add = |part: &str| words.extend(shown(part).split_whitespace().map(str::to_owned));
    let parser = Parser::new_ext(text, Options::empty());
    for (_, definition) in parser.reference_definitions().iter() {
        add(&text[definition.span.clone()]);
    }
    for event in parser {
        match event {
            Event::Start(Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. }) => {
                add(&dest_url);
                add(&title);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => add(&info),
            _ => {}
        }
    }
    words
}

/// Whether all words are said, in their order.
fn are_said(words: &str, said: &str) -> bool {
    let mut said = said.chars();
    words.chars().all(|sign| said.any(|other| other == sign))
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let hosts = [HOST.to_owned()];
    let tree = parse(text, &hosts);
    assert!(tree == parse(text, &hosts), "a text was read in two ways");
    let seen = Seen::of(&tree);

    let without_hosts = Seen::of(&parse(text, &[]));
    assert!(without_hosts.links == 0, "a link opens where no host is registered");
    assert!(without_hosts.words == seen.words, "the words depend on where links may lead");

    // Only a text with more elements than bytes comes to more than it may where it is as long as it may be.
    if seen.elements > text.len() && !text.is_empty() {
        Seen::of(&parse(&text.repeat(LONGEST / text.len()), &hosts));
    }
    // With too many elements, a text stands there as it was written.
    if tree == [Block::Code(shown(text))] {
        return;
    }
    assert!(are_said(&read(text), &seen.words), "a word is not shown");
    for word in kept_out_of_sight(text) {
        let is_shown = seen.words.contains(&word) || seen.addresses.contains(&word);
        assert!(is_shown, "a word that CommonMark keeps out of sight is not shown");
    }
});
