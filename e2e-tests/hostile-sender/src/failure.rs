//! Why a letter was not sent.

use std::io;

use crypto_core::{
    attachment::AttachmentError, directory::LookupError, envelope::SealError, person::PersonError,
    trust::TrustError,
};
use relay_auth::{cbor::DecodeError, request::RequestError};
use sender_sdk::KeysFileError;

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the letters on standard input are no JSON list of letters: {0}")]
    Drafts(#[from] serde_json::Error),
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    #[error("no answer came: {0:?}")]
    NoAnswer(#[from] reqwest::Error),
    #[error("refused with status {status}: {said}")]
    Refused { status: u16, said: String },
    #[error("the trust file has to be a file that can be read: {0}")]
    TrustFile(io::Error),
    #[error("the directory's address in the trust file is no origin")]
    Address,
    #[error("the registry cannot be read, or does not list this public body")]
    Registry,
    #[error("nobody is there to whom a letter can be sealed")]
    NoRecipient,
    #[error(transparent)]
    Keys(#[from] KeysFileError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Person(#[from] PersonError),
    #[error(transparent)]
    Lookup(#[from] LookupError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
}
