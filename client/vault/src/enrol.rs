//! From "begin" to "confirmed": the keys are made and sealed, then the person goes to ScotAccount and
//! comes back, three times. What came of each time is stored before the next begins, so that a page
//! that is closed in between goes on where it was.

use client_mailbox::{
    enrolment::{Enrolment, Next, Redeem, Returned},
    keys::DeviceKeys,
};
use client_messages::{Answer, Problem, Status, Step};
use crypto_core::{
    passphrase::{Cost, PassphraseError, Use, WrappedSecret},
    trust::VerifiedTrust,
};
use getrandom::rand_core::Rng as _;
use relay_auth::secret::Secret;

use crate::{
    device::Device,
    failure::Failure,
    random,
    records::{self, Pending},
    trust,
};

/// The fewest characters of a passphrase.
const SHORTEST_PASSPHRASE: usize = 8;

/// Makes keys, seals them under the passphrase and stores them. Answers where to go.
pub(crate) async fn begin(device: &Device, passphrase: &str) -> Result<Answer, Failure> {
    if passphrase.chars().count() < SHORTEST_PASSPHRASE {
        return Err(Failure(Problem::PassphraseTooShort));
    }
    let trust = trust::current(&device.worker, &device.storage).await?;
    device.shows(Step::Sealing);
    let rng = &mut random::source();
    let vault_key = Secret::generate(rng);
    let keys = DeviceKeys::generate(rng);
    let sealed_keys = keys.seal(&vault_key, rng)?;
    let wrapped = wrap(&vault_key, Use::PendingVault, passphrase)?;
    let pending = Pending { wrapped, enrolment: Enrolment::start(&keys, device.worker.now(), rng) };
    let address = pending.enrolment.authorise_url(&trust)?;
    device.storage.write(records::begun(&pending, sealed_keys)).await?;
    Ok(Answer::GoTo(address))
}

/// Wraps the vault key under the passphrase, at the usual cost.
pub(crate) fn wrap(
    vault_key: &Secret,
    usage: Use,
    passphrase: &str,
) -> Result<WrappedSecret, PassphraseError> {
    let rng = &mut random::source();
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    WrappedSecret::wrap(vault_key, usage, passphrase, Cost::USUAL, salt, None, rng)
}

/// Goes to ScotAccount once more for the present stage.
pub(crate) async fn resume(device: &Device, mut enrolment: Enrolment) -> Result<Answer, Failure> {
    if enrolment.stage().is_some() {
        enrolment.renew(&mut random::source());
    }
    let trust = trust::current(&device.worker, &device.storage).await?;
    go_on(device, &enrolment, enrolment.next_step(), &trust).await
}

/// Takes what ScotAccount sent back with the browser.
pub(crate) async fn returned(
    device: &Device,
    mut enrolment: Enrolment,
    query: &str,
) -> Result<Answer, Failure> {
    let returned = Returned::parse(query)?;
    let trust = trust::current(&device.worker, &device.storage).await?;
    let next = match enrolment.redeem(&trust, &returned, device.worker.now())? {
        Redeem::Continue(next) => next,
        Redeem::Send(request) => {
            device.shows(Step::Confirming);
            let response = device.ask_directory(&request).await?;
            let now = device.worker.now();
            match enrolment.redeemed(&trust, &response, now).map_err(Failure::from) {
                Ok(next) => next,
                Err(over @ Failure(Problem::SignInExpired)) => {
                    // The directory has forgotten the steps before: they are made again.
                    enrolment.begin_again(now, &mut random::source());
                    device.storage.write(vec![records::enrolment(&enrolment)]).await?;
                    return Err(over);
                }
                Err(other) => return Err(other),
            }
        }
    };
    go_on(device, &enrolment, next, &trust).await
}

/// Stores the sign-in as it stands now, and answers what comes next.
async fn go_on(
    device: &Device,
    enrolment: &Enrolment,
    next: Next,
    trust: &VerifiedTrust,
) -> Result<Answer, Failure> {
    device.storage.write(vec![records::enrolment(enrolment)]).await?;
    Ok(match next {
        Next::Authorise => Answer::GoTo(enrolment.authorise_url(trust)?),
        Next::Unlock | Next::AlreadyEnrolled => Answer::Status(status(enrolment)),
    })
}

/// The state of a sign-in, for the page.
pub(crate) const fn status(enrolment: &Enrolment) -> Status {
    match enrolment.next_step() {
        Next::Authorise => Status::SigningIn,
        Next::Unlock => Status::Confirmed { with_address: enrolment.with_address() },
        Next::AlreadyEnrolled => Status::EnrolledElsewhere,
    }
}
