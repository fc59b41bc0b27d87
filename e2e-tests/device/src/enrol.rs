//! From nothing to an entry in the directory. What came of each step is stored before the next, so
//! that a device that was interrupted goes on where it was.

use client_mailbox::{
    enrolment::{Enrolment, Next, Redeem, Returned, SignedEnrolment},
    keys::DeviceKeys,
    local::{Record, Writes, names},
};
use crypto_core::trust::VerifiedTrust;
use relay_auth::cbor::Wire as _;

use crate::{
    disk::{Disk, ENROLMENT},
    failure::Failure,
    network::Network,
    person::Person,
    system::{now, rng},
};

/// Enrols, unless that is done.
pub(crate) async fn finish(
    network: &Network,
    trust: &VerifiedTrust,
    keys: &DeviceKeys,
    disk: &mut Disk,
    person: &mut Person<'_>,
) -> Result<(), Failure> {
    if disk.get(names::ENROLLED).is_some() {
        return Ok(());
    }
    let signed = match disk.get(names::SIGNED) {
        Some(record) => SignedEnrolment::from_bytes(record)?,
        None => sign(network, trust, keys, disk, person).await?,
    };
    // The same request again has the same effect.
    let answer = network.send(&signed.publish(trust, keys)?).await?;
    let enrolled = signed.published(trust, &answer, now())?;
    let enrolled = Record { name: names::ENROLLED.to_owned(), content: enrolled.to_bytes().into() };
    disk.write(&Writes { put: vec![enrolled], remove: vec![names::SIGNED.to_owned()] })
}

async fn sign(
    network: &Network,
    trust: &VerifiedTrust,
    keys: &DeviceKeys,
    disk: &mut Disk,
    person: &mut Person<'_>,
) -> Result<SignedEnrolment, Failure> {
    let mut enrolment = match disk.get(ENROLMENT) {
        Some(record) => Enrolment::from_bytes(record)?,
        None => Enrolment::start(keys, now(), &mut rng()),
    };
    while enrolment.stage().is_some() {
        // An earlier try may have been interrupted: what would come back for it is not redeemed.
        enrolment.renew(&mut rng());
        disk.put([(ENROLMENT.to_owned(), enrolment.to_bytes())])?;
        let query = person.agree(&enrolment.authorise_url(trust)?).await?;
        if let Redeem::Send(request) = enrolment.redeem(trust, &Returned::parse(&query)?, now())? {
            let answer = network.send(&request).await?;
            enrolment.redeemed(trust, &answer, now())?;
        }
        disk.put([(ENROLMENT.to_owned(), enrolment.to_bytes())])?;
    }
    if enrolment.next_step() == Next::AlreadyEnrolled {
        return Err(Failure::EnrolledElsewhere);
    }
    let answer = network.send(&enrolment.collect(trust, keys)?).await?;
    let signed = enrolment.sign(trust, keys, &answer, now(), &mut rng())?;
    disk.put([(names::SIGNED.to_owned(), signed.to_bytes()), (ENROLMENT.to_owned(), enrolment.to_bytes())])?;
    Ok(signed)
}
