//! The parts of the running relay, put together.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use relay_auth::ticket::TicketKeys;
use service::{addresses::Addresses, clock::Clock, operations::Operated};
use tokio::sync::{Semaphore, watch};

use crate::{
    archive::{Archive, ArchiveQuota},
    blobs::{
        BlobQuota, Blobs, Collection, MOST_DOWNLOADS, MOST_DOWNLOADS_OF_A_SESSION, MOST_PARTS,
        MOST_SESSION_DOWNLOADS, shares::Shares,
    },
    deposits::{Deposits, LetterQuota, ReceiptSigner, arrivals::Arrivals},
    mailboxes::{Mailboxes, requests::Requests},
    recovery::Recovery,
    sessions::Sessions,
    store::{MailStore, StoreFailure},
};

/// Limits on requests and connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long a request may take in all, the content of event streams and attachments aside.
    pub request: Duration,
    /// How often an event stream says that it lives.
    pub heartbeat: Duration,
    /// How long an event stream or a download lasts; a device then asks again, with a new signature.
    pub stream: Duration,
    /// Parts of attachments that may be in memory at one time.
    pub parts: usize,
    /// Requests that one address may make in a second, on average.
    pub requests_per_second: u32,
    /// Requests that one address may make at once.
    pub burst: u32,
    /// Bytes of letters in one answer.
    pub page_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: Duration::from_secs(20),
            request: Duration::from_secs(30),
            heartbeat: Duration::from_secs(25),
            stream: Duration::from_secs(60 * 60),
            parts: 128,
            requests_per_second: 50,
            burst: 200,
            page_bytes: 1024 * 1024,
        }
    }
}

/// What a relay is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where it keeps everything.
    pub store: Arc<dyn MailStore>,
    /// The keys that it shares with the directory.
    pub tickets: TicketKeys,
    /// The keys that sign receipts.
    pub receipts: ReceiptSigner,
    /// The host name (and port, where it is not the scheme's own) under which devices know it.
    pub authority: String,
    /// What a mailbox may hold.
    pub letters: LetterQuota,
    /// What attachments a mailbox may hold.
    pub blobs: BlobQuota,
    /// What an archive may hold.
    pub archive: ArchiveQuota,
    /// Limits on requests.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
}

/// The running relay: what every handler has.
#[derive(Debug)]
pub struct App {
    pub(crate) requests: Requests,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) deposits: Deposits,
    pub(crate) blobs: Blobs,
    pub(crate) archive: Archive,
    pub(crate) recovery: Recovery,
    pub(crate) sessions: Sessions,
    pub(crate) arrivals: Arrivals,
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    stopping: watch::Sender<bool>,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { store, tickets, receipts, authority, letters, blobs, archive, limits, clock } = parts;
        let tickets = Arc::new(tickets);
        let arrivals = Arrivals::default();
        let decoy = receipts.verifying_key();
        Arc::new(Self {
            requests: Requests { store: Arc::clone(&store), authority, decoy },
            mailboxes: Mailboxes {
                store: Arc::clone(&store),
                tickets: Arc::clone(&tickets),
                arrivals: arrivals.clone(),
            },
            blobs: Blobs {
                store: Arc::clone(&store),
                tickets: Arc::clone(&tickets),
                quota: blobs,
                room: Arc::new(Semaphore::new(limits.parts)),
                arriving: Shares::of(MOST_PARTS),
                downloads: Shares::of(MOST_DOWNLOADS),
                own_downloads: Shares::of(MOST_DOWNLOADS_OF_A_SESSION),
                session_downloads: Shares::of(MOST_SESSION_DOWNLOADS),
            },
            deposits: Deposits {
                store: Arc::clone(&store),
                tickets: Arc::clone(&tickets),
                receipts,
                arrivals: arrivals.clone(),
                quota: letters,
                blob_quota: blobs,
            },
            archive: Archive { store: Arc::clone(&store), quota: archive },
            recovery: Recovery { store: Arc::clone(&store), arrivals: arrivals.clone() },
            sessions: Sessions { store: Arc::clone(&store), tickets, arrivals: arrivals.clone() },
            arrivals,
            addresses: Arc::new(Addresses::new(limits.requests_per_second, limits.burst)),
            store,
            limits,
            clock,
            stopping: watch::Sender::new(false),
        })
    }

    /// Ends every event stream, so that connections can be closed.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Forgets addresses that have not asked for a while. To be called every minute or so.
    pub fn forget_quiet_addresses(&self) {
        self.addresses.forget_quiet();
    }

    /// Frees the room of attachments that no deposit can adopt any more. To be called at the start
    /// and every hour or so.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn collect_blobs(&self, what: Collection) -> Result<(), StoreFailure> {
        self.store.collect_blobs(what, self.clock.now()).await
    }
}

#[async_trait]
impl Operated for App {
    async fn probe(&self) -> Result<(), String> {
        self.store.probe().await.map_err(|failure| failure.to_string())
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    fn alarms(&self) -> Vec<String> {
        self.store.alarms()
    }
}
