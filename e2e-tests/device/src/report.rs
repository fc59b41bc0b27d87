//! What a device has, for whoever started it.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use client_mailbox::letter::{Attachment, LetterSummary};
use crypto_core::archive::{ArchiveError, Item};
use relay_auth::{cbor::Wire as _, hex};
use serde_json::{Value, json};

use crate::{failure::Failure, mailbox::Mailbox, recover};

/// Every letter, the newest first, which files were saved, what is not in order, and the recovery code.
pub(crate) fn of(mailbox: &Mailbox<'_>, saved: &[Value]) -> Result<Value, Failure> {
    let letters = mailbox.inbox.summaries(&mailbox.registry);
    let letters: Vec<Value> =
        letters.iter().map(|summary| letter(mailbox, summary)).collect::<Result<_, _>>()?;
    Ok(json!({
        "letters": letters,
        "saved": saved,
        "code": recover::code(&mailbox.keys),
        "unopened": mailbox.inbox.unopened(),
        "not_filed": mailbox.inbox.filings().count(),
        "with_postcode": mailbox.enrolled.attributes().postcode().is_some(),
    }))
}

/// A letter, verified again from what is stored. Names and values are those of `letterbox send --json`.
fn letter(mailbox: &Mailbox<'_>, summary: &LetterSummary) -> Result<Value, Failure> {
    let (id, record) = mailbox.stored(summary)?;
    let view = mailbox.inbox.view(&id, record, &mailbox.reader())?;
    let Item::Letter(filed) = Item::from_bytes(record)?;
    let (trust, relay) = (mailbox.trust.trust(), mailbox.trust.receipt_keys());
    let signed_for = filed.receipt.verify_for(relay, &filed.deposit)?;
    let receipt = filed.receipt.to_bytes();
    let sender =
        mailbox.registry.filed_sender(&filed.sender, &trust.operators).map_err(ArchiveError::from)?;
    let letter = filed.verify(mailbox.enrolled.directory_id(), &sender, relay)?;
    Ok(json!({
        "letter_id": hex::encode(letter.id().as_bytes()),
        "time": signed_for.time,
        "envelope_digest": Base64UrlUnpadded::encode_string(&signed_for.digest.0),
        "chain_head": Base64UrlUnpadded::encode_string(signed_for.head.as_bytes()),
        "receipt": Base64UrlUnpadded::encode_string(&receipt),
        "subject": view.summary.label,
        "language": view.summary.language,
        "sender": { "name": view.summary.sender.name, "domain": view.summary.sender.domain },
        "unit": view.summary.sender.unit,
        "sender_is_suspended": view.summary.sender.is_suspended,
        "summary": view.in_plain_words,
        "text": letter.letter().text,
        "attachments": view.attachments.iter().map(attachment).collect::<Vec<_>>(),
    }))
}

/// A file of a letter, before anything of it was fetched.
fn attachment(file: &Attachment) -> Value {
    let Attachment { file_name, media_type, size, label, language } = file;
    json!({ "name": file_name, "media_type": media_type, "size": size, "label": label, "language": language })
}
