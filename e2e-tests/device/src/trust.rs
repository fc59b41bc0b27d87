//! The trust file, from the origin that serves the client. Who signed it the first time is remembered.

use crypto_core::trust::{SignedTrust, TrustError, VerifiedTrust};
use reqwest::Method;

use crate::{
    disk::Disk,
    failure::Failure,
    network::{Network, whole},
};

const RECORD: &str = "trust";

pub(crate) async fn current(
    network: &Network,
    client: &str,
    disk: &mut Disk,
) -> Result<VerifiedTrust, Failure> {
    let request = network.request(Method::GET, &format!("{client}/trust.json"));
    let answer = whole(request.send().await?).await?;
    if answer.status != 200 {
        return Err(Failure::NoTrust(answer.status));
    }
    let signed = SignedTrust::from_json(&answer.body)?;
    let signer = signed.signer()?;
    let verified = signed.verify(&signer)?;
    if let Some(known) = disk.get(RECORD)
        && SignedTrust::from_json(known)?.signer()? != signer
    {
        return Err(TrustError::OtherDeployment.into());
    }
    disk.put([(RECORD.to_owned(), answer.body)])?;
    Ok(verified)
}
