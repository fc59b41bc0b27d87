//! What came of a letter.

use core::fmt;

use crypto_core::letter::LetterId;

/// What came of a letter. Both are proven: a delivery by the relay's signature, an obstacle by the
/// directory's proofs. Anything else is a [`SendError`](crate::SendError).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The relay stored it and signed for it.
    Delivered(Delivery),
    /// There is nobody to seal it to.
    NotSealed(Obstacle),
}

/// Why there is nobody to seal a letter to. Each is proven by the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// Nobody with these details has a mailbox.
    NoMailbox,
    /// A mailbox is provided, and nobody has opened it yet.
    NotReady,
    /// The person started again with new keys less than 72 hours ago.
    Resetting,
    /// Several people have these details.
    Ambiguous,
    /// All keys of the person have expired: none of their devices was used for 400 days.
    Expired,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoMailbox => "nobody with these details has a mailbox: print the letter",
            Self::NotReady => {
                "the person has a mailbox and has not opened it yet: print the letter, or try again later"
            }
            Self::Resetting => {
                "the person started again with new keys, which count after 72 hours: hold the letter until then, or print it"
            }
            Self::Ambiguous => {
                "several people have these details: ask again with the postcode. If that was given, print the letter"
            }
            Self::Expired => {
                "none of the person's devices was used for 400 days, so their keys have expired: print the letter"
            }
        })
    }
}

/// A letter that the relay stored and signed for. It proves submission, not that anybody read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The letter's id.
    pub letter: LetterId,
    /// When the relay stored it, Unix seconds.
    pub time: u64,
    /// The labelled SHA-256 of the sealed letter.
    pub digest: [u8; 32],
    /// The mailbox's chain of deposits after this one.
    pub chain_head: [u8; 32],
    /// The relay's signed receipt, verified: keep it as evidence.
    pub receipt: Vec<u8>,
}
