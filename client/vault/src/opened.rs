//! The open mailbox: every secret that this program holds, in one place that can be emptied.
//!
//! The session reads letters from it while another task follows the relay. Each looks into it for a
//! moment and never across a wait; between two moments the vault may have been locked, and then there
//! is nothing to look into.

use std::{cell::RefCell, rc::Rc};

use client_mailbox::{
    enrolment::Enrolled,
    inbox::{Inbox, Reader},
    keys::DeviceKeys,
    local::names,
    registry::Registry,
    relay::Signer,
};
use client_messages::{Event, Problem};
use crypto_core::trust::VerifiedTrust;
use relay_auth::{cbor::Wire as _, secret::Secret};
use zeroize::Zeroizing;

use crate::{
    device::Device,
    failure::Failure,
    records, show,
    storage::{Change, Shelf},
};

/// What the passphrase opens.
pub(crate) struct Opened {
    pub(crate) vault_key: Secret,
    pub(crate) keys: DeviceKeys,
    pub(crate) trust: Rc<VerifiedTrust>,
    pub(crate) enrolled: Enrolled,
    pub(crate) registry: Registry,
    pub(crate) inbox: Inbox,
    /// When the directory showed the registry last, Unix seconds; 0 for not since the unlocking.
    pub(crate) asked_directory: u64,
}

impl Opened {
    /// Loads what is stored. Nothing is asked of anybody.
    pub(crate) async fn load(
        device: &Device,
        vault_key: Secret,
        trust: Rc<VerifiedTrust>,
    ) -> Result<Self, Failure> {
        let storage = &device.storage;
        let keys = records::keys(storage, &vault_key).await?;
        let enrolled = records::unsealed(storage, names::ENROLLED, &vault_key).await?;
        let enrolled = Enrolled::from_bytes(&enrolled.ok_or(Failure(Problem::StorageDamaged))?)?;
        let registry = records::unsealed(storage, names::REGISTRY, &vault_key).await?;
        // The directory shows it again. One that does not hold under the trust file of today goes.
        let registry = registry.and_then(|record| Registry::from_record(&record, &trust).ok());
        let stored = records::inbox(storage, &vault_key).await?;
        let inbox = if stored.is_empty() {
            Inbox::new(&enrolled)
        } else if let Ok(inbox) = Inbox::load(&enrolled, &stored) {
            inbox
        } else {
            // The relay has every letter, filed or not: the list is made anew from there. What does
            // not fit together goes first, so that the next list is whole.
            let remove = |name: String| Change::Remove(Shelf::Sealed, name);
            storage.write(stored.into_iter().map(|record| remove(record.name)).collect()).await?;
            Inbox::new(&enrolled)
        };
        Ok(Self {
            vault_key,
            keys,
            trust,
            enrolled,
            registry: registry.unwrap_or_else(Registry::empty),
            inbox,
            asked_directory: 0,
        })
    }

    /// Who signs a request now.
    pub(crate) fn signer(&self, now: u64) -> Signer<'_> {
        Signer { keys: &self.keys, trust: &self.trust, now }
    }

    /// With what letters are verified.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { keys: &self.keys, trust: &self.trust, registry: &self.registry }
    }

    /// The same, beside the inbox that changes.
    pub(crate) fn parts(&mut self) -> (&mut Inbox, Reader<'_>) {
        let Self { keys, trust, registry, inbox, .. } = self;
        (inbox, Reader { keys, trust, registry })
    }

    /// This device's own entry and what is remembered of the directory's log, to be stored.
    pub(crate) fn enrolled_record(&self) -> Result<Change, Failure> {
        let content = Zeroizing::new(self.enrolled.to_bytes());
        records::sealed(names::ENROLLED, &content, &self.vault_key)
    }

    /// The public bodies, to be stored.
    pub(crate) fn registry_record(&self) -> Result<Change, Failure> {
        records::sealed(names::REGISTRY, &self.registry.to_record(), &self.vault_key)
    }

    /// The list of letters as the page shows it.
    pub(crate) fn list(&self) -> Event {
        Event::Inbox(self.inbox.summaries(&self.registry).into_iter().map(show::summary).collect())
    }
}

/// The open mailbox, until it is locked.
#[derive(Clone)]
pub(crate) struct Shared(Rc<RefCell<Option<Opened>>>);

impl Shared {
    pub(crate) fn new(opened: Opened) -> Self {
        Self(Rc::new(RefCell::new(Some(opened))))
    }

    /// Looks into the mailbox.
    ///
    /// # Errors
    /// [`Problem::OutOfTurn`] once it is locked.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut Opened) -> R) -> Result<R, Failure> {
        let mut place = self.0.try_borrow_mut().map_err(|_| Failure(Problem::OutOfTurn))?;
        place.as_mut().map(look).ok_or(Failure(Problem::OutOfTurn))
    }

    /// Shows the page the list of letters.
    pub(crate) fn show(&self, device: &Device) -> Result<(), Failure> {
        device.worker.tell(self.with(|opened| opened.list())?);
        Ok(())
    }

    /// Wipes every secret. Whoever still follows the relay finds nothing.
    pub(crate) fn forget(&self) {
        // Nobody looks into it now: a look never lasts across a wait.
        if let Ok(mut place) = self.0.try_borrow_mut() {
            *place = None;
        }
    }

    /// Whether it was locked.
    pub(crate) fn is_locked(&self) -> bool {
        self.0.try_borrow().is_ok_and(|place| place.is_none())
    }
}
