//! One time at ScotAccount: what is fresh for it, and the address to which the person goes.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    evidence::{ADDRESS_SCOPE, IDENTITY_SCOPE},
    trust::VerifiedTrust,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::cbor::Bytes32;
use sha2::{Digest as _, Sha256};

use crate::enrolment::{EnrolmentError, sign_in::Enrolment, step::Stage};

/// What is fresh for each time at ScotAccount.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Flow {
    /// Comes back with the code.
    #[n(0)]
    state: Bytes32,
    /// Of the nonce (`LBX-BIND-3`).
    #[n(1)]
    pub(super) salt: Bytes32,
    /// What the PKCE verifier is made of.
    #[n(2)]
    verifier: Bytes32,
}

impl Flow {
    pub(super) fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut random = || {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            Bytes32(bytes)
        };
        Self { state: random(), salt: random(), verifier: random() }
    }

    pub(super) fn state(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.state.0)
    }

    /// 43 characters (RFC 7636 §4.1).
    pub(super) fn verifier(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.verifier.0)
    }

    /// Method S256 (RFC 7636 §4.2).
    fn challenge(&self) -> String {
        Base64UrlUnpadded::encode_string(&Sha256::digest(self.verifier().as_bytes()))
    }

    /// The address at ScotAccount, for a scope and a nonce.
    pub(super) fn address(&self, trust: &VerifiedTrust, scope: String, nonce: String) -> String {
        let provider = &trust.file().provider;
        let parameters = [
            ("client_id", provider.client_id.clone()),
            ("redirect_uri", provider.redirect_uri.clone()),
            ("response_type", "code".to_owned()),
            ("scope", scope),
            ("code_challenge", self.challenge()),
            ("code_challenge_method", "S256".to_owned()),
            ("state", self.state()),
            ("nonce", nonce),
        ]
        .map(|(name, value)| format!("{name}={}", percent_encoded(&value)));
        format!("{}?{}", provider.authorize_url, parameters.join("&"))
    }
}

impl Enrolment {
    /// The address at ScotAccount to which the person goes now.
    ///
    /// # Errors
    /// [`EnrolmentError::OutOfTurn`] once all is confirmed.
    pub fn authorise_url(&self, trust: &VerifiedTrust) -> Result<String, EnrolmentError> {
        let stage = self.stage().ok_or(EnrolmentError::OutOfTurn)?;
        let scope = match stage {
            Stage::Account => "openid".to_owned(),
            Stage::Identity => format!("openid {IDENTITY_SCOPE}"),
            Stage::Address => format!("openid {ADDRESS_SCOPE}"),
        };
        Ok(self.flow(stage).address(trust, scope, self.bound(stage).nonce()))
    }
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let mut verifier = [0; 32];
        Base64UrlUnpadded::decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &mut verifier).unwrap();
        let flow = Flow { state: Bytes32([0; 32]), salt: Bytes32([0; 32]), verifier: Bytes32(verifier) };
        assert_eq!(flow.verifier().len(), 43);
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn what_means_something_in_an_address_is_encoded() {
        assert_eq!(percent_encoded("https://a.example/b?c=d&e"), "https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%26e");
        assert_eq!(percent_encoded("openid a_b-c.d~e"), "openid%20a_b-c.d~e");
        assert_eq!(percent_encoded("à"), "%C3%A0");
    }
}
