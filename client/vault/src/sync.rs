//! Keeping up with relay and directory: what was left undone, what is new, what the archive has.
//!
//! Every exchange goes the same way: look into the mailbox for a request, send it, give the answer
//! to the mailbox, **store** what changed, and only then go on. So the relay is never told of
//! anything that this device could forget.

use api::Code;
use client_mailbox::{
    enrolment::EnrolmentError,
    http::AnswerError,
    inbox::{AgainPass, Alarm, Part, Received, RelayLie},
    registry, relay,
};
use client_messages::{Event, Problem, Step};
use crypto_core::archive::ObjectId;

use crate::{
    archive, chain, device::Device, failure::Failure, opened::Shared, random, records, show, storage::Change,
    told, trust, worker::Worker,
};

/// Everything that is looked at once at each unlock.
pub(crate) async fn everything(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let began = device.worker.now();
    let is_anew = shared.with(|opened| opened.inbox.last() == 0)?;
    // A body may have been suspended, or its key replaced. Letters come without the directory as well.
    directory_once(device, shared).await?;
    // LBX-SESSION-7: before a letter that is fetched now.
    tolerated(&device.worker, told::look(device, shared).await)?;
    let outcome = match arrived(device, shared, is_anew).await {
        Ok(()) => tried_and_filed(device, shared, is_anew, began).await,
        failure => failure,
    };
    // Letters may have been restored on the way.
    device.worker.tell(Event::Progress(None));
    outcome
}

/// Everything there is of a mailbox to which this device has just come back. Unlike
/// [`everything`] it takes nothing for granted: the archive comes first, and all of it.
pub(crate) async fn restore(device: &Device, shared: &Shared) -> Result<(), Failure> {
    device.shows(Step::Restoring);
    let began = device.worker.now();
    directory_once(device, shared).await?;
    arrived(device, shared, true).await?;
    tried_and_filed(device, shared, true, began).await
}

/// What has come. Of a list that is made anew (`is_anew`) what was filed comes first, so that of two letters with
/// one id the one that was shown before stays.
async fn arrived(device: &Device, shared: &Shared, is_anew: bool) -> Result<(), Failure> {
    if is_anew {
        archive::look_through(device, shared, Some(Step::Restoring)).await?;
    }
    letters(device, shared).await
}

/// Then those that stayed at the relay, and last the archive, where what was acknowledged has to be. `began` is
/// when the directory was to be asked.
async fn tried_and_filed(device: &Device, shared: &Shared, is_anew: bool, began: u64) -> Result<(), Failure> {
    let numbers = shared.with(|opened| opened.left().now(opened.looks.has_shown_since(began)))?;
    again(device, shared, &numbers).await?;
    shared.with(|opened| opened.tried.note(&numbers))?;
    if is_anew && shared.with(|opened| opened.inbox.said_to_be_filed().is_empty())? {
        return Ok(());
    }
    // Of a list that is made anew it was looked through: another device has filed one since. If nobody did, that
    // is told now.
    tolerated(&device.worker, archive::look_through(device, shared, Some(Step::Restoring)).await)
}

/// What is new at the relay. Nobody waits for the directory here ([`crate::asking`]).
pub(crate) async fn news(device: &Device, shared: &Shared) -> Result<(), Failure> {
    tolerated(&device.worker, told::look(device, shared).await)?;
    letters(device, shared).await?;
    // No key and no sender is missing for these.
    let filed = shared.with(|opened| opened.left().now(false))?;
    once_more(device, shared, &filed).await?;
    tolerated(&device.worker, archive::once_more(device, shared).await)
}

/// Tries letters again for whose sake the directory was asked, which has answered since.
pub(crate) async fn asked(device: &Device, shared: &Shared, letters: &[u64]) -> Result<(), Failure> {
    let letters = shared.with(|opened| opened.left().since(letters))?;
    once_more(device, shared, &letters).await
}

