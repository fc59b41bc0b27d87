//! The trust file: the one home of everything that is trusted before anything is asked
//! (`LBX-TRUST-1` to `LBX-TRUST-3`).
//!
//! `trust.json` names the directory's and the relay's keys, the witnesses, the operators and the
//! identity provider. The deployment's key, which is kept offline, signs its text. The client gets it
//! with its programs and remembers the signer; a public body gets the signer's key with its own
//! keys. A file by another signer is refused.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{
    cbor::encode,
    label,
    receipt::{ReceiptKey, ReceiptKeys},
    signing::{Signature, SigningKey, VerifyingKey},
};
use serde::{Deserialize, Serialize};

use crate::{
    directory::{LogKey, Trust, Witness},
    evidence::IdentityProvider,
    jwt::KeySet,
};

/// The longest trust file that is looked at, in bytes.
pub const LONGEST_TRUST: usize = 256 * 1024;

/// Why a trust file was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not in the format.
    #[error("the trust file cannot be read: it is damaged, or of a later version than this program")]
    Malformed,
    /// A field has a value that makes no sense.
    #[error("the trust file has a {0} that is none")]
    Field(&'static str),
    /// Signed by another deployment.
    #[error("the trust file is of another deployment than the one that is known here")]
    OtherDeployment,
    /// The signature does not hold.
    #[error("the signature on the trust file does not hold")]
    Forged,
}

/// What a trust file says. Keys are 32 bytes in base64url without padding; addresses are origins:
/// scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    /// 1, which is left out; 2 where a key was replaced, which readers of 1 refuse (`LBX-TRUST-3`).
    #[serde(default = "first_version", skip_serializing_if = "is_first_version")]
    pub version: u64,
    /// When it was made, Unix seconds. Readers do not go back to an older one.
    pub issued: u64,
    /// The key directory.
    pub directory: DirectoryTrust,
    /// The witnesses of its log.
    pub witnesses: Vec<WitnessTrust>,
    /// How many of them have to confirm a head.
    pub quorum: usize,
    /// The relay.
    pub relay: RelayTrust,
    /// ScotAccount.
    pub provider: ProviderTrust,
}

/// The key directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryTrust {
    /// Where it answers.
    pub url: String,
    /// The origin line of its log.
    pub log_origin: String,
    /// The key that signs the log's heads.
    pub log_key: String,
    /// The key under which the tree hides its labels.
    pub vrf_key: String,
    /// The operators of whom two approve each public body.
    pub operators: Vec<String>,
}

/// A witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessTrust {
    /// The name of its key.
    pub name: String,
    /// Its key.
    pub key: String,
}

/// The relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayTrust {
    /// Where it answers.
    pub url: String,
    /// The key that signs its receipts.
    pub receipt_key: String,
    /// The first second (Unix time) of the receipts for which it counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub receipt_key_not_before: u64,
    /// The keys that were before it. Each is a text of [`former_receipt_key`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_receipt_keys: Vec<String>,
}

impl RelayTrust {
    /// A relay whose receipt key was never replaced.
    #[must_use]
    pub fn new(url: String, receipt_key: &VerifyingKey) -> Self {
        let (receipt_key, former_receipt_keys) = (key_text(receipt_key), Vec::new());
        Self { url, receipt_key, receipt_key_not_before: 0, former_receipt_keys }
    }

    /// The version of a trust file that names this relay.
    #[must_use]
    pub fn version(&self) -> u64 {
        if self.receipt_key_not_before == 0 && self.former_receipt_keys.is_empty() { FIRST } else { 2 }
    }

    /// Its keys, each once: a key that was replaced never comes back.
    fn receipt_keys(&self) -> Result<ReceiptKeys, TrustError> {
        let mut keys = vec![ReceiptKey {
            key: parse_key(&self.receipt_key, "receipt key")?,
            not_before: self.receipt_key_not_before,
            not_after: u64::MAX,
        }];
        for text in &self.former_receipt_keys {
            let former = parse_former(text).filter(|former| keys.iter().all(|known| known.key != former.key));
            keys.push(former.ok_or(TrustError::Field("former receipt key"))?);
        }
        Ok(keys.into())
    }
}

