//! What a device asks of the relay. Every request but the first is signed with the device's request
//! key; the first carries a voucher and the access list that names that key. What is asked with a
//! recovery code is in [`crate::recovery`]. A session reads with a key of its own
//! ([`crate::reading::Reading`]).

use api::{
    archive::{ArchiveObject, ArchivePage},
    events::Event,
    letters::LetterPage,
    mailboxes::OpenMailbox,
};
use crypto_core::{archive::ObjectId, trust::VerifiedTrust};
use rand_core::CryptoRng;
use relay_auth::{
    access::{AccessList, SignedAccessList},
    cbor::{DecodeError, Limits, Suite, Version, Wire as _},
    hex,
    id::BlobId,
    signing::SigningKey,
};

use crate::{
    enrolment::Enrolled,
    http::{self, AnswerError, Call, HttpRequest, HttpResponse, RequestFailure},
    inbox::Filing,
    keys::DeviceKeys,
};

/// The most letters that are asked for at once.
pub(crate) const LETTERS_AT_ONCE: u16 = 64;

/// 64 letters of at most 64 KiB, with their deposits and receipts.
const LETTER_PAGE: Limits =
    Limits { bytes: 5 * 1024 * 1024, depth: 3, items: 4 * LETTERS_AT_ONCE as u32 + 4 };

/// 1,024 entries.
const ARCHIVE_PAGE: Limits = Limits { bytes: 64 * 1024, depth: 3, items: 5 * 1024 + 8 };

/// An object, its id and its counter.
const ARCHIVE_OBJECT: Limits = Limits { bytes: crypto_core::archive::LARGEST + 64, depth: 1, items: 4 };

/// The longest line of the event stream.
const LONGEST_LINE: usize = 1024;

/// Whose key signs requests that read.
pub trait Signs {
    /// The key.
    fn request_key(&self) -> SigningKey;
}

impl Signs for DeviceKeys {
    fn request_key(&self) -> SigningKey {
        self.request()
    }
}

/// Who signs a request, and when: a device, unless it says otherwise.
pub struct Signer<'a, K = DeviceKeys> {
    /// The keys.
    pub keys: &'a K,
    /// Names the relay.
    pub trust: &'a VerifiedTrust,
    /// Unix seconds.
    pub now: u64,
}

impl<K: Signs> Signer<'_, K> {
    pub(crate) fn sign(
        &self,
        call: Call<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<HttpRequest, RequestFailure> {
        self.sign_by(&self.keys.request_key(), call, rng)
    }

    /// Signs with another key.
    pub(crate) fn sign_by(
        &self,
        key: &SigningKey,
        call: Call<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<HttpRequest, RequestFailure> {
        http::signed(&self.trust.file().relay.url, call, key, self.now, rng)
    }

    fn get(
        &self,
        path: &str,
        query: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> Result<HttpRequest, RequestFailure> {
        self.sign(Call { method: "GET", path, query, body: &[] }, rng)
    }
}

/// Opens the mailbox. The same voucher with the same list opens it again, to no effect. The answer
/// has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn open_mailbox(
    enrolled: &Enrolled,
    keys: &DeviceKeys,
    trust: &VerifiedTrust,
) -> Result<HttpRequest, RequestFailure> {
    let list = access_list(enrolled, keys, 1);
    let opening = OpenMailbox {
        voucher: enrolled.voucher().to_vec().into(),
        access_list: SignedAccessList::sign(&list, &keys.access()).to_bytes().into(),
    };
    http::post(&trust.file().relay.url, "/v1/mailboxes", &opening)
}

/// The list that lets this device alone ask, and senders seal to its newest inbox key alone.
pub(crate) fn access_list(enrolled: &Enrolled, keys: &DeviceKeys, counter: u64) -> AccessList {
    AccessList {
        version: Version,
        suite: Suite,
        mailbox: enrolled.mailbox(),
        counter,
        next_access_key: keys.next_access().verifying_key(),
        request_keys: vec![keys.request().verifying_key()],
        inbox_keys: keys.accepted_inbox_keys().iter().map(|key| key.public_key().id()).collect(),
    }
}

/// Lists the deposits after a sequence number. The answer goes to [`letter_page`].
///
/// # Errors
/// [`RequestFailure`].
pub fn letters(
    after: u64,
    limit: Option<u16>,
    signer: &Signer<'_, impl Signs>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let limit = limit.unwrap_or(LETTERS_AT_ONCE).clamp(1, LETTERS_AT_ONCE);
    signer.get("/v1/mailbox/letters", Some(&format!("after={after}&limit={limit}")), rng)
}

/// The answer to [`letters`].
///
/// # Errors
/// [`AnswerError`].
pub fn letter_page(response: &HttpResponse) -> Result<LetterPage, AnswerError> {
    response.decoded(LETTER_PAGE)
}

/// Files a letter in the archive and acknowledges it, both or neither. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn file(
    filing: &Filing,
    signer: &Signer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let call = Call { method: "POST", path: "/v1/mailbox/archive", query: None, body: filing.content() };
    signer.sign(call, rng)
}