/// Tries letters again, to the end of it.
async fn once_more(device: &Device, shared: &Shared, letters: &[u64]) -> Result<(), Failure> {
    if letters.is_empty() {
        return Ok(());
    }
    again(device, shared, letters).await?;
    let filed = shared.with(|opened| opened.inbox.said_to_be_filed())?;
    if letters.iter().any(|sequence| filed.contains(sequence)) {
        // Whoever took it off the list put it there. If nobody did, that is told now. It is news like any
        // other letter, and nobody waits for it.
        tolerated(&device.worker, archive::look_through(device, shared, None).await)?;
    }
    shared.with(|opened| opened.tried.note(letters))
}

/// Asks the directory, unless that was a moment ago (LBX-BODY-4). Everything else goes on without its answer.
async fn directory_once(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let now = device.worker.now();
    if shared.with(|opened| opened.looks.wait(now))? > 0 {
        return Ok(());
    }
    tolerated(&device.worker, directory(device, shared).await)
}

/// The registry of public bodies, and this device's own entry as the directory shows it now. Not twice at a
/// time: what is shown is held against what was known when it was asked for.
pub(crate) async fn directory(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let now = device.worker.now();
    let request = shared.with(|opened| {
        opened.looks.begin(now);
        registry::request(&opened.trust, Some(opened.enrolled.pin()))
    })??;
    let response = device.ask_registry(&request).await?;
    let now = device.worker.now();
    let (changes, is_new) = shared.with(|opened| -> Result<(Vec<Change>, bool), Failure> {
        let pin = Some(opened.enrolled.pin());
        let (bodies, pin) = opened.registry.answered(&opened.trust, pin, &response, now)?;
        let is_new = bodies != opened.registry;
        opened.registry = bodies;
        opened.looks.answered(now);
        opened.enrolled.advance(pin);
        let mut changes = vec![opened.enrolled_record()?];
        if is_new {
            changes.push(opened.registry_record()?);
        }
        Ok((changes, is_new))
    })??;
    shared.store(device, changes).await?;
    if is_new {
        // A body may have been suspended.
        shared.show(device)?;
    }

    let request = shared.with(|opened| opened.enrolled.check(&opened.trust, &opened.keys))??;
    let response = device.ask_directory(&request).await?;
    let now = device.worker.now();
    let checked = shared.with(|opened| opened.enrolled.checked(&opened.trust, &response, now))?;
    if let Err(EnrolmentError::Answer(AnswerError::Refused(refused))) = &checked
        && (refused.is(Code::SignInUnknown) || refused.is(Code::AlreadyEnrolled))
    {
        // Another entry is in force. Whether this device is out is the relay's to say.
        device.worker.tell(Event::Alarm(Problem::ShutOut));
        return Ok(());
    }
    checked?;
    let change = shared.with(|opened| opened.enrolled_record())??;
    shared.store(device, vec![change]).await
}

/// Lists what came since the last listing, to its end, and files it.
pub(crate) async fn letters(device: &Device, shared: &Shared) -> Result<(), Failure> {
    loop {
        let response = shared
            .ask_relay(device, |opened, signer| {
                relay::letters(opened.inbox.last(), None, signer, &mut random::source())
            })
            .await?;
        let page = relay::letter_page(&response).map_err(|error| Failure::of_relay(&error))?;
        let judge = || {
            shared.with(|opened| {
                let (inbox, reader) = opened.parts();
                inbox.listed(&page, &reader, &mut random::source())
            })
        };
        let mut listed = judge()?;
        if let Err(lie) = &listed
            && trust::renewed_for(device, shared, lie.receipt()).await?
        {
            listed = judge()?;
        }
        let mut received = match listed {
            Ok(received) => received,
            Err(RelayLie::Withheld) => return Err(chain::withheld(device, shared, page.last).await),
            Err(lie) => return Err(chain::broken(device, shared, lie).await),
        };
        // These are tried again once the registry is up to date: no alarm before that.
        received.alarms.retain(|alarm| !matches!(alarm, Alarm::Unopenable { .. }));
        let is_complete = received.is_complete;
        keep(device, shared, received).await?;
        if is_complete {
            chain::holds(device, shared).await?;
            return file(device, shared).await;
        }
    }
}

