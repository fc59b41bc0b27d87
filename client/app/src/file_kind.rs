//! What kind of file it is, by the end of its name: a device opens a file by that, whatever its sender
//! calls it.
//!
//! The kinds that are let pass without a word are listed, not those that can do harm: nobody knows all
//! of these.

use client_catalogue::Message;

const PICTURES: [&str; 10] = ["avif", "bmp", "gif", "heic", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

const TEXTS: [&str; 7] = ["csv", "doc", "docx", "md", "odt", "rtf", "txt"];

/// Besides pictures, what starts nothing when it is opened: documents of kinds that hold no macros, sound,
/// films, Braille. Older documents (`doc`, `rtf`, `xls`) can hold programs, OpenDocument (`odt`, `ods`,
/// `odp`) keeps macros under the same endings, and archives can hold anything. A table in plain text
/// (`csv`) can hold formulas, as `xlsx` can: what these may do, the program asks its reader.
const HARMLESS: [&str; 18] = [
    "aac", "brf", "csv", "docx", "flac", "m4a", "md", "mov", "mp3", "mp4", "ogg", "pdf", "pptx", "txt",
    "vtt", "wav", "webm", "xlsx",
];

/// What is to be said to somebody who is about to save a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Nothing.
    None,
    /// Files of this kind may start something when they are opened.
    OfItsKind,
    /// It does not say what kind it is.
    OfNoKind,
}

/// The kind in words.
pub(crate) fn in_words(file_name: &str) -> Message {
    match ending(file_name).as_deref() {
        Some("pdf") => Message::AttachmentPdf,
        Some(ending) if PICTURES.contains(&ending) => Message::AttachmentPicture,
        Some(ending) if TEXTS.contains(&ending) => Message::AttachmentText,
        _ => Message::AttachmentOther,
    }
}

/// How careful its reader should be.
pub(crate) fn care(file_name: &str) -> Care {
    match ending(file_name).as_deref() {
        None => Care::OfNoKind,
        Some(ending) if PICTURES.contains(&ending) || HARMLESS.contains(&ending) => Care::None,
        Some(_) => Care::OfItsKind,
    }
}

/// What follows the last dot.
fn ending(file_name: &str) -> Option<String> {
    // Some systems leave dots and spaces at the end of a name away.
    let name = file_name.trim_end_matches(|sign: char| sign == '.' || sign.is_whitespace());
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())
}
