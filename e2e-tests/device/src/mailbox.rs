//! The open mailbox of a device.

use api::Code;
use client_mailbox::{
    enrolment::Enrolled,
    http::AnswerError,
    inbox::{Inbox, Reader, ViewError},
    keys::DeviceKeys,
    letter::LetterSummary,
    local::names,
    recovery::{self, By},
    registry::Registry,
    relay::{self, Signer},
};
use crypto_core::{archive::ObjectId, trust::VerifiedTrust};
use relay_auth::cbor::Wire as _;

use crate::{
    disk::{Disk, READY},
    failure::Failure,
    hold::{Hold, Step},
    network::Network,
    system::{now, rng},
};

/// A mailbox with everything that its device knows of it.
pub(crate) struct Mailbox<'d> {
    pub(crate) network: Network,
    pub(crate) trust: VerifiedTrust,
    pub(crate) keys: DeviceKeys,
    pub(crate) disk: &'d mut Disk,
    pub(crate) enrolled: Enrolled,
    pub(crate) registry: Registry,
    pub(crate) inbox: Inbox,
}

impl<'d> Mailbox<'d> {
    /// Loads what is stored. Nothing is asked of anybody.
    pub(crate) fn load(
        network: Network,
        trust: VerifiedTrust,
        keys: DeviceKeys,
        disk: &'d mut Disk,
    ) -> Result<Self, Failure> {
        let missing = || Failure::Missing(names::ENROLLED.to_owned());
        let enrolled = Enrolled::from_bytes(disk.get(names::ENROLLED).ok_or_else(missing)?)?;
        let registry = match disk.get(names::REGISTRY) {
            // As the vault does: one that cannot be read is mirrored anew.
            Some(record) => Registry::from_record(record, &trust).unwrap_or_else(|_| Registry::empty()),
            None => Registry::empty(),
        };
        let inbox = match disk.get(names::INBOX) {
            Some(_) => Inbox::load(&enrolled, &disk.records())?,
            None => Inbox::new(&enrolled),
        };
        Ok(Self { network, trust, keys, disk, enrolled, registry, inbox })
    }

    /// Makes the relay know this device, unless it does: opens a new mailbox there and keeps its
    /// bundle, or takes over the one that came back, whose bundle is there already.
    pub(crate) async fn open(&mut self, hold: Hold) -> Result<(), Failure> {
        if self.disk.get(READY).is_some() {
            return Ok(());
        }
        if self.keys.former().is_some() {
            self.restart().await?;
            hold.at(Step::Restarted);
        } else {
            self.open_new().await?;
            let request = recovery::keep(&self.enrolled, &self.signer(), &mut rng())?;
            self.network.send(&request).await?.done()?;
            hold.at(Step::Kept);
        }
        self.disk.put([(READY.to_owned(), Vec::new())])
    }

    /// By the code that was typed; by the new one where an earlier try did it and its answer was lost.
    async fn restart(&self) -> Result<(), Failure> {
        for by in [By::Typed, By::New] {
            let Some(request) = recovery::look(by, &self.signer(), &mut rng())? else { break };
            let answer = self.network.send(&request).await?;
            let Some(in_force) = recovery::access_counter(&answer)? else { continue };
            let restart = recovery::restart(&self.enrolled, by, in_force, &self.signer(), &mut rng())?;
            let Some(restart) = restart else { break };
            return Ok(self.network.send(&restart).await?.done()?);
        }
        Err(Failure::CodeVoid)
    }

    /// To no effect where it is open.
    async fn open_new(&mut self) -> Result<(), Failure> {
        match self.open_once().await {
            Err(Failure::Answer(AnswerError::Refused(refused)))
                if refused.is(Code::VoucherExpired) || refused.is(Code::VoucherInvalid) =>
            {
                self.check_entry().await?;
                self.open_once().await
            }
            outcome => outcome,
        }
    }

    async fn open_once(&self) -> Result<(), Failure> {
        let request = relay::open_mailbox(&self.enrolled, &self.keys, &self.trust)?;
        match self.network.send(&request).await?.done() {
            // With an earlier voucher. Whether by this device shows at once: the next request is
            // signed with a key that only this one has.
            Err(AnswerError::Refused(refused)) if refused.is(Code::MailboxOpen) => Ok(()),
            outcome => outcome.map_err(Failure::from),
        }
    }

    /// Looks at the own entry as the directory shows it now. A new voucher comes with it.
    pub(crate) async fn check_entry(&mut self) -> Result<(), Failure> {
        let request = self.enrolled.check(&self.trust, &self.keys)?;
        let answer = self.network.send(&request).await?;
        self.enrolled.checked(&self.trust, &answer, now())?;
        self.disk.put([(names::ENROLLED.to_owned(), self.enrolled.to_bytes())])
    }

    /// Whether letters with all these subjects are there.
    pub(crate) fn has(&self, expected: &[String]) -> bool {
        let letters = self.inbox.summaries(&self.registry);
        expected.iter().all(|subject| letters.iter().any(|letter| letter.label == *subject))
    }

    /// A letter's name in the archive, and its record.
    pub(crate) fn stored(&self, summary: &LetterSummary) -> Result<(ObjectId, &[u8]), Failure> {
        let id = self.inbox.find(&summary.id).ok_or(ViewError::NoSuchLetter)?;
        let name = names::letter(&id);
        match self.disk.get(&name) {
            Some(record) => Ok((id, record)),
            None => Err(Failure::Missing(name)),
        }
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer { keys: &self.keys, trust: &self.trust, now: now() }
    }

    pub(crate) const fn reader(&self) -> Reader<'_> {
        Reader { keys: &self.keys, trust: &self.trust, registry: &self.registry }
    }

    /// The same, beside the inbox that changes.
    pub(crate) fn parts(&mut self) -> (&mut Inbox, Reader<'_>) {
        let Self { keys, trust, registry, inbox, .. } = self;
        (inbox, Reader { keys, trust, registry })
    }
}
