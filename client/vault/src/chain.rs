//! The alarm of a chain of deposits that did not hold, as this device keeps it.

use client_mailbox::{
    inbox::{Doubt, RelayLie},
    local::{Writes, names},
};
use client_messages::{Event, Problem};
use relay_auth::secret::Secret;

use crate::{device::Device, failure::Failure, opened::Shared, records, storage::Storage};

/// What is stored of it. A damaged record is an alarm as well (`LBX-GAP-2`).
pub(crate) async fn stored(storage: &Storage, vault_key: &Secret) -> Result<Doubt, Failure> {
    match records::unsealed(storage, names::DOUBT, vault_key).await {
        Err(Failure(Problem::StorageDamaged)) => Ok(Doubt::load(Some(&[]))),
        Err(failure) => Err(failure),
        Ok(stored) => Ok(Doubt::load(stored.as_ref().map(|stored| &stored[..]))),
    }
}

/// Tells what was found before this unlock, whether or not the relay can be asked now (`LBX-GAP-2`).
pub(crate) fn recall(device: &Device, shared: &Shared) -> Result<(), Failure> {
    for lie in shared.look(|opened| opened.doubt.lies())? {
        device.worker.tell(Event::Alarm(Failure::from(lie).0));
    }
    Ok(())
}

/// A listing broke the chain (`LBX-GAP-1`). Gives the failure to go on with.
pub(crate) async fn broken(device: &Device, shared: &Shared, lie: RelayLie) -> Failure {
    // Where it cannot be stored it is told all the same; the next listing finds it again.
    let _ = write(device, shared, |doubt| doubt.raise(lie)).await;
    lie.into()
}

/// The relay told of the deposit `told` and did not list it (`LBX-GAP-4`). Gives the failure to go on with.
pub(crate) async fn withheld(device: &Device, shared: &Shared, told: u64) -> Failure {
    // As above.
    let _ = write(device, shared, |doubt| doubt.withhold(told)).await;
    RelayLie::Withheld.into()
}

/// A listing continued the chain to its end (`LBX-GAP-3`).
pub(crate) async fn holds(device: &Device, shared: &Shared) -> Result<(), Failure> {
    let last = shared.with(|opened| opened.inbox.last())?;
    write(device, shared, |doubt| doubt.settle(last)).await
}

async fn write(
    device: &Device,
    shared: &Shared,
    change: impl FnOnce(&mut Doubt) -> Writes,
) -> Result<(), Failure> {
    let changes = shared.with(|opened| {
        let writes = change(&mut opened.doubt);
        records::all_sealed(&writes, &opened.vault_key)
    })??;
    if changes.is_empty() { Ok(()) } else { shared.store(device, changes).await }
}
