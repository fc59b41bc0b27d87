//! From keys to an entry in the directory: the first one, or the one that brings a mailbox back. What
//! came of each step is stored before the next, so that a device that was interrupted goes on where it
//! was.

use client_mailbox::{
    enrolment::{Enrolment, Next, Redeem, Returned, SignedEnrolment},
    keys::DeviceKeys,
    local::{Record, Writes, names},
    recovery,
    relay::Signer,
};
use crypto_core::trust::VerifiedTrust;
use relay_auth::cbor::Wire as _;

use crate::{
    disk::{Disk, ENROLMENT},
    failure::Failure,
    hold::{Hold, Step},
    network::Network,
    person::Person,
    system::{now, rng},
};

/// Enrols or comes back, unless that is done.
pub(crate) async fn finish(
    network: &Network,
    trust: &VerifiedTrust,
    keys: &DeviceKeys,
    disk: &mut Disk,
    person: &mut Person<'_>,
    hold: Hold,
) -> Result<(), Failure> {
    if disk.get(names::ENROLLED).is_some() {
        return Ok(());
    }
    let signed = match disk.get(names::SIGNED) {
        Some(record) => SignedEnrolment::from_bytes(record)?,
        None => sign(network, trust, keys, disk, person, hold).await?,
    };
    // Before the entry: at every moment the relay has the bundle that the entry in force commits to.
    let signer = Signer { keys, trust, now: now() };
    if let Some(request) = recovery::announce(&signed, &signer, &mut rng())? {
        network.send(&request).await?.done()?;
        hold.at(Step::Announced);
    }
    // The same request again has the same effect.
    let answer = network.send(&signed.publish(trust, keys)?).await?;
    let enrolled = signed.published(trust, &answer, now())?;
    hold.at(Step::Published);
    let enrolled = Record { name: names::ENROLLED.to_owned(), content: enrolled.to_bytes().into() };
    disk.write(&Writes { put: vec![enrolled], remove: vec![names::SIGNED.to_owned()] })
}

async fn sign(
    network: &Network,
    trust: &VerifiedTrust,
    keys: &DeviceKeys,
    disk: &mut Disk,
    person: &mut Person<'_>,
    hold: Hold,
) -> Result<SignedEnrolment, Failure> {
    let mut enrolment = match disk.get(ENROLMENT) {
        Some(record) => Enrolment::from_bytes(record)?,
        None => Enrolment::start(keys, now(), &mut rng()),
    };
    loop {
        match enrolment.next_step() {
            Next::Authorise => authorise(network, trust, disk, person, &mut enrolment).await?,
            Next::Entries => {
                let answer = network.send(&enrolment.entries(trust)?).await?;
                enrolment.entries_shown(&answer)?;
                hold.at(Step::Entries);
            }
            Next::Unlock => break,
            Next::AlreadyEnrolled => return Err(Failure::EnrolledElsewhere),
        }
        disk.put([(ENROLMENT.to_owned(), enrolment.to_bytes())])?;
    }
    let entries =
        if enrolment.is_recovery() { Some(network.send(&enrolment.entries(trust)?).await?) } else { None };
    let answer = network.send(&enrolment.collect(trust, keys)?).await?;
    let signed = enrolment.sign(trust, keys, &answer, entries.as_ref(), now(), &mut rng())?;
    hold.at(Step::Signed);
    disk.put([(names::SIGNED.to_owned(), signed.to_bytes()), (ENROLMENT.to_owned(), enrolment.to_bytes())])?;
    Ok(signed)
}

/// Sends the person to ScotAccount and takes what comes back.
async fn authorise(
    network: &Network,
    trust: &VerifiedTrust,
    disk: &mut Disk,
    person: &mut Person<'_>,
    enrolment: &mut Enrolment,
) -> Result<(), Failure> {
    // An earlier try may have been interrupted: what would come back for it is not redeemed.
    enrolment.renew(&mut rng());
    disk.put([(ENROLMENT.to_owned(), enrolment.to_bytes())])?;
    let query = person.agree(&enrolment.authorise_url(trust)?).await?;
    if let Redeem::Send(request) = enrolment.redeem(trust, &Returned::parse(&query)?, now())? {
        let answer = network.send(&request).await?;
        enrolment.redeemed(trust, &answer, now())?;
    }
    Ok(())
}
