//! The parts of the running relay, put together.

use std::{fmt, sync::Arc, time::Duration};

use relay_auth::{signing::SigningKey, ticket::TicketKeys};
use tokio::sync::watch;

use crate::{
    archive::{Archive, ArchiveQuota},
    deposits::{Deposits, LetterQuota, arrivals::Arrivals},
    http::{addresses::Addresses, operations::Readiness},
    mailboxes::{Mailboxes, requests::Requests},
    store::MailStore,
};

/// Tells the time in Unix seconds. A part of its own, so that tests can say what time it is.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// A clock that asks `tell`.
    pub fn new(tell: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        use std::time::{SystemTime, UNIX_EPOCH};
        // A clock before 1970 counts as 1970: every signed request is then refused as out of time.
        Self::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    pub(crate) fn now(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// Limits on requests and connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long a request may take in all, the event stream's content aside.
    pub request: Duration,
    /// How often an event stream says that it lives.
    pub heartbeat: Duration,
    /// How long an event stream lasts; a device then asks again, with a new signature.
    pub stream: Duration,
    /// How long the store may take for a readiness probe.
    pub probe: Duration,
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
            probe: Duration::from_secs(2),
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
    /// The key that signs receipts.
    pub receipt_key: SigningKey,
    /// The host name (and port, where it is not the scheme's own) under which devices know it.
    pub authority: String,
    /// What a mailbox may hold.
    pub letters: LetterQuota,
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
    pub(crate) archive: Archive,
    pub(crate) arrivals: Arrivals,
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) addresses: Addresses,
    pub(crate) readiness: Readiness,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    stopping: watch::Sender<bool>,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { store, tickets, receipt_key, authority, letters, archive, limits, clock } = parts;
        let tickets = Arc::new(tickets);
        let arrivals = Arrivals::default();
        let decoy = receipt_key.verifying_key();
        Arc::new(Self {
            requests: Requests { store: Arc::clone(&store), authority, decoy },
            mailboxes: Mailboxes {
                store: Arc::clone(&store),
                tickets: Arc::clone(&tickets),
                arrivals: arrivals.clone(),
            },
            deposits: Deposits {
                store: Arc::clone(&store),
                tickets,
                receipt_key,
                arrivals: arrivals.clone(),
                quota: letters,
            },
            archive: Archive { store: Arc::clone(&store), quota: archive },
            arrivals,
            addresses: Addresses::new(limits.requests_per_second, limits.burst),
            readiness: Readiness::default(),
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

    /// What the operator should know although the relay goes on.
    #[must_use]
    pub fn alarms(&self) -> Vec<String> {
        self.store.alarms()
    }
}
