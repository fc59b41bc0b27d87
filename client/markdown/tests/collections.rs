//! Letter text against what others collected: strings that became script somewhere, and the examples of
//! CommonMark (`LBX-LETTER-3`, `LBX-LETTER-7`).
//!
//! They are read from the packages that publish them, which `make setup` installs; the journeys read the
//! same (`e2e-tests/support/collections.mjs`).

use std::{fs, path::Path, process::Command, sync::LazyLock};

use client_markdown::{Block, Span, parse};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use serde_json::Value;
use text_rules::is_deceptive;

use crate::{has_link, hosts};

static COLLECTIONS: LazyLock<Value> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = fs::canonicalize(folder.join("../../e2e-tests/support/collections.mjs")).unwrap();
    let output = Command::new("node").arg(program).output().expect("Node is there, as the README asks");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "run `make setup` first, which installs the collections: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
});

fn vectors() -> impl Iterator<Item = &'static str> {
    COLLECTIONS["vectors"].as_array().unwrap().iter().map(|vector| vector.as_str().unwrap())
}

struct Example {
    section: &'static str,
    markdown: &'static str,
    /// Its words, as CommonMark's reference implementation reads them, without white space.
    words: &'static str,
}

fn examples() -> impl Iterator<Item = Example> {
    COLLECTIONS["examples"].as_array().unwrap().iter().map(|example| {
        let [section, markdown, words] =
            ["section", "markdown", "words"].map(|name| example[name].as_str().unwrap());
        Example { section, markdown, words }
    })
}

fn is_refused(sign: char) -> bool {
    is_deceptive(sign) || sign.is_control() && !matches!(sign, '\n' | '\t')
}

/// Those that the text of a letter may hold.
fn seen() -> impl Iterator<Item = &'static str> {
    vectors().filter(|vector| !vector.chars().any(is_refused))
}

fn without_space(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace()).collect()
}

/// What is said by a tree, without white space and without the addresses of links.
fn said(blocks: &[Block]) -> String {
    let mut all = String::new();
    for block in blocks {
        match block {
            Block::Heading(_, spans) | Block::Paragraph(spans) => all.push_str(&said_in_line(spans)),
            Block::List(_, items) => all.extend(items.iter().map(|item| said(item))),
            Block::Quote(inner) => all.push_str(&said(inner)),
            Block::Code(text) => all.push_str(text),
            Block::Rule => {}
        }
    }
    without_space(&all)
}

fn said_in_line(spans: &[Span]) -> String {
    let each = |span: &Span| match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Emphasis(inner) | Span::Strong(inner) | Span::Link(_, inner) | Span::DeadLink(_, inner) => {
            said_in_line(inner)
        }
        Span::Break => String::new(),
    };
    spans.iter().map(each).collect()
}

/// Whether the text has nothing that CommonMark keeps out of sight: no title, no image, no language of code,
/// no definition of a link.
fn is_in_sight(text: &str) -> bool {
    let mut parser = Parser::new_ext(text, Options::empty());
    let has_definitions = parser.reference_definitions().iter().next().is_some();
    let is_hidden = |event: Event<'_>| match event {
        Event::Start(Tag::Link { title, .. }) => !title.is_empty(),
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => !info.is_empty(),
        Event::Start(Tag::Image { .. }) => true,
        _ => false,
    };
    !has_definitions && !parser.any(is_hidden)
}

/// Whether all words are said, in their order.
fn are_said(words: &str, said: &str) -> bool {
    let mut said = said.chars();
    words.chars().all(|sign| said.any(|other| other == sign))
}

/// What the parser reads as text of any kind, as it is shown.
fn read(text: &str) -> String {
    let texts = Parser::new_ext(text, Options::empty()).filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
            Some(text.into_string())
        }
        _ => None,
    });
    let shown = |sign: char| if is_refused(sign) { char::REPLACEMENT_CHARACTER } else { sign };
    without_space(&texts.collect::<String>().chars().map(shown).collect::<String>())
}

/// The text in Markdown that stands for itself.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|sign| sign.is_ascii_punctuation().then_some('\\').into_iter().chain([sign]))
        .collect()
}

#[test]
fn each_example_of_commonmark_says_the_words_that_its_own_reader_finds() {
    assert_eq!(examples().count(), 652);
    for Example { section, markdown, words } in examples() {
        let said = said(&parse(markdown, &[]));
        assert!(are_said(words, &said), "{section}: {markdown:?}: {said:?}");
        if is_in_sight(markdown) {
            assert_eq!(said, words, "{section}: {markdown:?}");
        }
    }
}

#[test]
fn each_definition_of_the_examples_is_shown_as_it_was_written() {
    let mut definitions = 0;
    for Example { section, markdown, .. } in examples() {
        let said = said(&parse(markdown, &[]));
        let parser = Parser::new_ext(markdown, Options::empty());
        for (_, definition) in parser.reference_definitions().iter() {
            let written: String = without_space(&markdown[definition.span.clone()]);
            assert!(said.contains(&written), "{section}: {markdown:?}: {said:?}");
            definitions += 1;
        }
    }
    assert!(definitions >= 50, "{definitions}");
}

#[test]
fn what_is_no_element_of_ours_is_shown_as_text() {
    assert!(vectors().count() >= 900, "{}", vectors().count());
    for text in vectors().chain(examples().map(|example| example.markdown)) {
        let said = said(&parse(text, &hosts()));
        assert!(are_said(&read(text), &said), "{text:?}: {said:?}");
        if is_in_sight(text) {
            assert_eq!(said, read(text), "{text:?}");
        }
    }
    let together = vectors().collect::<Vec<_>>().join("\n\n");
    assert!(are_said(&read(&together), &said(&parse(&together, &hosts()))));
}

#[test]
fn no_string_of_the_collections_becomes_a_link() {
    for text in vectors() {
        assert!(!has_link(&parse(text, &hosts())), "{text:?}");
        assert!(!has_link(&parse(&format!("[pay]({text})"), &hosts())), "{text:?}");
        assert!(!has_link(&parse(&format!("[pay]\n\n[pay]: <{text}>"), &hosts())), "{text:?}");
    }
    // The same search finds one that is there.
    assert!(has_link(&parse("- > *[pay](https://pay.example.scot/)*", &hosts())));
}

#[test]
fn an_address_that_may_not_be_opened_is_shown_to_the_last_character() {
    let lines = seen().map(str::trim).filter(|text| !text.contains(['\n', '\t']));
    for text in lines {
        let link = Span::DeadLink(text.to_owned(), vec![Span::Text("pay".to_owned())]);
        let tree = parse(&format!("[pay](<{}>)", escaped(text)), &hosts());
        assert!(tree == [Block::Paragraph(vec![link])], "{text:?}");
    }
}

#[test]
fn text_that_was_escaped_is_shown_to_the_last_character() {
    for text in seen() {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let source = lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\n");
        let expected = Block::Paragraph(vec![Span::Text(lines.join(" "))]);
        assert!(parse(&source, &hosts()) == [expected], "{text:?}");
    }
}
