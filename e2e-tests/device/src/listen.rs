//! Waiting for letters by the relay's event stream: nothing is listed unless the stream says so.

use std::time::Duration;

use api::events::Event;
use client_mailbox::relay::{self, EventLines};
use serde_json::json;
use tokio::time::timeout;

use crate::{failure::Failure, mailbox::Mailbox, network::whole, system::rng};

/// Three of the relay's signs of life: a network that is gone without a word is noticed.
const SILENCE: Duration = Duration::from_secs(80);

impl Mailbox<'_> {
    /// Listens until letters with all these subjects are there. Says so when it hears the relay.
    pub(crate) async fn listen(&mut self, expected: &[String]) -> Result<(), Failure> {
        let request = relay::events(&self.signer(), &mut rng())?;
        let mut stream = self.network.open(&request).await?;
        if stream.status() != 200 {
            whole(stream).await?.content()?;
            return Err(Failure::StreamEnded);
        }
        let mut lines = EventLines::new();
        while let Some(bytes) = timeout(SILENCE, stream.chunk()).await.map_err(|_| Failure::StreamEnded)?? {
            for event in lines.push(&bytes)? {
                let known = self.inbox.last();
                let is_news = match event {
                    Event::Start { last } => {
                        say_that_it_listens();
                        last != known
                    }
                    Event::Letter { sequence } => sequence > known,
                };
                if is_news {
                    self.news().await?;
                }
                if self.has(expected) {
                    return Ok(());
                }
            }
        }
        Err(Failure::StreamEnded)
    }
}

#[expect(clippy::print_stdout, reason = "who started the device waits for this line")]
fn say_that_it_listens() {
    println!("{}", json!({ "listening": true }));
}
