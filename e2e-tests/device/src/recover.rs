//! The device's keys: those of the state, or new ones for a new mailbox, or new ones for a mailbox
//! that its recovery code brings back.

use client_mailbox::{keys::DeviceKeys, local::names, recovery};
use crypto_core::{recovery::RecoveryCode, trust::VerifiedTrust};
use relay_auth::cbor::Wire as _;
use serde_json::{Value, json};

use crate::{
    disk::Disk,
    failure::Failure,
    hold::{Hold, Step},
    network::Network,
    system::{now, rng},
};

/// The keys. A state that has some goes on with them, whatever the code.
pub(crate) async fn keys(
    network: &Network,
    trust: &VerifiedTrust,
    disk: &mut Disk,
    code: Option<&str>,
    hold: Hold,
) -> Result<DeviceKeys, Failure> {
    if let Some(record) = disk.get(names::KEYS) {
        return Ok(DeviceKeys::from_bytes(record)?);
    }
    let keys = match code {
        Some(code) => of_code(network, trust, code, hold).await?,
        None => DeviceKeys::generate(&mut rng()),
    };
    disk.put([(names::KEYS.to_owned(), keys.to_bytes())])?;
    Ok(keys)
}

async fn of_code(
    network: &Network,
    trust: &VerifiedTrust,
    code: &str,
    hold: Hold,
) -> Result<DeviceKeys, Failure> {
    let code = RecoveryCode::parse(code)?;
    let request = recovery::fetch(&code, trust, now(), &mut rng())?;
    let found = recovery::found(&network.send(&request).await?, &code)?;
    hold.at(Step::Found);
    Ok(DeviceKeys::recover(&found, &code, &mut rng())?)
}

/// The recovery code of the mailbox. The keys are never finished here, and so they keep it; a person
/// has it on paper.
pub(crate) fn code(keys: &DeviceKeys) -> Value {
    keys.recovery_code().map(|code| code.groups().join(" ")).into()
}

/// Says the code before anything is published, as it is written down.
#[expect(clippy::print_stdout, reason = "who started the device keeps it")]
pub(crate) fn say_code(keys: &DeviceKeys) {
    println!("{}", json!({ "code": code(keys) }));
}
