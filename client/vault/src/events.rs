//! Following the relay for as long as the mailbox is open: list, listen, list again when it speaks.
//!
//! The relay's stream says that something came, never what. It ends after an hour, or with the
//! network; then everything after the last known letter is listed and the stream is asked for again,
//! after a wait that grows with each failure and is different on each device, so that a relay that
//! comes back is not met by everybody at once. A stream that ends as soon as it began is a failure like
//! any other: the waits start over when the relay has been heard of again on the same stream. Nobody
//! waits once the browser is back on its network or somebody looks at the page. A browser that stores
//! nothing for a while is waited for in the same way: what was not stored is then listed again.

use std::pin::pin;

use api::events::Event as RelayEvent;
use client_mailbox::relay::{self, EventLines};
use client_messages::{Connection, Event, Problem};
use futures_util::future::{Either, select};

use crate::{
    asking::Asking,
    chain,
    device::Device,
    failure::Failure,
    network::{Stream, Unreachable},
    opened::Shared,
    random,
    stir::Stirs,
    sync, trust,
    waits::{OPENING_MILLISECONDS, Waits, within},
};

/// Three of the relay's signs of life: a network that is gone without a word is noticed.
const SILENCE_MILLISECONDS: u32 = 80_000;

/// One of them, with some room: who looks at the page does not wait for three. The device's clock goes on
/// while it sleeps, timers do not.
const SIGN_SECONDS: u64 = 30;

/// How long a letter waits at most for the registry.
const REGISTRY_MILLISECONDS: u32 = 5_000;

/// Follows the relay until the vault is locked, or something happens that this device cannot mend.
pub(crate) async fn follow(device: Device, shared: Shared, mut stirs: Stirs) {
    // Fails only for a mailbox that was locked already.
    let _ = chain::recall(&device, &shared);
    let failure = match trust::renew(&device, &shared).await {
        Ok(()) => keep_following(&device, &shared, &mut stirs).await,
        Err(failure) => failure,
    };
    if !shared.is_locked() {
        device.worker.tell(Event::Alarm(failure.0));
        device.worker.tell(Event::Connection(Connection::Lost));
    }
}

