//! The one place where outcomes of the domain become errors on the wire.
//!
//! Domain types convert into a [`Refusal`] here and nowhere else.

use api::Code;
use relay_auth::{access::AccessError, ticket::TicketError};
use service::refusal::{Refusal, sentence};

use crate::{
    archive::PutError,
    blobs::UploadError,
    deposits::DepositError,
    mailboxes::{OpenError, ReplaceError, requests::RequestRefused},
    recovery::{RegisterError, RestartError},
    sessions::OpenSessionError,
    store::{Denied, StoreFailure},
};

impl From<StoreFailure> for Refusal {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Full => Self::store_full(),
            StoreFailure::Unavailable(reason) => Self::store_unavailable(&reason),
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
            OpenError::List(error) => return access(&error),
            OpenError::VoucherSpent => Code::VoucherSpent,
            OpenError::OtherVoucher => Code::MailboxOpen,
            OpenError::KeyTaken => Code::RequestKeyTaken,
            OpenError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

fn access(error: &AccessError) -> Refusal {
    let code = match error {
        AccessError::Malformed(_) => Code::Malformed,
        AccessError::Forged | AccessError::OtherMailbox => Code::AccessListRefused,
        AccessError::OutOfTurn => Code::AccessListStale,
    };
    Refusal::new(code, sentence(error))
}

impl From<ReplaceError> for Refusal {
    fn from(error: ReplaceError) -> Self {
        match error {
            ReplaceError::List(error) => access(&error),
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
            DepositError::ClockBehind => {
                tracing::error!("{error}");
                Code::Unavailable
            }
            DepositError::Empty => Code::Malformed,
            DepositError::PermitSpent => Code::PermitSpent,
            DepositError::KeyNotAccepted => Code::RecipientKeyChanged,
            DepositError::MailboxFull => Code::MailboxFull,
            DepositError::BlobMissing => Code::BlobMissing,
            DepositError::BlobsFull => Code::MailboxBlobsFull,
            DepositError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        let code = match error {
            UploadError::Permit(TicketError::Expired) => Code::PermitExpired,
            UploadError::Permit(_) => Code::PermitInvalid,
            UploadError::Invalid(_) => Code::Malformed,
            UploadError::PermitSpent => Code::PermitSpent,
            UploadError::KeyNotAccepted => Code::RecipientKeyChanged,
            UploadError::Taken => Code::BlobTaken,
            UploadError::PermitFull => Code::PermitBlobsFull,
            UploadError::MailboxFull => Code::MailboxBlobsFull,
            UploadError::Crowded => return Self::new(Code::BlobsFull, sentence(&error)).retry_after(600),
            UploadError::Busy => return Self::new(Code::Unavailable, sentence(&error)).retry_after(5),
            UploadError::Store(failure) => return failure.into(),
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

impl From<RegisterError> for Refusal {
    fn from(error: RegisterError) -> Self {
        let code = match error {
            RegisterError::Length | RegisterError::Key => Code::Malformed,
            RegisterError::KeyTaken => Code::RequestKeyTaken,
            RegisterError::Denied(denied) => return denied.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<RestartError> for Refusal {
    fn from(error: RestartError) -> Self {
        let code = match error {
            RestartError::List(error) => return access(&error),
            RestartError::OtherSigner => Code::AccessListRefused,
            RestartError::New(error) => return error.into(),
            RestartError::KeyTaken => Code::RequestKeyTaken,
            RestartError::Denied(denied) => return denied.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<OpenSessionError> for Refusal {
    fn from(error: OpenSessionError) -> Self {
        let code = match error {
            OpenSessionError::Ticket(TicketError::Expired) => Code::SessionTicketExpired,
            OpenSessionError::Ticket(_) => Code::SessionTicketInvalid,
            OpenSessionError::Over => Code::SessionOver,
            OpenSessionError::KeyTaken => Code::RequestKeyTaken,
            OpenSessionError::TooMany { wait } => {
                return Self::new(Code::TooManySessions, sentence(&error)).retry_after(wait);
            }
            OpenSessionError::Denied(denied) => return denied.into(),
        };
        Self::new(code, sentence(&error))
    }
}