/// Tries letters again that stayed at the relay.
async fn again(device: &Device, shared: &Shared, unopened: &[u64]) -> Result<(), Failure> {
    let mut pass = AgainPass::of(unopened);
    while let Some(Part { after, limit }) = pass.part() {
        let response = shared
            .ask_relay(device, |_, signer| relay::letters(after, Some(limit), signer, &mut random::source()))
            .await?;
        let page = relay::letter_page(&response).map_err(|error| Failure::of_relay(&error))?;
        let mut judge = || {
            shared.with(|opened| {
                let (inbox, reader) = opened.parts();
                inbox.again(&mut pass, &page, &reader, &mut random::source())
            })
        };
        let mut given = judge()?;
        if let Err(lie) = &given
            && trust::renewed_for(device, shared, lie.receipt()).await?
        {
            given = judge()?;
        }
        match given {
            Ok(received) => keep(device, shared, received).await?,
            Err(lie) => return Err(chain::broken(device, shared, lie).await),
        }
    }
    file(device, shared).await
}

/// Files every letter that is not filed yet: the relay puts it into the archive and takes it off the
/// list, both or neither.
pub(crate) async fn file(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let waiting: Vec<ObjectId> =
        shared.with(|opened| opened.inbox.filings().map(|filing| filing.id()).collect())?;
    for id in waiting {
        let filing =
            shared.with(|opened| opened.inbox.filings().find(|filing| filing.id() == id).cloned())?;
        let Some(filing) = filing else { continue };
        let answer =
            shared.ask_relay(device, |_, signer| relay::file(&filing, signer, &mut random::source())).await?;
        match answer.done() {
            Ok(()) => {}
            // It may have no room for this one. The letter stays here and there; others go on.
            Err(AnswerError::Refused(refused))
                if !refused.is_temporary() && !refused.is(Code::SignatureInvalid) =>
            {
                // It has what it said it had lost: nothing else is filed under an id of this device.
                let is_lie = refused.is(Code::ArchiveConflict);
                let problem = if is_lie { Problem::RelayLied } else { Problem::RelayRefused };
                device.worker.tell(Event::Alarm(problem));
                continue;
            }
            Err(error) => return Err(Failure::of_relay(&error)),
        }
        let changes = shared.with(|opened| {
            let writes = opened.inbox.filed(id);
            records::all_sealed(&writes, &opened.vault_key)
        })??;
        shared.store(device, changes).await?;
    }
    Ok(())
}

/// Stores what the relay gave, then shows it.
pub(crate) async fn keep(device: &Device, shared: &Shared, received: Received) -> Result<(), Failure> {
    if keep_unseen(device, shared, received).await? { shared.show(device) } else { Ok(()) }
}

/// Stores what the relay gave. Says whether there is something new to be shown.
pub(crate) async fn keep_unseen(
    device: &Device,
    shared: &Shared,
    received: Received,
) -> Result<bool, Failure> {
    let Received { writes, alarms, new, .. } = received;
    let changes = shared.with(|opened| records::all_sealed(&writes, &opened.vault_key))??;
    shared.store(device, changes).await?;
    for alarm in &alarms {
        device.worker.tell(Event::Alarm(show::alarm(alarm)));
    }
    Ok(new > 0)
}

/// A part that the rest does not wait for. The page is told of a lie; of a directory that cannot be
/// reached it is not, because nothing that it shows is wrong for that.
pub(crate) fn tolerated(worker: &Worker, outcome: Result<(), Failure>) -> Result<(), Failure> {
    match outcome {
        Err(failure)
            if failure.is_final() || matches!(failure.0, Problem::NoStorage | Problem::RelayUnreachable) =>
        {
            Err(failure)
        }
        Err(failure) => {
            if !failure.is_temporary() {
                worker.tell(Event::Alarm(failure.0));
            }
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