/// A receipt key that was replaced, as the trust file writes it: the key, the first and the last second
/// (Unix time) of the receipts for which it counts, with a space between them.
#[must_use]
pub fn former_receipt_key(key: &str, not_before: u64, not_after: u64) -> String {
    format!("{key} {not_before} {not_after}")
}

fn parse_former(text: &str) -> Option<ReceiptKey> {
    let (key_text, span) = text.split_once(' ')?;
    let (first, last) = span.split_once(' ')?;
    let (not_before, not_after): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let key = parse_key(key_text, "former receipt key").ok()?;
    // A number can be read with a sign or zeros in front: there is one text for each key.
    let is_whole = not_before <= not_after && former_receipt_key(key_text, not_before, not_after) == text;
    is_whole.then_some(ReceiptKey { key, not_before, not_after })
}

/// The version of trust files that have none.
const FIRST: u64 = 1;

const fn first_version() -> u64 {
    FIRST
}

const fn is_first_version(version: &u64) -> bool {
    *version == FIRST
}

const fn is_zero(second: &u64) -> bool {
    *second == 0
}

/// The identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderTrust {
    /// The issuer of ID tokens.
    pub issuer: String,
    /// The issuer of attribute tokens.
    pub attribute_issuer: String,
    /// Where people sign in.
    pub authorize_url: String,
    /// Our client id there.
    pub client_id: String,
    /// Where people are sent back to: exactly this address.
    pub redirect_uri: String,
    /// The keys that sign ID tokens (RFC 7517).
    pub keys: serde_json::Value,
    /// The keys that sign attribute tokens.
    pub attribute_keys: serde_json::Value,
}

/// A trust file with its signature, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTrust {
    /// The JSON text of a [`TrustFile`], exactly as it was signed.
    trust: String,
    signer: String,
    signature: String,
}

impl SignedTrust {
    /// Signs a trust file with the deployment's key.
    ///
    /// # Errors
    /// [`TrustError`] for a file that nobody could use.
    pub fn sign(file: &TrustFile, deployment: &SigningKey) -> Result<Self, TrustError> {
        VerifiedTrust::new(file.clone())?;
        let trust = serde_json::to_string_pretty(file).map_err(|_| TrustError::Malformed)?;
        let signature = deployment.sign(label::TRUST, &encode(&(trust.as_str(),)));
        Ok(Self {
            signature: Base64UrlUnpadded::encode_string(signature.as_bytes()),
            signer: key_text(&deployment.verifying_key()),
            trust,
        })
    }

    /// Reads a signed trust file.
    ///
    /// # Errors
    /// [`TrustError::Malformed`].
    pub fn from_json(json: &[u8]) -> Result<Self, TrustError> {
        if json.len() > LONGEST_TRUST {
            return Err(TrustError::Malformed);
        }
        serde_json::from_slice(json).map_err(|_| TrustError::Malformed)
    }

    /// The file as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Three texts always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Who says to have signed it. To be remembered by a reader that knows no deployment yet, after
    /// [`SignedTrust::verify`].
    ///
    /// # Errors
    /// [`TrustError::Field`].
    pub fn signer(&self) -> Result<VerifyingKey, TrustError> {
        parse_key(&self.signer, "signer")
    }

    /// Verifies that the deployment of this key signed the file, and reads it (`LBX-TRUST-2`).
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn verify(&self, deployment: &VerifyingKey) -> Result<VerifiedTrust, TrustError> {
        if self.signer()? != *deployment {
            return Err(TrustError::OtherDeployment);
        }
        let mut signature = [0; 64];
        match Base64UrlUnpadded::decode(&self.signature, &mut signature) {
            Ok(decoded) if decoded.len() == 64 => {}
            _ => return Err(TrustError::Forged),
        }
        let signed = encode(&(self.trust.as_str(),));
        if !deployment.verifies(label::TRUST, &signed, &Signature::from(signature)) {
            return Err(TrustError::Forged);
        }
        VerifiedTrust::new(serde_json::from_str(&self.trust).map_err(|_| TrustError::Malformed)?)
    }
}

