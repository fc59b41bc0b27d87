//! What a letter's Markdown may hold (`LBX-LETTER-3`, `LBX-LETTER-6`): no HTML, no pictures, links to
//! registered hosts only, and no words that stand out of sight.
//!
//! Read as plain CommonMark, as the reader's device reads it: what is no link there is none here.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::LetterError;

/// Checks a text. `part` names it in the error, `may_open` says whether a link may lead to an address.
pub(super) fn check(part: &str, text: &str, may_open: impl Fn(&str) -> bool) -> Result<(), LetterError> {
    let mut events = Parser::new_ext(text, Options::empty()).into_offset_iter();
    let mut definitions = Definitions::default();
    while let Some((event, place)) = events.next() {
        let part = || part.to_owned();
        let line = || line_of(text, place.start);
        definitions.pass(&event, &place);
        if let Event::Start(Tag::Link { id, .. }) = &event {
            definitions.used.extend(events.reference_definitions().get(id).map(|used| used.span.clone()));
        }
        match event {
            Event::Start(Tag::HtmlBlock) | Event::Html(_) | Event::InlineHtml(_) => {
                return Err(LetterError::Html { part: part(), line: line() });
            }
            Event::Start(Tag::Image { .. }) => {
                return Err(LetterError::Image { part: part(), line: line() });
            }
            Event::Start(Tag::Link { dest_url, .. }) if !may_open(&dest_url) => {
                return Err(LetterError::Link { part: part(), line: line() });
            }
            Event::Start(Tag::Link { title, .. }) if !title.is_empty() => {
                return Err(LetterError::Title { part: part(), line: line() });
            }
            _ => {}
        }
    }
    match definitions.unused(text) {
        None => Ok(()),
        Some(place) => Err(LetterError::Definition { part: part.to_owned(), line: line_of(text, place) }),
    }
}

/// Where definitions of links stand. The parser tells of none, and of several with one label it knows the
/// first alone: they are what it passes over.
#[derive(Default)]
struct Definitions {
    /// Up to where events have told of the text.
    told: usize,
    passed_over: Vec<Range<usize>>,
    /// Those that a link uses.
    used: Vec<Range<usize>>,
}

impl Definitions {
    fn pass(&mut self, event: &Event<'_>, place: &Range<usize>) {
        let is_end = matches!(event, Event::End(_));
        self.reach(if is_end { place.end } else { place.start });
        // Between what such a one holds there may be more that no event tells of.
        if !matches!(event, Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item)) {
            self.told = self.told.max(place.end);
        }
    }

    fn reach(&mut self, end: usize) {
        if self.told < end {
            self.passed_over.push(self.told..end);
            self.told = end;
        }
    }

    /// Where the first one begins that no link uses.
    fn unused(mut self, text: &str) -> Option<usize> {
        self.reach(text.len());
        let is_used = |place: usize| self.used.iter().any(|used| used.contains(&place));
        let begins = |place: &usize| text.as_bytes().get(*place) == Some(&b'[') && !is_used(*place);
        self.passed_over.iter().cloned().flatten().find(begins)
    }
}

fn line_of(text: &str, place: usize) -> usize {
    1 + text.bytes().take(place).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), LetterError> {
        check("the text", text, |address| address.starts_with("https://pay.example.scot/"))
    }

    fn part() -> String {
        "the text".to_owned()
    }

    #[test]
    fn ordinary_markdown_is_taken() {
        let text = "# Council tax\n\nDear *Ms O’Neil*,\n\n1. one\n2. two\n\n> quote\n\n`<b>` and 3 < 4 & 5 > 4\n\n\
                    [pay](https://pay.example.scot/x?y=1), <https://pay.example.scot/z>, [again][1]\n\n\
                    [1]: https://pay.example.scot/w\n\nhttps://evil.example is text.\n";
        assert_eq!(checked(text), Ok(()));
    }

    #[test]
    fn html_is_refused_with_its_line() {
        for (text, line) in [
            ("one\n\n<div>two</div>", 3),
            ("one <b>two</b>", 1),
            ("one\ntwo <!-- three -->", 2),
            ("one\n\n- two\n- <script>three</script>", 4),
            ("<iframe src=x></iframe>", 1),
        ] {
            assert_eq!(checked(text), Err(LetterError::Html { part: part(), line }), "{text}");
        }
    }

    #[test]
    fn pictures_are_refused_with_their_line() {
        for (text, line) in [
            ("one\n\n![two](https://pay.example.scot/two.png)", 3),
            ("one ![two][1]\n\n[1]: https://pay.example.scot/two.png", 1),
            ("[![one](https://pay.example.scot/one.png)](https://pay.example.scot/)", 1),
        ] {
            assert_eq!(checked(text), Err(LetterError::Image { part: part(), line }), "{text}");
        }
    }

    #[test]
    fn titles_are_refused_with_their_line() {
        for (text, line) in [
            ("one\n\n[two](https://pay.example.scot/ \"You agree.\")", 3),
            ("[one](https://pay.example.scot/ 'You agree.')", 1),
            ("one\n\n[two][1]\n\n[1]: https://pay.example.scot/ (You agree.)", 3),
        ] {
            assert_eq!(checked(text), Err(LetterError::Title { part: part(), line }), "{text}");
        }
    }

    #[test]
    fn definitions_that_no_link_uses_are_refused_with_their_line() {
        for (text, line) in [
            ("[You agree.]: https://pay.example.scot/", 1),
            (
                "one\n\n[two]\n\n[two]: https://pay.example.scot/\n[2]: https://pay.example.scot/ 'You agree.'",
                6,
            ),
            ("[one]\n\n[one]: https://pay.example.scot/\n[one]: https://pay.example.scot/agreed", 4),
            ("> one\n>\n> [You agree.]: x", 3),
            ("- one\n- [You agree.]: x", 2),
        ] {
            assert_eq!(checked(text), Err(LetterError::Definition { part: part(), line }), "{text}");
        }
    }

    #[test]
    fn brackets_that_define_nothing_are_taken() {
        let text = "- [ ] one\n- \\[two] `[three]`\n- [four][5] and &#91;six]\n\n> [seven] (eight)\n\n    [nine]: ten\n\n\
                    ## [eleven] ##\n";
        assert_eq!(checked(text), Ok(()));
    }

    #[test]
    fn links_elsewhere_are_refused_however_they_are_written() {
        for (text, line) in [
            ("one\ntwo [three](https://evil.example/)", 2),
            ("<https://evil.example/>", 1),
            ("one\n\n[two][1]\n\n[1]: https://evil.example/", 3),
            ("[one]\n\n[one]: <https://evil.example/>", 1),
            ("[one](javascript:alert(1))", 1),
            ("[one](JAVASCRIPT:alert(1))", 1),
            ("[one](//evil.example/)", 1),
            ("[one](/relative)", 1),
            ("[one]()", 1),
            ("[one](http://pay.example.scot/)", 1),
            ("<help@example.scot>", 1),
            ("[one](mailto:help@example.scot)", 1),
            ("[one](https&colon;//evil.example/)", 1),
            ("**[one](https://evil.example/ \"https://pay.example.scot/\")**", 1),
        ] {
            assert_eq!(checked(text), Err(LetterError::Link { part: part(), line }), "{text}");
        }
    }
}
