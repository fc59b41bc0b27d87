//! Letter text: what it may become, and what hostile text becomes.

use client_markdown::{Block, Link, Span, parse};
use proptest::prelude::*;

use crate::{has_link, hosts, portable_test};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

fn tree(source: &str) -> Vec<Block> {
    parse(source, &hosts())
}

fn text(text: &str) -> Span {
    Span::Text(text.to_owned())
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph(vec![text(words)])
}

fn dead(address: &str, words: &str) -> Block {
    Block::Paragraph(vec![Span::DeadLink(address.to_owned(), vec![text(words)])])
}

fn code(words: &str) -> Block {
    Block::Code(words.to_owned())
}

/// The words of a tree, each part of a line and each block apart.
fn words(blocks: &[Block]) -> String {
    fn line(spans: &[Span], out: &mut String) {
        for span in spans {
            match span {
                Span::Text(text) | Span::Code(text) => out.push_str(text),
                Span::Emphasis(inner) | Span::Strong(inner) | Span::Link(_, inner) => line(inner, out),
                Span::DeadLink(address, inner) => {
                    line(inner, out);
                    out.push_str(address);
                }
                Span::Break => out.push(' '),
            }
        }
    }
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Heading(_, spans) | Block::Paragraph(spans) => line(spans, &mut out),
            Block::List(_, items) => items.iter().for_each(|item| out.push_str(&words(item))),
            Block::Quote(inner) => out.push_str(&words(inner)),
            Block::Code(text) => out.push_str(text),
            Block::Rule => {}
        }
        out.push(' ');
    }
    out
}

/// How deep a tree is.
fn depth(blocks: &[Block]) -> usize {
    fn line(spans: &[Span]) -> usize {
        let inner = |span: &Span| match span {
            Span::Emphasis(inner) | Span::Strong(inner) | Span::Link(_, inner) | Span::DeadLink(_, inner) => {
                line(inner)
            }
            Span::Text(_) | Span::Code(_) | Span::Break => 0,
        };
        1 + spans.iter().map(inner).max().unwrap_or(0)
    }
    let inner = |block: &Block| match block {
        Block::Heading(_, spans) | Block::Paragraph(spans) => line(spans),
        Block::List(_, items) => 1 + items.iter().map(|item| depth(item)).max().unwrap_or(0),
        Block::Quote(blocks) => depth(blocks),
        Block::Code(_) | Block::Rule => 1,
    };
    1 + blocks.iter().map(inner).max().unwrap_or(0)
}

#[portable_test]
fn a_letter_becomes_these_elements() {
    let source = "# Your bill\n\nDear Ms *O’Neil*,\\\nplease **pay** `CT1`:\n\n1. online\n2. by post\n\n> Thank \
                  you\n\n---\n\n    as it is\n";
    let expected = vec![
        Block::Heading(1, vec![text("Your bill")]),
        Block::Paragraph(vec![
            text("Dear Ms "),
            Span::Emphasis(vec![text("O’Neil")]),
            text(","),
            Span::Break,
            text("please "),
            Span::Strong(vec![text("pay")]),
            text(" "),
            Span::Code("CT1".to_owned()),
            text(":"),
        ]),
        Block::List(Some(1), vec![vec![paragraph("online")], vec![paragraph("by post")]]),
        Block::Quote(vec![paragraph("Thank you")]),
        Block::Rule,
        Block::Code("as it is".to_owned()),
    ];
    assert!(tree(source) == expected);
}

