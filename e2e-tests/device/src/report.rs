//! What a device has, for whoever started it.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use client_mailbox::{inbox::ViewError, letter::LetterSummary, local::names};
use crypto_core::archive::Item;
use relay_auth::{cbor::Wire as _, hex};
use serde_json::{Value, json};

use crate::{failure::Failure, mailbox::Mailbox, recover};

/// Every letter, the newest first, what is not in order, and the recovery code.
pub(crate) fn of(mailbox: &Mailbox<'_>) -> Result<Value, Failure> {
    let letters = mailbox.inbox.summaries(&mailbox.registry);
    let letters: Vec<Value> =
        letters.iter().map(|summary| letter(mailbox, summary)).collect::<Result<_, _>>()?;
    Ok(json!({
        "letters": letters,
        "code": recover::code(&mailbox.keys),
        "unopened": mailbox.inbox.unopened(),
        "not_filed": mailbox.inbox.filings().count(),
        "with_postcode": mailbox.enrolled.attributes().postcode().is_some(),
    }))
}

/// A letter, verified again from what is stored. Names and values are those of `letterbox send --json`.
fn letter(mailbox: &Mailbox<'_>, summary: &LetterSummary) -> Result<Value, Failure> {
    let id = mailbox.inbox.find(&summary.id).ok_or(ViewError::NoSuchLetter)?;
    let name = names::letter(&id);
    let record = mailbox.disk.get(&name).ok_or_else(|| Failure::Missing(name.clone()))?;
    let view = mailbox.inbox.view(&id, record, &mailbox.reader())?;
    let Item::Letter(filed) = Item::from_bytes(record)?;
    let (trust, relay) = (mailbox.trust.trust(), mailbox.trust.relay_key());
    let signed_for = filed.receipt.verify_for(relay, &filed.deposit)?;
    let receipt = filed.receipt.to_bytes();
    let letter = filed.verify(mailbox.enrolled.directory_id(), &trust.operators, relay)?;
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
        "summary": view.in_plain_words,
        "text": letter.letter().text,
    }))
}
