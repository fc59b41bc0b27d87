//! Durable deposits over HTTP into a relay in a process of its own, against the bare store doing the same
//! commits.
//!
//! The senders share the processors with the relay. So what others do for a sender, or what can wait, is done
//! while the clock stands still: the permits, which a directory made, are there before, and the receipts are
//! verified after. What the senders take all the same is a figure of its own.
//!
//! The two take turns: the machine may be slower in one minute than in another.

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
use tokio::runtime::{Builder, Handle};

use crate::{
    Failure,
    bare_store::BareStore,
    figures::Figure,
    http::Connection,
    people::{now, rng},
    processor::{Meter, Turn},
    relay::Relay,
};

const HOUR: u64 = 60 * 60;

/// How often the bare store and the relay each have their turn.
const TURNS: u32 = 5;

pub(crate) async fn measure(
    program: &Path,
    folder: &Path,
    clients: usize,
    envelope: &[u8],
    span: Duration,
) -> Result<Vec<Figure>, Failure> {
    let store = tempfile::tempdir_in(folder)?;
    let relay = Arc::new(Relay::start(program, store.path()).await?);
    let bare = BareStore::open(folder, clients, envelope)?;
    let (deposited, stored, receipts) =
        in_turns(Arc::clone(&relay), bare, clients, envelope.into(), span / TURNS).await?;
    for receipt in receipts {
        // As every sender does.
        SignedReceipt::from_bytes(&receipt)?.verify(&relay.receipt_key.into(), envelope, &[])?;
    }
    let Deposited { relay: by_relay, senders: by_senders } = deposited;
    let what = "the bare store, the same commits";
    let ours = by_relay.microseconds();
    let rates = (by_relay.rate(), stored.rate());
    Ok(vec![
        Figure::new(&format!("deposits over HTTP, {clients} clients"), rates.0, "per s", what, rates.1),
        Figure::new("a deposit, processors' time of the relay", ours, "µs", what, stored.microseconds()),
        Figure::new(
            "a deposit, processors' time of its sender",
            by_senders.microseconds(),
            "µs",
            "the relay",
            ours,
        ),
    ])
}

/// What was measured of the relay.
#[derive(Default)]
struct Deposited {
    relay: Turn,
    senders: Turn,
}

/// Has the bare store and the relay take turns.
async fn in_turns(
    relay: Arc<Relay>,
    mut bare: BareStore,
    clients: usize,
    envelope: Arc<[u8]>,
    turn: Duration,
) -> Result<(Deposited, Turn, Vec<Vec<u8>>), Failure> {
    let usual = Handle::current();
    let run = move || -> Result<_, Failure> {
        // One thread does all of the senders' work: many that wake each other take more of what the relay needs.
        let alone = Builder::new_current_thread().enable_all().build()?;
        let (mut deposited, mut stored) = (Deposited::default(), Turn::default());
        let mut senders = Vec::new();
        for _ in 0..TURNS {
            stored.add(usual.block_on(bare.turn(turn))?);
            // The relay is hardly faster than the store in it.
            let permits = (stored.rate() * turn.as_secs_f64() / clients as f64).ceil() as usize;
            alone.block_on(async {
                if senders.is_empty() {
                    for _ in 0..clients {
                        senders.push(Client::open(Arc::clone(&relay)).await?);
                    }
                }
                for sender in &mut senders {
                    sender.make_permits(permits);
                }
                deposit(&relay, &mut senders, &envelope, turn, &mut deposited).await
            })?;
        }
        Ok((deposited, stored, senders.into_iter().flat_map(|sender| sender.receipts).collect()))
    };
    tokio::task::spawn_blocking(run).await?
}

/// The relay's turn.
async fn deposit(
    relay: &Relay,
    clients: &mut Vec<Client>,
    envelope: &Arc<[u8]>,
    turn: Duration,
    deposited: &mut Deposited,
) -> Result<(), Failure> {
    let (relays, senders) = (Meter::start(relay.process)?, Meter::start(process::id())?);
    let began = Instant::now();
    let mut tasks = Vec::new();
    for mut client in clients.drain(..) {
        let envelope = Arc::clone(envelope);
        tasks.push(tokio::spawn(async move {
            let before = client.receipts.len();
            while began.elapsed() < turn {
                client.deposit(&envelope).await?;
            }
            let done = client.receipts.len() - before;
            Ok::<_, Failure>((client, done))
        }));
    }
    let mut all = 0;
    for task in tasks {
        let (client, done) = task.await??;
        clients.push(client);
        all += done;
    }
    deposited.relay.add(Turn::of(all, &relays)?);
    deposited.senders.add(Turn::of(all, &senders)?);
    Ok(())
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
    /// Opens the mailbox.
    async fn open(relay: Arc<Relay>) -> Result<Self, Failure> {
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
        Ok(Self { relay, connection, mailbox, inbox_key, permits: Vec::new(), receipts: Vec::new() })
    }

    /// Has so many permits made.
    fn make_permits(&mut self, count: usize) {
        self.receipts.reserve(count);
        while self.permits.len() < count {
            self.permits.push(self.permit());
        }
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
