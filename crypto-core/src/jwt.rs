//! Signed tokens of the identity provider: RS256 (RFC 7515, RFC 7518 §3.3) and nothing else
//! (`LBX-JWT-1`).
//!
//! The algorithm is fixed, `crit` is refused (RFC 7515 §4.1.11), keys are found by `kid` in a key
//! set that the caller vouches for, moduli have 2048 to 4096 bits, the exponent is 65537.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use rsa::{
    BoxedUint, RsaPublicKey,
    pkcs1v15::{Signature, VerifyingKey},
    signature::Verifier as _,
};
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use sha2::Sha256;

/// The longest token that is looked at, in bytes.
pub const LONGEST_TOKEN: usize = 16 * 1024;

/// The longest key set that is looked at, in bytes.
pub const LONGEST_KEY_SET: usize = 64 * 1024;

const MOST_KEYS: usize = 16;

/// Why a token was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Longer than any honest token.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts in base64url, or no JSON inside.
    #[error("the token is not a signed token")]
    Malformed,
    /// Another algorithm than RS256, or an extension that must be understood.
    #[error("the token is signed in a way that is not accepted here")]
    Algorithm,
    /// Signed by a key that the provider does not list.
    #[error("the token is signed by a key that the identity provider does not list")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the identity provider's signature does not hold")]
    Forged,
    /// A key set that cannot be used.
    #[error("the identity provider's key set cannot be used")]
    KeySet,
}

/// The public keys of an identity provider (RFC 7517).
#[derive(Debug)]
pub struct KeySet(Vec<(String, VerifyingKey<Sha256>)>);

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
}

impl KeySet {
    /// Reads a JWK Set. Keys for other uses or algorithms are passed over; an unusable signing key
    /// makes the set unusable, as does one without any key.
    ///
    /// # Errors
    /// [`JwtError::KeySet`].
    pub fn from_json(json: &[u8]) -> Result<Self, JwtError> {
        if json.len() > LONGEST_KEY_SET {
            return Err(JwtError::KeySet);
        }
        let set: JwkSet = serde_json::from_slice(json).map_err(|_| JwtError::KeySet)?;
        if set.keys.len() > MOST_KEYS {
            return Err(JwtError::KeySet);
        }
        let mut keys: Vec<(String, VerifyingKey<Sha256>)> = Vec::new();
        for key in set.keys.into_iter().filter(Jwk::is_for_signing) {
            let (Some(id), Some(modulus), Some(exponent)) = (key.kid, key.n, key.e) else {
                return Err(JwtError::KeySet);
            };
            if keys.iter().any(|(known, _)| *known == id) {
                return Err(JwtError::KeySet);
            }
            keys.push((id, rsa_key(&modulus, &exponent)?));
        }
        if keys.is_empty() { Err(JwtError::KeySet) } else { Ok(Self(keys)) }
    }

    /// Verifies a token's signature and reads its claims. Their meaning is the caller's to check.
    ///
    /// # Errors
    /// [`JwtError`].
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<T, JwtError> {
        if token.len() > LONGEST_TOKEN {
            return Err(JwtError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        // The decoder refuses padding and stray bits, so a token has one form.
        let decode = |part: &str| Base64UrlUnpadded::decode_vec(part).map_err(|_| JwtError::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwtError::Malformed)?;
        if header.alg != "RS256" || header.crit.is_some() || header.b64.is_some() {
            return Err(JwtError::Algorithm);
        }
        let (_, key) = self.0.iter().find(|(id, _)| *id == header.kid).ok_or(JwtError::UnknownKey)?;
        let signature =
            Signature::from_bytes_with_max_len(&decode(signature)?, 512).map_err(|_| JwtError::Forged)?;
        key.verify(signed.as_bytes(), &signature).map_err(|_| JwtError::Forged)?;
        serde_json::from_slice(&decode(claims)?).map_err(|_| JwtError::Malformed)
    }
}

impl Jwk {
    fn is_for_signing(&self) -> bool {
        self.kty == "RSA"
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|algorithm| algorithm == "RS256")
    }
}

fn rsa_key(modulus: &str, exponent: &str) -> Result<VerifyingKey<Sha256>, JwtError> {
    const MOST_DIGITS: usize = 683; // 4096 bits in base64url
    if modulus.len() > MOST_DIGITS || exponent != "AQAB" {
        return Err(JwtError::KeySet);
    }
    let modulus = Base64UrlUnpadded::decode_vec(modulus).map_err(|_| JwtError::KeySet)?;
    if !(256..=512).contains(&modulus.len()) || modulus.first() == Some(&0) {
        return Err(JwtError::KeySet);
    }
    let modulus = BoxedUint::from_be_slice_vartime(&modulus);
    RsaPublicKey::new_with_size_limits(modulus, BoxedUint::from(65_537_u64), 2048..=4096)
        .map(VerifyingKey::new)
        .map_err(|_| JwtError::KeySet)
}
