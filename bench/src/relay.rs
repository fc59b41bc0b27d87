//! Durable deposits over HTTP into a relay in a process of its own, against the bare store doing the same
//! commits.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
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
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
    ticket::TicketKeys,
    voucher::Voucher,
};
use store::{Engine, Options, StoreError};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{
    Failure,
    figures::{Figure, per_second, rate},
    http::Connection,
    people::{now, rng},
};

// What the relay writes for a deposit besides the envelope, in bytes.
const LISTING: usize = 101;
const NUMBERS: usize = 56;
const SPENT: usize = 95;

const HOUR: u64 = 60 * 60;

pub(crate) async fn measure(
    program: &Path,
    folder: &Path,
    clients: usize,
    envelope: &[u8],
    span: Duration,
) -> Result<Vec<Figure>, Failure> {
    let bare = bare_store(folder, clients, envelope, span).await?;
    let ours = deposits(program, folder, clients, envelope, span).await?;
    let name = format!("deposits over HTTP, {clients} clients");
    Ok(vec![Figure::new(&name, ours, "per s", "the bare store, the same commits", bare)])
}

/// Writes what the relay writes for a deposit, in rows with keys as long and as near to each other.
async fn bare_store(folder: &Path, clients: usize, envelope: &[u8], span: Duration) -> Result<f64, Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let engine = Engine::open(folder.path(), Options::default())?;
    let envelope: Arc<[u8]> = envelope.into();
    let sequences = Arc::new(AtomicU64::new(0));
    rate(clients, span, move |turn| {
        let (engine, envelope) = (engine.clone(), Arc::clone(&envelope));
        let sequence = sequences.fetch_add(1, Relaxed).to_be_bytes();
        let mailbox = [u8::try_from(turn % clients).unwrap_or(u8::MAX); 16];
        async move {
            let permit = PermitId::generate(&mut rng());
            engine
                .write(move |view| {
                    let key = |kind: u8, rest: &[u8]| [&mailbox[..], &[kind], rest].concat();
                    view.insert_long(&key(0, &sequence), &envelope)?;
                    view.insert(&key(1, &sequence), &[1; LISTING])?;
                    view.insert(&key(2, &[]), &[2; NUMBERS])?;
                    view.insert(&key(3, permit.as_bytes()), &[3; SPENT])?;
                    view.insert(&key(4, &[&sequence[..], permit.as_bytes()].concat()), &[4])?;
                    Ok::<(), StoreError>(())
                })
                .await?;
            Ok::<(), Failure>(())
        }
    })
    .await
}

/// The running relay, ended when this is dropped.
struct Relay {
    _process: Child,
    address: SocketAddr,
    tickets: TicketKeys,
    receipt_key: VerifyingKey,
}

async fn start(program: &Path, store: &Path) -> Result<Relay, Failure> {
    let (receipt, ticket) = (Secret::generate(&mut rng()), Secret::generate(&mut rng()));
    let text = |secret: &Secret| Base64UrlUnpadded::encode_string(secret.expose());
    // Nothing but the disk is to hold anybody up.
    let (often, much) = ("1000000", "1000000000");
    let mut process = Command::new(program)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("LETTERBOX_RELAY_LISTEN", "127.0.0.1:0")
        .env("LETTERBOX_RELAY_STORE", store)
        .env("LETTERBOX_RELAY_RECEIPT_KEY", text(&receipt))
        .env("LETTERBOX_RELAY_TICKET_KEYS__1", text(&ticket))
        .env("LETTERBOX_RELAY_LIMITS__REQUESTS_PER_SECOND", often)
        .env("LETTERBOX_RELAY_LIMITS__BURST", often)
        .env("LETTERBOX_RELAY_QUOTA__LETTERS", often)
        .env("LETTERBOX_RELAY_QUOTA__LETTER_BYTES", much)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(process.stderr.take().ok_or("the relay says nothing")?).lines();
    let mut said = String::new();
    let address = loop {
        let Some(line) = lines.next_line().await? else {
            return Err(format!("the relay ended:\n{said}").into());
        };
        if let Some((_, address)) = line.split_once("listening on http://") {
            break address.trim().parse::<SocketAddr>()?;
        }
        said.push_str(&line);
        said.push('\n');
    };
    // What else it says is read and forgotten, or it would wait.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Relay {
        _process: process,
        address,
        tickets: TicketKeys::new(1, vec![(1, ticket)])?,
        receipt_key: SigningKey::from_seed(&receipt).verifying_key(),
    })
}

async fn deposits(
    program: &Path,
    folder: &Path,
    clients: usize,
    envelope: &[u8],
    span: Duration,
) -> Result<f64, Failure> {
    let store = tempfile::tempdir_in(folder)?;
    let relay = Arc::new(start(program, store.path()).await?);
    let envelope: Arc<[u8]> = envelope.into();
    let mut ready = Vec::new();
    for _ in 0..clients {
        ready.push(Client::open(Arc::clone(&relay)).await?);
    }
    let began = Instant::now();
    let mut tasks = Vec::new();
    for mut client in ready {
        let envelope = Arc::clone(&envelope);
        tasks.push(tokio::spawn(async move {
            let mut done = 0;
            while began.elapsed() < span {
                client.deposit(&envelope).await?;
                done += 1;
            }
            Ok::<usize, Failure>(done)
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    Ok(per_second(done, began))
}

/// A public body that writes to a mailbox of its own.
struct Client {
    relay: Arc<Relay>,
    connection: Connection,
    mailbox: MailboxId,
    inbox_key: InboxKeyId,
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
            (204, _) => Ok(Self { relay, connection, mailbox, inbox_key }),
            (status, answer) => Err(refused("a mailbox was not opened", status, &answer)),
        }
    }

    async fn deposit(&mut self, envelope: &[u8]) -> Result<(), Failure> {
        let permit = Permit {
            version: Version,
            suite: Suite,
            mailbox: self.mailbox,
            inbox_key: self.inbox_key,
            not_after: now() + HOUR,
            id: PermitId::generate(&mut rng()),
            blob_quota: 0,
        };
        let permit = Base64UrlUnpadded::encode_string(&self.relay.tickets.seal(&permit, &mut rng()));
        let headers = format!("content-type: {}\r\n{}: {permit}\r\n", media::OCTETS, api::header::PERMIT);
        match self.connection.post("/v1/deposits", &headers, envelope).await? {
            (200, receipt) => {
                // As every sender does.
                SignedReceipt::from_bytes(&receipt)?.verify(&self.relay.receipt_key, envelope, &[])?;
                Ok(())
            }
            (status, answer) => Err(refused("a letter was not deposited", status, &answer)),
        }
    }
}

fn refused(what: &str, status: u16, answer: &[u8]) -> Failure {
    format!("{what}: {status} {}", String::from_utf8_lossy(answer)).into()
}
