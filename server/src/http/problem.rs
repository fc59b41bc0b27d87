//! The one place where outcomes of the domain become errors on the wire.

use api::{Code, Problem};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use relay_auth::{access::AccessError, cbor::DecodeError, ticket::TicketError};

use crate::{
    archive::PutError,
    deposits::DepositError,
    mailboxes::{OpenError, ReplaceError, requests::RequestRefused},
    store::{Denied, StoreFailure},
};

/// An error as it is answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Problem,
    retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { problem: Problem::new(code, detail), retry_after: None }
    }

    /// Says in how many seconds it is worth asking again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, api::media::PROBLEM)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 demands one. Browsers ask nobody for a scheme that they do not know.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature"));
        }
        response
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::new(Code::Malformed, format!("The content cannot be read: {error}."))
    }
}

impl From<StoreFailure> for Refusal {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Full => {
                tracing::error!("the disk of the store is down to its reserve: nothing is taken any more");
                Self::new(Code::ServiceFull, "Nothing was stored: try again later.").retry_after(600)
            }
            StoreFailure::Unavailable(reason) => {
                tracing::error!(reason, "the store does not answer");
                Self::new(Code::Unavailable, "The relay's store does not answer: try again later.")
                    .retry_after(30)
            }
        }
    }
}

impl From<RequestRefused> for Refusal {
    fn from(refused: RequestRefused) -> Self {
        match refused {
            RequestRefused::NotProven => Self::new(Code::SignatureInvalid, sentence(&refused)),
            RequestRefused::OutOfTime => Self::new(Code::RequestOutOfTime, sentence(&refused)),
            RequestRefused::Store(failure) => failure.into(),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Replayed => Self::new(Code::RequestReplayed, sentence(&denied)),
            // The same as for a key that never was.
            Denied::KeyGone => RequestRefused::NotProven.into(),
            Denied::Failure(failure) => failure.into(),
        }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        let code = match error {
            OpenError::Voucher(TicketError::Expired) => Code::VoucherExpired,
            OpenError::Voucher(_) => Code::VoucherInvalid,
            OpenError::List(error) => return error.into(),
            OpenError::VoucherSpent => Code::VoucherSpent,
            OpenError::OtherVoucher => Code::MailboxOpen,
            OpenError::KeyTaken => Code::RequestKeyTaken,
            OpenError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        let code = match error {
            AccessError::Malformed(_) => Code::Malformed,
            AccessError::Forged | AccessError::OtherMailbox => Code::AccessListRefused,
            AccessError::OutOfTurn => Code::AccessListStale,
        };
        Self::new(code, sentence(&error))
    }
}

impl From<ReplaceError> for Refusal {
    fn from(error: ReplaceError) -> Self {
        match error {
            ReplaceError::List(error) => error.into(),
            ReplaceError::KeyTaken => Self::new(Code::RequestKeyTaken, sentence(&error)),
            ReplaceError::Denied(denied) => denied.into(),
        }
    }
}

impl From<DepositError> for Refusal {
    fn from(error: DepositError) -> Self {
        let code = match error {
            DepositError::Permit(TicketError::Expired) => Code::PermitExpired,
            DepositError::Permit(_) => Code::PermitInvalid,
            DepositError::Empty => Code::Malformed,
            DepositError::PermitSpent => Code::PermitSpent,
            DepositError::KeyNotAccepted => Code::RecipientKeyChanged,
            DepositError::MailboxFull => Code::MailboxFull,
            DepositError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<PutError> for Refusal {
    fn from(error: PutError) -> Self {
        let code = match error {
            PutError::Invalid(_) => Code::Malformed,
            PutError::Conflict => Code::ArchiveConflict,
            PutError::NoSuchLetter => Code::NoSuchLetter,
            PutError::Full => Code::ArchiveFull,
            PutError::Denied(denied) => return denied.into(),
        };
        Self::new(code, sentence(&error))
    }
}

/// The error's text as a sentence.
fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
