//! What a browser is measured with: the answer and the letter of this run, and everything that is needed to
//! verify, open and seal them there.

use std::{fs, path::Path};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::trust::{DirectoryTrust, ProviderTrust, RelayTrust, SignedTrust, TrustFile, key_text};
use letterbox_bench_wasm::{Sample, Work};
use relay_auth::{cbor::Wire as _, signing::SigningKey};
use serde_json::json;

use crate::{
    Failure,
    directory::Recipient,
    figures::median,
    people::{World, now, rng},
};

/// Nobody is asked there: what is trusted about relay and provider has to name a place.
const NOWHERE: &str = "https://nowhere.letterbox.example";

/// Writes the sample, and reads it again, so that one that does not hold shows here.
pub(crate) fn write(
    file: &Path,
    world: &World,
    recipient: &Recipient,
    people: u32,
    envelope: &[u8],
) -> Result<(), Failure> {
    let sample = Sample {
        people,
        time: now(),
        trust: trust_file(world, recipient)?,
        asked: text(&recipient.asked.to_bytes()),
        answer: text(&recipient.answer),
        body: text(&world.signed_body.to_bytes()),
        body_seed: text(world.body_key.to_seed().expose()),
        inbox_seed: text(recipient.inbox.seed().expose()),
        envelope: text(envelope),
    };
    let sample = serde_json::to_string(&sample)?;
    Work::new(&sample)?;
    Ok(fs::write(file, sample)?)
}

/// How long each piece of the work takes natively, as JSON, in microseconds.
pub(crate) fn again(file: &Path) -> Result<String, Failure> {
    let work = Work::new(&fs::read_to_string(file)?)?;
    let verify = median(|| Ok(work.verify(work.answer())?))?;
    let seal = median(|| Ok(work.seal()?))?;
    let open = median(|| Ok(work.open(work.envelope())?))?;
    Ok(json!({ "verify": verify, "seal": seal, "open": open }).to_string())
}

fn trust_file(world: &World, recipient: &Recipient) -> Result<String, Failure> {
    let deployment = SigningKey::generate(&mut rng());
    let (trust, provider) = (&recipient.trust, &world.provider);
    let file = TrustFile {
        version: 1,
        issued: world.began,
        directory: DirectoryTrust {
            url: NOWHERE.to_owned(),
            log_origin: trust.log.origin.clone(),
            log_key: key_text(&trust.log.key),
            vrf_key: text(&trust.vrf_key),
            operators: trust.operators.iter().map(key_text).collect(),
        },
        witnesses: Vec::new(),
        quorum: 0,
        relay: RelayTrust::new(NOWHERE.to_owned(), &deployment.verifying_key()),
        provider: ProviderTrust {
            issuer: provider.issuer.clone(),
            attribute_issuer: provider.attribute_issuer.clone(),
            authorize_url: format!("{NOWHERE}/authorize"),
            client_id: provider.client_id.clone(),
            redirect_uri: format!("{NOWHERE}/signed-in"),
            keys: world.keys.clone(),
            attribute_keys: world.keys.clone(),
        },
    };
    Ok(SignedTrust::sign(&file, &deployment)?.to_json())
}

fn text(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
