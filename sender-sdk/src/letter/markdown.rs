//! What a letter's Markdown may hold (`LBX-LETTER-3`, `LBX-LETTER-6`): no HTML, no pictures, links to
//! registered hosts only.
//!
//! Read as plain CommonMark, as the reader's device reads it: what is no link there is none here.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::LetterError;

/// Checks a text. `part` names it in the error, `may_open` says whether a link may lead to an address.
pub(super) fn check(part: &str, text: &str, may_open: impl Fn(&str) -> bool) -> Result<(), LetterError> {
    for (event, place) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        let part = || part.to_owned();
        let line = || line_of(text, place.start);
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
            _ => {}
        }
    }
    Ok(())
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