#[portable_test]
fn hostile_text_becomes_text() {
    let cases: &[(&str, &str, Vec<Block>)] = &[
        ("a script", "<script>alert(1)</script>", vec![paragraph("<script>alert(1)</script>")]),
        ("HTML in a line", "a <b onclick=x>b</b>", vec![paragraph("a <b onclick=x>b</b>")]),
        ("a comment", "<!-- hidden -->", vec![paragraph("<!-- hidden -->")]),
        (
            "an image",
            "![the logo](https://pay.example.scot/x.png)",
            vec![dead("https://pay.example.scot/x.png", "the logo")],
        ),
        (
            "an image with a link in it",
            "![a [b](https://evil.example) c](x)",
            vec![dead("x", "a b (https://evil.example) c")],
        ),
        ("a link to elsewhere", "[pay](https://evil.example/)", vec![dead("https://evil.example/", "pay")]),
        (
            "a link that pretends",
            "[https://pay.example.scot/](https://pay.example.scot.evil.example/)",
            vec![dead("https://pay.example.scot.evil.example/", "https://pay.example.scot/")],
        ),
        ("a script as a link", "[x](javascript:alert(1))", vec![dead("javascript:alert(1)", "x")]),
        ("data as a link", "[x](data:text/html,x)", vec![dead("data:text/html,x", "x")]),
        (
            "an address in brackets",
            "<https://evil.example>",
            vec![dead("https://evil.example", "https://evil.example")],
        ),
        (
            "a link by reference",
            "[x]\n\n[x]: file:///etc/passwd",
            vec![dead("file:///etc/passwd", "x"), code("[x]: file:///etc/passwd")],
        ),
        ("a direction changed by a number", "a&#x202e;b", vec![paragraph("a\u{fffd}b")]),
        ("a direction changed by a name", "a&ZeroWidthSpace;b", vec![paragraph("a\u{fffd}b")]),
        ("fillers by numbers", "a&#x3164;&#xe0101;b", vec![paragraph("a\u{fffd}\u{fffd}b")]),
        ("a direction changed in an address", "[x](a&#x202e;b)", vec![dead("a\u{fffd}b", "x")]),
        ("a control character by a number", "a&#27;b", vec![paragraph("a\u{fffd}b")]),
        ("a heading of the sixth level", "###### x", vec![Block::Heading(4, vec![text("x")])]),
        ("a table", "|a|\n|-|", vec![paragraph("|a| |-|")]),
        (
            "a numbered list from afar",
            "999999999. x",
            vec![Block::List(Some(999_999_999), vec![vec![paragraph("x")]])],
        ),
        ("nothing", "", vec![]),
    ];
    for (name, source, expected) in cases {
        assert!(tree(source) == *expected, "{name}");
    }
}

#[portable_test]
fn what_was_signed_is_seen_wherever_commonmark_keeps_it_out_of_sight() {
    let titled = |address: &str, words: &str, title: &str| {
        let link = Span::DeadLink(address.to_owned(), vec![text(words)]);
        Block::Paragraph(vec![link, text(&format!(" ({title})"))])
    };
    let cases: &[(&str, &str, Vec<Block>)] = &[
        ("a title", "[a](x \"You agree.\")", vec![titled("x", "a", "You agree.")]),
        ("a title with a direction", "[a](x \"&#x202e;b\")", vec![titled("x", "a", "\u{fffd}b")]),
        ("the title of an image", "![a](x 'You agree.')", vec![titled("x", "a", "You agree.")]),
        ("an image without words", "![](You%20agree)", vec![dead("You%20agree", "")]),
        ("a language of code", "~~~ You agree.\na\n~~~", vec![code("You agree.\na")]),
        ("a language of no code", "```You agree.\n```", vec![code("You agree.")]),
        (
            "the title of a definition",
            "[a]\n\n[a]: x 'You agree.'",
            vec![titled("x", "a", "You agree."), code("[a]: x 'You agree.'")],
        ),
        (
            "the label of a definition",
            "[a][You agree.]\n\n[you AGREE.]: x",
            vec![dead("x", "a"), code("[you AGREE.]: x")],
        ),
        ("a definition of nothing", "[You agree.]: x", vec![code("[You agree.]: x")]),
        ("one before a text", "[You agree.]: x\na", vec![code("[You agree.]: x"), paragraph("a")]),
        (
            "a second one of the same",
            "[a]\n\n[a]: x\n[a]: y 'You agree.'",
            vec![dead("x", "a"), code("[a]: x\n[a]: y 'You agree.'")],
        ),
        (
            "one in a quotation",
            "> a\n>\n> [You agree.]: x",
            vec![Block::Quote(vec![paragraph("a"), code("[You agree.]: x")])],
        ),
        (
            "one behind a heading",
            "# a\n[You agree.]: x",
            vec![Block::Heading(1, vec![text("a")]), code("[You agree.]: x")],
        ),
    ];
    for (name, source, expected) in cases {
        assert!(tree(source) == *expected, "{name}");
    }
    // In a list it stands with the items.
    assert!(words(&tree("- a\n- [You agree.]: x\n- b")).contains("[You agree.]: x"));
}

#[portable_test]
fn what_is_too_deep_for_a_link_keeps_its_address_and_its_title() {
    let many = 60;
    let source = format!("{}deep{}", "![".repeat(many), "](far 'You agree.')".repeat(many));
    let words = words(&tree(&source));
    assert_eq!(words.matches("far").count(), many, "{words}");
    assert_eq!(words.matches("(You agree.)").count(), many, "{words}");
}

