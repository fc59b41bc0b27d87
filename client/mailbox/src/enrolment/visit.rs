//! The sign-in of a session, on a device that keeps nothing (`LBX-SESSION-2`).
//!
//! ```text
//! begin ─ link ─▶ away ─ code ─▶ signed in ─ entries ─▶ code and bundle in force ─▶ ticket
//! ```
//!
//! The person goes to ScotAccount once, only to say who it is: nothing is published, so nobody needs
//! evidence. The `nonce` binds it to the session's own key, which is made here and never stored.

use api::{
    Octets16, Octets32,
    directory::{
        OwnEntriesRequest, SessionTicketAnswer, SessionTicketRequest, SignInAnswer, SignInRequest,
        SignInStage,
    },
};
use crypto_core::{
    citizen::{DirectoryId, History, Purpose, SignIn},
    directory::LookupError,
    evidence,
    recovery::archive_head_commitment,
    seed::Seed,
    trust::VerifiedTrust,
};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes32, Limits, Wire as _},
    signing::{SigningKey, VerifyingKey},
};

use crate::{
    enrolment::{
        EnrolmentError, Lie, entries,
        flow::Flow,
        redeem::{ANSWER, why},
        returned::{Outcome, Returned},
    },
    http::{self, HttpRequest, HttpResponse},
    recovery::Found,
};

/// How long the sign-in lasts, in seconds.
const LIFE: u64 = 60 * 60;

/// A ticket of at most 256 bytes.
const TICKET: Limits = Limits { bytes: 272, depth: 1, items: 2 };

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The person is at ScotAccount.
    Away,
    /// With the name of the sign-in at the directory.
    SignedIn(Bytes32),
    /// The entry in force is known, and the code belongs to it.
    InForce(Bytes32),
}

/// A sign-in for a session. It is in memory and nowhere else; the key is wiped when it is dropped.
pub struct Visit {
    began: u64,
    key: Seed,
    flow: Flow,
    directory_id: DirectoryId,
    /// What the entry in force has to have, if the code and its bundle are not of before.
    identity: VerifyingKey,
    commitment: [u8; 32],
    step: Step,
}

redacted!(Visit);

relay_auth::wiped!(Visit { key });

impl Visit {
    /// Begins, for the mailbox that a code leads to. `now` is Unix seconds.
    pub fn begin(found: &Found, now: u64, rng: &mut impl CryptoRng) -> Self {
        let bundle = &found.bundle;
        Self {
            began: now,
            key: Seed::generate(rng),
            flow: Flow::generate(rng),
            directory_id: bundle.directory_id,
            identity: bundle.identity.signing_key().verifying_key(),
            commitment: archive_head_commitment(None, &found.digest, &bundle.salt.0),
            step: Step::Away,
        }
    }

    fn bound(&self) -> SignIn {
        SignIn {
            purpose: Purpose::Session,
            directory_id: self.directory_id,
            previous: None,
            identity_key: self.key().verifying_key(),
            salt: self.flow.salt,
        }
    }

    /// The session's key, which signs what it asks of the relay.
    #[must_use]
    pub fn key(&self) -> SigningKey {
        self.key.signing_key()
    }

    /// The seed of the session's key, for the session that it opens.
    pub(crate) fn into_key(self) -> Seed {
        self.key
    }

    /// The address at ScotAccount. It is known before anything is pressed, so that it can be a link.
    #[must_use]
    pub fn authorise_url(&self, trust: &VerifiedTrust) -> String {
        self.flow.address(trust, "openid".to_owned(), self.bound().nonce())
    }

    /// Takes what the browser brought back in its other window. The answer goes to
    /// [`Visit::redeemed`].
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing was sent.
    pub fn redeem(
        &self,
        trust: &VerifiedTrust,
        returned: &Returned,
        now: u64,
    ) -> Result<HttpRequest, EnrolmentError> {
        // LBX-BIND-4: a code is sent under the state of this sign-in alone.
        let is_own = self.step == Step::Away && returned.state == self.flow.state();
        let is_elsewhere = returned.issuer.as_ref().is_some_and(|issuer| *issuer != trust.provider().issuer);
        if !is_own || is_elsewhere {
            return Err(EnrolmentError::UnknownSignIn);
        }
        if now.saturating_sub(self.began) > LIFE {
            return Err(EnrolmentError::Expired);
        }
        let code = match &returned.outcome {
            Outcome::Code(code) => code.clone(),
            Outcome::Error(error) => return Err(why(error)),
        };
        let request = SignInRequest {
            stage: SignInStage::Account,
            code,
            code_verifier: self.flow.verifier(),
            directory_id: Octets16(*self.directory_id.as_bytes()),
            sign_in: None,
        };
        Ok(http::post(&trust.file().directory.url, "/v1/sign-ins", &request)?)
    }