/// A trust file whose signature was verified.
#[derive(Debug)]
pub struct VerifiedTrust {
    file: TrustFile,
    trust: Trust,
    provider: IdentityProvider,
    receipt_keys: ReceiptKeys,
}

impl VerifiedTrust {
    fn new(file: TrustFile) -> Result<Self, TrustError> {
        if file.version != file.relay.version() {
            return Err(TrustError::Malformed);
        }
        let DirectoryTrust { url, log_origin, log_key, vrf_key, operators } = &file.directory;
        let origins = [url, &file.relay.url, &file.provider.issuer, &file.provider.attribute_issuer];
        if !origins.iter().all(|origin| authority_of(origin).is_some()) {
            return Err(TrustError::Field("service address"));
        }
        if file.quorum > file.witnesses.len() {
            return Err(TrustError::Field("number of witnesses"));
        }
        let operators = operators.iter().map(|key| parse_key(key, "key of an operator"));
        let witnesses = file.witnesses.iter().map(|witness| {
            let key = parse_key(&witness.key, "key of a witness")?;
            Ok(Witness { name: witness.name.clone(), key })
        });
        let trust = Trust {
            log: LogKey { origin: log_origin.clone(), key: parse_key(log_key, "log key")? },
            vrf_key: parse_bytes(vrf_key).ok_or(TrustError::Field("VRF key"))?,
            witnesses: witnesses.collect::<Result<_, TrustError>>()?,
            quorum: file.quorum,
            operators: operators.collect::<Result<_, TrustError>>()?,
        };
        let keys = |keys: &serde_json::Value| {
            KeySet::from_json(keys.to_string().as_bytes()).map_err(|_| TrustError::Field("provider key set"))
        };
        let provider = IdentityProvider {
            issuer: file.provider.issuer.clone(),
            attribute_issuer: file.provider.attribute_issuer.clone(),
            client_id: file.provider.client_id.clone(),
            keys: keys(&file.provider.keys)?,
            attribute_keys: keys(&file.provider.attribute_keys)?,
        };
        let receipt_keys = file.relay.receipt_keys()?;
        Ok(Self { file, trust, provider, receipt_keys })
    }

    /// What the file says.
    #[must_use]
    pub const fn file(&self) -> &TrustFile {
        &self.file
    }

    /// What is trusted about the directory.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What is trusted about the identity provider.
    #[must_use]
    pub const fn provider(&self) -> &IdentityProvider {
        &self.provider
    }

    /// The keys of the relay's receipts.
    #[must_use]
    pub const fn receipt_keys(&self) -> &ReceiptKeys {
        &self.receipt_keys
    }
}

/// Host, and port where it is not the scheme's own, of an origin such as `https://relay.example`:
/// what requests sign as `@authority` (RFC 9421 §2.2.3). `None` for anything but an origin.
#[must_use]
pub fn authority_of(origin: &str) -> Option<&str> {
    let (authority, own_port) = match origin.strip_prefix("https://") {
        Some(rest) => (rest, ":443"),
        None => (origin.strip_prefix("http://")?, ":80"),
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    (!authority.is_empty() && authority.bytes().all(is_plain) && !authority.ends_with(own_port))
        .then_some(authority)
}

/// A public key as the trust file writes it.
#[must_use]
pub fn key_text(key: &VerifyingKey) -> String {
    Base64UrlUnpadded::encode_string(key.as_bytes())
}

/// Reads a public key as the trust file writes it.
///
/// # Errors
/// [`TrustError::Field`] with `name`.
pub fn parse_key(text: &str, name: &'static str) -> Result<VerifyingKey, TrustError> {
    let bytes = parse_bytes(text).ok_or(TrustError::Field(name))?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| TrustError::Field(name))
}

fn parse_bytes(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let decoded = Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
    (decoded.len() == 32).then_some(())?;
    Some(bytes)
}
