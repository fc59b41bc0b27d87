//! What the relay writes for a deposit, written into a store by itself.

use std::{path::Path, process, sync::Arc, time::Duration};

use relay_auth::id::{MailboxId, PermitId};
use store::{Engine, Options, StoreError};
use tempfile::TempDir;

use crate::{
    Failure,
    figures::repeat,
    people::{now, rng},
    processor::{Meter, Turn},
};

// What the relay writes for a deposit besides the envelope, in bytes.
const LISTING: usize = 101;
const NUMBERS: usize = 56;
const SPENT: usize = 95;

/// A store with as many mailboxes as there are workers.
pub(crate) struct BareStore {
    engine: Engine,
    mailboxes: Arc<[MailboxId]>,
    envelope: Arc<[u8]>,
    turns: u64,
    _folder: TempDir,
}

impl BareStore {
    pub(crate) fn open(folder: &Path, workers: usize, envelope: &[u8]) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(folder)?;
        Ok(Self {
            engine: Engine::open(folder.path(), Options::default())?,
            mailboxes: (0..workers).map(|_| MailboxId::generate(&mut rng())).collect(),
            envelope: envelope.into(),
            turns: 0,
            _folder: folder,
        })
    }

    /// Has each worker write rows of its mailbox, with keys as long and as near to each other as the relay's.
    pub(crate) async fn turn(&mut self, span: Duration) -> Result<Turn, Failure> {
        let (engine, envelope) = (self.engine.clone(), Arc::clone(&self.envelope));
        let (mailboxes, first) = (Arc::clone(&self.mailboxes), self.turns << 32);
        self.turns += 1;
        let meter = Meter::start(process::id())?;
        let done = repeat(mailboxes.len(), span, move |worker, done| {
            let (engine, envelope, mailbox) = (engine.clone(), Arc::clone(&envelope), mailboxes[worker]);
            let sequence = (first + done as u64).to_be_bytes();
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
        Turn::of(done, &meter)
    }
}
