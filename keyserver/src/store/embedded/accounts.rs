//! Accounts, their entries, evidence, vouchers.

use crypto_core::{
    citizen::{DirectoryId, SignedEntry},
    evidence::{AddressEvidence, Evidence},
};
use relay_auth::cbor::Wire as _;

use super::{Embedded, keys};
use crate::{
    accounts::{Account, vouchers::KeptVoucher},
    directory::RowWrite,
    store::{KeptEvidence, StoreFailure},
};

pub(super) fn of_subject(store: &Embedded, subject: &str) -> Result<Option<Account>, StoreFailure> {
    let row = keys::subject(&store.index.subject(subject));
    let Some(sealed) = store.engine.get(&row)? else { return Ok(None) };
    let citizen: DirectoryId = store.opened(&row, &sealed)?;
    // Both rows are written together, and neither is ever removed.
    let account = find(store, citizen)?;
    Ok(Some(account.ok_or_else(|| StoreFailure::damaged("an account is missing"))?))
}

pub(super) fn find(store: &Embedded, citizen: DirectoryId) -> Result<Option<Account>, StoreFailure> {
    store.find_sealed(&keys::account(&store.index.citizen(citizen)))
}

pub(super) fn chain(store: &Embedded, account: &Account) -> Result<Vec<SignedEntry>, StoreFailure> {
    let citizen = store.index.citizen(account.citizen);
    let entries = account.enrolled.as_ref().map_or(0, |enrolled| enrolled.entries);
    let missing = || StoreFailure::damaged("an entry of a citizen is missing");
    (0..entries)
        .map(|number| {
            let entry = store.engine.get_long(&keys::entry(&citizen, number))?.ok_or_else(missing)?;
            SignedEntry::from_bytes(&entry).map_err(|_| StoreFailure::damaged("an entry cannot be read"))
        })
        .collect()
}

pub(super) fn evidence(
    store: &Embedded,
    citizen: DirectoryId,
    hash: &[u8; 32],
) -> Result<Option<KeptEvidence>, StoreFailure> {
    let citizen = store.index.citizen(citizen);
    let Some(evidence) = store.find_sealed::<Evidence>(&keys::evidence(&citizen, hash))? else {
        return Ok(None);
    };
    let address = store.find_sealed::<AddressEvidence>(&keys::address(&citizen, hash))?;
    Ok(Some(KeptEvidence { evidence, address }))
}

/// An account's row and its value.
pub(super) fn row(store: &Embedded, account: &Account) -> Result<(Vec<u8>, Vec<u8>), StoreFailure> {
    let row = keys::account(&store.index.citizen(account.citizen));
    let value = store.sealed(&row, account)?;
    Ok((row, value))
}

pub(super) fn voucher_row(
    store: &Embedded,
    citizen: DirectoryId,
    voucher: &KeptVoucher,
) -> Result<(Vec<u8>, Vec<u8>), StoreFailure> {
    let row = keys::voucher(&store.index.citizen(citizen));
    let value = store.sealed(&row, voucher)?;
    Ok((row, value))
}

/// An account, and how it is found.
pub(super) fn provisioned(
    store: &Embedded,
    subject: &str,
    account: &Account,
) -> Result<Vec<RowWrite>, StoreFailure> {
    let of_subject = keys::subject(&store.index.subject(subject));
    let citizen = store.sealed(&of_subject, &account.citizen)?;
    let (row, value) = row(store, account)?;
    Ok(vec![RowWrite::Put(of_subject, citizen), RowWrite::PutLong(row, value)])
}

/// What comes with a first entry, beside the account itself.
pub(super) fn first_entry(
    store: &Embedded,
    account: &Account,
    entry: &SignedEntry,
    kept: &KeptEvidence,
    voucher: &KeptVoucher,
) -> Result<Vec<RowWrite>, StoreFailure> {
    let citizen = store.index.citizen(account.citizen);
    let (voucher_row, voucher) = voucher_row(store, account.citizen, voucher)?;
    let mut rows = vec![
        RowWrite::PutLong(keys::entry(&citizen, 0), entry.to_bytes()),
        RowWrite::PutLong(voucher_row, voucher),
    ];
    rows.extend(evidence_rows(store, account.citizen, kept)?);
    Ok(rows)
}

/// Evidence, and the address to which it commits: under its own hash, beside what was kept before.
pub(super) fn evidence_rows(
    store: &Embedded,
    citizen: DirectoryId,
    kept: &KeptEvidence,
) -> Result<Vec<RowWrite>, StoreFailure> {
    let citizen = store.index.citizen(citizen);
    let hash = kept.evidence.hash();
    let row = keys::evidence(&citizen, &hash);
    let sealed = store.sealed(&row, &kept.evidence)?;
    let mut rows = vec![RowWrite::PutLong(row, sealed)];
    if let Some(address) = &kept.address {
        let row = keys::address(&citizen, &hash);
        let sealed = store.sealed(&row, address)?;
        rows.push(RowWrite::PutLong(row, sealed));
    }
    Ok(rows)
}

/// A further entry, and the account that counts it.
pub(super) fn further_entry(
    store: &Embedded,
    account: &Account,
    entry: &SignedEntry,
) -> Result<Vec<RowWrite>, StoreFailure> {
    let entries = account.enrolled.as_ref().map_or(0, |enrolled| enrolled.entries);
    let number = entries.checked_sub(1).ok_or_else(|| StoreFailure::damaged("an entry has no number"))?;
    let (row, value) = row(store, account)?;
    let entry_row = keys::entry(&store.index.citizen(account.citizen), number);
    Ok(vec![RowWrite::PutLong(row, value), RowWrite::PutLong(entry_row, entry.to_bytes())])
}
