//! The keys of rows, see the table in the parent module.

use relay_auth::{
    id::{BlobId, MailboxId, PermitId, VoucherId},
    request_key::RequestKeyId,
};

use crate::archive::ObjectId;

/// The row that shows that the store works. Too short to be any other.
pub(super) const PROBE: &[u8] = b"probe";

fn key(place: &[u8; 16], kind: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(17 + rest.len());
    key.extend_from_slice(place);
    key.push(kind);
    key.extend_from_slice(rest);
    key
}

pub(super) fn access(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'a', b"")
}

pub(super) fn blob(mailbox: MailboxId, id: BlobId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'b', id.as_bytes())
}

/// Which mailbox an attachment belongs to.
pub(super) fn blob_mailbox(id: BlobId) -> Vec<u8> {
    key(id.as_bytes(), b'f', b"")
}

pub(super) fn chain(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'c', b"")
}

pub(super) fn deposits(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'd', b"")
}

pub(super) fn deposit(mailbox: MailboxId, sequence: u64) -> Vec<u8> {
    key(mailbox.as_bytes(), b'd', &sequence.to_be_bytes())
}

pub(super) fn envelope(mailbox: MailboxId, sequence: u64) -> Vec<u8> {
    key(mailbox.as_bytes(), b'e', &sequence.to_be_bytes())
}

pub(super) fn changes(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'g', b"")
}

pub(super) fn change(mailbox: MailboxId, change: u64) -> Vec<u8> {
    key(mailbox.as_bytes(), b'g', &change.to_be_bytes())
}

pub(super) fn object(mailbox: MailboxId, id: ObjectId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'o', id.as_bytes())
}

/// An object can be longer than one long value.
pub(super) fn object_part(mailbox: MailboxId, id: ObjectId, part: u8) -> Vec<u8> {
    let mut key = object(mailbox, id);
    key.push(part);
    key
}

pub(super) fn permit(mailbox: MailboxId, id: PermitId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'p', id.as_bytes())
}

/// The names of a mailbox's recovery keys.
pub(super) fn recovery_keys(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'r', b"")
}

pub(super) fn sessions(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b's', b"")
}

pub(super) fn session(mailbox: MailboxId, id: RequestKeyId) -> Vec<u8> {
    key(mailbox.as_bytes(), b's', id.as_bytes())
}

/// What is being uploaded on a permit.
pub(super) fn uploads(mailbox: MailboxId, id: PermitId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'u', id.as_bytes())
}

pub(super) fn voucher(mailbox: MailboxId, id: VoucherId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'v', id.as_bytes())
}

pub(super) fn all_due(mailbox: MailboxId) -> Vec<u8> {
    key(mailbox.as_bytes(), b'x', b"")
}

pub(super) fn due(mailbox: MailboxId, time: u64, kind: u8, what: &[u8]) -> Vec<u8> {
    let mut key = key(mailbox.as_bytes(), b'x', &time.to_be_bytes());
    key.push(kind);
    key.extend_from_slice(what);
    key
}

pub(super) fn request_key(id: RequestKeyId) -> Vec<u8> {
    key(id.as_bytes(), b'k', b"")
}

pub(super) fn recovery_key(id: RequestKeyId) -> Vec<u8> {
    key(id.as_bytes(), b'w', b"")
}

pub(super) fn session_key(id: RequestKeyId) -> Vec<u8> {
    key(id.as_bytes(), b'y', b"")
}

/// The name at the end of the key of a session.
pub(super) fn last_id(key: &[u8]) -> Option<[u8; 16]> {
    key.get(17..)?.try_into().ok()
}

/// The number at the end of the key of a deposit or change.
pub(super) fn last_number(key: &[u8]) -> Option<u64> {
    key.get(17..)?.try_into().ok().map(u64::from_be_bytes)
}
