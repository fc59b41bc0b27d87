//! Rows that may go at a known time.

use ::store::View;
use relay_auth::id::{MailboxId, PermitId};

use super::{keys, rows::damaged};
use crate::{mailboxes::requests::Proven, store::StoreFailure};

const NONCE: u8 = b'n';
const PERMIT: u8 = b'p';
const LETTER: u8 = b'l';

/// How many rows one write takes away. More than the two that a write adds, so that nothing piles
/// up; a put that acknowledges many letters is caught up with by the writes after it.
const MOST_REMOVED: usize = 16;

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

/// Takes away some of what is due. Works on a full disk.
pub(super) fn remove_some(view: &mut View, mailbox: MailboxId, now: u64) -> Result<(), StoreFailure> {
    for (key, _) in view.scan_prefix(&keys::all_due(mailbox), None, MOST_REMOVED)? {
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
            _ => return Err(unknown()),
        }
        view.remove(&key)?;
    }
    Ok(())
}

fn parse(key: &[u8]) -> Option<(u64, u8, &[u8])> {
    let (time, rest) = key.get(17..)?.split_first_chunk()?;
    let (kind, what) = rest.split_first()?;
    Some((u64::from_be_bytes(*time), *kind, what))
}
