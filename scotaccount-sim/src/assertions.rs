//! Client assertions (RFC 7523 §3, `private_key_jwt`): how a relying party proves who it is, at the
//! token endpoint and at the attributes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;

use crate::{
    clients::{Client, Clients},
    jose,
    switches::{AssertionTime, Switches},
};

/// How far a relying party's clock may be from ours, in seconds.
const CLOCK_SKEW: u64 = 60;

/// The longest `jti` that is remembered, in bytes.
const LONGEST_ID: usize = 256;

/// Why an assertion was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionError {
    #[error("the client assertion is missing")]
    Missing,
    #[error("the client assertion is not a signed token with iss, sub, aud, exp, iat and jti")]
    Malformed,
    #[error("the client assertion has expired or is not valid yet")]
    OutOfTime,
    #[error("the client assertion is from nobody who is registered, or for another client_id")]
    UnknownClient,
    #[error("the client assertion's kid is not the thumbprint of a registered key, or its alg is another")]
    UnknownKey,
    #[error("the client assertion's signature does not hold")]
    Forged,
    #[error("the client assertion's aud is not exactly the address that was called")]
    OtherAudience,
    #[error("the client assertion expires too far ahead")]
    TooLong,
    #[error("the client assertion was used before")]
    Replayed,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn is(&self, url: &str) -> bool {
        match self {
            Self::One(audience) => audience == url,
            Self::Several(audiences) => audiences.iter().map(String::as_str).eq([url]),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    jti: String,
}

/// Checks assertions, and remembers them for as long as they could come again.
#[derive(Default)]
pub(crate) struct Assertions {
    /// Client and `jti`, with the time until which they count.
    seen: Mutex<HashMap<(String, String), u64>>,
}

impl Assertions {
    /// Who made the assertion, if it holds for the address `url`. It holds once.
    pub(crate) fn verify(
        &self,
        assertion: &str,
        url: &str,
        clients: &Clients,
        switches: &Switches,
        now: u64,
    ) -> Result<Arc<Client>, AssertionError> {
        let header = jose::header(assertion).ok_or(AssertionError::Malformed)?;
        // Only to find whose key to ask; what it says counts once the signature holds.
        let Claims { iss, .. } = jose::unverified(assertion).ok_or(AssertionError::Malformed)?;
        let client = clients.find(&iss).ok_or(AssertionError::UnknownClient)?;
        let key = client
            .keys
            .iter()
            .find(|key| header.kid.as_ref() == Some(&key.id) && header.alg == key.algorithm)
            .ok_or(AssertionError::UnknownKey)?;
        let claims: Claims =
            jose::verified(assertion, &key.key, key.algorithm).ok_or(AssertionError::Forged)?;
        if claims.sub != client.id {
            return Err(AssertionError::UnknownClient);
        }
        if !claims.aud.is(url) {
            return Err(AssertionError::OtherAudience);
        }
        let unit = match switches.assertion_time {
            AssertionTime::Seconds => 1,
            AssertionTime::Milliseconds => 1000,
        };
        let (expires, latest) = (claims.exp / unit, now.saturating_add(CLOCK_SKEW));
        let begins = claims.nbf.unwrap_or(0).max(claims.iat) / unit;
        if begins > latest || expires.saturating_add(CLOCK_SKEW) < now {
            return Err(AssertionError::OutOfTime);
        }
        if expires > latest.saturating_add(switches.assertion_life.seconds()) {
            return Err(AssertionError::TooLong);
        }
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_ID {
            return Err(AssertionError::Malformed);
        }
        self.remember((claims.iss, claims.jti), expires, now)?;
        Ok(Arc::clone(client))
    }

    fn remember(&self, id: (String, String), expires: u64, now: u64) -> Result<(), AssertionError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, until| *until >= now);
        match seen.insert(id, expires.saturating_add(CLOCK_SKEW)) {
            None => Ok(()),
            Some(_) => Err(AssertionError::Replayed),
        }
    }
}
