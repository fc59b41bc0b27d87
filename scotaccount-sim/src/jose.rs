//! Signed tokens (RFC 7515, RFC 7519): the one place that knows which library makes and checks
//! them.
//!
//! The library compares no times, audiences or issuers here: its clock cannot be set, and each
//! token here has rules of its own, which stand where the token is read.

use std::collections::HashSet;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::Error,
    jwk::{Jwk, ThumbprintHash},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The longest token that is looked at, in bytes.
pub(crate) const LONGEST: usize = 16 * 1024;

/// Signs with RS256.
pub(crate) fn sign<T: Serialize>(
    typ: &str,
    key_id: &str,
    claims: &T,
    key: &EncodingKey,
) -> Result<String, Error> {
    let header =
        Header { typ: Some(typ.to_owned()), kid: Some(key_id.to_owned()), ..Header::new(Algorithm::RS256) };
    encode(&header, claims, key)
}

/// What a token says of itself, before anything is checked. None for what is no token, and for one
/// that carries an extension which would have to be understood (RFC 7515 §4.1.11).
pub(crate) fn header(token: &str) -> Option<Header> {
    if token.len() > LONGEST {
        return None;
    }
    decode_header(token).ok().filter(|header| header.crit.is_none())
}

/// The claims of a token whose signature holds.
pub(crate) fn verified<T: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Option<T> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<T>(token, key, &validation).ok().map(|data| data.claims)
}

/// The claims that a token would have if it were genuine: only good for finding the key to ask.
pub(crate) fn unverified<T: DeserializeOwned>(token: &str) -> Option<T> {
    jsonwebtoken::dangerous::insecure_decode_claims(token).ok()
}

/// The thumbprint of a public key (RFC 7638) with SHA-256, in base64url.
pub(crate) fn thumbprint(jwk: &Value) -> Option<String> {
    let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
    jwk.thumbprint(ThumbprintHash::SHA256).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_the_standards_example() {
        // RFC 7638 §3.1.
        let jwk = serde_json::json!({
            "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP\
                  ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY3\
                  68QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4\
                  lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        });
        assert_eq!(thumbprint(&jwk).as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    }

    #[test]
    fn what_is_no_token_has_no_header() {
        for text in ["", "a", "a.b", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."] {
            assert!(header(text).is_none(), "{text}");
        }
    }
}
