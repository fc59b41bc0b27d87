//! Who may have mailboxes provided: the one client in the settings, by access tokens (RFC 6749 §4.4,
//! RFC 6750).
//!
//! The secret is kept as its hash, in the settings; tokens are kept as theirs, in memory. After a
//! restart the client gets a new one.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use relay_auth::{cbor::Bytes32, label};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::randomness;

/// How long a token is taken, in seconds.
pub const LIFE: u64 = 10 * 60;

/// The most tokens at a time. The client needs one.
const MOST_TOKENS: usize = 1000;

/// The client that may have mailboxes provided.
#[derive(Clone, Debug)]
pub struct ProvisioningClient {
    /// Its id.
    pub id: String,
    /// SHA-256 of its secret, which has to be random.
    pub secret_sha256: [u8; 32],
}

/// Gives out tokens and takes them.
#[derive(Debug)]
pub struct Access {
    client: Option<ProvisioningClient>,
    /// Hashes of tokens, and until when they are taken.
    tokens: Mutex<HashMap<[u8; 32], u64>>,
}

impl Access {
    /// Access for a client; for nobody without one.
    #[must_use]
    pub fn new(client: Option<ProvisioningClient>) -> Self {
        Self { client, tokens: Mutex::default() }
    }

    /// Whether anybody may have mailboxes provided.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.client.is_some()
    }

    /// A token for the client, if it is the client.
    #[must_use]
    pub fn token(&self, id: &str, secret: &str, now: u64) -> Option<Zeroizing<String>> {
        let client = self.client.as_ref()?;
        let is_id = id.as_bytes().ct_eq(client.id.as_bytes());
        let is_secret = Sha256::digest(secret.as_bytes())[..].ct_eq(&client.secret_sha256[..]);
        if !bool::from(is_id & is_secret) {
            return None;
        }
        let token = Zeroizing::new(randomness::bytes::<32>());
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, until| now <= *until);
        if tokens.len() >= MOST_TOKENS {
            // A client that does not keep its tokens loses the older ones.
            tokens.clear();
        }
        tokens.insert(name(&token), now.saturating_add(LIFE));
        Some(Zeroizing::new(Base64UrlUnpadded::encode_string(&token[..])))
    }

    /// Whether a token is one that was given out, and in time.
    #[must_use]
    pub fn admits(&self, token: &str, now: u64) -> bool {
        let mut bytes = Zeroizing::new([0; 32]);
        match Base64UrlUnpadded::decode(token, &mut bytes[..]) {
            Ok(decoded) if decoded.len() == 32 => {}
            _ => return false,
        }
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&name(&bytes)).is_some_and(|until| now <= *until)
    }
}

fn name(token: &[u8; 32]) -> [u8; 32] {
    label::PROVISIONING_TOKEN.hash(&(Bytes32(*token),))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn access() -> Access {
        let secret_sha256 = Sha256::digest(b"secret").into();
        Access::new(Some(ProvisioningClient { id: "scotaccount".to_owned(), secret_sha256 }))
    }

    #[test]
    fn a_token_is_for_the_client_alone_and_for_ten_minutes() {
        let access = access();
        let token = access.token("scotaccount", "secret", NOW).unwrap();
        assert!(access.admits(&token, NOW) && access.admits(&token, NOW + LIFE));
        assert!(!access.admits(&token, NOW + LIFE + 1));
        for (id, secret) in [("scotaccount", "Secret"), ("other", "secret"), ("", ""), ("scotaccount", "")] {
            assert!(access.token(id, secret, NOW).is_none(), "{id} {secret}");
        }
        for hostile in ["", "a", &"A".repeat(43), &format!("{}A", *token), &token[..42]] {
            assert!(!access.admits(hostile, NOW), "{hostile}");
        }
        assert!(Access::new(None).token("scotaccount", "secret", NOW).is_none());
    }

    #[test]
    fn tokens_that_are_over_are_forgotten_and_there_are_never_too_many() {
        let access = access();
        for _ in 0..=MOST_TOKENS {
            assert!(access.token("scotaccount", "secret", NOW).is_some());
        }
        assert_eq!(access.tokens.lock().unwrap().len(), 1);
        access.token("scotaccount", "secret", NOW + LIFE + 1).unwrap();
        assert_eq!(access.tokens.lock().unwrap().len(), 1);
    }
}
