//! Listing a mailbox.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Octets, Octets32};

/// Which letters to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LettersQuery {
    /// The last sequence number that is known; 0 for none.
    pub after: u64,
    /// The most letters wanted. The answer may hold fewer, never none where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// One deposit. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct Letter {
    /// The deposit as the chain covers it (`relay_auth::receipt::Deposit`).
    #[n(0)]
    pub deposit: Octets,
    /// The sealed letter. Absent once a device has filed and acknowledged it; the deposit stays, so
    /// that every device can follow the chain.
    #[n(1)]
    pub envelope: Option<Octets>,
    /// The relay's signed receipt, as the sender got it (`relay_auth::receipt::SignedReceipt`): it
    /// proves the deposit's time and digest to whoever reads the letter in the archive later.
    #[n(2)]
    pub receipt: Octets,
}

/// A part of the mailbox's deposits, oldest first. On the wire a CBOR array of the fields in this
/// order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct LetterPage {
    /// The deposits after the one asked for.
    #[n(0)]
    pub letters: Vec<Letter>,
    /// The sequence number of the last deposit of the whole mailbox; 0 for none. Ask again until
    /// it is reached.
    #[n(1)]
    pub last: u64,
    /// The chain's head after that deposit.
    #[n(2)]
    pub head: Octets32,
}
