//! How a sign-in with ScotAccount is bound to an identity key (`LBX-BIND-1` to `LBX-BIND-5`).
//!
//! The `nonce` of the OpenID Connect request is a hash over the identity key. ScotAccount signs the
//! nonce into the ID token, and so says, without knowing it, whose key that is. (The idea is
//! OpenPubkey's, Heilman et al. 2023.) A nonce names its purpose and the entry before, so that a
//! token from one sign-in cannot serve another.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes32, DecodeError, Limits, Start, Wire, encode},
    label,
    signing::{Signature, SigningKey, VerifyingKey},
};

use crate::citizen::DirectoryId;

/// For what somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// To open a mailbox: the first entry.
    #[n(0)]
    Enrol,
    /// To come back with the recovery code.
    #[n(1)]
    Recover,
    /// To start again when everything is lost.
    #[n(2)]
    Reset,
    /// To add a device.
    #[n(3)]
    AddDevice,
    /// To decide a change that another device contests.
    #[n(4)]
    Contest,
    /// To read the mailbox for a while, with the recovery code, on a device that keeps nothing
    /// (`LBX-SESSION-2`). No entry is made of it.
    #[n(5)]
    Session,
}

/// What a sign-in is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignIn {
    /// For what it is.
    #[n(0)]
    pub purpose: Purpose,
    /// Whose entry it is for.
    #[n(1)]
    pub directory_id: DirectoryId,
    /// The hash of the entry that is in force; none before the first.
    #[n(2)]
    pub previous: Option<Bytes32>,
    /// The identity key of the entry to be made; of a session, the key that signs its requests.
    #[n(3)]
    pub identity_key: VerifyingKey,
    /// 32 random bytes, fresh for each request, so that nobody else can compute the nonce.
    #[n(4)]
    pub salt: Bytes32,
}

impl Wire for SignIn {
    const LIMITS: Limits = Limits { bytes: 160, depth: 1, items: 6 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl SignIn {
    /// Asks for what a sign-in brought (`LBX-BIND-5`): whoever finds the handle of a sign-in on a
    /// device does not get name and address with it.
    #[must_use]
    pub fn sign_collection(&self, handle: &[u8; 32], identity: &SigningKey) -> Signature {
        identity.sign(label::SIGN_IN_COLLECTION, &encode(&(Bytes32(*handle), self)))
    }

    /// Whether the holder of the identity key asks.
    #[must_use]
    pub fn verifies_collection(&self, handle: &[u8; 32], signature: &Signature) -> bool {
        self.identity_key.verifies(label::SIGN_IN_COLLECTION, &encode(&(Bytes32(*handle), self)), signature)
    }

    /// The `nonce` of the request: SHA-256 over label and fields, in base64url without padding, 43
    /// characters.
    #[must_use]
    pub fn nonce(&self) -> String {
        Base64UrlUnpadded::encode_string(&label::SIGN_IN_NONCE.hash(self))
    }
}
