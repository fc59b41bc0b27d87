//! Letters, permits, the chain.

use ::store::{Reader, View};
use relay_auth::{
    cbor::{Suite, Version},
    id::MailboxId,
    receipt::{Deposit, Receipt},
};

use super::{
    blobs, due, keys,
    rows::{Access, Look as _, SpentPermit, StoredDeposit, damaged, read, write},
};
use crate::{
    deposits::{Deposited, Letters, NewDeposit, PageLimits, SPENT_PERMIT_LIFE, StoredLetter},
    store::StoreFailure,
};

pub(super) fn deposit(view: &mut View, new: &NewDeposit, now: u64) -> Result<Deposited, StoreFailure> {
    let mailbox = new.mailbox;
    let permit = keys::permit(mailbox, new.permit);
    // Before the time is looked at: who lost the receipt gets it, also from an expired permit.
    if let Some(SpentPermit { receipt }) = view.find(&permit)? {
        let same = receipt.digest.0 == new.digest && receipt.blobs == new.blobs;
        return Ok(if same { Deposited::Repeated(receipt) } else { Deposited::PermitSpent });
    }
    if now > new.not_after {
        return Ok(Deposited::Expired);
    }
    let access: Option<Access> = view.find(&keys::access(mailbox))?;
    if !access.is_some_and(|access| access.inbox_keys.contains(&new.inbox_key)) {
        return Ok(Deposited::KeyNotAccepted);
    }
    // Before the mailbox's numbers are read, because it may change them.
    due::remove_some(view, mailbox, now)?;
    let mut chain = view.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    let length = new.envelope.len() as u64;
    if chain.waiting >= new.quota.letters || chain.waiting_bytes.saturating_add(length) > new.quota.bytes {
        return Ok(Deposited::Full);
    }
    if let Some(refused) = blobs::adopt(view, &mut chain, new, now)? {
        return Ok(refused);
    }

    let sequence = chain.last.checked_add(1).ok_or_else(|| damaged("a sequence number is at its end"))?;
    // A clock that is set back must not make the listing contradict itself.
    chain.time = chain.time.max(now);
    let deposit = Deposit { sequence, time: chain.time, digest: new.digest.into(), blobs: new.blobs.clone() };
    chain.last = sequence;
    chain.head = chain.head.after(mailbox, &deposit);
    chain.waiting += 1;
    chain.waiting_bytes = chain.waiting_bytes.saturating_add(length);
    let stored = StoredDeposit { acknowledged: false, length, deposit, permit: new.permit, head: chain.head };
    let receipt = receipt(&stored);
    view.insert_long(&keys::envelope(mailbox, sequence), &new.envelope)?;
    write(view, &keys::deposit(mailbox, sequence), &stored)?;
    write(view, &keys::chain(mailbox), &chain)?;
    let spent = SpentPermit { receipt };
    write(view, &permit, &spent)?;
    let forgotten = new.not_after.saturating_add(SPENT_PERMIT_LIFE);
    due::forget_permit(view, mailbox, new.permit, forgotten)?;
    Ok(Deposited::Stored(spent.receipt))
}

fn receipt(stored: &StoredDeposit) -> Receipt {
    let Deposit { time, digest, blobs, .. } = stored.deposit.clone();
    Receipt { version: Version, suite: Suite, permit: stored.permit, digest, blobs, time, head: stored.head }
}

pub(super) fn letters_after(
    reader: &Reader<'_>,
    mailbox: MailboxId,
    after: u64,
    limits: PageLimits,
) -> Result<Letters, StoreFailure> {
    let chain = reader.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    let mut letters = Vec::new();
    let mut bytes = 0;
    let rows =
        reader.scan(&keys::deposits(mailbox), Some(&keys::deposit(mailbox, after)), limits.entries.max(1))?;
    for (_, row) in rows {
        let stored: StoredDeposit = read(&row)?;
        let envelope = if stored.acknowledged {
            None
        } else {
            let length = usize::try_from(stored.length).unwrap_or(usize::MAX);
            bytes += length.min(limits.bytes);
            if bytes > limits.bytes && !letters.is_empty() {
                break;
            }
            let envelope = reader.long(&keys::envelope(mailbox, stored.deposit.sequence))?;
            Some(envelope.ok_or_else(|| damaged("the envelope of a waiting letter is missing"))?)
        };
        letters.push(StoredLetter { receipt: receipt(&stored), deposit: stored.deposit, envelope });
    }
    Ok(Letters { letters, last: chain.last, head: chain.head })
}

pub(super) fn sequences_after(
    reader: &Reader<'_>,
    mailbox: MailboxId,
    after: u64,
    limit: usize,
) -> Result<Vec<u64>, StoreFailure> {
    let rows = reader.scan(&keys::deposits(mailbox), Some(&keys::deposit(mailbox, after)), limit)?;
    let number = |key: &[u8]| keys::last_number(key).ok_or_else(|| damaged("a deposit has no number"));
    rows.iter().map(|(key, _)| number(key)).collect()
}
