//! The open mailbox: every secret that this program holds, in one place that can be emptied.
//!
//! The session reads letters from it while another task follows the relay. Each looks into it for a
//! moment and never across a wait; between two moments the vault may have been locked, and then there
//! is nothing to look into.

use std::{cell::RefCell, rc::Rc};

use api::sessions::SessionEntry;
use client_mailbox::{
    enrolment::Enrolled,
    http::{HttpRequest, HttpResponse, RequestFailure},
    inbox::{Doubt, Inbox, Left, Reader, Renewals, Tried},
    keys::DeviceKeys,
    local::names,
    looks::Looks,
    registry::Registry,
    relay::Signer,
    retry::Patience,
    session::Told,
    settings::Settings,
};
use client_messages::{Event, Problem};
use crypto_core::trust::VerifiedTrust;
use relay_auth::{cbor::Wire as _, secret::Secret};
use zeroize::Zeroizing;

use crate::{chain, device::Device, failure::Failure, random, records, show, storage::Change, told};

/// What the passphrase opens.
pub(crate) struct Opened {
    pub(crate) vault_key: Secret,
    pub(crate) keys: DeviceKeys,
    pub(crate) trust: Rc<VerifiedTrust>,
    pub(crate) enrolled: Enrolled,
    pub(crate) registry: Registry,
    pub(crate) inbox: Inbox,
    /// What of it was tried again.
    pub(crate) tried: Tried,
    /// Whether the relay's listings broke the chain. It is no part of the list, which may be made anew.
    pub(crate) doubt: Doubt,
    /// Of which sessions the person was told.
    pub(crate) told: Told,
    /// Those that the relay listed last. `None` before it was asked.
    pub(crate) sessions: Option<Vec<SessionEntry>>,
    /// When it locks by itself.
    pub(crate) settings: Settings,
    /// When the directory was asked.
    pub(crate) looks: Looks,
    /// When the trust file was fetched for the sake of a receipt.
    pub(crate) renewals: Renewals,
    /// A write failed: what is here is not what is stored.
    is_ahead: bool,
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
        let registry = if_whole(records::unsealed(storage, names::REGISTRY, &vault_key).await)?.flatten();
        // The directory shows it again. Bodies that do not hold under the trust file of today are left out.
        let registry = registry.and_then(|record| Registry::from_record(&record, &trust).ok());
        let inbox = match if_whole(records::inbox(storage, &vault_key).await)? {
            Some(stored) if stored.is_empty() => Some(Inbox::new(&enrolled)),
            stored => stored.and_then(|stored| Inbox::load(&enrolled, &stored).ok()),
        };
        let inbox = match inbox {
            Some(inbox) => inbox,
            None => {
                // The relay has every letter, filed or not: the list is made anew from there. What does
                // not fit together goes first, so that the next list is whole.
                storage.write(records::without_inbox(storage).await?).await?;
                Inbox::new(&enrolled)
            }
        };
        let doubt = chain::stored(storage, &vault_key).await?;
        let told = told::stored(storage, &vault_key).await?;
        let settings = records::chosen(storage, &vault_key).await?;
        Ok(Self {
            vault_key,
            keys,
            trust,
            enrolled,
            registry: registry.unwrap_or_else(Registry::empty),
            inbox,
            tried: Tried::default(),
            doubt,
            told,
            sessions: None,
            settings,
            looks: Looks::default(),
            renewals: Renewals::default(),
            is_ahead: false,
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

    /// The letters at the relay that are still to be tried again.
    pub(crate) fn left(&self) -> Left {
        self.tried.left(self.inbox.unopened(), &self.inbox.said_to_be_filed())
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

/// What is stored, if it can be read. For what somebody else has as well: damaged is as good as lost.
fn if_whole<T>(stored: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match stored {
        Err(Failure(Problem::StorageDamaged)) => Ok(None),
        stored => stored.map(Some),
    }
}

/// The open mailbox, until it is locked.
#[derive(Clone)]
pub(crate) struct Shared(Rc<RefCell<Option<Box<Opened>>>>);

impl Shared {
    pub(crate) fn new(opened: Opened) -> Self {
        Self(Rc::new(RefCell::new(Some(Box::new(opened)))))
    }

    /// Works with the mailbox.
    ///
    /// # Errors
    /// [`Problem::OutOfTurn`] once it is locked; [`Problem::NoStorage`] while it is ahead of what is
    /// stored, so that nothing is sent that this device could forget.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Opened) -> R) -> Result<R, Failure> {
        let mut place = self.0.try_borrow_mut().map_err(|_| Failure(Problem::OutOfTurn))?;
        let opened = place.as_mut().ok_or(Failure(Problem::OutOfTurn))?;
        if opened.is_ahead {
            return Err(Failure(Problem::NoStorage));
        }
        Ok(work(opened))
    }

    /// Sends what `request` makes to the relay. Signed anew for each try: a relay that is asked too often
    /// says when to ask again, and by then the mailbox may be locked.
    ///
    /// # Errors
    /// As [`Shared::with`], and what is wrong with the request or the way to the relay.
    pub(crate) async fn ask_relay(
        &self,
        device: &Device,
        request: impl Fn(&Opened, &Signer<'_>) -> Result<HttpRequest, RequestFailure>,
    ) -> Result<HttpResponse, Failure> {
        let mut patience = Patience::new();
        loop {
            let now = device.worker.now();
            let signed = self.with(|opened| {
                let opened: &Opened = opened;
                request(opened, &opened.signer(now))
            })??;
            let response = device.ask_relay(&signed).await?;
            let Some(wait) = patience.wait(&response, random::number(u32::MAX)) else {
                return Ok(response);
            };
            device.worker.sleep(wait).await;
        }
    }

    /// Looks into the mailbox, for what is shown.
    ///
    /// # Errors
    /// [`Problem::OutOfTurn`] once it is locked.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Opened) -> R) -> Result<R, Failure> {
        let place = self.0.try_borrow().map_err(|_| Failure(Problem::OutOfTurn))?;
        place.as_deref().map(look).ok_or(Failure(Problem::OutOfTurn))
    }

    /// Stores what changed in the mailbox. If that fails, nothing is done with it before
    /// [`Shared::catch_up`].
    pub(crate) async fn store(&self, device: &Device, changes: Vec<Change>) -> Result<(), Failure> {
        let outcome = device.storage.write(changes).await;
        if outcome.is_err() {
            // Fails only for a mailbox that was locked, or is known to be ahead.
            let _ = self.with(|opened| opened.is_ahead = true);
        }
        Ok(outcome?)
    }

    /// Loads the mailbox from what is stored, if a write had failed. Says whether it did.
    pub(crate) async fn catch_up(&self, device: &Device) -> Result<bool, Failure> {
        let left = self.look(|opened| {
            opened.is_ahead.then(|| (opened.vault_key.duplicate(), Rc::clone(&opened.trust)))
        })?;
        let Some((vault_key, trust)) = left else { return Ok(false) };
        let loaded = Opened::load(device, vault_key, trust).await?;
        // It may have been locked meanwhile.
        let mut place = self.0.try_borrow_mut().map_err(|_| Failure(Problem::OutOfTurn))?;
        let opened = place.as_mut().ok_or(Failure(Problem::OutOfTurn))?;
        let doubt = loaded.doubt.reloaded(opened.doubt);
        let sessions = opened.sessions.take();
        // Neither the directory nor the client's origin is asked more often for that.
        let (looks, renewals) = (opened.looks.reloaded(), opened.renewals);
        **opened = Opened { doubt, sessions, looks, renewals, ..loaded };
        Ok(true)
    }

    /// From now on it locks by these settings, which are stored.
    pub(crate) fn change_settings(&self, settings: Settings) -> Result<(), Failure> {
        let mut place = self.0.try_borrow_mut().map_err(|_| Failure(Problem::OutOfTurn))?;
        place.as_mut().ok_or(Failure(Problem::OutOfTurn))?.settings = settings;
        Ok(())
    }

    /// Shows the page the list of letters.
    pub(crate) fn show(&self, device: &Device) -> Result<(), Failure> {
        device.worker.tell(self.look(Opened::list)?);
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
