//! Why a device does not go on.

use std::{io, path::PathBuf, time::Duration};

use api::Code;
use client_mailbox::{
    download::AttachmentError,
    enrolment::EnrolmentError,
    http::{AnswerError, RequestFailure},
    inbox::{Alarm, ArchiveLie, InboxError, RelayLie, ViewError},
    recovery::RecoveryError,
    registry::RegistryError,
};
use crypto_core::{archive::ArchiveError, recovery::CodeError, trust::TrustError};
use relay_auth::{cbor::DecodeError, receipt::ReceiptError};

/// Why a device does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    #[error("no answer came: {0:?}")]
    NoAnswer(#[from] reqwest::Error),
    #[error("the event stream ended")]
    StreamEnded,
    #[error("the client's origin answered {0} for the trust file")]
    NoTrust(u16),
    #[error("the stand-in for ScotAccount answered {0} without a form, or without a way back")]
    NoForm(u16),
    #[error("this person has a mailbox already, made on another device")]
    EnrolledElsewhere,
    #[error("this is not a recovery code: {0}")]
    Code(#[from] CodeError),
    #[error("this code brings no mailbox back: {0}")]
    Recovery(#[from] RecoveryError),
    #[error("the relay knows neither the code that was typed nor the new one")]
    CodeVoid,
    #[error("something that must not be: {0:?}")]
    Alarm(Alarm),
    #[error("not done within {0:?}")]
    Late(Duration),
    #[error("cannot use the state file {}: {cause}", .file.display())]
    State { file: PathBuf, cause: io::Error },
    #[error("the state has no {0}")]
    Missing(String),
    #[error("cannot save files in the folder {}: {cause}", .folder.display())]
    Save { folder: PathBuf, cause: io::Error },
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Request(#[from] RequestFailure),
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Relay(#[from] RelayLie),
    #[error(transparent)]
    Archive(#[from] ArchiveLie),
    #[error(transparent)]
    Inbox(#[from] InboxError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    #[error(transparent)]
    Letter(#[from] ArchiveError),
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl Failure {
    /// Whether going on from what is known can work in a moment.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::StreamEnded => true,
            // The stand-in was started again: it has forgotten the journey, and shows a page that
            // says so.
            Self::NoForm(_) => true,
            Self::NoTrust(status) => *status >= 500,
            Self::Enrolment(EnrolmentError::ProviderFailed) => true,
            Self::Answer(error)
            | Self::Enrolment(EnrolmentError::Answer(error))
            | Self::Recovery(RecoveryError::Answer(error))
            | Self::Registry(RegistryError::Answer(error)) => is_temporary(error),
            _ => false,
        }
    }
}

fn is_temporary(error: &AnswerError) -> bool {
    match error {
        // The directory or the stand-in went down while the code was redeemed: there will be another.
        AnswerError::Refused(refused) => refused.is_temporary() || refused.is(Code::SignInRefused),
        AnswerError::Malformed(_) => false,
    }
}
