//! The way back with a recovery code: what a device asks of the relay.
//!
//! ```text
//! fetch ─▶ found ─▶ keys, enrolment ─▶ announce ─▶ published ─▶ restart ─▶ finished
//! ```
//!
//! A code's key signs, because the device has no other that the relay knows. The new bundle is put
//! beside the old one before the new entry is published, so that at every moment a code on paper
//! works. The restart brings the new code's key and bundle once more: somebody who found the old sheet
//! may have pushed them out meanwhile. With it, everything that the devices of before had at the relay
//! is void.

use api::{
    Code, Octets32,
    recovery::{RecoveryBundle, RecoveryPut, RecoveryRestart},
};
use crypto_core::{
    recovery::{Bundle, BundleError, RecoveryCode, SealedBundle},
    trust::VerifiedTrust,
};
use rand_core::CryptoRng;
use relay_auth::{
    access::SignedAccessList,
    cbor::{Limits, Wire as _, encode},
    request::RequestError,
    signing::SigningKey,
};

use crate::{
    enrolment::{Enrolled, SignedEnrolment},
    http::{self, AnswerError, Call, HttpRequest, HttpResponse, RequestFailure},
    keys::DeviceKeys,
    relay::{Signer, access_list},
};

/// Asks for what the relay keeps for the code that signs.
const ASKING: Call<'_> = Call { method: "GET", path: "/v1/recovery", query: None, body: &[] };

/// A bundle and a counter.
const ANSWER: Limits = Limits { bytes: SealedBundle::LIMITS.bytes + 32, depth: 1, items: 3 };

/// What the relay keeps for a code, opened with it.
pub struct Found {
    /// The keys of the mailbox.
    pub bundle: Bundle,
    /// The digest of the sealed bundle (`LBX-BUNDLE-3`).
    pub digest: [u8; 32],
}

redacted!(Found);

relay_auth::wiped!(Found { bundle });

/// Why a code does not lead to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryError {
    /// The relay keeps nothing for it.
    #[error("there is no mailbox with this recovery code: look whether there is a newer one")]
    UnknownCode,
    /// The relay said no, or nothing that can be read.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// What the relay keeps for the code cannot be opened with it.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// Asks for what the relay keeps for a code. The answer goes to [`found`].
///
/// # Errors
/// [`RequestFailure`].
pub fn fetch(
    code: &RecoveryCode,
    trust: &VerifiedTrust,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let keys = code.keys().map_err(|_| RequestError::Unsignable)?;
    http::signed(&trust.file().relay.url, ASKING, keys.request(), now, rng)
}

/// The answer to [`fetch`]. It is not believed yet: that it is what belongs to the entry in force is
/// found out when the new entry is signed.
///
/// # Errors
/// [`RecoveryError`].
pub fn found(response: &HttpResponse, code: &RecoveryCode) -> Result<Found, RecoveryError> {
    let RecoveryBundle { bundle, .. } = kept(response)?.ok_or(RecoveryError::UnknownCode)?;
    let sealed = SealedBundle::from_bytes(bundle.as_ref()).map_err(BundleError::Malformed)?;
    let keys = code.keys().map_err(BundleError::Malformed)?;
    Ok(Found { bundle: sealed.open(keys.seal())?, digest: sealed.digest() })
}

/// Puts the new bundle beside the one that was found, before the new entry is published. None if
/// this is no recovery. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn announce(
    signed: &SignedEnrolment,
    signer: &Signer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Option<HttpRequest>, RequestFailure> {
    let Some(key) = key_of(By::Typed, signer.keys)? else { return Ok(None) };
    let body = put(signer.keys, signed.bundle());
    let call = Call { method: "PUT", path: "/v1/recovery", query: None, body: &body };
    signer.sign_by(&key, call, rng).map(Some)
}

/// Puts the bundle of this device's first entry at the relay. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn keep(
    enrolled: &Enrolled,
    signer: &Signer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let body = put(signer.keys, enrolled.bundle());
    let call = Call { method: "PUT", path: "/v1/mailbox/recovery", query: None, body: &body };
    signer.sign(call, rng)
}

/// The code whose key signs a request of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The one that was typed. It is void once the mailbox was restarted.
    Typed,
    /// The new one. It is void where somebody announced another one since.
    New,
}

/// Asks for the counter of the access list in force, right before the restart: a device of before may
/// have changed the list since. None if this is no recovery. The answer goes to [`access_counter`].
///
/// # Errors
/// [`RequestFailure`].
pub fn look(
    by: By,
    signer: &Signer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Option<HttpRequest>, RequestFailure> {
    let Some(key) = key_of(by, signer.keys)? else { return Ok(None) };
    signer.sign_by(&key, ASKING, rng).map(Some)
}

/// The answer to [`look`]; none if the relay does not know the code (any more).
///
/// # Errors
/// [`AnswerError`].
pub fn access_counter(response: &HttpResponse) -> Result<Option<u64>, AnswerError> {
    Ok(kept(response)?.map(|kept| kept.access_counter))
}

/// What the relay keeps for a code; none if it does not know the code.
fn kept(response: &HttpResponse) -> Result<Option<RecoveryBundle>, AnswerError> {
    match response.decoded(ANSWER) {
        Err(AnswerError::Refused(refused)) if refused.is(Code::SignatureInvalid) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// Puts a list in force that names this device alone, after the one of counter `in_force`. The new
/// code's key signs it and is the mailbox's only one from then on (`LBX-ACCESS-2`). None if this is no
/// recovery. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn restart(
    enrolled: &Enrolled,
    by: By,
    in_force: u64,
    signer: &Signer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Option<HttpRequest>, RequestFailure> {
    let (Some(new), Some(asks)) = (key_of(By::New, signer.keys)?, key_of(by, signer.keys)?) else {
        return Ok(None);
    };
    let list = access_list(enrolled, signer.keys, in_force.saturating_add(1));
    let restart = RecoveryRestart {
        access_list: SignedAccessList::sign(&list, &new).to_bytes().into(),
        key: Octets32(*signer.keys.recovery_request_key().as_bytes()),
        bundle: enrolled.bundle().to_vec().into(),
    };
    let body = encode(&restart);
    let call = Call { method: "POST", path: "/v1/recovery/restart", query: None, body: &body };
    signer.sign_by(&asks, call, rng).map(Some)
}

/// The key of a code, while a recovery is unfinished.
fn key_of(by: By, keys: &DeviceKeys) -> Result<Option<SigningKey>, RequestFailure> {
    let Some(former) = keys.former() else { return Ok(None) };
    let key = match by {
        By::Typed => former.request().map_err(|_| RequestError::Unsignable)?,
        By::New => {
            let code = keys.recovery_code().ok_or(RequestError::Unsignable)?;
            code.keys().map_err(|_| RequestError::Unsignable)?.into_request()
        }
    };
    Ok(Some(key))
}

fn put(keys: &DeviceKeys, bundle: &[u8]) -> Vec<u8> {
    let key = Octets32(*keys.recovery_request_key().as_bytes());
    encode(&RecoveryPut { key, bundle: bundle.to_vec().into() })
}
