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
    sync, trust,
};

/// After so many objects the page is shown the list: it has all letters in it each time.
const SHOWN_AT_ONCE: usize = 128;

/// Looks through the whole archive: for letters that this device does not have, and for those that
/// the relay does not have any more. `step` is what the page is told of it while letters come from there;
/// whoever says one ends it. Without one, looks through what is new there, and nobody waits for it.
pub(crate) async fn look_through(
    device: &Device,
    shared: &Shared,
    step: Option<Step>,
) -> Result<(), Failure> {
    let mut pass = shared.with(|opened| {
        let inbox = &opened.inbox;
        if step.is_some() { inbox.archive_pass() } else { inbox.archive_news() }
    })?;
    while !pass.is_complete() {
        let after = pass.after();
        let response = shared
            .ask_relay(device, |_, signer| relay::archive(after, signer, &mut random::source()))
            .await?;
        let page = relay::archive_page(&response).map_err(|error| Failure::of_relay(&error))?;
        let missing = shared.with(|opened| pass.listed(&opened.inbox, &page))??;
        for ids in missing.chunks(SHOWN_AT_ONCE) {
            if let Some(step) = step {
                device.shows(step);
            }
            let mut is_new = false;
            let outcome = fetch_all(device, shared, ids, &mut is_new).await;
            // Also where the way to the relay broke off: what came is not fetched again.
            if is_new {
                shared.show(device)?;
            }
            outcome?;
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

/// Fetches these objects of the archive. `is_new` says in any case whether there is something to be shown.
async fn fetch_all(
    device: &Device,
    shared: &Shared,
    ids: &[ObjectId],
    is_new: &mut bool,
) -> Result<(), Failure> {
    for id in ids {
        match fetch(device, shared, id).await {
            // One that does not hold keeps no other back, nor the letters that come.
            Err(Failure(
                problem @ (Problem::RelayLied | Problem::RelayOlder | Problem::UnopenableLetter),
            )) => {
                if problem != Problem::UnopenableLetter {
                    shared.with(|opened| opened.inbox.refuse(*id))?;
                }
                device.worker.tell(Event::Alarm(problem));
            }
            outcome => *is_new |= outcome?,
        }
    }
    Ok(())
}

/// Fetches objects once more that did not hold: the relay may be mended.
pub(crate) async fn once_more(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let mut is_new = false;
    let mut outcome = Ok(());
    for id in shared.with(|opened| opened.inbox.refused())? {
        match fetch(device, shared, &id).await {
            Ok(is_shown) => is_new |= is_shown,
            // Of one that it does not give any more it is asked no more often than of one that it alters.
            Err(Failure(
                problem @ (Problem::RelayLied
                | Problem::RelayOlder
                | Problem::RelayRefused
                | Problem::UnopenableLetter),
            )) => {
                shared.with(|opened| opened.inbox.refuse(id))?;
                device.worker.tell(Event::Alarm(problem));
            }
            Err(failure) => {
                outcome = Err(failure);
                break;
            }
        }
    }
    if is_new {
        shared.show(device)?;
    }
    outcome
}

/// Fetches one object of the archive. Says whether there is something new to be shown.
async fn fetch(device: &Device, shared: &Shared, id: &ObjectId) -> Result<bool, Failure> {
    let response = shared
        .ask_relay(device, |_, signer| relay::archive_object(id, signer, &mut random::source()))
        .await?;
    let object = relay::archive_content(&response).map_err(|error| Failure::of_relay(&error))?;
    if object.id.0 != *id.as_bytes() {
        return Err(Failure(Problem::RelayLied));
    }
    let judge = || {
        shared.with(|opened| {
            let (inbox, reader) = opened.parts();
            inbox.archived(&object, &reader)
        })
    };
    let mut received = judge()?;
    if let Err(lie) = &received
        && trust::renewed_for(device, shared, lie.receipt()).await?
    {
        received = judge()?;
    }
    sync::keep_unseen(device, shared, received?).await
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
    if fetch(device, shared, id).await? {
        shared.show(device)?;
    }
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
