//! Reads the one encoding of what the services send (`LBX-ENC-2` to `LBX-ENC-4`).

use minicbor::{Decode, Encode};
use relay_auth::cbor::{DecodeError, Limits, check, encode};

/// Decodes a type of the wire that has no limits of its own.
pub(crate) fn decode<T>(bytes: &[u8], limits: Limits) -> Result<T, DecodeError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    check(bytes, limits)?;
    let value: T = minicbor::decode(bytes).map_err(|_| DecodeError::Shape)?;
    // Catches what the derived decoder lets pass: unknown fields, explicit nulls.
    if encode(&value) == bytes { Ok(value) } else { Err(DecodeError::Shape) }
}
