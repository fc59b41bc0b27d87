//! Bodies: read with a limit and a deadline, decoded strictly.

use std::time::Duration;

use api::Code;
use axum::{
    body::{Body, Bytes, HttpBody as _},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use minicbor::{Decode, Encode};
use relay_auth::cbor::{DecodeError, Limits, check, encode};

use crate::refusal::Refusal;

/// Reads a body of at most `most` bytes.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::TooSlow`] or [`Code::Malformed`].
pub async fn read(body: Body, most: usize, deadline: Duration) -> Result<Bytes, Refusal> {
    let too_large = || {
        let detail = if most == 0 {
            "This request takes no content.".to_owned()
        } else {
            format!("At most {most} bytes are taken here.")
        };
        Refusal::new(Code::TooLarge, detail)
    };
    // A declared length is refused before anything is read.
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(deadline, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new(Code::Malformed, "The content broke off: send it again.")),
        Err(_) => Err(Refusal::new(Code::TooSlow, "The content did not arrive in time: send it again.")),
    }
}

/// Refuses content that is declared as anything but `media_type`. A page of another origin cannot
/// send these types without asking first, which is one more wall beside the signatures.
///
/// # Errors
/// [`Code::UnsupportedMediaType`].
pub fn check_type(headers: &HeaderMap, media_type: &'static str) -> Result<(), Refusal> {
    if headers.get(header::CONTENT_TYPE).is_some_and(|found| found.as_bytes() == media_type.as_bytes()) {
        Ok(())
    } else {
        let detail = format!("Send it as Content-Type: {media_type}.");
        Err(Refusal::new(Code::UnsupportedMediaType, detail))
    }
}

/// Decodes the one encoding of a value (`LBX-ENC-2`).
///
/// # Errors
/// [`DecodeError`].
pub fn decode<T>(bytes: &[u8], limits: Limits) -> Result<T, DecodeError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    check(bytes, limits)?;
    let value: T = minicbor::decode(bytes).map_err(|_| DecodeError::Shape)?;
    // Catches what the derived decoder lets pass: unknown fields, explicit nulls.
    if encode(&value) == bytes { Ok(value) } else { Err(DecodeError::Shape) }
}

/// An answer in CBOR.
#[derive(Debug)]
pub struct Cbor(Vec<u8>);

impl Cbor {
    /// A value, encoded.
    pub fn of<T: Encode<()>>(value: &T) -> Self {
        Self(encode(value))
    }

    /// An object that is CBOR already.
    #[must_use]
    pub fn encoded(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl IntoResponse for Cbor {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, api::media::CBOR)], self.0).into_response()
    }
}
