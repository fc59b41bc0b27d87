//! The log as a caller remembers it.

use api::{Code, directory::KnownLog};
use axum::http::Uri;
use crypto_core::directory::Pin;
use relay_auth::cbor::Bytes32;
use serde::Deserialize;
use service::{refusal::Refusal, signed};
use utoipa::IntoParams;

use crate::hash_text;

/// The log as the caller remembers it: both, or none.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KnownQuery {
    /// How many leaves it had.
    size: Option<u64>,
    /// The root over them: 64 lower-case hexadecimal digits.
    root: Option<String>,
}

/// What the part after the question mark says about the log.
pub(crate) fn from_query(uri: &Uri) -> Result<Option<Pin>, Refusal> {
    let KnownQuery { size, root } = signed::query(uri)?;
    match (size, root.as_deref().map(hash_text::decode)) {
        (None, None) => Ok(None),
        (Some(size), Some(Some(root))) => Ok(Some(Pin { size, root: Bytes32(root) })),
        _ => {
            let detail = "Send size and root together, root as 64 lower-case hexadecimal digits; or none.";
            Err(Refusal::new(Code::Malformed, detail))
        }
    }
}

/// What a body says about it.
pub(crate) fn pin(known: Option<KnownLog>) -> Option<Pin> {
    known.map(|known| Pin { size: known.size, root: Bytes32(known.root.0) })
}
