//! The parts of the stand-in.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    assertions::Assertions,
    clients::{Client, Clients},
    clock::Clock,
    flows::Flows,
    grants::Grants,
    ids,
    keys::{KeyError, KeyRing},
    mailboxes::{MailboxApi, MailboxError, Mailboxes},
    people::Person,
    sessions::Sessions,
    switches::{Subject, SwitchError, Switches},
};

/// Why the stand-in cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The signing keys cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The numbers of mailboxes cannot be had.
    #[error(transparent)]
    Mailboxes(#[from] MailboxError),
}

/// What a stand-in is made of.
pub struct Parts {
    /// The issuer of ID tokens: the origin of [`http::provider`](crate::http::provider).
    pub issuer: String,
    /// The issuer of attributes: the origin of [`http::attributes`](crate::http::attributes).
    pub attribute_issuer: String,
    /// The folder for keys and the numbers of mailboxes.
    pub store: PathBuf,
    /// Who may ask.
    pub clients: Clients,
    /// How it behaves.
    pub switches: Switches,
    /// The time.
    pub clock: Clock,
    /// The mailbox service, if it is to be called.
    pub mailbox_api: Option<MailboxApi>,
}

/// A stand-in.
pub struct Sim {
    pub(crate) issuer: String,
    pub(crate) attribute_issuer: String,
    pub(crate) clients: Clients,
    pub(crate) clock: Clock,
    pub(crate) id_keys: KeyRing,
    pub(crate) attribute_keys: KeyRing,
    pub(crate) assertions: Assertions,
    pub(crate) flows: Flows,
    pub(crate) sessions: Sessions,
    pub(crate) grants: Grants,
    pub(crate) mailboxes: Option<Mailboxes>,
    switches: RwLock<Switches>,
}

impl Sim {
    /// Opens the store, and makes the first keys if there are none, which takes some seconds.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn open(parts: Parts) -> Result<Arc<Self>, SimError> {
        let Parts { issuer, attribute_issuer, store, clients, switches, clock, mailbox_api } = parts;
        let keys = |name| KeyRing::open(&store.join("keys"), name);
        let mailboxes = |api| Mailboxes::open(api, &store);
        Ok(Arc::new(Self {
            id_keys: keys("login")?,
            attribute_keys: keys("attributes")?,
            mailboxes: mailbox_api.map(mailboxes).transpose()?,
            issuer,
            attribute_issuer,
            clients,
            clock,
            assertions: Assertions::default(),
            flows: Flows::default(),
            sessions: Sessions::default(),
            grants: Grants::default(),
            switches: RwLock::new(switches),
        }))
    }

    /// How it behaves at the moment.
    #[must_use]
    pub fn switches(&self) -> Switches {
        *self.switches.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how it behaves.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub fn set(&self, name: &str, value: &str) -> Result<(), SwitchError> {
        self.switches.write().unwrap_or_else(PoisonError::into_inner).set(name, value)
    }

    /// Makes new keys for ID tokens and for attributes, which sign from now on. Takes some seconds
    /// of computing. Returns their ids.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rotate_keys(&self) -> Result<(String, String), KeyError> {
        Ok((self.id_keys.rotate()?, self.attribute_keys.rotate()?))
    }

    /// The address that assertions at the token endpoint name.
    pub(crate) fn token_endpoint(&self) -> String {
        format!("{}/token", self.issuer)
    }

    /// The address that assertions at the attributes name.
    pub(crate) fn attributes_endpoint(&self) -> String {
        format!("{}/attributes/values", self.attribute_issuer)
    }

    /// The name under which a relying party knows a person.
    pub(crate) fn subject(&self, client: &Client, person: &Person) -> String {
        let sector = match self.switches().subject {
            Subject::Pairwise => Some(client.id.as_str()),
            Subject::Public => None,
        };
        ids::subject(sector, person.id)
    }
}
