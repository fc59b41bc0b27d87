//! The chain of deposits, followed page by page (`LBX-RECEIPT-2`, `LBX-RECEIPT-4`).
//!
//! Every letter comes with the receipt that its sender got. The receipt signs the chain's head after
//! the deposit, so each step is the relay's signed word: it cannot drop, alter or put in a letter
//! without contradicting a receipt that a sender holds.

use api::letters::{Letter, LetterPage};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::Wire as _,
    id::MailboxId,
    receipt::{ChainHead, Deposit, ListingError, ReceiptKeys, SignedReceipt, envelope_digest},
};

use crate::inbox::RelayLie;

/// A deposit whose place in the chain and whose receipt hold.
pub(super) struct Arrived {
    pub(super) deposit: Deposit,
    /// None once a device has filed it.
    pub(super) envelope: Option<Vec<u8>>,
    pub(super) receipt: SignedReceipt,
}

impl Arrived {
    /// Checks what can be checked of one deposit alone. Returns the head that its receipt signs.
    pub(super) fn read(letter: &Letter, relay: &ReceiptKeys) -> Result<(Self, ChainHead), RelayLie> {
        let deposit = Deposit::from_bytes(letter.deposit.as_ref())?;
        let envelope = letter.envelope.as_ref().map(|envelope| envelope.0.clone());
        if envelope.as_ref().is_some_and(|envelope| envelope_digest(envelope) != deposit.digest.0) {
            return Err(RelayLie::OtherEnvelope);
        }
        let receipt = SignedReceipt::from_bytes(letter.receipt.as_ref())?;
        let head = receipt.verify_for(relay, &deposit)?.head;
        Ok((Self { deposit, envelope, receipt }, head))
    }
}

/// How far the chain was followed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Position {
    #[n(0)]
    head: ChainHead,
    #[n(1)]
    last: Option<Deposit>,
}

/// A page that continues the chain.
pub(super) struct Followed {
    pub(super) position: Position,
    pub(super) arrived: Vec<Arrived>,
    pub(super) is_complete: bool,
}

impl Position {
    pub(super) fn start(mailbox: MailboxId) -> Self {
        Self { head: ChainHead::start(mailbox), last: None }
    }

    /// Of a mailbox whose number is not known: its chain begins with whatever is listed first.
    pub(super) fn unknown() -> Self {
        Self { head: ChainHead::from([0; 32]), last: None }
    }

    /// The last deposit that is known; 0 for none.
    pub(super) fn last(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.sequence)
    }

    /// The head after one more deposit, whose receipt signs `signed`.
    fn after(
        &self,
        mailbox: Option<MailboxId>,
        deposit: &Deposit,
        signed: ChainHead,
    ) -> Result<ChainHead, RelayLie> {
        let last = self.last.as_ref();
        let Some(mailbox) = mailbox else {
            // LBX-SESSION-9: every head is made of the mailbox's number. What is left is the order.
            let is_before = |last: &Deposit| deposit.sequence <= last.sequence || deposit.time < last.time;
            return if last.is_some_and(is_before) { Err(ListingError.into()) } else { Ok(signed) };
        };
        let head = self.head.after_listing(mailbox, last, core::slice::from_ref(deposit))?;
        if head == signed { Ok(head) } else { Err(RelayLie::OtherChain) }
    }

    /// Follows the chain over a page. All of it or nothing.
    pub(super) fn follow(
        &self,
        mailbox: Option<MailboxId>,
        page: &LetterPage,
        relay: &ReceiptKeys,
    ) -> Result<Followed, RelayLie> {
        let mut position = self.clone();
        let mut arrived = Vec::with_capacity(page.letters.len());
        for letter in &page.letters {
            let (letter, signed) = Arrived::read(letter, relay)?;
            position.head = position.after(mailbox, &letter.deposit, signed)?;
            position.last = Some(letter.deposit.clone());
            arrived.push(letter);
        }
        // Without the number nothing is known of the head of a mailbox without letters.
        let is_known = mailbox.is_some() || position.last.is_some();
        let is_complete = match position.last().cmp(&page.last) {
            core::cmp::Ordering::Greater => return Err(RelayLie::RolledBack),
            core::cmp::Ordering::Less if arrived.is_empty() => return Err(RelayLie::Withheld),
            core::cmp::Ordering::Less => false,
            core::cmp::Ordering::Equal if is_known && *position.head.as_bytes() != page.head.0 => {
                return Err(RelayLie::OtherChain);
            }
            core::cmp::Ordering::Equal => true,
        };
        Ok(Followed { position, arrived, is_complete })
    }
}
