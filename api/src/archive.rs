//! The archive at the relay: sealed objects with compare-and-swap.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Octets, Octets16};

/// Stores one version of an object and acknowledges letters, both or neither. On the wire a CBOR
/// array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct ArchivePut {
    /// The sealed object.
    #[n(0)]
    pub object: Octets,
    /// Its id.
    #[n(1)]
    pub id: Octets16,
    /// The version that this is.
    #[n(2)]
    pub counter: u64,
    /// The version that it replaces; 0 for a new object.
    #[n(3)]
    pub expected_counter: u64,
    /// The sequence numbers of letters that are filed by this, ascending.
    #[n(4)]
    pub acknowledge: Vec<u64>,
}

/// One version of an object. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct ArchiveObject {
    /// Its id.
    #[n(0)]
    pub id: Octets16,
    /// The version that this is.
    #[n(1)]
    pub counter: u64,
    /// The sealed object.
    #[n(2)]
    pub object: Octets,
}

/// Which objects to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArchiveQuery {
    /// The last change that is known; 0 for none.
    pub after: u64,
    /// The most objects wanted. The answer may hold fewer, never none where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// An object's latest change. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct ArchiveEntry {
    /// Counts the changes of the whole archive: strictly increasing, with gaps.
    #[n(0)]
    pub change: u64,
    /// The object.
    #[n(1)]
    pub id: Octets16,
    /// Its version.
    #[n(2)]
    pub counter: u64,
    /// The length of the sealed object in bytes.
    #[n(3)]
    pub length: u64,
}

/// A part of the archive's objects in the order of their latest change. On the wire a CBOR array of
/// the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct ArchivePage {
    /// The objects that changed after the change asked for.
    #[n(0)]
    pub objects: Vec<ArchiveEntry>,
    /// The last change of the whole archive; 0 for none. Ask again until it is reached.
    #[n(1)]
    pub last: u64,
}
