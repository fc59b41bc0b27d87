//! How far a sign-in is, and what comes next.

use minicbor::{Decode, Encode};

use crate::enrolment::{Next, sign_in::Enrolment};

/// How long a sign-in may take, in seconds. Keys of one that took longer are dropped, unless an
/// entry was signed with them.
const LONGEST: u64 = 60 * 60;

/// One of the three times that the person goes to ScotAccount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// To sign in.
    Account,
    /// To release name and birth date.
    Identity,
    /// To release the address; it can be left out.
    Address,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(super) enum Step {
    #[n(0)]
    Account,
    #[n(1)]
    Identity,
    #[n(2)]
    Address,
    /// Name and birth date are confirmed; the address is not.
    #[n(3)]
    Confirmed,
    /// All is confirmed.
    #[n(4)]
    ConfirmedWithAddress,
    /// An entry was signed.
    #[n(5)]
    Signed,
    /// The person has an entry already.
    #[n(6)]
    Elsewhere,
    /// The person whose mailbox is recovered has signed in; the entries are to be shown.
    #[n(7)]
    Entries,
}

impl Enrolment {
    /// For which the person is at ScotAccount; none while the entries are to be shown, and once all is
    /// confirmed.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self.step {
            Step::Account => Some(Stage::Account),
            Step::Identity => Some(Stage::Identity),
            Step::Address => Some(Stage::Address),
            Step::Entries | Step::Confirmed | Step::ConfirmedWithAddress | Step::Signed | Step::Elsewhere => {
                None
            }
        }
    }

    /// What comes next.
    #[must_use]
    pub const fn next_step(&self) -> Next {
        match self.step {
            Step::Account | Step::Identity | Step::Address => Next::Authorise,
            Step::Entries => Next::Entries,
            Step::Confirmed | Step::ConfirmedWithAddress | Step::Signed => Next::Unlock,
            Step::Elsewhere => Next::AlreadyEnrolled,
        }
    }

    /// Whether the address was confirmed as well.
    #[must_use]
    pub const fn with_address(&self) -> bool {
        matches!(self.step, Step::ConfirmedWithAddress)
    }

    /// Whether it took too long. Never once an entry was signed: its keys may stand in the directory
    /// already, and are not dropped.
    #[must_use]
    pub const fn is_expired(&self, now: u64) -> bool {
        !self.keeps_keys() && now.saturating_sub(self.made_at) > LONGEST
    }

    /// Whether an entry was signed with the keys, so that they may stand in the directory.
    #[must_use]
    pub const fn keeps_keys(&self) -> bool {
        matches!(self.step, Step::Signed) || self.signed_before
    }
}
