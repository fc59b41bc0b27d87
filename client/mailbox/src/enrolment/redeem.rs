//! From what the browser brought back to a sign-in that is verified.

use api::{
    Octets16, Octets32,
    directory::{CollectRequest, SignInAnswer, SignInRequest, SignInStage},
};
use crypto_core::{citizen::DirectoryId, evidence, jwt::LONGEST_TOKEN, trust::VerifiedTrust};
use relay_auth::{
    cbor::{Bytes32, Limits, Wire as _},
    label,
};

use crate::{
    enrolment::{
        EnrolmentError, Lie,
        returned::{Outcome, Returned},
        sign_in::Enrolment,
        step::{Stage, Step},
    },
    http::{self, HttpRequest, HttpResponse},
    keys::DeviceKeys,
};

/// A handle, an ID token, an id and two words.
pub(super) const ANSWER: Limits = Limits { bytes: LONGEST_TOKEN + 128, depth: 1, items: 6 };

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The person goes to ScotAccount ([`Enrolment::authorise_url`]).
    Authorise,
    /// The directory shows the person's entries: send [`Enrolment::entries`], and give the answer to
    /// [`Enrolment::entries_shown`]. In a recovery.
    Entries,
    /// Everything is confirmed: the passphrase opens the keys, and the enrolment is finished.
    Unlock,
    /// This person has an entry already, made on another device.
    AlreadyEnrolled,
}

/// What to do with what came back. In both cases the enrolment changed or may have: store it.
#[derive(Debug, PartialEq, Eq)]
pub enum Redeem {
    /// Send this, and give the answer to [`Enrolment::redeemed`].
    Send(HttpRequest),
    /// There is nothing to send.
    Continue(Next),
}

impl Enrolment {
    /// Takes what the browser brought back. A code is redeemed only if its state is that of the
    /// present stage; a state of an earlier stage (somebody went back in the browser) changes nothing.
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing was sent and nothing changed.
    pub fn redeem(
        &mut self,
        trust: &VerifiedTrust,
        returned: &Returned,
        now: u64,
    ) -> Result<Redeem, EnrolmentError> {
        let stage = [Stage::Account, Stage::Identity, Stage::Address]
            .into_iter()
            .find(|stage| self.flow(*stage).state() == returned.state)
            .ok_or(EnrolmentError::UnknownSignIn)?;
        if self.is_expired(now) {
            return Err(EnrolmentError::Expired);
        }
        if returned.issuer.as_ref().is_some_and(|issuer| *issuer != trust.provider().issuer) {
            return Err(EnrolmentError::UnknownSignIn);
        }
        match self.stage() {
            Some(present) if present < stage => return Err(EnrolmentError::UnknownSignIn),
            Some(present) if present == stage => {}
            None if self.step == Step::Entries && stage != Stage::Account => {
                return Err(EnrolmentError::UnknownSignIn);
            }
            Some(_) | None => return Ok(Redeem::Continue(self.next_step())),
        }
        match &returned.outcome {
            Outcome::Code(code) => Ok(Redeem::Send(self.request(trust, stage, code)?)),
            Outcome::Error(error) => self.refused(stage, error).map(Redeem::Continue),
        }
    }

    fn request(
        &self,
        trust: &VerifiedTrust,
        stage: Stage,
        code: &str,
    ) -> Result<HttpRequest, EnrolmentError> {
        let request = SignInRequest {
            stage: match stage {
                Stage::Account => SignInStage::Account,
                Stage::Identity => SignInStage::Identity,
                Stage::Address => SignInStage::Address,
            },
            code: code.to_owned(),
            code_verifier: self.flow(stage).verifier(),
            directory_id: Octets16(*self.directory_id.as_bytes()),
            sign_in: self.sign_in.map(|handle| Octets32(handle.0)),
        };
        Ok(http::post(&trust.file().directory.url, "/v1/sign-ins", &request)?)
    }

