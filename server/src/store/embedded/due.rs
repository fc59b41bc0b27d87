//! Rows that may go at a known time.

use ::store::View;
use relay_auth::id::{BlobId, MailboxId, PermitId};

use super::{blobs, keys, rows::damaged};
use crate::{mailboxes::requests::Proven, sessions::StoredSession, store::StoreFailure};

const NONCE: u8 = b'n';
const PERMIT: u8 = b'p';
const LETTER: u8 = b'l';
const UPLOAD: u8 = b'b';
const SESSION: u8 = b's';

/// Every kind of what is due.
pub(super) const KINDS: [u8; 5] = [NONCE, PERMIT, LETTER, UPLOAD, SESSION];

/// How many rows one write takes away. More than the two that a write adds, so that nothing piles
/// up; a put that acknowledges many letters is caught up with by the writes after it.
const MOST_REMOVED: usize = 16;

/// How often so many are taken away where it matters that nothing is left. A thousand letters, the
/// longest rows, are within what one transaction may write.
const MOST_ROUNDS: usize = 64;

/// The row that remembers a nonce. It is looked up by its whole key, which the request determines.
pub(super) fn nonce<By>(by: &Proven<By>) -> Vec<u8> {
    keys::due(by.mailbox(), by.remembered_until(), NONCE, by.nonce().as_bytes())
}

/// Has a spent permit forgotten after a time.
pub(super) fn forget_permit(
    view: &mut View,
    mailbox: MailboxId,
    permit: PermitId,
    after: u64,
) -> Result<(), StoreFailure> {
    Ok(view.insert(&keys::due(mailbox, after, PERMIT, permit.as_bytes()), b"")?)
}

/// Has a hidden letter removed after a time.
pub(super) fn remove_letter(
    view: &mut View,
    mailbox: MailboxId,
    sequence: u64,
    after: u64,
) -> Result<(), StoreFailure> {
    Ok(view.insert(&keys::due(mailbox, after, LETTER, &sequence.to_be_bytes()), b"")?)
}

/// The row that has a session forgotten. Without it a session would be remembered for ever, and take the
/// place of another one.
pub(super) fn session(mailbox: MailboxId, session: &StoredSession) -> Vec<u8> {
    keys::due(mailbox, session.remembered_until(), SESSION, session.key.as_bytes())
}

/// Has an upload taken away after a time.
pub(super) fn set_upload_end(
    view: &mut View,
    mailbox: MailboxId,
    blob: BlobId,
    after: u64,
) -> Result<(), StoreFailure> {
    Ok(view.insert(&keys::due(mailbox, after, UPLOAD, blob.as_bytes()), b"")?)
}

/// Has an upload left alone that was to be taken away after a time.
pub(super) fn remove_upload_end(
    view: &mut View,
    mailbox: MailboxId,
    blob: BlobId,
    after: u64,
) -> Result<(), StoreFailure> {
    Ok(view.remove(&keys::due(mailbox, after, UPLOAD, blob.as_bytes()))?)
}

/// Takes away all that is due, within reason. It may change the mailbox's numbers: read them after it.
pub(super) fn remove_all(view: &mut View, mailbox: MailboxId, now: u64) -> Result<(), StoreFailure> {
    for _ in 0..MOST_ROUNDS {
        if remove_some(view, mailbox, now)? < MOST_REMOVED {
            break;
        }
    }
    Ok(())
}

/// Takes away some of what is due, and says how much. It may change the mailbox's numbers: read them
/// after it.
pub(super) fn remove_some(view: &mut View, mailbox: MailboxId, now: u64) -> Result<usize, StoreFailure> {
    let all = keys::all_due(mailbox);
    // Nearly always nothing is due. They lie in the order of their times: the first one says so.
    let mut rows = view.scan_prefix(&all, None, 1)?;
    if rows.iter().any(|(key, _)| parse(key).is_some_and(|(time, ..)| time < now)) {
        rows = view.scan_prefix(&all, None, MOST_REMOVED)?;
    }
    let mut removed = 0;
    for (key, _) in rows {
        let unknown = || damaged("a row says that something of an unknown kind is due");
        let (time, kind, what) = parse(&key).ok_or_else(unknown)?;
        if time >= now {
            break;
        }
        match kind {
            NONCE => {}
            PERMIT => {
                let id: [u8; 16] = what.try_into().map_err(|_| unknown())?;
                view.remove(&keys::permit(mailbox, id.into()))?;
            }
            LETTER => {
                let sequence: [u8; 8] = what.try_into().map_err(|_| unknown())?;
                view.remove_long(&keys::envelope(mailbox, u64::from_be_bytes(sequence)))?;
            }
            UPLOAD => {
                let id: [u8; 16] = what.try_into().map_err(|_| unknown())?;
                blobs::end(view, mailbox, id.into(), now)?;
            }
            SESSION => {
                let id: [u8; 16] = what.try_into().map_err(|_| unknown())?;
                view.remove(&keys::session(mailbox, id.into()))?;
                view.remove(&keys::session_key(id.into()))?;
            }
            _ => return Err(unknown()),
        }
        view.remove(&key)?;
        removed += 1;
    }
    Ok(removed)
}

fn parse(key: &[u8]) -> Option<(u64, u8, &[u8])> {
    let (time, rest) = key.get(17..)?.split_first_chunk()?;
    let (kind, what) = rest.split_first()?;
    Some((u64::from_be_bytes(*time), *kind, what))
}
