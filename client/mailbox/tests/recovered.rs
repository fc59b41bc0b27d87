//! A device that has nothing but the recovery code, and what the services keep for it.

use api::{Code, Octets32, Problem, directory::OwnEntriesRequest, recovery::RecoveryBundle};
use client_mailbox::{
    enrolment::{Enrolled, Enrolment, EnrolmentError, Next, SignedEnrolment},
    http::HttpResponse,
    keys::DeviceKeys,
    recovery::{self, Found},
};
use crypto_core::{citizen::SignedEntry, recovery::RecoveryCode};

use crate::{
    journey::{DIRECTORY, Journey, ok, own_entries, sent},
    world::{NOW, TestRng},
};

/// What the relay answers for a code.
pub(crate) fn kept(bundle: &[u8], access_counter: u64) -> HttpResponse {
    ok(&RecoveryBundle { access_counter, bundle: bundle.to_vec().into() })
}

/// A service says no.
pub(crate) fn refused(code: Code) -> HttpResponse {
    let body = serde_json::to_vec(&Problem::new(code, "No.")).unwrap();
    HttpResponse::new(code.status(), body)
}

/// The code that stands on paper, and what is found with it.
pub(crate) fn paper(journey: &Journey, enrolled: &Enrolled) -> (RecoveryCode, Found) {
    let code = journey.keys.recovery_code().unwrap();
    let found = recovery::found(&kept(enrolled.bundle(), 1), &code).unwrap();
    (code, found)
}

/// A person whose only device is gone, at the start of the recovery.
pub(crate) fn back() -> Journey {
    let (journey, enrolled) = Journey::enrolled();
    let (code, found) = paper(&journey, &enrolled);
    journey.back(&found, &code)
}

/// The same person, who came back before and lost that device as well.
pub(crate) fn back_again() -> Journey {
    let mut journey = back();
    journey.confirm();
    let (_, enrolled) = journey.finish();
    let (code, found) = paper(&journey, &enrolled);
    journey.back(&found, &code)
}

impl Journey {
    /// On a device that has nothing but a code and what was found with it.
    pub(crate) fn back(self, found: &Found, code: &RecoveryCode) -> Self {
        let seed = 20 + 2 * self.chain.len() as u64;
        let keys = DeviceKeys::recover(found, code, &mut TestRng(seed)).unwrap();
        let enrolment = Enrolment::start(&keys, NOW, &mut TestRng(seed + 1));
        Self { keys, enrolment, identity_nonce: String::new(), ..self }
    }

    /// The person has signed in.
    pub(crate) fn sign_in(&mut self) {
        let answer = self.answer();
        assert_eq!(self.redeem(&answer), Ok(Next::Entries));
    }

    /// The directory shows entries.
    pub(crate) fn show(&mut self, chain: &[SignedEntry]) -> Result<Next, EnrolmentError> {
        let request = self.enrolment.entries(&self.trust)?;
        let request: OwnEntriesRequest = sent(&request, &format!("{DIRECTORY}/v1/sign-ins/entries"));
        assert_eq!(request.sign_in, Octets32([4; 32]));
        self.enrolment.entries_shown(&ok(&own_entries(chain)))
    }

    /// All three sign-ins of a recovery.
    pub(crate) fn confirm(&mut self) {
        self.sign_in();
        let chain = self.chain.clone();
        assert_eq!(self.show(&chain), Ok(Next::Authorise));
        for next in [Next::Authorise, Next::Unlock] {
            let answer = self.answer();
            assert_eq!(self.redeem(&answer), Ok(next));
        }
    }

    /// Signs and publishes.
    pub(crate) fn finish(&mut self) -> (SignedEnrolment, Enrolled) {
        let signed = self.sign(&self.collected()).unwrap();
        let published = self.publish(&signed);
        let enrolled = signed.published(&self.trust, &ok(&published), NOW).unwrap();
        (signed, enrolled)
    }
}
