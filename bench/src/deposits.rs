//! Durable deposits over HTTP into a relay in a process of its own, against the bare store doing the same
//! commits.
//!
//! The senders share the processors with the relay. So what others do for a sender, or what can wait, is done
//! while the clock stands still: the permits, which a directory made, are there before, and the receipts are
//! verified after. What the senders take all the same is a figure of its own.

use std::{
    path::Path,
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use api::{Octets, mailboxes::OpenMailbox, media};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{
    access::{AccessList, SignedAccessList},
    cbor::{Suite, Version, Wire as _, encode},
    id::{InboxKeyId, MailboxId, PermitId, VoucherId},
    permit::Permit,
    receipt::SignedReceipt,
    signing::SigningKey,
    voucher::Voucher,
};
use tokio::runtime::Builder;

use crate::{
    Failure, bare_store,
    figures::{Figure, per_second},
    http::Connection,
    people::{now, rng},
    processor::Meter,
    relay::Relay,
};

const HOUR: u64 = 60 * 60;

pub(crate) async fn measure(
    program: &Path,
    folder: &Path,
    clients: usize,
    envelope: &[u8],
    span: Duration,
) -> Result<Vec<Figure>, Failure> {
    let bare = bare_store::measure(folder, clients, envelope, span).await?;
    let store = tempfile::tempdir_in(folder)?;
    let relay = Arc::new(Relay::start(program, store.path()).await?);
    // The relay is hardly faster than the store in it.
    let permits = (bare.rate * span.as_secs_f64() / clients as f64).ceil() as usize;
    let work = deposits(Arc::clone(&relay), clients, permits, envelope.into(), span);
    let Deposits { rate, relay: by_relay, senders: by_senders, receipts } = on_one_thread(work).await?;
    for receipt in receipts {
        // As every sender does.
        SignedReceipt::from_bytes(&receipt)?.verify(&relay.receipt_key.into(), envelope, &[])?;
    }
    let microseconds = |processors: f64, rate: f64| processors / rate * 1e6;
    let ours = microseconds(by_relay, rate);
    let (stores, senders) = (microseconds(bare.processors, bare.rate), microseconds(by_senders, rate));
    let what = "the bare store, the same commits";
    Ok(vec![
        Figure::new(&format!("deposits over HTTP, {clients} clients"), rate, "per s", what, bare.rate),
        Figure::new("a deposit, processors' time of the relay", ours, "µs", what, stores),
        Figure::new("a deposit, processors' time of its sender", senders, "µs", "the relay", ours),
    ])
}

/// Does `work` where one thread does all of it: many that wake each other take more of what the relay needs.
async fn on_one_thread<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let run =
        move || -> Result<T, Failure> { Builder::new_current_thread().enable_all().build()?.block_on(work) };
    tokio::task::spawn_blocking(run).await?
}

/// What was measured.
struct Deposits {
    /// How many there were in each second.
    rate: f64,
    /// How many processors the relay kept busy.
    relay: f64,
    /// How many its clients did.
    senders: f64,
    receipts: Vec<Vec<u8>>,
}

async fn deposits(
    relay: Arc<Relay>,
    clients: usize,
    permits: usize,
    envelope: Arc<[u8]>,
    span: Duration,
) -> Result<Deposits, Failure> {
    let mut ready = Vec::new();
    for _ in 0..clients {
        ready.push(Client::open(Arc::clone(&relay), permits).await?);
    }
    let (relays, senders) = (Meter::start(relay.process)?, Meter::start(process::id())?);
    let began = Instant::now();
    let mut tasks = Vec::new();
    for mut client in ready {
        let envelope = Arc::clone(&envelope);
        tasks.push(tokio::spawn(async move {
            while began.elapsed() < span {
                client.deposit(&envelope).await?;
            }
            Ok::<_, Failure>(client.receipts)
        }));
    }
    let mut receipts = Vec::new();
    for task in tasks {
        receipts.extend(task.await??);
    }
    let rate = per_second(receipts.len(), began);
    Ok(Deposits { rate, relay: relays.processors()?, senders: senders.processors()?, receipts })
}

/// A public body that writes to a mailbox of its own.
struct Client {
    relay: Arc<Relay>,
    connection: Connection,
    mailbox: MailboxId,
    inbox_key: InboxKeyId,
    /// As the header has them.
    permits: Vec<String>,
    receipts: Vec<Vec<u8>>,
}

impl Client {
    /// Opens the mailbox, and has so many permits made.
    async fn open(relay: Arc<Relay>, permits: usize) -> Result<Self, Failure> {
        let mut connection = Connection::open(relay.address).await?;
        let (mailbox, inbox_key) = (MailboxId::generate(&mut rng()), InboxKeyId::generate(&mut rng()));
        let (access, request) = (SigningKey::generate(&mut rng()), SigningKey::generate(&mut rng()));
        let voucher = Voucher {
            version: Version,
            suite: Suite,
            mailbox,
            access_key: access.verifying_key(),
            not_after: now() + HOUR,
            id: VoucherId::generate(&mut rng()),
        };
        let list = AccessList {
            version: Version,
            suite: Suite,
            mailbox,
            counter: 1,
            next_access_key: access.verifying_key(),
            request_keys: vec![request.verifying_key()],
            inbox_keys: vec![inbox_key],
        };
        let opening = encode(&OpenMailbox {
            voucher: Octets(relay.tickets.seal(&voucher, &mut rng())),
            access_list: Octets(SignedAccessList::sign(&list, &access).to_bytes()),
        });
        let headers = format!("content-type: {}\r\n", media::CBOR);
        match connection.post("/v1/mailboxes", &headers, &opening).await? {
            (204, _) => {}
            (status, answer) => return Err(refused("a mailbox was not opened", status, &answer)),
        }
        let (ready, receipts) = (Vec::with_capacity(permits), Vec::with_capacity(permits));
        let mut client = Self { relay, connection, mailbox, inbox_key, permits: ready, receipts };
        for _ in 0..permits {
            client.permits.push(client.permit());
        }
        Ok(client)
    }

    fn permit(&self) -> String {
        let permit = Permit {
            version: Version,
            suite: Suite,
            mailbox: self.mailbox,
            inbox_key: self.inbox_key,
            not_after: now() + HOUR,
            id: PermitId::generate(&mut rng()),
            blob_quota: 0,
        };
        Base64UrlUnpadded::encode_string(&self.relay.tickets.seal(&permit, &mut rng()))
    }

    async fn deposit(&mut self, envelope: &[u8]) -> Result<(), Failure> {
        // Made while the clock runs only for one that got ahead of the others.
        let permit = self.permits.pop().unwrap_or_else(|| self.permit());
        let headers = format!("content-type: {}\r\n{}: {permit}\r\n", media::OCTETS, api::header::PERMIT);
        match self.connection.post("/v1/deposits", &headers, envelope).await? {
            (200, receipt) => {
                self.receipts.push(receipt);
                Ok(())
            }
            (status, answer) => Err(refused("a letter was not deposited", status, &answer)),
        }
    }
}

fn refused(what: &str, status: u16, answer: &[u8]) -> Failure {
    format!("{what}: {status} {}", String::from_utf8_lossy(answer)).into()
}
