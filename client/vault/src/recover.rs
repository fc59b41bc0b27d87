//! The way back to a mailbox with its recovery code.
//!
//! The code fetches the recovery bundle from the relay and opens it; with what is in it new keys are
//! made, and then the person signs in as for a new mailbox ([`crate::enrol`]). Nothing is stored
//! before the code has opened a bundle, so that a wrong code changes nothing.

use client_mailbox::{
    keys::DeviceKeys,
    recovery::{self, Found},
};
use client_messages::{Answer, Problem, Step};
use crypto_core::{recovery::RecoveryCode, trust::VerifiedTrust};

use crate::{aside, device::Device, enrol, failure::Failure, random, trust, worker::Worker};

/// Whether there is a mailbox with this code. Changes nothing.
pub(crate) async fn check(device: &Device, code: &str) -> Result<Answer, Failure> {
    let code = RecoveryCode::parse(code)?;
    let trust = trust::current(&device.worker, &device.storage).await?;
    found(&device.worker, &code, &trust).await?;
    Ok(Answer::CodeFits)
}

/// Makes new keys for the mailbox of this code, seals them under the passphrase and stores them in
/// place of what is stored, which is set aside in the same write. Answers where to go.
pub(crate) async fn begin(device: &Device, code: &str, passphrase: &str) -> Result<Answer, Failure> {
    enrol::long_enough(passphrase)?;
    let code = RecoveryCode::parse(code)?;
    let trust = trust::current(&device.worker, &device.storage).await?;
    let found = found(&device.worker, &code, &trust).await?;
    device.shows(Step::Sealing);
    // The bundle came over the network: if no keys can be made of it, nothing here is damaged.
    let keys = DeviceKeys::recover(&found, &code, &mut random::source());
    let keys = keys.map_err(|_| Failure(Problem::RelayLied))?;
    let aside = aside::set_aside(&device.storage).await?;
    enrol::start(device, &keys, passphrase, &trust, aside).await
}

/// The bundle that the relay keeps for this code, opened.
pub(crate) async fn found(
    worker: &Worker,
    code: &RecoveryCode,
    trust: &VerifiedTrust,
) -> Result<Found, Failure> {
    let request = recovery::fetch(code, trust, worker.now(), &mut random::source())?;
    let response = worker.ask_relay(&request).await?;
    Ok(recovery::found(&response, code)?)
}
