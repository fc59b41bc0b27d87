//! Listing letters, and the chain.

use api::{Code, letters::LetterPage};
use relay_auth::{
    cbor::Wire as _,
    id::MailboxId,
    receipt::{ChainHead, Deposit, SignedReceipt, envelope_digest},
};

use crate::support::{MAILBOX, Relay, device, generous, put, receipt_key};

/// What a device does with every page: follows the chain from what it knows.
struct Walker {
    last: u64,
    head: ChainHead,
}

impl Walker {
    fn start() -> Self {
        Self { last: 0, head: ChainHead::start(MailboxId::from(MAILBOX)) }
    }

    /// Whether the page continues the chain, and whether it reaches the mailbox's end.
    fn follow(&mut self, page: &LetterPage) -> Result<bool, &'static str> {
        for letter in &page.letters {
            let deposit = Deposit::from_bytes(letter.deposit.as_ref()).map_err(|_| "no deposit")?;
            if deposit.sequence <= self.last {
                return Err("out of order");
            }
            if let Some(envelope) = &letter.envelope
                && envelope_digest(envelope.as_ref()) != deposit.digest.0
            {
                return Err("another envelope");
            }
            self.last = deposit.sequence;
            self.head = self.head.after(MailboxId::from(MAILBOX), &deposit);
            let receipt = SignedReceipt::from_bytes(letter.receipt.as_ref()).map_err(|_| "no receipt")?;
            let receipt =
                receipt.verify_for(&receipt_key().verifying_key().into(), &deposit).map_err(|_| "receipt")?;
            if receipt.head != self.head {
                return Err("a receipt of another chain");
            }
        }
        match (self.last == page.last, *self.head.as_bytes() == page.head.0) {
            (true, true) => Ok(true),
            (true, false) => Err("another chain"),
            (false, _) => Ok(false),
        }
    }
}

#[tokio::test]
async fn a_device_can_follow_the_chain_page_by_page() {
    let relay = Relay::opened().await;
    let mut receipts = Vec::new();
    for permit in 1..=7 {
        receipts.push(relay.deposit(permit, &[permit; 100]).await);
    }
    let mut walker = Walker::start();
    let mut pages = 0;
    loop {
        let page = relay.letters(&format!("?after={}&limit=3", walker.last)).await;
        assert!(page.letters.len() <= 3);
        pages += 1;
        if walker.follow(&page).unwrap() {
            break;
        }
    }
    assert_eq!((pages, walker.last), (3, 7));
    assert_eq!(walker.head, receipts[6].head);
}

#[tokio::test]
async fn a_dropped_altered_or_reordered_letter_breaks_the_chain() {
    let relay = Relay::opened().await;
    for permit in 1..=3 {
        relay.deposit(permit, &[permit; 10]).await;
    }
    let page = relay.letters("").await;
    assert_eq!(Walker::start().follow(&page), Ok(true));
    let mut dropped = page.clone();
    dropped.letters.remove(1);
    assert_eq!(Walker::start().follow(&dropped), Err("a receipt of another chain"));
    let mut cut = page.clone();
    cut.letters.pop();
    cut.last = 2;
    assert_eq!(Walker::start().follow(&cut), Err("another chain"));
    let mut reordered = page.clone();
    reordered.letters.swap(0, 1);
    assert_eq!(Walker::start().follow(&reordered), Err("a receipt of another chain"));
    let mut repeated = page.clone();
    repeated.letters[1] = repeated.letters[0].clone();
    assert_eq!(Walker::start().follow(&repeated), Err("out of order"));
    let mut swapped = page.clone();
    swapped.letters[0].receipt = swapped.letters[1].receipt.clone();
    assert_eq!(Walker::start().follow(&swapped), Err("receipt"));
    let mut altered = page;
    altered.letters[0].envelope = altered.letters[1].envelope.clone();
    assert_eq!(Walker::start().follow(&altered), Err("another envelope"));
}

#[tokio::test]
async fn acknowledged_letters_are_hidden_and_the_chain_still_holds() {
    let relay = Relay::opened().await;
    for permit in 1..=3 {
        relay.deposit(permit, &[permit; 10]).await;
    }
    relay.send(relay.putting(&put(1, 0, 1, b"object", &[1, 3]))).await;
    let page = relay.letters("").await;
    let there: Vec<_> = page.letters.iter().map(|letter| letter.envelope.is_some()).collect();
    assert_eq!(there, [false, true, false]);
    assert_eq!(Walker::start().follow(&page), Ok(true));
    let relay = relay.restart();
    assert_eq!(relay.letters("").await, page);
}

#[tokio::test]
async fn an_answer_is_bounded_in_bytes_and_never_empty() {
    let limits = letterbox_server::app::Limits { page_bytes: 100_000, ..generous() };
    let relay = Relay::with(limits, 100);
    relay.open_mailbox().await;
    for permit in 1..=4 {
        relay.deposit(permit, &[permit; 60_000]).await;
    }
    let mut walker = Walker::start();
    loop {
        let page = relay.letters(&format!("?after={}", walker.last)).await;
        assert_eq!(page.letters.len(), 1);
        if walker.follow(&page).unwrap() {
            break;
        }
    }
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused() {
    let relay = Relay::opened().await;
    for query in ["?after=x", "?after=-1", "?limit=70000", "?before=1", "?after=18446744073709551616"] {
        let request = relay.signed("GET", &format!("/v1/mailbox/letters{query}"), b"", &device());
        relay.refused(request, Code::Malformed).await;
    }
}
