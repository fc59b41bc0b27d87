//! The trust file of this deployment, and which deployment that is.
//!
//! The file comes from the origin that serves this program. Who signed it the first time is
//! remembered with the file itself: from then on another signer is refused, and so is an older file
//! of the same signer. The remembered file also serves while there is no network.

use std::rc::Rc;

use client_mailbox::{http::HttpRequest, registry::Registry};
use client_messages::Event;
use crypto_core::trust::{LONGEST_TRUST, SignedTrust, TrustError, VerifiedTrust};
use relay_auth::receipt::ReceiptError;

use crate::{
    device::Device,
    failure::Failure,
    network::{self, Unreachable},
    opened::Shared,
    storage::{Change, Shelf, Storage, StorageError},
    worker::Worker,
};

/// Where the file stands at the client's origin.
const PATH: &str = "/trust.json";

/// The key of the remembered file.
pub(crate) const RECORD: &str = "trust";

/// Why there is nothing to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TrustFailure {
    /// The origin does not answer.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The origin has no such file.
    #[error("the client's origin serves no trust file")]
    Missing,
    /// The file does not hold.
    #[error(transparent)]
    Refused(#[from] TrustError),
    /// The file is older than the one that is remembered.
    #[error("the trust file is older than the one that was used before")]
    Older,
    /// It could not be remembered.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The file to go by: the origin's, or the remembered one where the origin cannot be reached.
pub(crate) async fn current(worker: &Worker, storage: &Storage) -> Result<Rc<VerifiedTrust>, TrustFailure> {
    match fetched(worker, storage).await {
        Err(TrustFailure::Unreachable(cause)) => {
            remembered(storage).await?.map(Rc::new).ok_or(TrustFailure::Unreachable(cause))
        }
        outcome => outcome,
    }
}

/// The file as the origin serves it now, verified and remembered.
pub(crate) async fn fetched(worker: &Worker, storage: &Storage) -> Result<Rc<VerifiedTrust>, TrustFailure> {
    let (signed, verified) = served(worker).await?;
    if !is_known(storage, &signed, &verified).await? {
        let put = Change::Put(Shelf::Open, RECORD.to_owned(), signed.to_json().into_bytes());
        storage.write(vec![put]).await?;
    }
    Ok(Rc::new(verified))
}

/// Takes the trust file of today for an open mailbox, if it can be had. One of another deployment ends
/// everything; any other that does not hold is told of, and the one of before stays in force.
pub(crate) async fn renew(device: &Device, shared: &Shared) -> Result<(), Failure> {
    match fetched(&device.worker, &device.storage).await {
        Ok(trust) => shared.with(|opened| {
            // Whoever is no operator any more vouches for nobody from now on.
            if let Ok(registry) = Registry::from_record(&opened.registry.to_record(), &trust) {
                opened.registry = registry;
            }
            opened.trust = trust;
        }),
        Err(TrustFailure::Unreachable(_)) => Ok(()),
        Err(failure) => {
            let failure = Failure::from(failure);
            if failure.is_final() {
                return Err(failure);
            }
            device.worker.tell(Event::Alarm(failure.0));
            Ok(())
        }
    }
}

/// Before something that is wrong with a receipt is told: the relay's key may have been replaced while the
/// mailbox was open. Says whether the same answer is to be judged once more. Where the file cannot be had, what
/// was found stands: who is in the way must not silence it.
pub(crate) async fn renewed_for(
    device: &Device,
    shared: &Shared,
    error: Option<ReceiptError>,
) -> Result<bool, Failure> {
    let now = device.worker.now();
    let is_due = shared.with(|opened| opened.renewals.is_due(error, now))?;
    if is_due {
        renew(device, shared).await?;
    }
    Ok(is_due)
}

/// The same for whoever leaves nothing here (`LBX-SESSION-8`): what is remembered is gone by, and nothing
/// is remembered. Where the browser stores nothing there is nothing to go by.
pub(crate) async fn seen(
    worker: &Worker,
    storage: Option<&Storage>,
) -> Result<Rc<VerifiedTrust>, TrustFailure> {
    let (signed, verified) = served(worker).await?;
    if let Some(storage) = storage {
        is_known(storage, &signed, &verified).await?;
    }
    Ok(Rc::new(verified))
}

/// The file as the origin serves it now, verified by itself.
async fn served(worker: &Worker) -> Result<(SignedTrust, VerifiedTrust), TrustFailure> {
    let url = format!("{}{PATH}", worker.origin());
    let request = HttpRequest { method: "GET", url, headers: Vec::new(), body: Vec::new() };
    let response = network::send(worker, &request, LONGEST_TRUST).await?;
    match response.status {
        200 => {}
        // The server in front of the files is ill: that says nothing about the file.
        500.. => return Err(TrustFailure::Unreachable(Unreachable)),
        _ => return Err(TrustFailure::Missing),
    }
    let signed = SignedTrust::from_json(&response.body)?;
    let verified = signed.verify(&signed.signer()?)?;
    Ok((signed, verified))
}

/// Whether it is the file that is remembered, and not a newer one of the same deployment.
async fn is_known(
    storage: &Storage,
    signed: &SignedTrust,
    verified: &VerifiedTrust,
) -> Result<bool, TrustFailure> {
    let Some((known_signed, known)) = record(storage).await? else { return Ok(false) };
    if known_signed.signer()? != signed.signer()? {
        return Err(TrustFailure::Refused(TrustError::OtherDeployment));
    }
    if verified.file().issued < known.file().issued {
        return Err(TrustFailure::Older);
    }
    Ok(known_signed == *signed)
}

/// The file that was used last, if one was.
pub(crate) async fn remembered(storage: &Storage) -> Result<Option<VerifiedTrust>, TrustFailure> {
    Ok(record(storage).await?.map(|(_, verified)| verified))
}

/// What is remembered. A record that is damaged counts as one that is lost: whoever could damage it
/// could remove it as well, and it must not stand between somebody and their recovery code.
async fn record(storage: &Storage) -> Result<Option<(SignedTrust, VerifiedTrust)>, TrustFailure> {
    let stored = match storage.read(Shelf::Open, RECORD).await {
        Err(StorageError::Damaged) => None,
        other => other?,
    };
    let read = |stored: Vec<u8>| -> Result<_, TrustError> {
        let signed = SignedTrust::from_json(&stored)?;
        let verified = signed.verify(&signed.signer()?)?;
        Ok((signed, verified))
    };
    Ok(stored.and_then(|stored| read(stored).ok()))
}
