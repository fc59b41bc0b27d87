//! The sign-in as it stands between redirects.

use core::fmt;

use crypto_core::citizen::{DirectoryId, Purpose, SignIn};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes32, DecodeError, Limits, Start, Suite, Version, Wire},
    signing::VerifyingKey,
};

use crate::{
    enrolment::{Next, flow::Flow},
    keys::DeviceKeys,
};

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
}

/// A sign-in that was begun on this device. It holds no private key; it can lie open.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enrolment {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    made_at: u64,
    #[n(3)]
    pub(super) identity_key: VerifyingKey,
    /// The device's proposal; after the first time at ScotAccount what the directory goes on with.
    #[n(4)]
    pub(super) directory_id: DirectoryId,
    #[n(5)]
    account: Flow,
    #[n(6)]
    identity: Flow,
    #[n(7)]
    address: Flow,
    #[n(8)]
    pub(super) step: Step,
    /// By which the directory knows this sign-in.
    #[n(9)]
    pub(super) sign_in: Option<Bytes32>,
    /// Salted hash of ScotAccount's name for the person.
    #[n(10)]
    pub(super) subject: Option<Bytes32>,
    /// An entry was signed with these keys before, and its sign-in was over before it was published.
    /// They are not dropped any more, whatever the directory says.
    #[n(11)]
    signed_before: bool,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Enrolment({:?})", self.step)
    }
}

impl Wire for Enrolment {
    const LIMITS: Limits = Limits { bytes: 1024, depth: 2, items: 25 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        let has_begun = self.step != Step::Account;
        if has_begun == self.sign_in.is_some() && has_begun == self.subject.is_some() {
            Ok(())
        } else {
            Err(DecodeError::Value("a sign-in at a step that it did not come to"))
        }
    }
}

impl Enrolment {
    /// Begins. `now` is Unix seconds. The keys are stored sealed before the person goes anywhere.
    pub fn start(keys: &DeviceKeys, now: u64, rng: &mut impl CryptoRng) -> Self {
        Self {
            version: Version,
            suite: Suite,
            made_at: now,
            identity_key: keys.identity().verifying_key(),
            directory_id: DirectoryId::generate(rng),
            account: Flow::generate(rng),
            identity: Flow::generate(rng),
            address: Flow::generate(rng),
            step: Step::Account,
            sign_in: None,
            subject: None,
            signed_before: false,
        }
    }

    /// For which the person is at ScotAccount; none once all is confirmed.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self.step {
            Step::Account => Some(Stage::Account),
            Step::Identity => Some(Stage::Identity),
            Step::Address => Some(Stage::Address),
            Step::Confirmed | Step::ConfirmedWithAddress | Step::Signed | Step::Elsewhere => None,
        }
    }

    /// What comes next.
    #[must_use]
    pub const fn next_step(&self) -> Next {
        match self.step {
            Step::Account | Step::Identity | Step::Address => Next::Authorise,
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

    /// Begins anew with the same keys, where the sign-in was over before the entry was published.
    pub fn begin_again(&mut self, now: u64, rng: &mut impl CryptoRng) {
        *self = Self {
            made_at: now,
            account: Flow::generate(rng),
            identity: Flow::generate(rng),
            address: Flow::generate(rng),
            step: Step::Account,
            sign_in: None,
            subject: None,
            signed_before: self.keeps_keys(),
            ..self.clone()
        };
    }

    /// The directory has another entry for this person.
    pub fn found_elsewhere(&mut self) {
        self.signed_before = self.keeps_keys();
        self.step = Step::Elsewhere;
    }

    /// Makes state, salt and verifier of the present stage anew: for going to ScotAccount once more
    /// (`LBX-BIND-3`). What comes back for the old ones is not redeemed.
    pub fn renew(&mut self, rng: &mut impl CryptoRng) {
        let flow = Flow::generate(rng);
        match self.stage() {
            Some(Stage::Account) => self.account = flow,
            Some(Stage::Identity) => self.identity = flow,
            Some(Stage::Address) => self.address = flow,
            None => {}
        }
    }

    pub(super) const fn flow(&self, stage: Stage) -> &Flow {
        match stage {
            Stage::Account => &self.account,
            Stage::Identity => &self.identity,
            Stage::Address => &self.address,
        }
    }

    /// To what a sign-in is bound (`LBX-BIND-1`).
    pub(super) fn bound(&self, stage: Stage) -> SignIn {
        SignIn {
            purpose: Purpose::Enrol,
            directory_id: self.directory_id,
            previous: None,
            identity_key: self.identity_key,
            salt: self.flow(stage).salt,
        }
    }
}
