//! The key directory: signing in, publishing an entry, looking people up, the registry of bodies.
//!
//! On the wire each is a CBOR array of its fields in their order. What is signed or proven is a byte
//! string here; `crypto-core` reads it.

use core::fmt;

use minicbor::{Decode, Encode};
use utoipa::ToSchema;

use crate::{Octets, Octets16, Octets32};

/// The log as the caller remembers it: the answer's head has to extend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct KnownLog {
    /// How many leaves it had.
    #[n(0)]
    pub size: u64,
    /// The root over them.
    #[n(1)]
    pub root: Octets32,
}

/// What ScotAccount was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
#[cbor(index_only)]
pub enum SignInStage {
    /// Who it is (`openid`).
    #[n(0)]
    Account,
    /// Name and birth date (`scotaccount.gpg45.medium`).
    #[n(1)]
    Identity,
    /// The address (`scotaccount.address`).
    #[n(2)]
    Address,
}

/// A code with which ScotAccount sent the browser back.
#[derive(Clone, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct SignInRequest {
    /// What was asked for.
    #[n(0)]
    pub stage: SignInStage,
    /// The code.
    #[n(1)]
    pub code: String,
    /// The verifier of its challenge (RFC 7636).
    #[n(2)]
    pub code_verifier: String,
    /// The id that the vault proposes for the citizen.
    #[n(3)]
    pub directory_id: Octets16,
    /// The sign-in that goes on; none at the first stage.
    #[n(4)]
    pub sign_in: Option<Octets32>,
}

/// What came of a code.
#[derive(Clone, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct SignInAnswer {
    /// Names the sign-in. Secret: whoever has it goes on with it.
    #[n(0)]
    pub sign_in: Octets32,
    /// ScotAccount's ID token of this stage.
    #[n(1)]
    pub id_token: String,
    /// The citizen's id to go on with: the one proposed, or the one that was provided before.
    #[n(2)]
    pub directory_id: Octets16,
    /// Whether this person has an entry already.
    #[n(3)]
    pub enrolled: bool,
    /// Whether ScotAccount released and confirmed what this stage asks for.
    #[n(4)]
    pub confirmed: bool,
}

/// Asks for what a sign-in has brought. The handle alone is not enough: it lies open on the device.
#[derive(Clone, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct CollectRequest {
    /// The sign-in.
    #[n(0)]
    pub sign_in: Octets32,
    /// To what the stage with name and birth date was bound (`crypto_core::citizen::SignIn`).
    #[n(1)]
    pub bound: Octets,
    /// The signature of the identity key that it names.
    #[n(2)]
    pub signature: Octets,
}

/// What a sign-in has brought: ScotAccount's tokens.
#[derive(Clone, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct Collected {
    /// The ID token of the stage that asked for name and birth date.
    #[n(0)]
    pub id_token: String,
    /// The token with name and birth date.
    #[n(1)]
    pub claims_token: String,
    /// The token with the address, if it was confirmed.
    #[n(2)]
    pub address_token: Option<String>,
}

/// Asks for the entries of the person who signed in.
#[derive(Clone, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct OwnEntriesRequest {
    /// The sign-in.
    #[n(0)]
    pub sign_in: Octets32,
}

/// The entries of the person who signed in. They hold no personal detail: bodies see them as well.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct OwnEntries {
    /// The signed entries, from the first to the newest.
    #[n(0)]
    pub entries: Vec<Octets>,
}

/// Asks for leave to read one's own mailbox for a while.
#[derive(Clone, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct SessionTicketRequest {
    /// The sign-in.
    #[n(0)]
    pub sign_in: Octets32,
    /// To what its first stage was bound (`crypto_core::citizen::SignIn`), for the purpose *session*.
    #[n(1)]
    pub bound: Octets,
    /// The signature of the session's key that it names.
    #[n(2)]
    pub signature: Octets,
}

/// Leave to read one's own mailbox for a while.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct SessionTicketAnswer {
    /// The sealed ticket, for the relay.
    #[n(0)]
    pub ticket: Octets,
}

/// Publishes an entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct PublishRequest {
    /// The sign-in that admits it; not needed to ask again for an entry that is published.
    #[n(0)]
    pub sign_in: Option<Octets32>,
    /// The signed entry.
    #[n(1)]
    pub entry: Octets,
    /// Its evidence.
    #[n(2)]
    pub evidence: Octets,
    /// The confirmed address with its salt.
    #[n(3)]
    pub address: Option<Octets>,
    /// The key that is to govern the mailbox.
    #[n(4)]
    pub access_key: Octets32,
    /// The log as the vault remembers it.
    #[n(5)]
    pub known: Option<KnownLog>,
}

/// A published entry, as the directory proves it to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct Published {
    /// The directory's head.
    #[n(0)]
    pub head: Octets,
    /// That the entry is the newest.
    #[n(1)]
    pub presence: Octets,
    /// That name and birth date lead to it.
    #[n(2)]
    pub without_postcode: Octets,
    /// That these and the postcode lead to it; where the address was confirmed.
    #[n(3)]
    pub with_postcode: Option<Octets>,
    /// The number of the mailbox.
    #[n(4)]
    pub mailbox: Octets16,
    /// The sealed voucher that opens it.
    #[n(5)]
    pub voucher: Octets,
}

/// A public body looks a person up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct LookupRequest {
    /// The attributes in canonical form.
    #[n(0)]
    pub attributes: Octets,
    /// The log as the body remembers it.
    #[n(1)]
    pub known: Option<KnownLog>,
    /// How many permits are wanted.
    #[n(2)]
    pub permits: u8,
}

/// Every public body, proven under one head.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct Registry {
    /// The directory's head.
    #[n(0)]
    pub head: Octets,
    /// The bodies in the order of their ids.
    #[n(1)]
    pub bodies: Vec<RegisteredBody>,
}

/// One public body.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct RegisteredBody {
    /// Its signed entries, from the first to the newest.
    #[n(0)]
    pub entries: Vec<Octets>,
    /// That the hash of the newest stands under the body's label.
    #[n(1)]
    pub presence: Octets,
}

macro_rules! redacted {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        })+
    };
}

redacted!(SignInRequest, SignInAnswer, CollectRequest, Collected, OwnEntriesRequest, SessionTicketRequest);
