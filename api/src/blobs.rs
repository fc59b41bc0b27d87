//! Attachments at the relay: sealed files, uploaded in parts before the letter that names them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most bytes of one part.
pub const LARGEST_PART: usize = 1024 * 1024;

/// Where a part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// The length of the whole sealed file in bytes, the same with every part.
    pub length: u64,
    /// How many bytes of the sealed file come before this part.
    pub offset: u64,
}

/// How far an upload has come. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct UploadState {
    /// How many bytes from the start are stored and durable: where the next part begins.
    #[n(0)]
    pub received: u64,
}

/// Where to begin reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DownloadQuery {
    /// How many bytes of the sealed file to leave out at the start.
    pub offset: u64,
}