#[portable_test]
fn a_link_to_a_registered_host_shows_the_host() {
    let url = "https://pay.example.scot/bill?1#2".to_owned();
    let link = Link { url: url.clone(), host: "pay.example.scot".to_owned() };
    assert!(tree(&format!("[pay]({url})")) == [Block::Paragraph(vec![Span::Link(link, vec![text("pay")])])]);
}

#[portable_test]
fn a_link_opens_only_where_the_verified_sender_has_registered_its_host() {
    let open = "[pay](https://pay.example.scot/bill)";
    assert!(has_link(&tree(open)));
    // The hosts are those of the sender: of another one nothing opens.
    assert!(!has_link(&parse(open, &[])));
    assert!(!has_link(&parse(open, &["elsewhere.example".to_owned()])));
    for address in [
        "http://pay.example.scot/",
        "HTTPS://pay.example.scot/",
        "//pay.example.scot/",
        "https:pay.example.scot",
        "https://PAY.example.scot/",
        "https://pay.example.scot./",
        "https://pay.example.scot:443/",
        "https://pay.example.scot@evil.example/",
        "https://user@pay.example.scot/",
        "https://pay.example.scot%2eevil.example/",
        "https://pay.example.scot&#46;evil.example/",
        "https://pay.example.scot&bsol;@evil.example/",
        "https://pay.example.scot&Tab;/",
        "https://pay.example.scot.evil.example/",
        "https://not.pay.example.scot/",
        "https://example.scot/",
        "javascript:alert(1)//https://pay.example.scot/",
    ] {
        for source in [format!("[pay](<{address}>)"), format!("[pay][1]\n\n[1]: <{address}>")] {
            assert!(!has_link(&tree(&source)), "{source}");
        }
    }
}

#[portable_test]
fn nesting_beyond_the_limit_is_flat_and_loses_no_word() {
    let many = 10_000;
    let bombs = [
        ("quotations", format!("{}deep", "> ".repeat(many))),
        ("lists", format!("{}deep", "- ".repeat(many))),
        ("lists by indentation", (0..150).map(|level| format!("{}- deep\n", "  ".repeat(level))).collect()),
        ("both", format!("{}deep", "> - ".repeat(many / 2))),
        ("emphasis", format!("{}deep{}", "*a ".repeat(many), "*".repeat(many))),
        ("strong", format!("{}deep{}", "**a ".repeat(many), "**".repeat(many))),
        ("brackets", format!("{}deep{}", "[".repeat(many), "](x)".repeat(many))),
        ("images", format!("{}deep{}", "![".repeat(many), "](x)".repeat(many))),
        ("images and links", format!("{}deep{}", "[![".repeat(many / 2), "](x)](y)".repeat(many / 2))),
        ("backticks", (0..300).map(|length| format!("{} deep ", "`".repeat(length))).collect()),
        ("elements", "*deep* ".repeat(many)),
        ("references", format!("{}\n\n[deep]: {}", "[deep]".repeat(many / 2), "x".repeat(20_000))),
    ];
    for (name, source) in bombs {
        let blocks = tree(&source);
        assert!(depth(&blocks) <= 64, "{name}: {}", depth(&blocks));
        assert!(words(&blocks).contains("deep"), "{name}");
    }
}

#[portable_test]
fn more_elements_than_the_limit_are_shown_as_they_were_written() {
    for source in ["*a* ".repeat(15_000), format!("<!--{}-->", "\n".repeat(15_000))] {
        assert!(tree(&source) == [Block::Code(source.clone())]);
    }
}

#[portable_test]
fn where_elements_are_flat_words_do_not_run_together() {
    let source: String = (0..40).map(|level| format!("{}- word\n", "  ".repeat(level))).collect();
    let words = words(&tree(&source));
    assert_eq!(words.split_whitespace().filter(|word| *word == "word").count(), 40, "{words}");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_text_panics_or_grows_deep(source in "\\PC{0,300}") {
        prop_assert!(depth(&tree(&source)) <= 64);
    }

    #[test]
    fn no_markup_panics_or_grows_deep(source in "[-*_>#\\[\\]()!`<&;:\\\\\n a1.+=~|\"]{0,500}") {
        prop_assert!(depth(&tree(&source)) <= 64);
    }

    #[test]
    fn plain_words_come_out_as_they_went_in(lines in prop::collection::vec("[a-z]{1,12}( [a-zà-ù]{1,12}){0,6}", 1..12)) {
        let source = lines.join("\n\n");
        let expected: Vec<Block> = lines.iter().map(|line| paragraph(line)).collect();
        prop_assert!(tree(&source) == expected);
    }
}
