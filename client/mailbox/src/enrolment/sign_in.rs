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
    enrolment::{
        flow::Flow,
        step::{Stage, Step},
    },
    keys::{DeviceKeys, Former},
};

/// A sign-in that was begun on this device. It holds no private key; it can lie open.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enrolment {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    pub(super) made_at: u64,
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
    pub(super) signed_before: bool,
    /// In a recovery: the identity key that the entry in force has to have. Its private half came with
    /// the code.
    #[n(12)]
    pub(super) former_identity: Option<VerifyingKey>,
    /// In a recovery: the hash of the entry in force, once it was shown.
    #[n(13)]
    pub(super) previous: Option<Bytes32>,
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
        let is_signed_in = has_begun == self.sign_in.is_some() && has_begun == self.subject.is_some();
        let is_bound = match self.step {
            Step::Account => self.previous.is_none(),
            Step::Entries => self.is_recovery() && self.previous.is_none(),
            Step::Elsewhere => self.is_recovery() || self.previous.is_none(),
            Step::Identity | Step::Address | Step::Confirmed | Step::ConfirmedWithAddress | Step::Signed => {
                self.is_recovery() == self.previous.is_some()
            }
        };
        if is_signed_in && is_bound {
            Ok(())
        } else {
            Err(DecodeError::Value("a sign-in at a step that it did not come to"))
        }
    }
}

impl Enrolment {
    /// Begins; a recovery, where the keys are those of one. `now` is Unix seconds. The keys are stored
    /// sealed before the person goes anywhere.
    pub fn start(keys: &DeviceKeys, now: u64, rng: &mut impl CryptoRng) -> Self {
        Self {
            version: Version,
            suite: Suite,
            made_at: now,
            identity_key: keys.identity().verifying_key(),
            directory_id: keys.former().map_or_else(|| DirectoryId::generate(rng), Former::directory_id),
            account: Flow::generate(rng),
            identity: Flow::generate(rng),
            address: Flow::generate(rng),
            step: Step::Account,
            sign_in: None,
            subject: None,
            signed_before: false,
            former_identity: keys.former().map(|former| former.identity().verifying_key()),
            previous: None,
        }
    }

    /// Whether a mailbox is recovered, not made.
    #[must_use]
    pub const fn is_recovery(&self) -> bool {
        self.former_identity.is_some()
    }

    /// Begins anew with the same keys, where the sign-in was over before the entry was published. A
    /// recovery is shown the entries anew as well.
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
            previous: None,
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

    /// For what the person signs in.
    pub(super) const fn purpose(&self) -> Purpose {
        if self.is_recovery() { Purpose::Recover } else { Purpose::Enrol }
    }

    /// To what a sign-in is bound (`LBX-BIND-1`). Which entry is in force is not known before the
    /// first: the directory shows the entries only to the person who signed in.
    pub(super) fn bound(&self, stage: Stage) -> SignIn {
        SignIn {
            purpose: self.purpose(),
            directory_id: self.directory_id,
            previous: self.previous.filter(|_| stage != Stage::Account),
            identity_key: self.identity_key,
            salt: self.flow(stage).salt,
        }
    }
}

#[cfg(test)]
mod tests {
    use relay_auth::hostile::{self, TestRng};

    use super::*;

    /// A recovery at a step, as it comes to it.
    fn recovery(step: Step) -> Enrolment {
        let keys = DeviceKeys::generate(&mut TestRng(1));
        let known = (step != Step::Account).then_some(Bytes32([7; 32]));
        Enrolment {
            step,
            sign_in: known,
            subject: known,
            former_identity: Some(keys.access().verifying_key()),
            previous: known.filter(|_| step != Step::Entries),
            ..Enrolment::start(&keys, 1, &mut TestRng(2))
        }
    }

    #[test]
    fn what_follows_the_first_sign_in_of_a_recovery_is_bound_to_the_entry_in_force() {
        let enrolment = recovery(Step::Identity);
        assert_eq!(enrolment.bound(Stage::Account).previous, None);
        for stage in [Stage::Identity, Stage::Address] {
            let bound = enrolment.bound(stage);
            assert_eq!((bound.purpose, bound.previous), (Purpose::Recover, Some(Bytes32([7; 32]))));
        }
        let mut again = enrolment;
        again.begin_again(2, &mut TestRng(3));
        assert_eq!((again.is_recovery(), again.previous, again.step), (true, None, Step::Account));
    }

    #[test]
    fn a_record_is_not_taken_at_a_step_that_it_cannot_have_come_to() {
        let steps = [
            Step::Account,
            Step::Entries,
            Step::Identity,
            Step::Address,
            Step::Confirmed,
            Step::ConfirmedWithAddress,
            Step::Signed,
            Step::Elsewhere,
        ];
        for step in steps {
            hostile::assert_strict(&recovery(step));
        }
        let spoilt = [
            Enrolment { previous: None, ..recovery(Step::Identity) },
            Enrolment { previous: Some(Bytes32([7; 32])), ..recovery(Step::Entries) },
            Enrolment { previous: Some(Bytes32([7; 32])), ..recovery(Step::Account) },
            Enrolment { former_identity: None, ..recovery(Step::Entries) },
            Enrolment { former_identity: None, ..recovery(Step::Identity) },
            Enrolment { former_identity: None, ..recovery(Step::Elsewhere) },
            Enrolment { subject: None, ..recovery(Step::Entries) },
        ];
        for (place, enrolment) in spoilt.iter().enumerate() {
            assert!(Enrolment::from_bytes(&enrolment.to_bytes()).is_err(), "{place}");
        }
    }
}
