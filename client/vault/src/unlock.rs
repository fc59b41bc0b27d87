//! What the passphrase opens: a sign-in that is confirmed, or a mailbox.

use std::rc::Rc;

use client_messages::Step;
use crypto_core::passphrase::{Use, WrappedSecret};

use crate::{
    device::Device,
    enrol::wrap,
    failure::Failure,
    finish::Finishing,
    opened::{Opened, Shared},
    records::{self, Pending},
    trust,
};

/// Opens the keys of a sign-in that ScotAccount has confirmed.
pub(crate) async fn confirmed(
    device: &Device,
    pending: Pending,
    passphrase: &str,
) -> Result<Finishing, Failure> {
    let Pending { wrapped, enrolment } = pending;
    device.shows(Step::Unlocking);
    let vault_key = wrapped.unwrap(Use::PendingVault, passphrase, None)?;
    let keys = records::keys(&device.storage, &vault_key).await?;
    let trust = trust::current(&device.worker, &device.storage).await?;
    device.shows(Step::Sealing);
    // At once: the passphrase is not kept while somebody copies a code by hand.
    let lasting = wrap(&vault_key, Use::Vault, passphrase)?;
    Ok(Finishing { trust, keys, vault_key, enrolment, lasting })
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
