//! A sign-in under way: what ScotAccount has said so far. It lasts an hour, and is used up by the
//! entry that is published with it.

use core::fmt;

use minicbor::{Decode, Encode};
use relay_auth::{cbor::Bytes32, label, secret::Secret};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::randomness;

/// How long a sign-in lasts, in seconds.
pub const LIFE: u64 = 60 * 60;

/// Names a sign-in to the vault. Secret: whoever has it goes on with the sign-in. The store has its
/// hash alone.
#[derive(Debug)]
pub struct Handle(Secret);

relay_auth::wiped!(Handle { 0 });

impl Handle {
    /// A random handle.
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::generate(&mut randomness::system()))
    }

    /// The 32 bytes, for the vault.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// By what the store knows it.
    #[must_use]
    pub fn name(&self) -> [u8; 32] {
        label::SIGN_IN_HANDLE.hash(&(Bytes32(*self.0.expose()),))
    }
}

impl From<[u8; 32]> for Handle {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }
}

/// What ScotAccount has said so far. Wiped when dropped; never printed.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
pub struct Session {
    /// ScotAccount's name for the person, pairwise for our client.
    #[n(0)]
    pub subject: String,
    /// When the sign-in began, Unix seconds.
    #[n(1)]
    pub began: u64,
    /// Of the stage that asked for name and birth date, if they were confirmed.
    #[n(2)]
    pub identity: Option<IdentityTokens>,
    /// The token with the address, if it was confirmed.
    #[n(3)]
    pub address_token: Option<String>,
    /// The nonce of the stage that said who it is: a session is bound by it (`LBX-SESSION-2`). None where
    /// an earlier version of this service began the sign-in.
    #[n(4)]
    pub account_nonce: Option<String>,
}

/// The tokens of one sign-in with name and birth date. Wiped when dropped; never printed.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
pub struct IdentityTokens {
    /// The ID token, whose nonce is bound to the identity key.
    #[n(0)]
    pub id_token: String,
    /// The token with name and birth date.
    #[n(1)]
    pub claims_token: String,
    /// The ID token's nonce: who collects the tokens has to know what it was made of.
    #[n(2)]
    pub nonce: String,
}

impl Session {
    /// The last second (Unix time) of the sign-in.
    #[must_use]
    pub const fn ends(&self) -> u64 {
        self.began.saturating_add(LIFE)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Session([redacted])")
    }
}

impl fmt::Debug for IdentityTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdentityTokens([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_and_tokens_do_not_show_in_logs() {
        let tokens = IdentityTokens {
            id_token: "secret".to_owned(),
            claims_token: "secret".to_owned(),
            nonce: "secret".to_owned(),
        };
        let session = Session {
            subject: "secret".to_owned(),
            began: 7,
            identity: Some(tokens.clone()),
            address_token: Some("secret".to_owned()),
            account_nonce: Some("secret".to_owned()),
        };
        let shown = format!("{:?} {session:?} {tokens:?}", Handle::from([0xab; 32]));
        assert_eq!(shown, "Handle([redacted]) Session([redacted]) IdentityTokens([redacted])");
    }
}
