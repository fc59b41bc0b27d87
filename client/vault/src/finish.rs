//! From "confirmed" to a mailbox, once the recovery code stands on paper.
//!
//! Each step leaves a record before the next begins, or may be done again to no other effect: the
//! signed entry, what the directory proved of it, the mailbox at the relay, the vault key under its
//! lasting use. Whoever is interrupted goes on behind the last record. Nothing that was signed and
//! stored is ever made a second time.
//!
//! A recovery puts its new bundle at the relay **before** the entry is published, beside the old one:
//! whichever entry is in force, the code that belongs to it opens a bundle.

use std::rc::Rc;

use api::Code;
use client_mailbox::{
    enrolment::{Enrolled, Enrolment, EnrolmentError, Next, SignedEnrolment},
    http::AnswerError,
    keys::DeviceKeys,
    local::names,
    recovery::{self, By},
    relay::{self, Signer},
};
use client_messages::{Problem, Step};
use crypto_core::{passphrase::WrappedSecret, trust::VerifiedTrust};
use relay_auth::{cbor::Wire as _, secret::Secret};
use zeroize::Zeroizing;

use crate::{
    device::Device,
    enrol::begun_again_if_over,
    failure::Failure,
    opened::{Opened, Shared},
    random, records,
    storage::{Change, Shelf},
    sync,
};

/// How often a restart is tried against somebody who changes the access list at the same time.
const MOST_RESTARTS: usize = 3;

/// What finishing works with. It never runs ahead of what is stored, so that a step that failed can
/// be tried again with it.
pub(crate) struct Finishing {
    pub(crate) trust: Rc<VerifiedTrust>,
    pub(crate) keys: DeviceKeys,
    pub(crate) vault_key: Secret,
    pub(crate) enrolment: Enrolment,
    /// The vault key under the passphrase, for when there is a mailbox.
    pub(crate) lasting: WrappedSecret,
}