/// Returns with the failure that ends it.
async fn keep_following(device: &Device, shared: &Shared, stirs: &mut Stirs) -> Failure {
    let mut waits = Waits::new();
    let mut asking = Asking::new();
    let mut is_up_to_date = false;
    let mut told = None;
    loop {
        match once(device, shared, &mut waits, stirs, &mut asking, &mut is_up_to_date).await {
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
        if within(&device.worker, waits.next(), stirs.next()).await.is_some() {
            // What made the waits long is likely over.
            waits.start_over();
        }
    }
}

/// Lists, then listens until the stream ends.
async fn once(
    device: &Device,
    shared: &Shared,
    waits: &mut Waits,
    stirs: &mut Stirs,
    asking: &mut Asking,
    is_up_to_date: &mut bool,
) -> Result<(), Failure> {
    if shared.catch_up(device).await? {
        // What it would be held against is not there any more.
        *asking = Asking::new();
        *is_up_to_date = false;
        shared.show(device)?;
    }
    if *is_up_to_date {
        renewed(device, shared, asking).await?;
        sync::news(device, shared).await?;
    } else {
        sync::everything(device, shared).await?;
        *is_up_to_date = true;
    }
    asking.want();
    listen(device, shared, waits, stirs, asking).await
}

/// Listens until the stream ends.
async fn listen(
    device: &Device,
    shared: &Shared,
    waits: &mut Waits,
    stirs: &mut Stirs,
    asking: &mut Asking,
) -> Result<(), Failure> {
    let gone = |Unreachable| Failure(Problem::RelayUnreachable);
    let now = device.worker.now();
    let request = shared.with(|opened| relay::events(&opened.signer(now), &mut random::source()))??;
    let opening = within(&device.worker, OPENING_MILLISECONDS, Stream::open(&device.worker, &request));
    let mut stream = opening.await.unwrap_or(Err(Unreachable)).map_err(gone)?;
    if !stream.is_open() {
        let refused = within(&device.worker, OPENING_MILLISECONDS, stream.refusal()).await;
        let refused = refused.unwrap_or(Err(Unreachable)).map_err(gone)?;
        if let Some(seconds) = refused.retry_after {
            waits.ask_for(seconds);
        }
        let why = refused.content().err();
        return Err(why.map_or(Failure(Problem::RelayLied), |error| Failure::of_relay(&error)));
    }
    let mut lines = EventLines::new();
    let mut is_live = false;
    loop {
        let next = hear(device, shared, &mut stream, stirs, asking).await;
        let Some(bytes) = next? else { return Ok(()) };
        let events = lines.push(&bytes).map_err(|_| Failure(Problem::RelayLied))?;
        if is_live {
            waits.start_over();
        } else if !events.is_empty() {
            is_live = true;
            device.worker.tell(Event::Connection(Connection::Live));
        }
        let known = shared.with(|opened| opened.inbox.last())?;
        let is_news = events.iter().any(|event| match *event {
            // Less than is known is news as well: the listing will show that the relay went back.
            RelayEvent::Start { last } => last != known,
            RelayEvent::Letter { sequence } => sequence > known,
        });
        if is_news {
            renewed(device, shared, asking).await?;
            sync::news(device, shared).await?;
            asking.want();
            let told = events.iter().map(|event| match *event {
                RelayEvent::Start { last } => last,
                RelayEvent::Letter { sequence } => sequence,
            });
            // LBX-GAP-4: it told of a letter and then did not list it.
            let listed = shared.with(|opened| opened.inbox.last())?;
            if let Some(told) = told.max().filter(|told| *told > listed) {
                return Err(chain::withheld(device, shared, told).await);
            }
            let is_older = |event: &RelayEvent| matches!(*event, RelayEvent::Start { last } if last < known);
            if events.iter().any(is_older) {
                // The listing did not go back: what said so is no stream to be listened to any longer, or
                // each line of it would be one more listing.
                return Err(Failure(Problem::RelayLied));
            }
        }
    }
}

/// Has the directory asked before a letter is judged by a registry that is old: a body may have been suspended,
/// or its key replaced, while the page was left open. One that does not answer keeps no letter back.
async fn renewed(device: &Device, shared: &Shared, asking: &mut Asking) -> Result<(), Failure> {
    let now = device.worker.now();
    if !shared.with(|opened| opened.looks.is_old(now) && opened.looks.wait(now) == 0)? {
        return Ok(());
    }
    asking.want();
    asking.begin(device, shared)?;
    match within(&device.worker, REGISTRY_MILLISECONDS, asking.outcome()).await {
        Some(outcome) => sync::asked(device, shared, &outcome?).await,
        None => Ok(()),
    }
}

/// What the stream brings next; `None` at its end. Meanwhile the directory is asked what it has to be asked. A
/// stream that has been silent for as long as no stream is gives way when somebody looks: its network is gone
/// without a word.
async fn hear(
    device: &Device,
    shared: &Shared,
    stream: &mut Stream,
    stirs: &mut Stirs,
    asking: &mut Asking,
) -> Result<Option<Vec<u8>>, Failure> {
    let gone = |Unreachable| Failure(Problem::RelayUnreachable);
    let since = device.worker.now();
    // Asked once, however often somebody stirs: what had come for a question that nobody waits for any
    // more would be lost.
    let mut next = pin!(within(&device.worker, SILENCE_MILLISECONDS, stream.next()));
    loop {
        asking.begin(device, shared)?;
        let stirred = pin!(stirs.next());
        let asked = match select(next.as_mut(), select(stirred, asking.outcome())).await {
            Either::Left((outcome, _)) => return outcome.unwrap_or(Err(Unreachable)).map_err(gone),
            Either::Right((Either::Left(_), _)) => None,
            Either::Right((Either::Right((outcome, _)), _)) => Some(outcome),
        };
        match asked {
            Some(outcome) => sync::asked(device, shared, &outcome?).await?,
            None if device.worker.now().saturating_sub(since) <= SIGN_SECONDS => {}
            None => break,
        }
    }
    // So that the next try is at once.
    stirs.put_back();
    Err(gone(Unreachable))
}