    /// Takes the directory's answer: the ID token is bound to the session's key, and the person is the
    /// one whose code it is.
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing changed.
    pub fn redeemed(
        &mut self,
        trust: &VerifiedTrust,
        response: &HttpResponse,
        now: u64,
    ) -> Result<(), EnrolmentError> {
        if self.step != Step::Away {
            return Err(EnrolmentError::OutOfTurn);
        }
        let answer: SignInAnswer = response.decoded(ANSWER)?;
        evidence::verify_sign_in(&answer.id_token, &self.bound(), trust.provider(), now)
            .map_err(Lie::IdToken)?;
        if !answer.enrolled || answer.directory_id.0 != *self.directory_id.as_bytes() {
            return Err(EnrolmentError::OtherOwner);
        }
        self.step = Step::SignedIn(Bytes32(answer.sign_in.0));
        Ok(())
    }

    /// Asks for the entries of the person who signed in. The answer goes to [`Visit::entries_shown`].
    ///
    /// # Errors
    /// [`EnrolmentError::OutOfTurn`].
    pub fn entries(&self, trust: &VerifiedTrust) -> Result<HttpRequest, EnrolmentError> {
        let Step::SignedIn(handle) = self.step else { return Err(EnrolmentError::OutOfTurn) };
        let request = OwnEntriesRequest { sign_in: Octets32(handle.0) };
        Ok(http::post(&trust.file().directory.url, "/v1/sign-ins/entries", &request)?)
    }

    /// Takes the entries: a whole chain of this person, whose last entry has the identity key that the
    /// code kept and commits to the bundle that the relay gave (`LBX-SESSION-9`).
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing changed.
    pub fn entries_shown(&mut self, response: &HttpResponse) -> Result<(), EnrolmentError> {
        let Step::SignedIn(handle) = self.step else { return Err(EnrolmentError::OutOfTurn) };
        let chain = entries::shown(response)?;
        let history = History::verify(self.directory_id, &chain)
            .map_err(|error| Lie::Published(LookupError::History(error)))?;
        let last = history.last().entry();
        if last.identity_key != self.identity {
            return Err(EnrolmentError::CodeReplaced);
        }
        if last.archive_head != Some(Bytes32(self.commitment)) {
            return Err(EnrolmentError::OlderBundle);
        }
        self.step = Step::InForce(handle);
        Ok(())
    }

    /// Asks for the ticket. It can be asked for again: a key has one session whatever it is. The answer
    /// goes to [`Visit::ticket_given`].
    ///
    /// # Errors
    /// [`EnrolmentError::OutOfTurn`].
    pub fn ticket(&self, trust: &VerifiedTrust) -> Result<HttpRequest, EnrolmentError> {
        let Step::InForce(handle) = self.step else { return Err(EnrolmentError::OutOfTurn) };
        let bound = self.bound();
        let signature = bound.sign_collection(&handle.0, &self.key());
        let request = SessionTicketRequest {
            sign_in: Octets32(handle.0),
            bound: bound.to_bytes().into(),
            signature: signature.as_bytes().to_vec().into(),
        };
        Ok(http::post(&trust.file().directory.url, "/v1/sign-ins/session", &request)?)
    }

    /// The sealed ticket, for [`crate::session::open`].
    ///
    /// # Errors
    /// [`EnrolmentError::Answer`].
    pub fn ticket_given(&self, response: &HttpResponse) -> Result<Vec<u8>, EnrolmentError> {
        let SessionTicketAnswer { ticket } = response.decoded(TICKET)?;
        Ok(ticket.0)
    }
}
