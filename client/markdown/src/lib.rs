//! A letter's text as a tree of elements.
//!
//! CommonMark (0.31), read by `pulldown-cmark` without extensions. The tree has a few kinds of
//! elements and no way to say anything else: raw HTML is text, an image is its description and its
//! address, an address is a link only where the body has registered its host (`LBX-LETTER-7`). Nothing
//! becomes HTML again.
//!
//! The page reads it, when it shows a letter. No text of a sender is read as Markdown where there are keys:
//! the vault verifies the letter and hands over its text as it was signed, and the hosts of its sender.
//!
//! Whoever reads a letter sees what was signed. So what CommonMark keeps out of sight is shown as well:
//! the titles of links and images, the first line of fenced code, and definitions of links, used or not.
//!
//! Letters come from public bodies, and from whoever steals a body's key. So the depth of the tree
//! and the number of its elements have limits: what is nested deeper is shown flat, and a text with
//! more elements is shown as it was written. No word is left out.

#![forbid(unsafe_code)]

mod tree;

use pulldown_cmark::{Options, Parser};

/// What holds a letter prints its own name alone.
macro_rules! redacted {
    ($($name:ident),+) => {
        $(impl core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        })+
    };
}

/// The most levels of blocks in blocks; inline elements may add as many.
const DEEPEST: usize = 12;

/// The most elements of one text. The longest letter with a word in each has fewer.
const MOST_ELEMENTS: usize = 20_000;

/// An address that may be opened: `https`, and its host registered for the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The whole address.
    pub url: String,
    /// Its host, to be shown.
    pub host: String,
}

impl Link {
    /// A link, if it may be opened.
    fn allowed(url: &str, hosts: &[String]) -> Option<Self> {
        let host = text_rules::registered_host(url, hosts)?;
        Some(Self { url: url.to_owned(), host: host.to_owned() })
    }
}

/// A part of a letter's text: a small subset of CommonMark.
#[derive(Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading; level 1 to 4 below the letter's own.
    Heading(u8, Vec<Span>),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list; numbered from the number, if there is one.
    List(Option<u64>, Vec<Vec<Block>>),
    /// A quotation.
    Quote(Vec<Block>),
    /// Text as it stands.
    Code(String),
    /// A line across.
    Rule,
}

/// A part of a line.
#[derive(Clone, PartialEq, Eq)]
pub enum Span {
    /// Text.
    Text(String),
    /// Emphasis.
    Emphasis(Vec<Span>),
    /// Strong emphasis.
    Strong(Vec<Span>),
    /// Text as it stands.
    Code(String),
    /// A link that may be opened.
    Link(Link, Vec<Span>),
    /// A link that may not: its text, and the address as text.
    DeadLink(String, Vec<Span>),
    /// A new line.
    Break,
}

/// Reads a letter's text. `hosts` are those that its verified sender has registered: no address leads
/// anywhere else.
#[must_use]
pub fn parse(text: &str, hosts: &[String]) -> Vec<Block> {
    let mut tree = tree::Tree::new(text, hosts);
    for (event, place) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        tree.take(event, &place);
        if tree.elements() > MOST_ELEMENTS {
            return vec![Block::Code(readable(text))];
        }
    }
    tree.finish()
}

/// The text without characters that change what is seen. The text of a letter has none
/// (`LBX-LETTER-3`), but CommonMark can write any character as a number (`&#x202e;`).
fn readable(text: &str) -> String {
    let replaced = |sign: char| {
        let is_hidden = sign.is_control() && !matches!(sign, '\n' | '\t');
        if is_hidden || text_rules::is_deceptive(sign) { char::REPLACEMENT_CHARACTER } else { sign }
    };
    text.chars().map(replaced).collect()
}

redacted!(Link, Block, Span);
