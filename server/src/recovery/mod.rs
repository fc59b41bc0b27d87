//! The way back: whoever has the recovery code gets at the bundle that was kept for it, and restarts
//! the mailbox with new devices.
//!
//! A recovery key is an Ed25519 key made from the code. A mailbox has one, and for the time of a
//! recovery a second beside it: the old code works until the new one has taken over, so that at every
//! moment a code on paper is good. (Three, where a recovery was begun with a code that had only been
//! announced.) The bundle is sealed to the code and opaque here.

use std::sync::Arc;

use api::recovery::{RecoveryPut, RecoveryRestart};
use relay_auth::{access::AccessError, signing::VerifyingKey};

use crate::{
    deposits::arrivals::Arrivals,
    mailboxes::{
        AccessChange, Replacement,
        requests::{ByRecoveryKey, Proven},
    },
    store::{Denied, MailStore},
};

/// The largest sealed bundle in bytes; the protocol's own limit (`LBX-BUNDLE-1`).
pub const LARGEST_BUNDLE: usize = 16 * 1024;

/// A recovery key to be registered.
#[derive(Debug)]
pub struct NewRecoveryKey {
    /// Its public half.
    pub key: VerifyingKey,
    /// The sealed bundle that it opens.
    pub bundle: Vec<u8>,
}

/// How registering ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registering {
    /// The key is registered, by this call or by the same one before.
    Done,
    /// The key is a request key or another mailbox's recovery key, or the mailbox has a first one
    /// already that is not to be changed.
    KeyTaken,
}

/// What a recovery key opens.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredBundle {
    /// The counter of the access list in force.
    pub access_counter: u64,
    /// The sealed bundle.
    pub bundle: Vec<u8>,
}

/// Why a recovery key was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The bundle is empty or too large.
    #[error("a sealed recovery bundle has between 1 byte and 16 KiB")]
    Length,
    /// The bytes are no public key (`LBX-SIG-1`).
    #[error("the recovery key is not a valid Ed25519 public key")]
    Key,
    /// The key is in use already, or may not take the place of the one that is.
    #[error(
        "the recovery key is in use elsewhere, or the mailbox has another one already, which only a restart replaces"
    )]
    KeyTaken,
    /// The request was not admitted, or the store did not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Why a mailbox was not restarted.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// The list was not taken.
    #[error(transparent)]
    List(AccessError),
    /// Not signed by the recovery key that comes with it.
    #[error("the access list is not signed by the recovery key that is to be the mailbox's")]
    OtherSigner,
    /// The recovery key or its bundle makes no sense.
    #[error(transparent)]
    New(RegisterError),
    /// A request key of the list, or the recovery key, is in use elsewhere.
    #[error("a key of the restart is in use elsewhere: make new ones for each device and mailbox")]
    KeyTaken,
    /// The request was not admitted, or the store did not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
}

impl From<AccessError> for RestartError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Forged => Self::OtherSigner,
            other => Self::List(other),
        }
    }
}

/// Keeps recovery keys and restarts mailboxes.
#[derive(Debug)]
pub struct Recovery {
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) arrivals: Arrivals,
}

impl Recovery {
    /// Registers the mailbox's first recovery key, as a device asks. Once there is one, a device
    /// changes it no more: whoever has somebody's opened device must not make their code worthless.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn keep(&self, by: Proven, put: RecoveryPut, now: u64) -> Result<(), RegisterError> {
        registered(self.store.keep_recovery_key(by, read(put)?, now).await?)
    }

    /// Registers a recovery key beside the one that asks and the one that a device or a restart left.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn announce(
        &self,
        by: Proven<ByRecoveryKey>,
        put: RecoveryPut,
        now: u64,
    ) -> Result<(), RegisterError> {
        registered(self.store.announce_recovery_key(by, read(put)?, now).await?)
    }

    /// What the recovery key that asks opens.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn bundle(&self, by: Proven<ByRecoveryKey>, now: u64) -> Result<StoredBundle, Denied> {
        self.store.recovery_bundle(by, now).await
    }

    /// Puts an access list in force that the recovery key signed which comes with it. From then on
    /// devices that the list does not name are refused, event streams that they have open end, and
    /// every other recovery key is gone. All of it in one step, asked for by any recovery key of the
    /// mailbox: nobody can come between with another one.
    ///
    /// # Errors
    /// See [`RestartError`].
    pub async fn restart(
        &self,
        by: Proven<ByRecoveryKey>,
        restart: RecoveryRestart,
        now: u64,
    ) -> Result<(), RestartError> {
        let mailbox = by.mailbox();
        let RecoveryRestart { access_list, key, bundle } = restart;
        let new = read(RecoveryPut { key, bundle }).map_err(RestartError::New)?;
        let change = AccessChange::read(access_list.0)?;
        match self.store.restart(by, change, new, now).await? {
            Replacement::InForce => {
                self.arrivals.announce(mailbox);
                Ok(())
            }
            Replacement::Refused(error) => Err(error.into()),
            Replacement::KeyTaken => Err(RestartError::KeyTaken),
        }
    }
}

fn read(put: RecoveryPut) -> Result<NewRecoveryKey, RegisterError> {
    let bundle = put.bundle.0;
    if bundle.is_empty() || bundle.len() > LARGEST_BUNDLE {
        return Err(RegisterError::Length);
    }
    let key = VerifyingKey::from_bytes(&put.key.0).map_err(|_| RegisterError::Key)?;
    Ok(NewRecoveryKey { key, bundle })
}

fn registered(outcome: Registering) -> Result<(), RegisterError> {
    match outcome {
        Registering::Done => Ok(()),
        Registering::KeyTaken => Err(RegisterError::KeyTaken),
    }
}