impl Finishing {
    /// Whether ScotAccount's word is there and still counts.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.enrolment.next_step() == Next::Unlock
    }

    /// Whether the directory said that this person has a mailbox, made on another device.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.enrolment.next_step() == Next::AlreadyEnrolled
    }

    /// Remembers that the code stands on paper. Before anything is signed.
    pub(crate) async fn code_is_written_down(&mut self, device: &Device) -> Result<(), Failure> {
        self.keys.code_is_written_down();
        let keys = records::sealed_keys(&self.keys, &self.vault_key)?;
        Ok(device.storage.write(vec![keys]).await?)
    }

    /// Goes on behind the last record until there is a mailbox.
    pub(crate) async fn finish(&mut self, device: &Device) -> Result<Shared, Failure> {
        let enrolled = match self.stored(device, names::ENROLLED).await? {
            Some(enrolled) => Enrolled::from_bytes(&enrolled)?,
            None => {
                let signed = match self.stored(device, names::SIGNED).await? {
                    Some(signed) => SignedEnrolment::from_bytes(&signed)?,
                    None => self.sign(device).await?,
                };
                self.announce(device, &signed).await?;
                self.publish(device, &signed).await?
            }
        };
        let is_recovery = self.enter(device, enrolled).await?;

        device.shows(Step::Loading);
        let opened = Opened::load(device, self.vault_key.duplicate(), Rc::clone(&self.trust)).await?;
        let shared = Shared::new(opened);
        // The relay knows this device: its signed requests are answered.
        if is_recovery {
            sync::restore(device, &shared).await?;
        } else {
            sync::letters(device, &shared).await?;
        }

        let changes = shared.with(|opened| -> Result<Vec<Change>, Failure> {
            opened.keys.finish();
            let keys = records::sealed_keys(&opened.keys, &opened.vault_key)?;
            Ok(records::finished(&self.lasting, keys))
        })??;
        device.storage.write(changes).await?;
        Ok(shared)
    }

    async fn stored(&self, device: &Device, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        records::unsealed(&device.storage, name, &self.vault_key).await
    }

    fn signer(&self, device: &Device) -> Signer<'_> {
        Signer { keys: &self.keys, trust: &self.trust, now: device.worker.now() }
    }

    /// Makes and signs the entry. It is stored before anybody can see it.
    async fn sign(&mut self, device: &Device) -> Result<SignedEnrolment, Failure> {
        device.shows(Step::Confirming);
        let collected = device.ask_directory(&self.enrolment.collect(&self.trust, &self.keys)?).await?;
        let entries = if self.enrolment.is_recovery() {
            Some(device.ask_directory(&self.enrolment.entries(&self.trust)?).await?)
        } else {
            None
        };
        let now = device.worker.now();
        let rng = &mut random::source();
        let mut enrolment = self.enrolment.clone();
        let signed = enrolment.sign(&self.trust, &self.keys, &collected, entries.as_ref(), now, rng);
        let signed = match signed.map_err(Failure::from) {
            Ok(signed) => signed,
            Err(failure) => return Err(begun_again_if_over(device, &mut self.enrolment, failure).await?),
        };
        let content = Zeroizing::new(signed.to_bytes());
        let signed_record = records::sealed(names::SIGNED, &content, &self.vault_key)?;
        // In one write: from now on the sign-in does not expire, and its keys are not dropped.
        device.storage.write(vec![signed_record, records::enrolment(&enrolment)]).await?;
        self.enrolment = enrolment;
        Ok(signed)
    }

    /// Of a recovery: puts the new bundle at the relay, beside the one of the code that was typed.
    async fn announce(&self, device: &Device, signed: &SignedEnrolment) -> Result<(), Failure> {
        let request = recovery::announce(signed, &self.signer(device), &mut random::source())?;
        let Some(request) = request else { return Ok(()) };
        device.shows(Step::Publishing);
        match device.ask_relay(&request).await?.done() {
            // The relay does not know the code any more: somebody has come back with another one.
            Err(AnswerError::Refused(refused)) if refused.is(Code::SignatureInvalid) => {
                Err(Failure(Problem::CodeReplaced))
            }
            outcome => outcome.map_err(|error| Failure::of_relay(&error)),
        }
    }

    /// Publishes the entry, and takes nothing but a proof that it stands in the directory.
    async fn publish(&mut self, device: &Device, signed: &SignedEnrolment) -> Result<Enrolled, Failure> {
        device.shows(Step::Publishing);
        let response = device.ask_directory(&signed.publish(&self.trust, &self.keys)?).await?;
        device.shows(Step::Verifying);
        let enrolled = match signed.published(&self.trust, &response, device.worker.now()) {
            Ok(enrolled) => enrolled,
            Err(error) => return Err(self.not_published(device, error).await?),
        };
        let signed_record = Change::Remove(Shelf::Sealed, names::SIGNED.to_owned());
        device.storage.write(vec![self.record(&enrolled)?, signed_record]).await?;
        Ok(enrolled)
    }

    /// The entry was not published. The keys stay, whatever the directory says; where it says that the
    /// sign-in is over, the person signs in again and another entry is signed with the same keys.
    async fn not_published(&mut self, device: &Device, error: EnrolmentError) -> Result<Failure, Failure> {
        let EnrolmentError::Answer(AnswerError::Refused(refused)) = &error else { return Ok(error.into()) };
        let mut enrolment = self.enrolment.clone();
        let mut failure = None;
        if refused.is(Code::SignInUnknown) {
            enrolment.begin_again(device.worker.now(), &mut random::source());
        } else if refused.is(Code::AlreadyEnrolled) {
            enrolment.found_elsewhere();
        } else if refused.is(Code::EntryOutOfTurn) && enrolment.is_recovery() {
            // A device changed the entry, or somebody came back with another code: the next sign-in shows
            // the entries, and they show which.
            enrolment.begin_again(device.worker.now(), &mut random::source());
            failure = Some(Failure(Problem::SignInExpired));
        } else {
            return Ok(error.into());
        }
        let signed = Change::Remove(Shelf::Sealed, names::SIGNED.to_owned());
        device.storage.write(vec![signed, records::enrolment(&enrolment)]).await?;
        self.enrolment = enrolment;
        Ok(failure.unwrap_or_else(|| error.into()))
    }

    /// Enters the mailbox at the relay: a new one is opened and its bundle put there; to one that there
    /// was before, only this device has access from now on. Says whether it is one of before.
    async fn enter(&self, device: &Device, enrolled: Enrolled) -> Result<bool, Failure> {
        device.shows(Step::OpeningMailbox);
        if self.keys.former().is_some() {
            return self.restart(device, &enrolled).await.map(|()| true);
        }
        let enrolled = self.open_mailbox(device, enrolled).await?;
        let keep = recovery::keep(&enrolled, &self.signer(device), &mut random::source())?;
        let kept = device.ask_relay(&keep).await?.done();
        kept.map(|()| false).map_err(|error| Failure::of_relay(&error))
    }

    /// Restarts the mailbox for this device. Where the answer to an earlier try was lost, the typed code
    /// is void and the new one restarts once more, to the same effect.
    async fn restart(&self, device: &Device, enrolled: &Enrolled) -> Result<(), Failure> {
        let refused = Failure(Problem::RelayRefused);
        for _ in 0..MOST_RESTARTS {
            let (by, in_force) = self.in_force(device).await?;
            let signer = self.signer(device);
            let request = recovery::restart(enrolled, by, in_force, &signer, &mut random::source())?;
            match device.ask_relay(&request.ok_or(refused)?).await?.done() {
                // A device of before changed the list in between, or the code was pushed out.
                Err(AnswerError::Refused(refused))
                    if refused.is(Code::AccessListStale) || refused.is(Code::SignatureInvalid) => {}
                outcome => return outcome.map_err(|error| Failure::of_relay(&error)),
            }
        }
        Err(refused)
    }

    /// A code that the relay knows, and the counter of the access list in force.
    async fn in_force(&self, device: &Device) -> Result<(By, u64), Failure> {
        for by in [By::Typed, By::New] {
            let request = recovery::look(by, &self.signer(device), &mut random::source())?;
            let Some(request) = request else { break };
            let response = device.ask_relay(&request).await?;
            let counter = recovery::access_counter(&response).map_err(|error| Failure::of_relay(&error))?;
            if let Some(counter) = counter {
                return Ok((by, counter));
            }
        }
        // Somebody came back with another code after this entry was published.
        Err(Failure(Problem::CodeReplaced))
    }

    /// Opens the mailbox at the relay. The voucher may have grown old since it was given, or never have been
    /// one: the directory gives another one for the same entry.
    async fn open_mailbox(&self, device: &Device, mut enrolled: Enrolled) -> Result<Enrolled, Failure> {
        match self.open_once(device, &enrolled).await? {
            Err(AnswerError::Refused(refused))
                if refused.is(Code::VoucherExpired) || refused.is(Code::VoucherInvalid) => {}
            outcome => return outcome.map(|()| enrolled).map_err(|error| Failure::of_relay(&error)),
        }
        let response = device.ask_directory(&enrolled.check(&self.trust, &self.keys)?).await?;
        enrolled.checked(&self.trust, &response, device.worker.now())?;
        device.storage.write(vec![self.record(&enrolled)?]).await?;
        let outcome = self.open_once(device, &enrolled).await?;
        outcome.map(|()| enrolled).map_err(|error| Failure::of_relay(&error))
    }

    async fn open_once(
        &self,
        device: &Device,
        enrolled: &Enrolled,
    ) -> Result<Result<(), AnswerError>, Failure> {
        let request = relay::open_mailbox(enrolled, &self.keys, &self.trust)?;
        Ok(match device.ask_relay(&request).await?.done() {
            // Opened before with another voucher of the same mailbox. Whether it was this device that
            // did it shows at once: the next request is signed with a key that only this one has.
            Err(AnswerError::Refused(refused)) if refused.is(Code::MailboxOpen) => Ok(()),
            outcome => outcome,
        })
    }

    fn record(&self, enrolled: &Enrolled) -> Result<Change, Failure> {
        records::sealed(names::ENROLLED, &Zeroizing::new(enrolled.to_bytes()), &self.vault_key)
    }
}
