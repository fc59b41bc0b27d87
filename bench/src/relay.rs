//! The running relay.

use std::{net::SocketAddr, path::Path, process::Stdio};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{
    secret::Secret,
    signing::{SigningKey, VerifyingKey},
    ticket::TicketKeys,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{Failure, people::rng};

/// A relay in a process of its own, ended when this is dropped.
pub(crate) struct Relay {
    /// The process's id.
    pub(crate) process: u32,
    pub(crate) address: SocketAddr,
    pub(crate) tickets: TicketKeys,
    pub(crate) receipt_key: VerifyingKey,
    _child: Child,
}

impl Relay {
    pub(crate) async fn start(program: &Path, store: &Path) -> Result<Self, Failure> {
        let (receipt, ticket) = (Secret::generate(&mut rng()), Secret::generate(&mut rng()));
        let text = |secret: &Secret| Base64UrlUnpadded::encode_string(secret.expose());
        // Nothing but the disk is to hold anybody up, and nobody is cut off who waits for the others.
        let (often, much, long) = ("1000000", "1000000000", "3600");
        let mut child = Command::new(program)
            .env_clear()
            .env("NO_COLOR", "1")
            .env("LETTERBOX_RELAY_LISTEN", "127.0.0.1:0")
            .env("LETTERBOX_RELAY_STORE", store)
            .env("LETTERBOX_RELAY_RECEIPT_KEY", text(&receipt))
            .env("LETTERBOX_RELAY_TICKET_KEYS__1", text(&ticket))
            .env("LETTERBOX_RELAY_LIMITS__REQUESTS_PER_SECOND", often)
            .env("LETTERBOX_RELAY_LIMITS__BURST", often)
            .env("LETTERBOX_RELAY_LIMITS__HEADER_SECONDS", long)
            .env("LETTERBOX_RELAY_QUOTA__LETTERS", often)
            .env("LETTERBOX_RELAY_QUOTA__LETTER_BYTES", much)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let process = child.id().ok_or("the relay has ended")?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("the relay says nothing")?).lines();
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
        Ok(Self {
            process,
            address,
            tickets: TicketKeys::new(1, vec![(1, ticket)])?,
            receipt_key: SigningKey::from_seed(&receipt).verifying_key(),
            _child: child,
        })
    }
}
