//! From "begin" to "confirmed": the keys are made and sealed, then the person goes to ScotAccount and
//! comes back, three times. What came of each time is stored before the next begins, so that a page
//! that is closed in between goes on where it was. The way back to a mailbox ([`crate::recover`])
//! takes the same steps.

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
    storage::Change,
    trust,
};

/// The fewest characters of a passphrase.
const SHORTEST_PASSPHRASE: usize = 8;

/// Makes keys, seals them under the passphrase and stores them. Answers where to go.
pub(crate) async fn begin(device: &Device, passphrase: &str) -> Result<Answer, Failure> {
    long_enough(passphrase)?;
    let trust = trust::current(&device.worker, &device.storage).await?;
    device.shows(Step::Sealing);
    let keys = DeviceKeys::generate(&mut random::source());
    start(device, &keys, passphrase, &trust, Vec::new()).await
}

/// That the passphrase has as many characters as it needs.
pub(crate) fn long_enough(passphrase: &str) -> Result<(), Failure> {
    if passphrase.chars().count() < SHORTEST_PASSPHRASE {
        return Err(Failure(Problem::PassphraseTooShort));
    }
    Ok(())
}

/// Seals new keys under the passphrase and stores them in one write with `changes`, which come first.
/// Answers where to go.
pub(crate) async fn start(
    device: &Device,
    keys: &DeviceKeys,
    passphrase: &str,
    trust: &VerifiedTrust,
    mut changes: Vec<Change>,
) -> Result<Answer, Failure> {
    let rng = &mut random::source();
    let vault_key = Secret::generate(rng);
    let wrapped = wrap(&vault_key, Use::PendingVault, passphrase)?;
    let pending = Pending { wrapped, enrolment: Enrolment::start(keys, device.worker.now(), rng) };
    let address = pending.enrolment.authorise_url(trust)?;
    changes.extend(records::begun(&pending, records::sealed_keys(keys, &vault_key)?));
    device.storage.write(changes).await?;
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
    let next = enrolment.next_step();
    go_on(device, enrolment, next, &trust).await
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
                Err(failure) => return Err(begun_again_if_over(device, &mut enrolment, failure).await?),
            }
        }
    };
    go_on(device, enrolment, next, &trust).await
}

/// Stores the sign-in as it stands now, and answers what comes next.
async fn go_on(
    device: &Device,
    mut enrolment: Enrolment,
    mut next: Next,
    trust: &VerifiedTrust,
) -> Result<Answer, Failure> {
    // Before anything else is asked: what ScotAccount sent is redeemed once only.
    device.storage.write(vec![records::enrolment(&enrolment)]).await?;
    if next == Next::Entries {
        device.shows(Step::Confirming);
        let response = device.ask_directory(&enrolment.entries(trust)?).await?;
        next = match enrolment.entries_shown(&response).map_err(Failure::from) {
            Ok(next) => next,
            Err(failure) => return Err(begun_again_if_over(device, &mut enrolment, failure).await?),
        };
        device.storage.write(vec![records::enrolment(&enrolment)]).await?;
    }
    match next {
        Next::Authorise => Ok(Answer::GoTo(enrolment.authorise_url(trust)?)),
        Next::Unlock | Next::AlreadyEnrolled => Ok(Answer::Status(status(&enrolment))),
        // They were shown just now.
        Next::Entries => Err(Failure(Problem::OutOfTurn)),
    }
}

/// Begins the sign-in anew, with the same keys, where the directory has forgotten the steps before.
/// Gives back the failure that said so, or any other.
pub(crate) async fn begun_again_if_over(
    device: &Device,
    enrolment: &mut Enrolment,
    failure: Failure,
) -> Result<Failure, Failure> {
    if failure.0 == Problem::SignInExpired {
        let mut anew = enrolment.clone();
        anew.begin_again(device.worker.now(), &mut random::source());
        device.storage.write(vec![records::enrolment(&anew)]).await?;
        *enrolment = anew;
    }
    Ok(failure)
}

/// The state of a sign-in, for the page.
pub(crate) fn status(enrolment: &Enrolment) -> Status {
    let is_recovery = enrolment.is_recovery();
    match enrolment.next_step() {
        Next::Authorise | Next::Entries => Status::SigningIn { is_recovery },
        Next::Unlock => Status::Confirmed { with_address: enrolment.with_address(), is_recovery },
        Next::AlreadyEnrolled => Status::EnrolledElsewhere,
    }
}
