//! Objects and acknowledgements.

use ::store::{LONG_LIMIT, Reader, View};
use relay_auth::id::MailboxId;

use super::{
    access, due, keys,
    rows::{Chain, Changed, Look, Object, StoredDeposit, damaged, read, write},
};
use crate::{
    archive::{Change, Changes, HIDDEN_LIFE, LARGEST_OBJECT, ObjectId, Put, Putting, StoredObject},
    mailboxes::requests::Proven,
    store::{Denied, StoreFailure},
};

/// The most long values of one object.
pub(super) const MOST_PARTS: u8 = 2;

const _: () = assert!(LARGEST_OBJECT <= MOST_PARTS as usize * LONG_LIMIT, "an object fits in its parts");

pub(super) fn put(view: &mut View, by: &Proven, put: &Put, now: u64) -> Result<Putting, Denied> {
    access::spend(view, by, now)?;
    let mailbox = by.mailbox();
    let before: Option<Object> = view.find(&keys::object(mailbox, put.id))?;
    // All is decided before anything but the nonce is written: a refusal changes nothing else.
    let stored = before.as_ref().map_or(0, |before| before.counter);
    let repeated = stored == put.counter && whole(view, mailbox, put.id)?.as_ref() == Some(&put.object);
    if stored != put.expected && !repeated {
        return Ok(Putting::Conflict);
    }
    let mut filed = Vec::with_capacity(put.acknowledge.len());
    for sequence in &put.acknowledge {
        let Some(letter) = view.find::<StoredDeposit>(&keys::deposit(mailbox, *sequence))? else {
            return Ok(Putting::NoSuchLetter);
        };
        filed.push(letter);
    }
    let mut chain = view.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    if !repeated && !store(view, mailbox, &mut chain, before.as_ref(), put)? {
        return Ok(Putting::Full);
    }
    for mut letter in filed {
        if letter.acknowledged {
            continue;
        }
        letter.acknowledged = true;
        chain.waiting = chain.waiting.saturating_sub(1);
        chain.waiting_bytes = chain.waiting_bytes.saturating_sub(letter.length);
        write(view, &keys::deposit(mailbox, letter.deposit.sequence), &letter)?;
        due::remove_letter(view, mailbox, letter.deposit.sequence, now.saturating_add(HIDDEN_LIFE))?;
    }
    write(view, &keys::chain(mailbox), &chain)?;
    Ok(Putting::Done)
}

/// Writes an object, unless the archive would hold more than it may; then it writes nothing.
fn store(
    view: &mut View,
    mailbox: MailboxId,
    chain: &mut Chain,
    before: Option<&Object>,
    put: &Put,
) -> Result<bool, StoreFailure> {
    let length = put.object.len() as u64;
    let objects = if before.is_some() { chain.objects } else { chain.objects.saturating_add(1) };
    let without = chain.object_bytes.saturating_sub(before.map_or(0, |before| before.length));
    let bytes = without.saturating_add(length);
    // Making an object smaller is always allowed: it is how room is made.
    let grows = objects > chain.objects || bytes > chain.object_bytes;
    if grows && (objects > put.quota.objects || bytes > put.quota.bytes) {
        return Ok(false);
    }
    let change = chain.change.checked_add(1).ok_or_else(|| damaged("a change number is at its end"))?;
    (chain.objects, chain.object_bytes, chain.change) = (objects, bytes, change);
    if let Some(before) = before {
        view.remove(&keys::change(mailbox, before.change))?;
    }
    let mut parts = put.object.chunks(LONG_LIMIT);
    for number in 0..MOST_PARTS {
        let key = keys::object_part(mailbox, put.id, number);
        match parts.next() {
            Some(part) => view.insert_long(&key, part)?,
            None => view.remove_long(&key)?,
        }
    }
    let counter = put.counter;
    write(view, &keys::object(mailbox, put.id), &Object { counter, change, length })?;
    write(view, &keys::change(mailbox, change), &Changed { id: put.id, counter, length })?;
    Ok(true)
}

pub(super) fn object(
    reader: &Reader<'_>,
    mailbox: MailboxId,
    id: ObjectId,
) -> Result<Option<StoredObject>, StoreFailure> {
    let Some(Object { counter, length, .. }) = reader.find(&keys::object(mailbox, id))? else {
        return Ok(None);
    };
    match whole(reader, mailbox, id)? {
        Some(object) if object.len() as u64 == length => Ok(Some(StoredObject { counter, object })),
        _ => Err(damaged("a part of an object is missing")),
    }
}

fn whole(look: &impl Look, mailbox: MailboxId, id: ObjectId) -> Result<Option<Vec<u8>>, StoreFailure> {
    let Some(mut object) = look.long(&keys::object_part(mailbox, id, 0))? else {
        return Ok(None);
    };
    for number in 1..MOST_PARTS {
        object.extend(look.long(&keys::object_part(mailbox, id, number))?.unwrap_or_default());
    }
    Ok(Some(object))
}

pub(super) fn after(
    reader: &Reader<'_>,
    mailbox: MailboxId,
    after: u64,
    limit: usize,
) -> Result<Changes, StoreFailure> {
    let chain = reader.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    let rows = reader.scan(&keys::changes(mailbox), Some(&keys::change(mailbox, after)), limit.max(1))?;
    let entry = |(key, row): &::store::Row| -> Result<Change, StoreFailure> {
        let change = keys::last_number(key).ok_or_else(|| damaged("a change has no number"))?;
        let Changed { id, counter, length } = read(row)?;
        Ok(Change { change, id, counter, length })
    };
    Ok(Changes { objects: rows.iter().map(entry).collect::<Result<_, _>>()?, last: chain.change })
}
