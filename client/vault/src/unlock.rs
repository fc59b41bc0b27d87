//! What the passphrase opens: an enrolment that is confirmed is finished, a mailbox is shown.
//!
//! Finishing has four steps, and each leaves a record before the next begins: the signed entry, what
//! the directory proved of it, the mailbox at the relay (which knows a repetition), the vault key
//! under its lasting use. Whoever is interrupted gives the passphrase again and goes on behind the
//! last record. Nothing that was signed is ever made a second time.

use std::rc::Rc;

use api::Code;
use client_mailbox::{
    enrolment::{Enrolled, Enrolment, EnrolmentError, SignedEnrolment},
    http::AnswerError,
    keys::DeviceKeys,
    local::names,
    relay,
};
use client_messages::Step;
use crypto_core::{
    passphrase::{Use, WrappedSecret},
    trust::VerifiedTrust,
};
use relay_auth::{cbor::Wire as _, secret::Secret};
use zeroize::Zeroizing;

use crate::{
    device::Device,
    enrol::wrap,
    failure::Failure,
    opened::{Opened, Shared},
    random,
    records::{self, Pending},
    storage::{Change, Shelf},
    sync, trust,
};

/// What finishing an enrolment works with.
struct Finishing<'a> {
    device: &'a Device,
    trust: Rc<VerifiedTrust>,
    keys: DeviceKeys,
    vault_key: Secret,
}

/// Finishes an enrolment that ScotAccount has confirmed.
pub(crate) async fn finish(device: &Device, pending: Pending, passphrase: &str) -> Result<Shared, Failure> {
    let Pending { wrapped, mut enrolment } = pending;
    device.shows(Step::Unlocking);
    let vault_key = wrapped.unwrap(Use::PendingVault, passphrase, None)?;
    let keys = records::keys(&device.storage, &vault_key).await?;
    let trust = trust::current(&device.worker, &device.storage).await?;
    let finishing = Finishing { device, trust, keys, vault_key };
    let enrolled = match finishing.stored(names::ENROLLED).await? {
        Some(enrolled) => Enrolled::from_bytes(&enrolled)?,
        None => {
            let signed = match finishing.stored(names::SIGNED).await? {
                Some(signed) => SignedEnrolment::from_bytes(&signed)?,
                None => finishing.sign(&mut enrolment).await?,
            };
            finishing.publish(&signed, &mut enrolment).await?
        }
    };
    finishing.open_mailbox(enrolled).await?;

    let Finishing { trust, vault_key, .. } = finishing;
    device.shows(Step::Loading);
    let shared = Shared::new(Opened::load(device, vault_key.duplicate(), trust).await?);
    // The relay knows this device: its signed request is answered.
    sync::letters(device, &shared).await?;

    device.shows(Step::Sealing);
    let lasting = wrap(&vault_key, Use::Vault, passphrase)?;
    device.storage.write(records::finished(&lasting)).await?;
    Ok(shared)
}

impl Finishing<'_> {
    async fn stored(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        records::unsealed(&self.device.storage, name, &self.vault_key).await
    }

    /// Makes and signs the entry. It is stored before anybody can see it.
    async fn sign(&self, enrolment: &mut Enrolment) -> Result<SignedEnrolment, Failure> {
        let Self { device, trust, keys, .. } = self;
        device.shows(Step::Confirming);
        let response = device.ask_directory(&enrolment.collect(trust, keys)?).await?;
        let now = device.worker.now();
        let signed = enrolment.sign(trust, keys, &response, now, &mut random::source())?;
        let content = Zeroizing::new(signed.to_bytes());
        let signed_record = records::sealed(names::SIGNED, &content, &self.vault_key)?;
        // In one write: from now on the sign-in does not expire, and its keys are not dropped.
        device.storage.write(vec![signed_record, records::enrolment(enrolment)]).await?;
        Ok(signed)
    }

    /// Publishes the entry, and takes nothing but a proof that it stands in the directory.
    async fn publish(
        &self,
        signed: &SignedEnrolment,
        enrolment: &mut Enrolment,
    ) -> Result<Enrolled, Failure> {
        let Self { device, trust, keys, .. } = self;
        device.shows(Step::Publishing);
        let response = device.ask_directory(&signed.publish(trust, keys)?).await?;
        device.shows(Step::Verifying);
        let now = device.worker.now();
        let enrolled = match signed.published(trust, &response, now) {
            Ok(enrolled) => enrolled,
            Err(error) => return Err(self.not_published(error, enrolment, now).await?),
        };
        let signed_record = Change::Remove(Shelf::Sealed, names::SIGNED.to_owned());
        device.storage.write(vec![self.record(&enrolled)?, signed_record]).await?;
        Ok(enrolled)
    }

    /// The entry was not published. The keys stay, whatever the directory says; where it says that the
    /// sign-in is over, the person signs in again and another entry is signed with the same keys.
    async fn not_published(
        &self,
        error: EnrolmentError,
        enrolment: &mut Enrolment,
        now: u64,
    ) -> Result<Failure, Failure> {
        let refused = match &error {
            EnrolmentError::Answer(AnswerError::Refused(refused)) => refused,
            _ => return Ok(error.into()),
        };
        if refused.is(Code::SignInUnknown) {
            enrolment.begin_again(now, &mut random::source());
        } else if refused.is(Code::AlreadyEnrolled) {
            enrolment.found_elsewhere();
        } else {
            return Ok(error.into());
        }
        let signed = Change::Remove(Shelf::Sealed, names::SIGNED.to_owned());
        self.device.storage.write(vec![signed, records::enrolment(enrolment)]).await?;
        Ok(error.into())
    }

    /// Opens the mailbox at the relay. The voucher may have grown old since it was given: the
    /// directory gives another one for the same entry.
    async fn open_mailbox(&self, mut enrolled: Enrolled) -> Result<(), Failure> {
        let Self { device, trust, keys, .. } = self;
        device.shows(Step::OpeningMailbox);
        match self.open_once(&enrolled).await? {
            Err(AnswerError::Refused(refused)) if refused.is(Code::VoucherExpired) => {}
            outcome => return outcome.map_err(|error| Failure::of_relay(&error)),
        }
        let response = device.ask_directory(&enrolled.check(trust, keys)?).await?;
        enrolled.checked(trust, &response, device.worker.now())?;
        device.storage.write(vec![self.record(&enrolled)?]).await?;
        self.open_once(&enrolled).await?.map_err(|error| Failure::of_relay(&error))
    }

    async fn open_once(&self, enrolled: &Enrolled) -> Result<Result<(), AnswerError>, Failure> {
        let Self { device, trust, keys, .. } = self;
        let response = device.ask_relay(&relay::open_mailbox(enrolled, keys, trust)?).await?;
        Ok(match response.done() {
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

/// Opens the mailbox as it is stored, which needs no network.
pub(crate) async fn open(
    device: &Device,
    wrapped: &WrappedSecret,
    passphrase: &str,
) -> Result<Shared, Failure> {
    device.shows(Step::Unlocking);
    let vault_key = wrapped.unwrap(Use::Vault, passphrase, None)?;
    device.shows(Step::Loading);
    let trust = match trust::remembered(&device.storage).await? {
        Some(trust) => Rc::new(trust),
        None => trust::fetched(&device.worker, &device.storage).await?,
    };
    Ok(Shared::new(Opened::load(device, vault_key, trust).await?))
}
