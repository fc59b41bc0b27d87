//! Recovery keys, their bundles, restarts.

use ::store::View;
use relay_auth::{id::MailboxId, request_key::RequestKeyId, signing::VerifyingKey};

use super::{
    access, keys,
    rows::{Access, KnownKey, Look as _, RecoveryKeys, damaged, write},
    sessions,
};
use crate::{
    mailboxes::{
        AccessChange, Replacement,
        requests::{ByRecoveryKey, Proven},
    },
    recovery::{NewRecoveryKey, Registering, StoredBundle},
    store::{Denied, StoreFailure},
};

pub(super) fn keep(
    view: &mut View,
    by: &Proven,
    new: &NewRecoveryKey,
    now: u64,
) -> Result<Registering, Denied> {
    access::spend(view, by, now)?;
    Ok(register(view, by.mailbox(), new, None)?)
}

pub(super) fn announce(
    view: &mut View,
    by: &Proven<ByRecoveryKey>,
    new: &NewRecoveryKey,
    now: u64,
) -> Result<Registering, Denied> {
    spend(view, by, now)?;
    Ok(register(view, by.mailbox(), new, Some(by.key()))?)
}

pub(super) fn bundle(view: &mut View, by: &Proven<ByRecoveryKey>, now: u64) -> Result<StoredBundle, Denied> {
    spend(view, by, now)?;
    let access = in_force(view, by.mailbox())?;
    let bundle = view.long(&keys::recovery_key(by.key()))?;
    let bundle = bundle.ok_or_else(|| damaged("the bundle of a recovery key is missing"))?;
    Ok(StoredBundle { access_counter: access.counter, bundle })
}

pub(super) fn restart(
    view: &mut View,
    by: &Proven<ByRecoveryKey>,
    change: &AccessChange,
    new: &NewRecoveryKey,
    now: u64,
) -> Result<Replacement, Denied> {
    spend(view, by, now)?;
    let mailbox = by.mailbox();
    let access = in_force(view, mailbox)?;
    let is_in_force = view.long(&keys::access(mailbox))?.is_some_and(|list| list == change.signed_list);
    // The list in force followed the one before it. Its signature is looked at again: a list that a
    // device put in force has restarted nothing.
    let before = if is_in_force { access.counter.saturating_sub(1) } else { access.counter };
    // LBX-ACCESS-2
    let list = match change.list.verify(mailbox, &new.key, before) {
        Ok(list) => list,
        Err(error) => return Ok(Replacement::Refused(error)),
    };
    if is_in_force {
        return Ok(Replacement::InForce);
    }
    if is_taken(view, mailbox, &new.key)? || list.request_keys.contains(&new.key) {
        return Ok(Replacement::KeyTaken);
    }
    let outcome = access::follow(view, &access, mailbox, &list, &change.signed_list)?;
    if outcome == Replacement::InForce {
        put(view, mailbox, new, Vec::new())?;
        // LBX-SESSION-6: the code that they were opened with is void.
        sessions::end_all(view, mailbox, now)?;
    }
    Ok(outcome)
}

fn spend(view: &mut View, by: &Proven<ByRecoveryKey>, now: u64) -> Result<KnownKey, Denied> {
    access::spend_by(view, by, &keys::recovery_key(by.key()), now)
}

fn in_force(view: &View, mailbox: MailboxId) -> Result<Access, StoreFailure> {
    view.find(&keys::access(mailbox))?.ok_or_else(|| damaged("an open mailbox has no access list"))
}

/// Registers a key, unless it is in use. A device registers the first one and changes it no more. One
/// that `by` a recovery key is announced stands beside that one and beside the first, which a device or
/// a restart left here. So whoever found a code, or has an opened device, cannot push the owner's out.
fn register(
    view: &mut View,
    mailbox: MailboxId,
    new: &NewRecoveryKey,
    by: Option<RequestKeyId>,
) -> Result<Registering, StoreFailure> {
    let id = RequestKeyId::of(&new.key);
    let before: Option<RecoveryKeys> = view.find(&keys::recovery_keys(mailbox))?;
    let first = before.unwrap_or_default().names.first().copied();
    let mut kept = Vec::new();
    match (by, first) {
        (None, None) => {}
        (None, Some(first)) => {
            let is_same = first == id && view.long(&keys::recovery_key(id))?.as_ref() == Some(&new.bundle);
            return Ok(if is_same { Registering::Done } else { Registering::KeyTaken });
        }
        (Some(by), first) => {
            kept.extend(first);
            if !kept.contains(&by) {
                kept.push(by);
            }
        }
    }
    // What those open is not for whoever holds a code to change.
    if kept.contains(&id) || is_taken(view, mailbox, &new.key)? {
        return Ok(Registering::KeyTaken);
    }
    put(view, mailbox, new, kept)?;
    Ok(Registering::Done)
}

/// Whether a key is a request key, a session's, or another mailbox's recovery key.
fn is_taken(view: &View, mailbox: MailboxId, key: &VerifyingKey) -> Result<bool, StoreFailure> {
    let id = RequestKeyId::of(key);
    let known: Option<KnownKey> = view.find(&keys::recovery_key(id))?;
    let is_others = known.is_some_and(|known| known.mailbox != mailbox);
    Ok(is_others || view.get(&keys::request_key(id))?.is_some() || sessions::is_key(view, id)?)
}

/// Writes a key with its bundle beside those that are kept; all others go.
fn put(
    view: &mut View,
    mailbox: MailboxId,
    new: &NewRecoveryKey,
    mut kept: Vec<RequestKeyId>,
) -> Result<(), StoreFailure> {
    let id = RequestKeyId::of(&new.key);
    kept.push(id);
    keep_only(view, mailbox, kept)?;
    let row = keys::recovery_key(id);
    write(view, &row, &KnownKey { mailbox, key: (*new.key.as_bytes()).into() })?;
    Ok(view.insert_long(&row, &new.bundle)?)
}

/// Lets all recovery keys of a mailbox go but these, each with its bundle.
fn keep_only(view: &mut View, mailbox: MailboxId, kept: Vec<RequestKeyId>) -> Result<(), StoreFailure> {
    let before: Option<RecoveryKeys> = view.find(&keys::recovery_keys(mailbox))?;
    for id in before.unwrap_or_default().names {
        if !kept.contains(&id) {
            view.remove(&keys::recovery_key(id))?;
            view.remove_long(&keys::recovery_key(id))?;
        }
    }
    write(view, &keys::recovery_keys(mailbox), &RecoveryKeys { names: kept })
}
