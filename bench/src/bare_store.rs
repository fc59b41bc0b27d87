//! What the relay writes for a deposit, written into a store by itself.

use std::{path::Path, process, sync::Arc, time::Duration};

use relay_auth::id::{MailboxId, PermitId};
use store::{Engine, Options, StoreError};

use crate::{
    Failure,
    figures::rate,
    people::{now, rng},
    processor::Meter,
};

// What the relay writes for a deposit besides the envelope, in bytes.
const LISTING: usize = 101;
const NUMBERS: usize = 56;
const SPENT: usize = 95;

/// What was measured.
pub(crate) struct Bare {
    /// How many commits there were in each second.
    pub(crate) rate: f64,
    /// How many processors they kept busy.
    pub(crate) processors: f64,
}

/// Has each of so many workers write rows of a mailbox of its own, with keys as long and as near to each
/// other as the relay's.
pub(crate) async fn measure(
    folder: &Path,
    workers: usize,
    envelope: &[u8],
    span: Duration,
) -> Result<Bare, Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let engine = Engine::open(folder.path(), Options::default())?;
    let envelope: Arc<[u8]> = envelope.into();
    let mailboxes: Arc<[MailboxId]> = (0..workers).map(|_| MailboxId::generate(&mut rng())).collect();
    // Closed when all was counted.
    let open = engine.clone();
    let meter = Meter::start(process::id())?;
    let rate = rate(workers, span, move |worker, done| {
        let (engine, envelope, mailbox) = (engine.clone(), Arc::clone(&envelope), mailboxes[worker]);
        let sequence = (done as u64).to_be_bytes();
        async move {
            let permit = PermitId::generate(&mut rng());
            let due = [&now().to_be_bytes()[..], b"p", permit.as_bytes()].concat();
            // Other ones each time: the store does not write what is there already.
            let mut numbers = [2_u8; NUMBERS];
            numbers[..sequence.len()].copy_from_slice(&sequence);
            engine
                .write(move |view| {
                    let key = |kind: u8, rest: &[u8]| [&mailbox.as_bytes()[..], &[kind], rest].concat();
                    view.insert_long(&key(b'e', &sequence), &envelope)?;
                    view.insert(&key(b'd', &sequence), &[1; LISTING])?;
                    view.insert(&key(b'c', &[]), &numbers)?;
                    view.insert(&key(b'p', permit.as_bytes()), &[3; SPENT])?;
                    view.insert(&key(b'x', &due), &[])?;
                    Ok::<(), StoreError>(())
                })
                .await?;
            Ok::<(), Failure>(())
        }
    })
    .await?;
    let processors = meter.processors()?;
    drop(open);
    Ok(Bare { rate, processors })
}
