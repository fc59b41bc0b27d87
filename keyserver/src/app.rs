//! The parts of the running directory, put together.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use crypto_core::directory::{LogKey, Trust};
use relay_auth::{signing::VerifyingKey, ticket::TicketKeys};
use service::{addresses::Addresses, clock::Clock, operations::Operated};
use store::Engine;

use crate::{
    accounts::{Accounts, vouchers::Vouchers},
    bodies::{Bodies, requests::Requests},
    directory::{Directory, DirectoryError, DirectoryKeys},
    lookups::{Lookups, permits::Permits},
    provisioning::{
        Provisioning,
        access::{Access, ProvisioningClient},
    },
    sign_ins::{
        SignIns,
        provider::{Provider, ProviderSettings},
    },
    store::{Embedded, RecordKeys, Records, StoreFailure},
    transport::{Transport, TransportError},
};

/// Limits on requests, and for how long things hold.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long a request may take in all.
    pub request: Duration,
    /// Requests that one address may make in a second, on average.
    pub requests_per_second: u32,
    /// Requests that one address may make at once.
    pub burst: u32,
    /// Codes that are taken to ScotAccount at a time.
    pub sign_ins_at_once: usize,
    /// People whom one public body may look up in a day.
    pub lookups_a_day: u64,
    /// How long permits are taken, in seconds.
    pub permit_seconds: u64,
    /// How long vouchers are taken, in seconds.
    pub voucher_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: Duration::from_secs(20),
            request: Duration::from_secs(60),
            requests_per_second: 20,
            burst: 100,
            sign_ins_at_once: 64,
            lookups_a_day: 100_000,
            permit_seconds: 24 * 60 * 60,
            voucher_seconds: 7 * 24 * 60 * 60,
        }
    }
}

/// The keys of a directory.
#[derive(Debug)]
pub struct Keys {
    /// Of the tree and its log.
    pub directory: DirectoryKeys,
    /// Of the rows about people.
    pub records: RecordKeys,
    /// Shared with the relay: for permits and vouchers.
    pub tickets: TicketKeys,
}

relay_auth::wiped!(Keys { directory, records, tickets });

/// What a directory is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where it keeps everything.
    pub engine: Engine,
    /// Its keys.
    pub keys: Keys,
    /// The operators of whom two approve each public body.
    pub operators: Vec<VerifyingKey>,
    /// How it asks ScotAccount.
    pub provider: ProviderSettings,
    /// Who may have mailboxes provided.
    pub provisioning: Option<ProvisioningClient>,
    /// The host name (and port, where it is not the scheme's own) under which bodies know it.
    pub authority: String,
    /// Limits on requests.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
}

/// Why a directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The tree or its log cannot be opened.
    #[error("the directory cannot be opened: {0}")]
    Directory(#[from] DirectoryError),
    /// The rest of the store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreFailure),
    /// No HTTP client can be made.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// The running directory: what every handler has.
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) lookups: Lookups,
    pub(crate) bodies: Arc<Bodies>,
    pub(crate) requests: Requests,
    pub(crate) provisioning: Provisioning,
    pub(crate) access: Access,
    pub(crate) directory: Directory,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    stopping: AtomicBool,
}

impl App {
    /// Opens the directory and puts the parts together.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(parts: Parts) -> Result<Arc<Self>, OpenError> {
        let Parts { engine, keys, operators, provider, provisioning, authority, limits, clock } = parts;
        let Keys { directory: keys, records: record_keys, tickets } = keys;
        let log = LogKey { origin: keys.origin.clone(), key: keys.log.verifying_key() };
        let directory = Directory::open(engine.clone(), keys, clock.clone()).await?;
        let trust = Trust {
            vrf_key: directory.vrf_key(),
            witnesses: Vec::new(),
            quorum: 0,
            operators: operators.clone(),
            log,
        };
        let records: Arc<dyn Records> = Arc::new(Embedded::new(engine, record_keys));
        let tickets = Arc::new(tickets);
        let provider = Arc::new(Provider::new(provider, Transport::new()?));
        let at_once = limits.sign_ins_at_once;
        let sign_ins =
            Arc::new(SignIns::new(Arc::clone(&records), directory.clone(), Arc::clone(&provider), at_once));
        let bodies = Bodies::open(Arc::clone(&records), directory.clone(), operators).await?;
        Ok(Arc::new(Self {
            accounts: Accounts {
                records: Arc::clone(&records),
                directory: directory.clone(),
                sign_ins: Arc::clone(&sign_ins),
                vouchers: Arc::new(Vouchers { tickets: Arc::clone(&tickets), life: limits.voucher_seconds }),
            },
            sign_ins,
            requests: Requests {
                bodies: Arc::clone(&bodies),
                records: Arc::clone(&records),
                authority,
                decoy: trust.log.key,
                lookups_a_day: limits.lookups_a_day,
            },
            lookups: Lookups {
                records: Arc::clone(&records),
                directory: directory.clone(),
                permits: Permits { tickets, life: limits.permit_seconds },
                trust,
            },
            bodies,
            provisioning: Provisioning {
                records: Arc::clone(&records),
                directory: directory.clone(),
                provider,
            },
            access: Access::new(provisioning),
            directory,
            records,
            addresses: Arc::new(Addresses::new(limits.requests_per_second, limits.burst)),
            limits,
            clock,
            stopping: AtomicBool::new(false),
        }))
    }

    /// Says from now on that the service is on its way out.
    pub fn stop(&self) {
        self.stopping.store(true, SeqCst);
    }

    /// Forgets what is over: addresses that are quiet, sign-ins, nonces, counts. To be called every
    /// minute or so.
    pub async fn forget(&self) {
        self.addresses.forget_quiet();
        if let Err(failure) = self.records.forget(self.clock.now()).await {
            tracing::warn!("what is over could not be removed: {failure}");
        }
    }

    /// Completes, with the reason, when the store has stopped for good.
    pub async fn until_failed(&self) -> String {
        self.records.until_failed().await
    }
}

#[async_trait]
impl Operated for App {
    async fn probe(&self) -> Result<(), String> {
        self.records.probe().await.map_err(|failure| failure.to_string())
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst)
    }

    fn alarms(&self) -> Vec<String> {
        self.records.alarms()
    }
}
