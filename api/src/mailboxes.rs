//! Opening a mailbox.

use minicbor::{Decode, Encode};
use utoipa::ToSchema;

use crate::Octets;

/// What opens a mailbox. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct OpenMailbox {
    /// The sealed voucher, as the directory gave it.
    #[n(0)]
    pub voucher: Octets,
    /// The first signed access list.
    #[n(1)]
    pub access_list: Octets,
}