/// Lists the archive's changes after one. The answer goes to [`archive_page`].
///
/// # Errors
/// [`RequestFailure`].
pub fn archive(
    after: u64,
    signer: &Signer<'_, impl Signs>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    signer.get("/v1/mailbox/archive", Some(&format!("after={after}")), rng)
}

/// The answer to [`archive`].
///
/// # Errors
/// [`AnswerError`].
pub fn archive_page(response: &HttpResponse) -> Result<ArchivePage, AnswerError> {
    response.decoded(ARCHIVE_PAGE)
}

/// Fetches an object of the archive. The answer goes to [`archive_content`].
///
/// # Errors
/// [`RequestFailure`].
pub fn archive_object(
    id: &ObjectId,
    signer: &Signer<'_, impl Signs>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    signer.get(&format!("/v1/mailbox/archive/{}", hex::encode(id.as_bytes())), None, rng)
}

/// The answer to [`archive_object`].
///
/// # Errors
/// [`AnswerError`].
pub fn archive_content(response: &HttpResponse) -> Result<ArchiveObject, AnswerError> {
    response.decoded(ARCHIVE_OBJECT)
}

/// Fetches the sealed bytes of an attachment from an offset to their end. The content of an answer
/// that is a success goes to [`crate::download::Download::push`] as it comes.
pub(crate) fn blob(
    id: &BlobId,
    offset: u64,
    signer: &Signer<'_, impl Signs>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let path = format!("/v1/mailbox/blobs/{}", hex::encode(id.as_bytes()));
    signer.get(&path, Some(&format!("offset={offset}")), rng)
}

/// Follows what happens. The answer does not end; its content goes to [`EventLines`] as it comes.
///
/// # Errors
/// [`RequestFailure`].
pub fn events(signer: &Signer<'_>, rng: &mut impl CryptoRng) -> Result<HttpRequest, RequestFailure> {
    signer.get("/v1/mailbox/events", None, rng)
}

/// Cuts a stream of events into lines.
#[derive(Debug, Default)]
pub struct EventLines {
    rest: Vec<u8>,
}

impl EventLines {
    /// At the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { rest: Vec::new() }
    }

    /// Takes what came and gives the events in it. Empty lines say that the stream lives; kinds of
    /// event that this program does not know are passed over.
    ///
    /// # Errors
    /// [`DecodeError`]: this is not the relay's stream of events. End it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
        let mut events = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(part);
            if self.rest.len() > LONGEST_LINE {
                return Err(DecodeError::TooLarge);
            }
            let Some(line) = self.rest.strip_suffix(b"\n") else { continue };
            if !line.is_empty() {
                events.extend(event(line)?);
            }
            self.rest.clear();
        }
        Ok(events)
    }
}

fn event(line: &[u8]) -> Result<Option<Event>, DecodeError> {
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|_| DecodeError::Shape)?;
    let kind = value.get("event").and_then(serde_json::Value::as_str).ok_or(DecodeError::Shape)?;
    if !matches!(kind, "start" | "letter") {
        return Ok(None);
    }
    serde_json::from_value(value).map(Some).map_err(|_| DecodeError::Shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_any_pieces_and_in_no_other_form() {
        let stream = b"{\"event\":\"start\",\"last\":3}\n\n{\"event\":\"later\"}\n\
            {\"event\":\"letter\",\"sequence\":4}\n";
        for size in 1..stream.len() {
            let mut lines = EventLines::new();
            let events: Vec<Event> =
                stream.chunks(size).flat_map(|piece| lines.push(piece).unwrap()).collect();
            assert_eq!(events, [Event::Start { last: 3 }, Event::Letter { sequence: 4 }], "{size}");
        }
        for hostile in [&b"x\n"[..], b"{}\n", b"[]\n", b"{\"event\":\"letter\"}\n", &[b'1'; 1025]] {
            assert!(EventLines::new().push(hostile).is_err(), "{hostile:?}");
        }
    }
}
