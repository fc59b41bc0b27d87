//! What came of a command, for people and for programs.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::hex;
use sender_sdk::{Delivery, LetterId, Obstacle};
use serde_json::{Value, json};

use crate::exit;

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Report {
    exit: u8,
    text: String,
    json: Value,
}

impl Report {
    /// Something to print.
    pub(crate) fn text(text: String) -> Self {
        let json = json!({ "outcome": "done", "exit": exit::SENT, "text": text });
        Self { exit: exit::SENT, text, json }
    }

    /// A letter that the relay signed for.
    pub(crate) fn sent(delivery: &Delivery) -> Self {
        let Delivery { letter, time, digest, chain_head, receipt } = delivery;
        let id = hex::encode(letter.as_bytes());
        let [digest, head, receipt] = [digest.as_slice(), chain_head.as_slice(), receipt.as_slice()]
            .map(Base64UrlUnpadded::encode_string);
        let text = format!(
            "Sent: the relay stored the letter and signed for it.\n\
             letter          {id}\n\
             time            {time} (Unix seconds)\n\
             envelope digest {digest}\n\
             chain head      {head}\n\
             receipt         {receipt}"
        );
        let json = json!({
            "outcome": "sent", "exit": exit::SENT, "letter_id": id, "time": time,
            "envelope_digest": digest, "chain_head": head, "receipt": receipt,
        });
        Self { exit: exit::SENT, text, json }
    }

    /// Proven: there is nobody to seal to.
    pub(crate) fn not_sealed(obstacle: Obstacle) -> Self {
        let outcome = match obstacle {
            Obstacle::NoMailbox => "no-mailbox",
            Obstacle::NotReady => "not-ready",
            Obstacle::Resetting => "resetting",
            Obstacle::Ambiguous => "ambiguous",
            Obstacle::Expired => "expired",
        };
        let (exit, text) = (exit::of_obstacle(obstacle), format!("Not sent: {obstacle}."));
        let json = json!({ "outcome": outcome, "exit": exit, "message": text });
        Self { exit, text, json }
    }

    /// Nothing is proven, nothing is confirmed.
    pub(crate) fn failure(exit: u8, reason: impl Into<String>) -> Self {
        let text = reason.into();
        let json = json!({ "outcome": "failed", "exit": exit, "message": text });
        Self { exit, text, json }
    }

    /// The relay may have stored the letter before something went wrong.
    pub(crate) fn may_have_arrived(mut self, letter: LetterId) -> Self {
        let id = hex::encode(letter.as_bytes());
        self.text.push_str(&format!(
            ".\nThe letter may have arrived all the same. Send it again with --id {id} and nothing changed: the reader sees it once"
        ));
        self.json["message"] = self.text.as_str().into();
        self.json["letter_id"] = id.into();
        self
    }

    /// Prints it, as JSON where that was asked for, and ends with its code.
    pub(crate) fn print(&self, as_json: bool) -> ExitCode {
        let printed = if as_json {
            say(io::stdout(), &self.json.to_string())
        } else if self.exit == exit::SENT {
            say(io::stdout(), &self.text)
        } else {
            say(io::stderr(), &format!("letterbox: {}", self.text))
        };
        match printed {
            Ok(()) => ExitCode::from(self.exit),
            // A receipt that nobody got is no success.
            Err(_) => ExitCode::FAILURE,
        }
    }
}

fn say(mut to: impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}
