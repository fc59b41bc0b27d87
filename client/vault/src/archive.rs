//! The archive at the relay, as this device needs it: letters come back from there, and what the
//! relay has lost is put there again.

use client_mailbox::{
    inbox::Alarm,
    local::{self, names},
    relay,
};
use client_messages::{Event, Problem, Step};
use crypto_core::archive::ObjectId;
use zeroize::Zeroizing;

use crate::{
    device::Device,
    failure::Failure,
    opened::Shared,
    random, show,
    storage::{Shelf, StorageError},
    sync,
};

/// Looks through the whole archive: for letters that this device does not have, and for those that
/// the relay does not have any more.
pub(crate) async fn look_through(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let mut pass = shared.with(|opened| opened.inbox.archive_pass())?;
    while !pass.is_complete() {
        let after = pass.after();
        let response = shared
            .ask_relay(device, |_, signer| relay::archive(after, signer, &mut random::source()))
            .await?;
        let page = relay::archive_page(&response).map_err(|error| Failure::of_relay(&error))?;
        for id in shared.with(|opened| pass.listed(&opened.inbox, &page))?? {
            device.shows(Step::Restoring);
            match fetch(device, shared, &id).await {
                // One that does not hold keeps no other back, nor the letters that come.
                Err(Failure(problem @ (Problem::RelayLied | Problem::RelayOlder))) => {
                    device.worker.tell(Event::Alarm(problem));
                }
                outcome => outcome?,
            }
        }
    }
    let mut received = shared.with(|opened| opened.inbox.passed(pass))?;
    let alarms = core::mem::take(&mut received.alarms);
    sync::keep(device, shared, received).await?;
    let mut has_refiled = false;
    for alarm in &alarms {
        if let Alarm::ObjectMissing { id } = alarm
            && refiled(device, shared, id).await?
        {
            has_refiled = true;
            continue;
        }
        device.worker.tell(Event::Alarm(show::alarm(alarm)));
    }
    if has_refiled { sync::file(device, shared).await } else { Ok(()) }
}

/// Fetches one object of the archive.
async fn fetch(device: &Device, shared: &Shared, id: &ObjectId) -> Result<(), Failure> {
    let response = shared
        .ask_relay(device, |_, signer| relay::archive_object(id, signer, &mut random::source()))
        .await?;
    let object = relay::archive_content(&response).map_err(|error| Failure::of_relay(&error))?;
    if object.id.0 != *id.as_bytes() {
        return Err(Failure(Problem::RelayLied));
    }
    let received = shared.with(|opened| {
        let (inbox, reader) = opened.parts();
        inbox.archived(&object, &reader)
    })??;
    sync::keep(device, shared, received).await
}

/// Makes a letter ready to be filed again, if this device still has it. Says whether it has.
async fn refiled(device: &Device, shared: &Shared, id: &ObjectId) -> Result<bool, Failure> {
    let Some(content) = stored(device, shared, id).await? else { return Ok(false) };
    let received = shared.with(|opened| {
        let (inbox, reader) = opened.parts();
        inbox.refile(id, &content, &reader, &mut random::source())
    })?;
    match received {
        Ok(received) => sync::keep(device, shared, received).await.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// What lies on this device of a letter; where that is lost or damaged, what the archive has.
pub(crate) async fn letter(
    device: &Device,
    shared: &Shared,
    id: &ObjectId,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(content) = stored(device, shared, id).await? {
        return Ok(content);
    }
    fetch(device, shared, id).await?;
    stored(device, shared, id).await?.ok_or(Failure(Problem::StorageDamaged))
}

/// What lies on this device of a letter; none where it is lost or damaged.
async fn stored(
    device: &Device,
    shared: &Shared,
    id: &ObjectId,
) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let name = names::letter(id);
    let sealed = match device.storage.read(Shelf::Sealed, &name).await {
        Err(StorageError::Damaged) => None,
        sealed => sealed?,
    };
    shared.look(|opened| sealed.and_then(|sealed| local::open(&name, &sealed, &opened.vault_key).ok()))
}
