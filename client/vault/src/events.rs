//! Following the relay for as long as the mailbox is open: list, listen, list again when it speaks.
//!
//! The relay's stream says that something came, never what. It ends after an hour, or with the
//! network; then everything after the last known letter is listed and the stream is asked for again,
//! after a wait that grows with each failure and is different on each device, so that a relay that
//! comes back is not met by everybody at once. A browser that stores nothing for a while is waited for
//! in the same way: what was not stored is then listed again.

use api::events::Event as RelayEvent;
use client_mailbox::relay::{self, EventLines};
use client_messages::{Connection, Event, Problem};

use crate::{
    device::Device,
    failure::Failure,
    network::{Stream, Unreachable},
    opened::Shared,
    random, sync,
    trust::{self, TrustFailure},
    waits::{OPENING_MILLISECONDS, Waits, within},
};

/// Three of the relay's signs of life: a network that is gone without a word is noticed.
const SILENCE_MILLISECONDS: u32 = 80_000;

/// Follows the relay until the vault is locked, or something happens that this device cannot mend.
pub(crate) async fn follow(device: Device, shared: Shared) {
    let failure = match renew_trust(&device, &shared).await {
        Ok(()) => keep_following(&device, &shared).await,
        Err(failure) => failure,
    };
    if !shared.is_locked() {
        device.worker.tell(Event::Alarm(failure.0));
        device.worker.tell(Event::Connection(Connection::Lost));
    }
}

/// Takes the trust file of today, if it can be had. One of another deployment ends everything; any
/// other that does not hold is told of, and the one of before stays in force.
async fn renew_trust(device: &Device, shared: &Shared) -> Result<(), Failure> {
    match trust::fetched(&device.worker, &device.storage).await {
        Ok(trust) => shared.with(|opened| opened.trust = trust),
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

/// Returns with the failure that ends it.
async fn keep_following(device: &Device, shared: &Shared) -> Failure {
    let mut waits = Waits::new();
    let mut is_up_to_date = false;
    let mut told = None;
    loop {
        match once(device, shared, &mut waits, &mut is_up_to_date).await {
            // The relay ends its streams now and then.
            Ok(()) => {}
            Err(failure) if failure.is_final() => return failure,
            Err(failure) => {
                device.worker.tell(Event::Connection(Connection::Lost));
                if !failure.is_temporary() && told != Some(failure) {
                    told = Some(failure);
                    device.worker.tell(Event::Alarm(failure.0));
                }
            }
        }
        device.worker.sleep(waits.next()).await;
    }
}

/// Lists, then listens until the stream ends.
async fn once(
    device: &Device,
    shared: &Shared,
    waits: &mut Waits,
    is_up_to_date: &mut bool,
) -> Result<(), Failure> {
    if shared.catch_up(device).await? {
        *is_up_to_date = false;
        shared.show(device)?;
    }
    if *is_up_to_date {
        sync::news(device, shared).await?;
    } else {
        sync::everything(device, shared).await?;
        *is_up_to_date = true;
    }
    listen(device, shared, waits).await
}

/// Listens until the stream ends.
async fn listen(device: &Device, shared: &Shared, waits: &mut Waits) -> Result<(), Failure> {
    let gone = |Unreachable| Failure(Problem::RelayUnreachable);
    let now = device.worker.now();
    let request = shared.with(|opened| relay::events(&opened.signer(now), &mut random::source()))??;
    let opening = within(&device.worker, OPENING_MILLISECONDS, Stream::open(&device.worker, &request));
    let mut stream = opening.await.unwrap_or(Err(Unreachable)).map_err(gone)?;
    if !stream.is_open() {
        let refused = within(&device.worker, OPENING_MILLISECONDS, stream.refusal()).await;
        let refused = refused.unwrap_or(Err(Unreachable)).map_err(gone)?;
        let why = refused.content().err();
        return Err(why.map_or(Failure(Problem::RelayLied), |error| Failure::of_relay(&error)));
    }
    let mut lines = EventLines::new();
    let mut is_live = false;
    loop {
        let next = within(&device.worker, SILENCE_MILLISECONDS, stream.next()).await;
        let Some(bytes) = next.unwrap_or(Err(Unreachable)).map_err(gone)? else { return Ok(()) };
        let events = lines.push(&bytes).map_err(|_| Failure(Problem::RelayLied))?;
        if !is_live && !events.is_empty() {
            is_live = true;
            waits.start_over();
            device.worker.tell(Event::Connection(Connection::Live));
        }
        let known = shared.with(|opened| opened.inbox.last())?;
        let is_news = events.iter().any(|event| match *event {
            // Less than is known is news as well: the listing will show that the relay went back.
            RelayEvent::Start { last } => last != known,
            RelayEvent::Letter { sequence } => sequence > known,
        });
        if is_news {
            sync::news(device, shared).await?;
        }
    }
}
