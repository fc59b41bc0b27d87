//! Sessions, and the requests that they sign.

use ::store::{Reader, Row, View};
use api::sessions::MOST_REMEMBERED;
use relay_auth::{id::MailboxId, request_key::RequestKeyId, signing::VerifyingKey};

use super::{
    access, due, keys,
    rows::{KnownKey, Look as _, Session, damaged, read, write},
};
use crate::{
    mailboxes::requests::{ByReader, ByRecoveryKey, BySession, Proven},
    sessions::{SessionEnd, SessionOpening, StoredSession},
    store::{Denied, StoreFailure},
};

pub(super) fn open(
    view: &mut View,
    by: &Proven<ByRecoveryKey>,
    key: &VerifyingKey,
    now: u64,
) -> Result<SessionOpening, Denied> {
    access::spend_by(view, by, &keys::recovery_key(by.key()), now)?;
    let (mailbox, id) = (by.mailbox(), RequestKeyId::of(key));
    // All of it: who waited for as long as was said must find room, whatever else is due before a session.
    due::remove_all(view, mailbox, now)?;
    if let Some(known) = find(view, mailbox, id)? {
        return Ok(if known.is_open(now) { SessionOpening::Open } else { SessionOpening::Over });
    }
    let is_taken = [keys::request_key(id), keys::recovery_key(id), keys::session_key(id)];
    for row in &is_taken {
        if view.get(row)?.is_some() {
            return Ok(SessionOpening::KeyTaken);
        }
    }
    if let Some(wait) = StoredSession::wait_beside(&every(view, mailbox)?, now) {
        return Ok(SessionOpening::TooMany { wait });
    }
    let session = Session { opened: now, asked: now, ended: None };
    write(view, &keys::session(mailbox, id), &session)?;
    write(view, &keys::session_key(id), &KnownKey { mailbox, key: (*key.as_bytes()).into() })?;
    view.insert(&due::session(mailbox, &session.of(id)), b"")?;
    Ok(SessionOpening::New)
}

/// Spends the nonce of a request that reads: a device's, or a session's that is open, which is then
/// known to have asked.
pub(super) fn spend_reading(view: &mut View, by: &Proven<ByReader>, now: u64) -> Result<(), Denied> {
    let device = keys::request_key(by.key());
    if view.get(&device)?.is_some() {
        access::spend_by(view, by, &device, now)?;
        return Ok(());
    }
    let session = spend(view, by, now)?;
    let row = keys::session(by.mailbox(), by.key());
    // The clock may have been set back: that must not make it last longer.
    let asked = session.asked.max(now);
    Ok(write(view, &row, &Session { opened: session.opened, asked, ended: None })?)
}

pub(super) fn end_own(view: &mut View, by: &Proven<BySession>, now: u64) -> Result<(), Denied> {
    let session = spend(view, by, now)?;
    Ok(end(view, by.mailbox(), &session, SessionEnd::Itself, now)?)
}

pub(super) fn end_by_device(
    view: &mut View,
    by: &Proven,
    id: RequestKeyId,
    now: u64,
) -> Result<bool, Denied> {
    access::spend(view, by, now)?;
    let Some(session) = find(view, by.mailbox(), id)? else { return Ok(false) };
    end(view, by.mailbox(), &session, SessionEnd::Device, now)?;
    Ok(true)
}

/// Ends every session of a mailbox that somebody came back to.
pub(super) fn end_all(view: &mut View, mailbox: MailboxId, now: u64) -> Result<(), StoreFailure> {
    for session in every(view, mailbox)? {
        end(view, mailbox, &session, SessionEnd::Restart, now)?;
    }
    Ok(())
}

/// Whether a key is a session's: such a key becomes no other while the session is remembered.
pub(super) fn is_key(view: &View, id: RequestKeyId) -> Result<bool, StoreFailure> {
    Ok(view.get(&keys::session_key(id))?.is_some())
}

pub(super) fn remembered(
    reader: &Reader<'_>,
    mailbox: MailboxId,
) -> Result<Vec<StoredSession>, StoreFailure> {
    let rows = reader.scan(&keys::sessions(mailbox), None, MOST_REMEMBERED)?;
    rows.into_iter().map(stored).collect()
}

/// Spends the nonce of a request that the key of an open session signed.
fn spend<By>(view: &mut View, by: &Proven<By>, now: u64) -> Result<StoredSession, Denied> {
    access::spend_by(view, by, &keys::session_key(by.key()), now)?;
    let session = find(view, by.mailbox(), by.key())?;
    // The same as for a key that never was.
    session.filter(|session| session.is_open(now)).ok_or(Denied::KeyGone)
}

/// Ends a session, unless it was ended. One whose time is over stays over by that, and from now on whatever
/// the clock says. What it had is kept for the owner to see.
fn end(
    view: &mut View,
    mailbox: MailboxId,
    session: &StoredSession,
    by: SessionEnd,
    now: u64,
) -> Result<(), StoreFailure> {
    let StoredSession { key, opened, asked, ended } = *session;
    if ended.is_some() {
        return Ok(());
    }
    let ended = match session.ends(now) {
        (at, Some(by)) => (at, by),
        (_, None) => (now, by),
    };
    write(view, &keys::session(mailbox, key), &Session { opened, asked, ended: Some(ended) })
}

fn find(view: &View, mailbox: MailboxId, key: RequestKeyId) -> Result<Option<StoredSession>, StoreFailure> {
    let found: Option<Session> = view.find(&keys::session(mailbox, key))?;
    Ok(found.map(|session| session.of(key)))
}

fn every(view: &View, mailbox: MailboxId) -> Result<Vec<StoredSession>, StoreFailure> {
    let rows = view.scan_prefix(&keys::sessions(mailbox), None, MOST_REMEMBERED)?;
    rows.into_iter().map(stored).collect()
}

fn stored((key, value): Row) -> Result<StoredSession, StoreFailure> {
    let id = keys::last_id(&key).ok_or_else(|| damaged("the key of a session's row is not one"))?;
    Ok(read::<Session>(&value)?.of(RequestKeyId::from(id)))
}
