//! Attachments: a file for each, and the rows that say what the file is.
//!
//! No transaction covers file and row, so their order is fixed: a reservation is a row before there is
//! a file; a part is in the file before the row counts it; a file is on its shelf before a row says
//! that it is adopted; a row says that it is deleted before it leaves its shelf. Whatever stops in
//! between, the row never says more than the file has, and [`collect`] ends it. Meanwhile the attachment
//! is held ([`super::locks`]).
//!
//! Nobody but the sender has a copy of an adopted file. So it leaves its shelf only for a row that says
//! so; that there is no row says nothing, because rows can be older than files, or of another store.

use std::{io::SeekFrom, sync::atomic::Ordering::Relaxed};

use ::store::{BlobError, View};
use relay_auth::{
    id::{BlobId, MailboxId},
    permit::Permit,
    receipt::MOST_BLOBS,
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::{
    Embedded, access, deposits, due, keys,
    rows::{Access, Blob, Chain, Look, SpentPermit, Uploads, damaged, write},
};
use crate::{
    blobs::{BlobQuota, Collection, NewPart, Part, PartOutcome, StoredBlob},
    deposits::{Deposited, NewDeposit},
    mailboxes::requests::Proven,
    store::{Denied, StoreFailure},
};

/// What to do about one file. A backup as a whole is older than every letter since.
const MISSING: &str = "put a backup back into another folder, and copy from its attachments what is missing \
    here. Leave the rows as they are: a backup's know nothing of the letters that have come since";

pub(super) async fn store_part(
    store: &Embedded,
    new: NewPart,
    now: u64,
) -> Result<PartOutcome, StoreFailure> {
    let NewPart { permit, part: Part { blob, length, offset, bytes }, quota } = new;
    let _held = store.locks.hold(&[blob]).await;
    let reserving = permit.clone();
    let reserved = store.rows.write(move |view| reserve(view, &reserving, blob, length, quota, now)).await?;
    if reserved != (PartOutcome::OutOfTurn { received: offset }) {
        return Ok(reserved);
    }
    let received = offset.saturating_add(bytes.len() as u64);
    match store.files.append(file(blob), offset, bytes).await {
        Ok(()) => store.rows.write(move |view| count(view, &permit, blob, received, now)).await,
        Err(BlobError::Store(error)) => Err(error.into()),
        Err(error) => {
            // Nobody has a receipt for it: the sender begins anew, under another id.
            tell_lost("upload", &error);
            store.rows.write(move |view| give_up(view, permit.mailbox, blob)).await?;
            Ok(PartOutcome::Taken)
        }
    }
}

/// Finds out where an upload stands, or begins it. [`PartOutcome::OutOfTurn`] says where.
fn reserve(
    view: &mut View,
    permit: &Permit,
    blob: BlobId,
    length: u64,
    quota: BlobQuota,
    now: u64,
) -> Result<PartOutcome, StoreFailure> {
    let mailbox = permit.mailbox;
    if view.get(&keys::permit(mailbox, permit.id))?.is_some() {
        return Ok(PartOutcome::PermitSpent);
    }
    if now > permit.not_after {
        return Ok(PartOutcome::Expired);
    }
    let access: Option<Access> = view.find(&keys::access(mailbox))?;
    if !access.is_some_and(|access| access.inbox_keys.contains(&permit.inbox_key)) {
        return Ok(PartOutcome::KeyNotAccepted);
    }
    // All of it: an upload that has ended must not count, and must not come back with the next part on
    // its permit.
    due::remove_all(view, mailbox, now)?;

    if let Some(known) = view.find::<Blob>(&keys::blob(mailbox, blob))? {
        if known.adopted || is_waiting(view, mailbox, &known, now)? {
            let is_same = !known.adopted && known.permit == permit.id && known.length == length;
            let stands = PartOutcome::OutOfTurn { received: known.received };
            return Ok(if is_same { stands } else { PartOutcome::Taken });
        }
        // Its time is over, and nobody has taken it away yet.
        release(view, mailbox, blob, &known)?;
    }
    // Files are named by the id alone: it can be in use in one mailbox only, and by a file that was
    // deleted until that is gone.
    if view.get(&keys::blob_mailbox(blob))?.is_some() {
        return Ok(PartOutcome::Taken);
    }
    let mut chain = view.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    let mut uploads: Uploads = view.find(&keys::uploads(mailbox, permit.id))?.unwrap_or_default();
    let of_others = chain.upload_bytes.saturating_sub(uploads.bytes);
    uploads.number = uploads.number.saturating_add(1);
    uploads.bytes = uploads.bytes.saturating_add(length);
    uploads.last = uploads.last.max(now);
    // Not more than a letter can name: else very small ones would make rows without end.
    if uploads.number > MOST_BLOBS as u64 || uploads.bytes > permit.blob_quota {
        return Ok(PartOutcome::PermitFull);
    }
    // There has to be room for all that the permit allows, whatever is declared: nobody finds out, by
    // trying lengths, how much others have sent (LBX-BLOB-3).
    if chain.blob_bytes.saturating_add(permit.blob_quota) > quota.bytes {
        return Ok(PartOutcome::MailboxFull);
    }
    if of_others.saturating_add(permit.blob_quota) > quota.upload_bytes {
        return Ok(PartOutcome::Crowded);
    }
    chain.upload_bytes = chain.upload_bytes.saturating_add(length);
    let mut begun = Blob { permit: permit.id, length, received: 0, adopted: false, began: now, due: 0 };
    begun.due = begun.ends(&uploads);
    write(view, &keys::blob(mailbox, blob), &begun)?;
    write(view, &keys::blob_mailbox(blob), &mailbox)?;
    write(view, &keys::uploads(mailbox, permit.id), &uploads)?;
    write(view, &keys::chain(mailbox), &chain)?;
    due::set_upload_end(view, mailbox, blob, begun.due)?;
    Ok(PartOutcome::OutOfTurn { received: 0 })
}

/// Counts a part that is in the file.
fn count(
    view: &mut View,
    permit: &Permit,
    blob: BlobId,
    received: u64,
    now: u64,
) -> Result<PartOutcome, StoreFailure> {
    let mailbox = permit.mailbox;
    let known: Option<Blob> = view.find(&keys::blob(mailbox, blob))?;
    let uploads: Option<Uploads> = view.find(&keys::uploads(mailbox, permit.id))?;
    // Between the two transactions a deposit may have spent the permit, or the upload have come to its
    // end.
    let known = known.filter(|known| !known.adopted && known.permit == permit.id);
    let (Some(mut known), Some(mut uploads)) = (known, uploads) else {
        let spent: Option<SpentPermit> = view.find(&keys::permit(mailbox, permit.id))?;
        return Ok(if spent.is_some() { PartOutcome::PermitSpent } else { PartOutcome::Expired });
    };
    known.received = received;
    uploads.last = uploads.last.max(now);
    write(view, &keys::blob(mailbox, blob), &known)?;
    write(view, &keys::uploads(mailbox, permit.id), &uploads)?;
    Ok(PartOutcome::Stored { received })
}

/// Whether a deposit can still adopt an upload, once it is whole. When its permit is spent, none can.
pub(super) fn is_waiting(
    look: &impl Look,
    mailbox: MailboxId,
    known: &Blob,
    now: u64,
) -> Result<bool, StoreFailure> {
    let uploads: Option<Uploads> = look.find(&keys::uploads(mailbox, known.permit))?;
    Ok(!known.adopted && uploads.is_some_and(|uploads| now <= known.ends(&uploads)))
}

/// The row of an upload that this deposit can adopt.
fn adoptable(
    look: &impl Look,
    new: &NewDeposit,
    blob: BlobId,
    now: u64,
) -> Result<Option<Blob>, StoreFailure> {
    let known: Option<Blob> = look.find(&keys::blob(new.mailbox, blob))?;
    let whole = known.filter(|known| known.permit == new.permit && known.received == known.length);
    match whole {
        Some(known) if is_waiting(look, new.mailbox, &known, now)? => Ok(Some(known)),
        _ => Ok(None),
    }
}

/// Puts the files of a deposit on their shelves, then spends the permit and adopts them.
pub(super) async fn deposit(store: &Embedded, new: NewDeposit, now: u64) -> Result<Deposited, StoreFailure> {
    let (mailbox, blobs) = (new.mailbox, new.blobs.clone());
    let _held = store.locks.hold(&blobs).await;
    let mut shelved = Vec::with_capacity(blobs.len());
    let are_there = shelve(store, &new, &mut shelved, now).await;
    let outcome = match are_there {
        Ok(true) => store.rows.write(move |view| deposits::deposit(view, &new, now)).await,
        Ok(false) => Ok(Deposited::BlobMissing),
        Err(failure) => Err(failure),
    };
    let is_stored = matches!(outcome, Ok(Deposited::Stored(_)));
    for blob in shelved {
        let ended = if is_stored {
            store.files.settle(file(blob)).await.map_err(StoreFailure::from)
        } else {
            take_back(store, mailbox, blob).await
        };
        if let Err(error) = ended {
            // What the rows say holds. What is left of the upload is collected later.
            tracing::warn!("an upload could not be ended: {error}");
        }
    }
    outcome
}

/// Puts the files of a deposit on their shelves. `shelved` is what may be there then, however this ends.
/// `false` if one of them was lost.
async fn shelve(
    store: &Embedded,
    new: &NewDeposit,
    shelved: &mut Vec<BlobId>,
    now: u64,
) -> Result<bool, StoreFailure> {
    for blob in &new.blobs {
        // The transaction says what becomes of the others: the deposit may be a repetition.
        let known = store.rows.read(|reader| adoptable(reader, new, *blob, now))?;
        let Some(known) = known else { continue };
        // Before it is tried: it can fail when the file is there already.
        shelved.push(*blob);
        match store.files.adopt(file(*blob), known.length).await {
            Ok(()) => {}
            Err(BlobError::Store(error)) => return Err(error.into()),
            Err(error) => {
                tell_lost("upload", &error);
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Takes a file back from its shelf whose deposit was not stored: when the upload ends, no row would say
/// any more that it can go.
async fn take_back(store: &Embedded, mailbox: MailboxId, blob: BlobId) -> Result<(), StoreFailure> {
    // Only an engine that goes on answers. Of one that has stopped, nobody knows what it wrote.
    let known: Option<Blob> = store.rows.write(move |view| view.find(&keys::blob(mailbox, blob))).await?;
    if known.is_none_or(|known| !known.adopted) {
        store.files.withdraw(file(blob)).await?;
    }
    Ok(())
}

/// Adopts the attachments of a letter that is being stored. Otherwise says why not, and has written
/// nothing: one of them is not there whole, uploaded on the same permit, or there is no room.
pub(super) fn adopt(
    view: &mut View,
    chain: &mut Chain,
    new: &NewDeposit,
    now: u64,
) -> Result<Option<Deposited>, StoreFailure> {
    let mailbox = new.mailbox;
    let mut adopted = Vec::with_capacity(new.blobs.len());
    let mut bytes = 0_u64;
    for blob in &new.blobs {
        let Some(known) = adoptable(view, new, *blob, now)? else {
            return Ok(Some(Deposited::BlobMissing));
        };
        bytes = bytes.saturating_add(known.length);
        adopted.push((*blob, known));
    }
    // Judged here as well: other letters may have come since the upload began (LBX-BLOB-3).
    let kept = chain.blob_bytes.saturating_add(bytes);
    if bytes > 0 && kept > new.blob_quota.bytes {
        return Ok(Some(Deposited::BlobsFull));
    }
    chain.blob_bytes = kept;
    chain.upload_bytes = chain.upload_bytes.saturating_sub(bytes);
    for (blob, mut known) in adopted {
        known.adopted = true;
        write(view, &keys::blob(mailbox, blob), &known)?;
        due::remove_upload_end(view, mailbox, blob, known.due)?;
    }
    // Nothing more is uploaded on a permit that is spent.
    view.remove(&keys::uploads(mailbox, new.permit))?;
    Ok(None)
}

/// Takes away an upload whose time is over, unless it was adopted. If a part has come on its permit since
/// its end was set, sets that anew.
pub(super) fn end(view: &mut View, mailbox: MailboxId, blob: BlobId, now: u64) -> Result<(), StoreFailure> {
    let row = keys::blob(mailbox, blob);
    let Some(mut known) = view.find::<Blob>(&row)?.filter(|known| !known.adopted) else {
        return Ok(());
    };
    if !is_waiting(view, mailbox, &known, now)? {
        return release(view, mailbox, blob, &known);
    }
    let uploads: Uploads = view.find(&keys::uploads(mailbox, known.permit))?.unwrap_or_default();
    known.due = known.ends(&uploads);
    write(view, &row, &known)?;
    due::set_upload_end(view, mailbox, blob, known.due)
}

/// Takes away an upload whose bytes were lost, unless it was adopted.
fn give_up(view: &mut View, mailbox: MailboxId, blob: BlobId) -> Result<(), StoreFailure> {
    match view.find::<Blob>(&keys::blob(mailbox, blob))? {
        Some(known) if !known.adopted => release(view, mailbox, blob, &known),
        _ => Ok(()),
    }
}

fn release(view: &mut View, mailbox: MailboxId, blob: BlobId, known: &Blob) -> Result<(), StoreFailure> {
    let uploads = keys::uploads(mailbox, known.permit);
    // Gone already where the permit was spent for a letter without this file.
    if let Some(mut of_permit) = view.find::<Uploads>(&uploads)? {
        of_permit.number = of_permit.number.saturating_sub(1);
        of_permit.bytes = of_permit.bytes.saturating_sub(known.length);
        if of_permit.number == 0 {
            view.remove(&uploads)?;
        } else {
            write(view, &uploads, &of_permit)?;
        }
    }
    let mut chain = view.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    chain.upload_bytes = chain.upload_bytes.saturating_sub(known.length);
    write(view, &keys::chain(mailbox), &chain)?;
    view.remove(&keys::blob(mailbox, blob))?;
    view.remove(&keys::blob_mailbox(blob))?;
    due::remove_upload_end(view, mailbox, blob, known.due)
}

pub(super) async fn open(
    store: &Embedded,
    mailbox: MailboxId,
    blob: BlobId,
    offset: u64,
) -> Result<Option<StoredBlob>, StoreFailure> {
    let known: Option<Blob> = store.rows.read(|reader| reader.find(&keys::blob(mailbox, blob)))?;
    let Some(Blob { length, .. }) = known.filter(|known| known.adopted) else { return Ok(None) };
    let found = store.files.open_blob(file(blob)).await?;
    let Some(mut found) = found.filter(|found| found.length == length) else {
        metrics::counter!("letterbox_blobs_lost_total", "of" => "letter").increment(1);
        tracing::error!("the file of an attachment is missing or has another length: {MISSING}");
        return Ok(None);
    };
    let sought = found.file.seek(SeekFrom::Start(offset.min(length))).await;
    sought.map_err(|cause| StoreFailure::Unavailable(format!("could not read an attachment: {cause}")))?;
    let content = found.file.take(length.saturating_sub(offset));
    Ok(Some(StoredBlob { length, content: Box::new(content) }))
}

pub(super) async fn delete(store: &Embedded, by: Proven, blob: BlobId, now: u64) -> Result<bool, Denied> {
    let _held = store.locks.hold(&[blob]).await;
    if !store.rows.write(move |view| forget(view, &by, blob, now)).await? {
        return Ok(false);
    }
    if let Err(error) = end_deleting(store, blob).await {
        // Nobody gets it any more; its room is freed at the next start.
        tracing::warn!("the file of an attachment that was deleted could not be removed: {error}");
    }
    Ok(true)
}

/// Takes an attachment from its mailbox (LBX-BLOB-7). The row that is left says that the file has to go.
fn forget(view: &mut View, by: &Proven, blob: BlobId, now: u64) -> Result<bool, Denied> {
    let mailbox = by.mailbox();
    let row = keys::blob(mailbox, blob);
    let known = view.find::<Blob>(&row)?.filter(|known| known.adopted);
    if known.is_some() {
        // What makes room must not fail for want of it. Nothing else goes into the reserve: a device could
        // ask for nothing as often as it likes.
        view.use_reserve();
    }
    access::spend(view, by, now)?;
    let Some(known) = known else { return Ok(false) };
    let mut chain = view.chain(mailbox)?.ok_or_else(|| damaged("an open mailbox has no chain"))?;
    chain.blob_bytes = chain.blob_bytes.saturating_sub(known.length);
    write(view, &keys::chain(mailbox), &chain)?;
    view.remove(&row)?;
    Ok(true)
}

/// Removes the file of an attachment that was deleted, then the row that says so.
async fn end_deleting(store: &Embedded, blob: BlobId) -> Result<(), StoreFailure> {
    store.files.discard(file(blob)).await?;
    store.rows.write(move |view| Ok(view.remove(&keys::blob_mailbox(blob))?)).await
}

/// Ends what no deposit can adopt any more, and what a crash interrupted.
pub(super) async fn collect(store: &Embedded, what: Collection, now: u64) -> Result<(), StoreFailure> {
    let mut failures = Failures::default();
    for id in store.files.list_partial().await? {
        failures.note(look_at_upload(store, id, now).await);
    }
    if what == Collection::Everything {
        look_at_shelves(store, &mut failures).await?;
    }
    failures.tell()
}

async fn look_at_upload(store: &Embedded, id: ::store::BlobId, now: u64) -> Result<(), StoreFailure> {
    let blob = BlobId::from(*id.bytes());
    let _held = store.locks.hold(&[blob]).await;
    match store.rows.read(|reader| named(reader, blob))? {
        // The files may have been copied before the rows: then it is not on its shelf yet.
        Named::By(_, known) if known.adopted => match store.files.adopt(id, known.length).await {
            Ok(()) => store.files.settle(id).await?,
            Err(BlobError::Store(error)) => return Err(error.into()),
            Err(error) => tell_lost("letter", &error),
        },
        Named::By(mailbox, known)
            if store.rows.read(|reader| is_waiting(reader, mailbox, &known, now))? => {}
        // Its name as an upload alone. If it lies on its shelf as well, it stays there.
        _ => store.files.settle(id).await?,
    }
    Ok(())
}

/// Removes what devices have deleted, and counts what no row names.
async fn look_at_shelves(store: &Embedded, failures: &mut Failures) -> Result<(), StoreFailure> {
    let mut unnamed = 0_u64;
    for id in store.files.list().await? {
        let blob = BlobId::from(*id.bytes());
        let _held = store.locks.hold(&[blob]).await;
        match store.rows.read(|reader| named(reader, blob)) {
            Ok(Named::By(..)) => {}
            Ok(Named::Deleted) => failures.note(end_deleting(store, blob).await),
            Ok(Named::ByNothing) => unnamed += 1,
            Err(failure) => failures.note(Err(failure)),
        }
    }
    store.unnamed.store(unnamed, Relaxed);
    metrics::gauge!("letterbox_blobs_without_row").set(unnamed as f64);
    Ok(())
}

/// What went wrong with single files. It must not keep the others from being looked at.
#[derive(Default)]
struct Failures {
    number: u64,
    first: Option<StoreFailure>,
}

impl Failures {
    fn note(&mut self, outcome: Result<(), StoreFailure>) {
        if let Err(failure) = outcome {
            self.number += 1;
            let _ = self.first.get_or_insert(failure);
        }
    }

    /// The first of them, and how many there are.
    fn tell(self) -> Result<(), StoreFailure> {
        let Some(first) = self.first else { return Ok(()) };
        tracing::warn!("files of attachments that could not be looked at: {}", self.number);
        Err(first)
    }
}

/// What the rows say of a file.
enum Named {
    ByNothing,
    Deleted,
    By(MailboxId, Blob),
}

fn named(look: &impl Look, blob: BlobId) -> Result<Named, StoreFailure> {
    let Some(mailbox) = look.find::<MailboxId>(&keys::blob_mailbox(blob))? else {
        return Ok(Named::ByNothing);
    };
    let known: Option<Blob> = look.find(&keys::blob(mailbox, blob))?;
    Ok(known.map_or(Named::Deleted, |known| Named::By(mailbox, known)))
}

/// Tells the operator that bytes are not there which were stored: of an upload, which its sender begins
/// anew, or of a letter, whose reader has lost them.
fn tell_lost(of: &'static str, error: &BlobError) {
    metrics::counter!("letterbox_blobs_lost_total", "of" => of).increment(1);
    tracing::warn!(of, "an attachment is not as it was stored: {error}");
}

fn file(blob: BlobId) -> ::store::BlobId {
    ::store::BlobId::new(*blob.as_bytes())
}