    /// ScotAccount gave no code. Without an address it goes on; without the rest it does not.
    fn refused(&mut self, stage: Stage, error: &str) -> Result<Next, EnrolmentError> {
        if stage == Stage::Address {
            self.step = Step::Confirmed;
            return Ok(self.next_step());
        }
        Err(why(error))
    }

    /// Takes the directory's answer. The ID token of every stage is verified: signature, issuer,
    /// audience, time, and the nonce that binds it to this device's identity key (`LBX-BIND-2`).
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing changed.
    pub fn redeemed(
        &mut self,
        trust: &VerifiedTrust,
        response: &HttpResponse,
        now: u64,
    ) -> Result<Next, EnrolmentError> {
        let stage = self.stage().ok_or(EnrolmentError::OutOfTurn)?;
        let answer: SignInAnswer = response.decoded(ANSWER)?;
        // Against the id that stood in the nonce, before another one is taken.
        let subject = evidence::verify_sign_in(&answer.id_token, &self.bound(stage), trust.provider(), now)
            .map_err(Lie::IdToken)?;
        let subject = self.subject_hash(&subject);
        let directory_id = DirectoryId::from(answer.directory_id.0);
        if stage == Stage::Account {
            let is_owner = answer.enrolled && directory_id == self.directory_id;
            if self.is_recovery() && !is_owner {
                return Err(EnrolmentError::OtherOwner);
            }
        } else if self.subject != Some(subject) {
            return Err(Lie::OtherPerson.into());
        } else if directory_id != self.directory_id {
            return Err(Lie::OtherId.into());
        }
        let step = match stage {
            _ if answer.enrolled && !self.is_recovery() => Step::Elsewhere,
            Stage::Account if self.is_recovery() => Step::Entries,
            Stage::Account => Step::Identity,
            Stage::Identity if answer.confirmed => Step::Address,
            Stage::Identity => return Err(EnrolmentError::NotConfirmed),
            Stage::Address if answer.confirmed => Step::ConfirmedWithAddress,
            Stage::Address => Step::Confirmed,
        };
        (self.step, self.directory_id) = (step, directory_id);
        (self.sign_in, self.subject) = (Some(Bytes32(answer.sign_in.0)), Some(subject));
        Ok(self.next_step())
    }

    /// Asks for the tokens of a sign-in that is confirmed. The answer goes to [`Enrolment::sign`].
    ///
    /// # Errors
    /// [`EnrolmentError::OutOfTurn`].
    pub fn collect(&self, trust: &VerifiedTrust, keys: &DeviceKeys) -> Result<HttpRequest, EnrolmentError> {
        let is_confirmed = matches!(self.step, Step::Confirmed | Step::ConfirmedWithAddress);
        let handle = self.sign_in.filter(|_| is_confirmed).ok_or(EnrolmentError::OutOfTurn)?;
        let bound = self.bound(Stage::Identity);
        let signature = bound.sign_collection(&handle.0, &keys.identity());
        let request = CollectRequest {
            sign_in: Octets32(handle.0),
            bound: bound.to_bytes().into(),
            signature: signature.as_bytes().to_vec().into(),
        };
        Ok(http::post(&trust.file().directory.url, "/v1/sign-ins/collect", &request)?)
    }

    /// By which the sign-ins of one enrolment are held together. ScotAccount's name for a person is
    /// random; it does not lie open all the same.
    pub(super) fn subject_hash(&self, subject: &str) -> Bytes32 {
        label::SIGN_IN_SUBJECT.hash(&(self.flow(Stage::Account).salt, subject)).into()
    }
}

/// Why ScotAccount gave no code, by its own word for it.
pub(super) fn why(error: &str) -> EnrolmentError {
    match error {
        "access_denied" | "account_selection_required" => EnrolmentError::Cancelled,
        "server_error" | "temporarily_unavailable" => EnrolmentError::ProviderFailed,
        _ => EnrolmentError::NotConfirmed,
    }
}
