//! The way back into a mailbox: what a recovery code opens at the relay.

use minicbor::{Decode, Encode};
use utoipa::ToSchema;

use crate::{Octets, Octets32};

/// Registers a recovery key with what it opens. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct RecoveryPut {
    /// The public half of the key that signs recovery requests (Ed25519).
    #[n(0)]
    pub key: Octets32,
    /// The sealed recovery bundle, 1 byte to 16 KiB.
    #[n(1)]
    pub bundle: Octets,
}

/// Restarts a mailbox. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct RecoveryRestart {
    /// The signed access list that is to be in force.
    #[n(0)]
    pub access_list: Octets,
    /// The public half of the recovery key that signed the list, and that is the mailbox's only one
    /// from then on.
    #[n(1)]
    pub key: Octets32,
    /// The sealed recovery bundle that it opens, 1 byte to 16 KiB.
    #[n(2)]
    pub bundle: Octets,
}

/// What a recovery key opens. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct RecoveryBundle {
    /// The counter of the access list in force. The list that restarts the mailbox has one more.
    #[n(0)]
    pub access_counter: u64,
    /// The sealed recovery bundle.
    #[n(1)]
    pub bundle: Octets,
}
