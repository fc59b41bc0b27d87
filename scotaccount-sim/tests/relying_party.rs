//! Relying parties with keys, and how they check tokens.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use base64ct::{Base64, Encoding as _};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use serde_json::{Value, json};

use crate::support::{EVERYTHING, REDIRECT};

// PKCS#8, made for these tests.
const LETTERBOX_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3f+noaDTJELq4Wub5odUdwae4sZILvsfdOBmnTuC5MWhRANCAAQWG6761yT78hgD6iedTl39PaM9wB6zQCbiGoKLRYEoiWFv3no02W2du69v2ZfAVhsyAbCbzXbhGqyiLEQzew0P";
const OTHER_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx90t6+6/qerwWT41IwenWgz2K4zkIPTULc/2G5HyhNKhRANCAATy/50ZBS8mVDWiqNzb9dokcO5YqSPBAiSr09R9Lb1LiQtIRhQyjPnf2+k+lqj/vLgLAQzZOmE2mKEe5WdKGyeZ";

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A relying party with a key that is registered for it.
pub(crate) struct RelyingParty {
    pub(crate) id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    jwk: Value,
}

impl RelyingParty {
    pub(crate) fn letterbox() -> Self {
        Self::new("letterbox", Algorithm::ES256, EncodingKey::from_ec_der(&der(LETTERBOX_KEY)))
    }

    pub(crate) fn other() -> Self {
        Self::new("other", Algorithm::ES256, EncodingKey::from_ec_der(&der(OTHER_KEY)))
    }

    pub(crate) fn new(id: &'static str, algorithm: Algorithm, key: EncodingKey) -> Self {
        let jwk = Jwk::from_encoding_key(&key, algorithm).unwrap();
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = thumbprint.into();
        Self { id, algorithm, key, jwk }
    }

    pub(crate) fn registration(&self) -> Value {
        json!({
            "client_id": self.id, "name": format!("Service {}", self.id),
            "redirect_uris": [REDIRECT],
            "post_logout_redirect_uris": ["http://localhost:8080/"],
            "scopes": EVERYTHING.split(' ').collect::<Vec<_>>(),
            "jwks": { "keys": [self.jwk] },
        })
    }

    pub(crate) fn claims(&self, audience: &str, now: u64) -> Value {
        let number = COUNTER.fetch_add(1, SeqCst);
        json!({ "iss": self.id, "sub": self.id, "aud": audience, "iat": now, "exp": now + 60,
            "jti": format!("assertion-{number}") })
    }

    pub(crate) fn header(&self) -> Header {
        Header { kid: self.jwk["kid"].as_str().map(str::to_owned), ..Header::new(self.algorithm) }
    }

    pub(crate) fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }

    /// An assertion as it should be.
    pub(crate) fn assertion(&self, audience: &str, now: u64) -> String {
        self.sign(&self.header(), &self.claims(audience, now))
    }
}

fn der(base64: &str) -> Vec<u8> {
    Base64::decode_vec(base64).unwrap()
}

/// Header and claims of a token that one of these keys signed with RS256.
pub(crate) fn verified(keys: &Value, token: &str) -> Option<(Header, Value)> {
    let keys: JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = keys.find(header.kid.as_deref().unwrap())?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let data =
        jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).ok()?;
    Some((data.header, data.claims))
}
