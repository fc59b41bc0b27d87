//! What makes a letter the same when it is sent again (`LBX-LETTER-5`).
//!
//! Each try seals its files under new keys and stores them in new places, and encloses new reply
//! permits. None of that is what the body says: what a reader can get from a file is fixed by its size
//! and its digest, which are checked before the file is used (`LBX-ATT-4`). So these are left out, and
//! everything else counts, in its order. A letter without files and reply permits is hashed as it is
//! encoded.

use minicbor::Encode;
use relay_auth::{
    cbor::{Bytes, Bytes32},
    label,
};

use crate::{
    body::BodyId,
    citizen::DirectoryId,
    letter::content::{Action, Alternative, Attachment, Letter, LetterId, ThreadId},
};

/// The fingerprint of a body's letter to somebody.
pub(super) fn fingerprint(
    id: &LetterId,
    recipient: &DirectoryId,
    body: &BodyId,
    letter: &Letter,
) -> [u8; 32] {
    label::LETTER_FINGERPRINT.hash(&(id, recipient, body, Same::of(letter)))
}

/// What stays the same of a letter, in the encoding of [`Letter`].
#[derive(Encode)]
struct Same<'a> {
    #[n(0)]
    label: &'a str,
    #[n(1)]
    language: &'a str,
    #[n(2)]
    text: &'a str,
    #[n(3)]
    summary: Option<&'a str>,
    #[n(4)]
    unit: Option<&'a str>,
    #[n(5)]
    contact: Option<&'a str>,
    #[n(6)]
    case_id: Option<&'a str>,
    #[n(7)]
    thread: Option<ThreadId>,
    #[n(8)]
    in_reply_to: Option<LetterId>,
    #[n(9)]
    legal_notification: bool,
    #[n(10)]
    receipt_requested: bool,
    #[n(11)]
    reply_by: Option<u64>,
    #[n(12)]
    print_after: Option<u64>,
    #[n(13)]
    actions: &'a [Action],
    #[n(14)]
    attachments: Vec<SameFile<'a>>,
    #[n(15)]
    alternatives: &'a [Alternative],
    /// None, whichever there are.
    #[n(16)]
    reply_permits: [Bytes; 0],
}

/// What stays the same of a file: all but where it is stored, and its key.
#[derive(Encode)]
struct SameFile<'a> {
    #[n(0)]
    size: u64,
    #[n(1)]
    digest: Bytes32,
    #[n(2)]
    file_name: &'a str,
    #[n(3)]
    encoding_format: &'a str,
    #[n(4)]
    language: Option<&'a str>,
    #[n(5)]
    label: Option<&'a str>,
}

impl<'a> Same<'a> {
    // Every field is named, so that a new one cannot be forgotten here.
    fn of(letter: &'a Letter) -> Self {
        let Letter {
            label,
            language,
            text,
            summary,
            unit,
            contact,
            case_id,
            thread,
            in_reply_to,
            legal_notification,
            receipt_requested,
            reply_by,
            print_after,
            actions,
            attachments,
            alternatives,
            reply_permits: _,
        } = letter;
        Self {
            label,
            language,
            text,
            summary: summary.as_deref(),
            unit: unit.as_deref(),
            contact: contact.as_deref(),
            case_id: case_id.as_deref(),
            thread: *thread,
            in_reply_to: *in_reply_to,
            legal_notification: *legal_notification,
            receipt_requested: *receipt_requested,
            reply_by: *reply_by,
            print_after: *print_after,
            actions,
            attachments: attachments.iter().map(SameFile::of).collect(),
            alternatives,
            reply_permits: [],
        }
    }
}

impl<'a> SameFile<'a> {
    fn of(file: &'a Attachment) -> Self {
        let Attachment { blob: _, key: _, size, digest, file_name, encoding_format, language, label } = file;
        Self {
            size: *size,
            digest: *digest,
            file_name,
            encoding_format,
            language: language.as_deref(),
            label: label.as_deref(),
        }
    }
}
