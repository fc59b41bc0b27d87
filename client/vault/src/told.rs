//! Sessions that read this mailbox, told to its owner (`LBX-SESSION-7`).
//!
//! The relay is asked for them before it is asked for letters. What the page has shown is stored when the
//! page says so, and not before: a page that is closed too early shows it again.

use api::{Code, Octets16};
use client_mailbox::{
    http::AnswerError,
    local::names,
    session::{self, Told},
};
use client_messages::{Answer, Problem, Session};
use relay_auth::{hex, secret::Secret};

use crate::{
    device::Device,
    failure::Failure,
    opened::{Opened, Shared},
    random, records, show,
    storage::{Change, Storage},
};

/// What is stored of what the person was told. A damaged record stands for none.
pub(crate) async fn stored(storage: &Storage, vault_key: &Secret) -> Result<Told, Failure> {
    match records::unsealed(storage, names::TOLD, vault_key).await {
        Err(Failure(Problem::StorageDamaged)) => Ok(Told::default()),
        stored => {
            let record = stored?;
            Ok(record.and_then(|record| Told::from_record(&record).ok()).unwrap_or_default())
        }
    }
}

/// Asks for the sessions, and shows the page what is new about them.
pub(crate) async fn look(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let response = shared.ask_relay(device, |_, signer| session::list(signer, &mut random::source())).await?;
    let sessions = session::listed(&response).map_err(|error| Failure::of_relay(&error))?;
    let event = shared.with(|opened| {
        let is_new = opened.sessions.as_ref() != Some(&sessions);
        let event = is_new.then(|| show::sessions(&sessions, &opened.told));
        opened.sessions = Some(sessions);
        event
    })?;
    if let Some(event) = event {
        device.worker.tell(event);
    }
    Ok(())
}

/// The page has shown these.
pub(crate) async fn shown(device: &Device, shared: &Shared, shown: &[Session]) -> Result<Answer, Failure> {
    let change = shared.with(|opened| -> Result<Change, Failure> {
        let Opened { sessions: Some(sessions), told, vault_key, .. } = opened else {
            // It cannot have shown any.
            return Err(Failure(Problem::OutOfTurn));
        };
        for session in shown {
            if let Some(id) = hex::decode(&session.id) {
                told.tell(Octets16(id), session.end.is_some());
            }
        }
        told.forget_others(sessions);
        records::sealed(names::TOLD, &told.to_record(), vault_key)
    })??;
    shared.store(device, vec![change]).await?;
    Ok(Answer::Done)
}

/// Ends a session.
pub(crate) async fn end(device: &Device, shared: &Shared, id: &str) -> Result<Answer, Failure> {
    let id = hex::decode(id).map(Octets16).ok_or(Failure(Problem::OutOfTurn))?;
    let response =
        shared.ask_relay(device, |_, signer| session::end(id, signer, &mut random::source())).await?;
    match response.done() {
        // So long ago that the relay has forgotten it: it is over.
        Err(AnswerError::Refused(refused)) if refused.is(Code::NoSuchSession) => {}
        outcome => outcome.map_err(|error| Failure::of_relay(&error))?,
    }
    look(device, shared).await?;
    Ok(Answer::Done)
}
