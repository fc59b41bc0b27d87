//! Opening, access lists, request keys, nonces.

use ::store::{Reader, View};
use relay_auth::{access::AccessList, id::MailboxId, request_key::RequestKeyId, signing::VerifyingKey};

use super::{
    due, keys,
    rows::{Access, Chain, KnownKey, Look as _, damaged, write},
    sessions,
};
use crate::{
    mailboxes::{
        AccessChange, NewMailbox, Opening, Replacement,
        requests::{Proven, RequestKey},
    },
    store::{Denied, StoreFailure},
};

pub(super) fn open(view: &mut View, new: &NewMailbox, now: u64) -> Result<Opening, StoreFailure> {
    if let Some(list) = view.long(&keys::voucher(new.mailbox, new.voucher))? {
        let same = list == new.signed_list;
        return Ok(if same { Opening::Open } else { Opening::VoucherSpent });
    }
    if view.row(&keys::access(new.mailbox))?.is_some() {
        return Ok(Opening::OtherVoucher);
    }
    if now > new.not_after {
        return Ok(Opening::Expired);
    }
    if names_taken_key(view, new.mailbox, &new.list)? {
        return Ok(Opening::KeyTaken);
    }
    view.insert_long(&keys::voucher(new.mailbox, new.voucher), &new.signed_list)?;
    put_in_force(view, new.mailbox, &new.list, &new.signed_list)?;
    write(view, &keys::chain(new.mailbox), &Chain::start(new.mailbox))?;
    Ok(Opening::Open)
}

pub(super) fn replace(
    view: &mut View,
    by: &Proven,
    change: &AccessChange,
    now: u64,
) -> Result<Replacement, Denied> {
    spend(view, by, now)?;
    let mailbox = by.mailbox();
    let access: Access = view.find(&keys::access(mailbox))?.ok_or(Denied::KeyGone)?;
    if view.long(&keys::access(mailbox))?.is_some_and(|list| list == change.signed_list) {
        return Ok(Replacement::InForce);
    }
    let next_key = verifying_key(&access.next_access_key.0)?;
    let list = match change.list.verify(mailbox, &next_key, access.counter) {
        Ok(list) => list,
        Err(error) => return Ok(Replacement::Refused(error)),
    };
    follow(view, &access, mailbox, &list, &change.signed_list)
}

/// Puts a list that was verified in the place of the one in force, unless it names a key that it may
/// not.
pub(super) fn follow(
    view: &mut View,
    in_force: &Access,
    mailbox: MailboxId,
    list: &AccessList,
    signed_list: &[u8],
) -> Result<Replacement, Denied> {
    if names_taken_key(view, mailbox, list)? {
        return Ok(Replacement::KeyTaken);
    }
    for id in &in_force.request_keys {
        view.remove(&keys::request_key(*id))?;
    }
    put_in_force(view, mailbox, list, signed_list)?;
    Ok(Replacement::InForce)
}

/// A request key or recovery key, by its row.
pub(super) fn known_key(reader: &Reader<'_>, row: &[u8]) -> Result<Option<RequestKey>, StoreFailure> {
    let known: Option<KnownKey> = reader.find(row)?;
    known
        .map(|known| Ok(RequestKey { mailbox: known.mailbox, key: verifying_key(&known.key.0)? }))
        .transpose()
}

/// Spends the nonce of a device's request.
pub(super) fn spend(view: &mut View, by: &Proven, now: u64) -> Result<(), Denied> {
    spend_by(view, by, &keys::request_key(by.key()), now)?;
    Ok(())
}

/// Spends a request's nonce, if the row of the key that signed it is still there: the key may have
/// gone since the signature was looked at. Gives that key.
pub(super) fn spend_by<By>(
    view: &mut View,
    by: &Proven<By>,
    signer: &[u8],
    now: u64,
) -> Result<KnownKey, Denied> {
    let known: Option<KnownKey> = view.find(signer)?;
    let known = known.filter(|known| known.mailbox == by.mailbox()).ok_or(Denied::KeyGone)?;
    due::remove_some(view, by.mailbox(), now)?;
    let nonce = due::nonce(by);
    if view.get(&nonce)?.is_some() {
        return Err(Denied::Replayed);
    }
    view.insert(&nonce, b"")?;
    Ok(known)
}

/// Whether a list names a request key that another mailbox has, a recovery key or a session's. One key
/// belongs to one mailbox, so that a request need not say which mailbox it is for, and does one thing
/// there.
fn names_taken_key(view: &View, mailbox: MailboxId, list: &AccessList) -> Result<bool, StoreFailure> {
    for key in &list.request_keys {
        let id = RequestKeyId::of(key);
        let known: Option<KnownKey> = view.find(&keys::request_key(id))?;
        let is_others = known.is_some_and(|known| known.mailbox != mailbox);
        if is_others || view.get(&keys::recovery_key(id))?.is_some() || sessions::is_key(view, id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn put_in_force(
    view: &mut View,
    mailbox: MailboxId,
    list: &AccessList,
    signed_list: &[u8],
) -> Result<(), StoreFailure> {
    let access = Access {
        next_access_key: (*list.next_access_key.as_bytes()).into(),
        counter: list.counter,
        inbox_keys: list.inbox_keys.clone(),
        request_keys: list.request_keys.iter().map(RequestKeyId::of).collect(),
    };
    write(view, &keys::access(mailbox), &access)?;
    view.insert_long(&keys::access(mailbox), signed_list)?;
    for (id, key) in access.request_keys.iter().zip(&list.request_keys) {
        let known = KnownKey { mailbox, key: (*key.as_bytes()).into() };
        write(view, &keys::request_key(*id), &known)?;
    }
    Ok(())
}

pub(super) fn verifying_key(bytes: &[u8; 32]) -> Result<VerifyingKey, StoreFailure> {
    VerifyingKey::from_bytes(bytes).map_err(|_| damaged("a stored public key is not one"))
}
