//! What the page is told of a failure: one word for each, and nothing of its causes.

use api::Code;
use client_mailbox::{
    enrolment::{EnrolmentError, Lie},
    http::{AnswerError, RequestFailure},
    inbox::{ArchiveLie, RelayLie, ViewError},
    local::LocalError,
    recovery::RecoveryError,
    registry::RegistryError,
};
use client_messages::Problem;
use crypto_core::{
    archive::ArchiveError,
    attachment::AttachmentError,
    directory::{HeadError, LookupError},
    evidence::EvidenceError,
    passphrase::PassphraseError,
    recovery::CodeError,
    trust::TrustError,
};
use relay_auth::cbor::DecodeError;

use crate::{lock::NoLocks, storage::StorageError, trust::TrustFailure};

/// Why something did not work, as the page will hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) Problem);

impl Failure {
    /// The directory's answer was not taken.
    pub(crate) fn of_directory(error: &AnswerError) -> Self {
        Self(match error {
            AnswerError::Refused(refused) if refused.is_temporary() => Problem::DirectoryUnreachable,
            AnswerError::Refused(refused) if refused.is(Code::SignInUnknown) => Problem::SignInExpired,
            // It says itself that its log is not the one that it showed before.
            AnswerError::Refused(refused) if refused.is(Code::UnknownLog) => Problem::DirectoryOtherHistory,
            AnswerError::Refused(_) => Problem::DirectoryRefused,
            AnswerError::Malformed(_) => Problem::DirectoryLied,
        })
    }

    /// The relay's answer was not taken.
    pub(crate) fn of_relay(error: &AnswerError) -> Self {
        Self(match error {
            AnswerError::Refused(refused) if refused.is_temporary() => Problem::RelayUnreachable,
            AnswerError::Refused(refused) if refused.is(Code::RequestOutOfTime) => Problem::OutOfTime,
            AnswerError::Refused(refused) if refused.is(Code::SignatureInvalid) => Problem::ShutOut,
            AnswerError::Refused(_) => Problem::RelayRefused,
            AnswerError::Malformed(_) => Problem::RelayLied,
        })
    }

    /// Whether waiting can help.
    pub(crate) const fn is_temporary(self) -> bool {
        matches!(self.0, Problem::DirectoryUnreachable | Problem::RelayUnreachable)
    }

    /// Whether this device cannot go on by itself, or the vault was locked.
    pub(crate) const fn is_final(self) -> bool {
        matches!(
            self.0,
            Problem::StorageDamaged
                | Problem::OtherDeployment
                | Problem::OutOfTurn
                | Problem::ShutOut
                | Problem::SessionOver
        )
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self(match error {
            StorageError::Unavailable => Problem::NoStorage,
            StorageError::Damaged => Problem::StorageDamaged,
        })
    }
}

impl From<NoLocks> for Failure {
    fn from(_: NoLocks) -> Self {
        // Browsers that have no locks here are those that store nothing here.
        Self(Problem::NoStorage)
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        Self(match error {
            LocalError::TooLarge => Problem::NoStorage,
            LocalError::Malformed(_) | LocalError::OtherKeyOrAltered => Problem::StorageDamaged,
        })
    }
}

/// Of records: what came over the network has errors of its own.
impl From<DecodeError> for Failure {
    fn from(_: DecodeError) -> Self {
        Self(Problem::StorageDamaged)
    }
}

impl From<PassphraseError> for Failure {
    fn from(error: PassphraseError) -> Self {
        Self(match error {
            PassphraseError::WrongOrAltered | PassphraseError::Length => Problem::WrongPassphrase,
            PassphraseError::Memory => Problem::NoMemory,
            PassphraseError::Malformed(_) | PassphraseError::OtherUse | PassphraseError::OtherBrowser => {
                Problem::StorageDamaged
            }
        })
    }
}

impl From<TrustFailure> for Failure {
    fn from(failure: TrustFailure) -> Self {
        Self(match failure {
            TrustFailure::Unreachable(_) => Problem::DirectoryUnreachable,
            TrustFailure::Refused(TrustError::OtherDeployment) => Problem::OtherDeployment,
            TrustFailure::Missing | TrustFailure::Refused(_) | TrustFailure::Older => Problem::TrustFile,
            TrustFailure::Storage(error) => return error.into(),
        })
    }
}

impl From<RequestFailure> for Failure {
    fn from(_: RequestFailure) -> Self {
        // Everything that goes into a request and could be wrong comes from there.
        Self(Problem::TrustFile)
    }
}

impl From<EnrolmentError> for Failure {
    fn from(error: EnrolmentError) -> Self {
        Self(match error {
            EnrolmentError::UnknownSignIn => Problem::UnknownSignIn,
            EnrolmentError::Expired | EnrolmentError::EntryChanged => Problem::SignInExpired,
            EnrolmentError::Cancelled => Problem::SignInCancelled,
            EnrolmentError::NotConfirmed | EnrolmentError::ProviderFailed => Problem::NotConfirmed,
            EnrolmentError::OutOfTurn | EnrolmentError::Entry(_) => Problem::OutOfTurn,
            EnrolmentError::OtherKeys => Problem::StorageDamaged,
            EnrolmentError::CodeReplaced => Problem::CodeReplaced,
            EnrolmentError::OtherOwner => Problem::OtherOwner,
            EnrolmentError::OlderBundle => Problem::RelayOlder,
            EnrolmentError::Request(failure) => return failure.into(),
            EnrolmentError::Answer(error) => return Self::of_directory(&error),
            EnrolmentError::Lie(lie) => of_enrolment(&lie),
        })
    }
}

impl From<CodeError> for Failure {
    fn from(_: CodeError) -> Self {
        // Whichever it is, the person looks at the paper again.
        Self(Problem::CodeMalformed)
    }
}

impl From<RecoveryError> for Failure {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::UnknownCode => Self(Problem::CodeUnknown),
            RecoveryError::Answer(error) => Self::of_relay(&error),
            RecoveryError::Bundle(_) => Self(Problem::RelayLied),
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Answer(error) => Self::of_directory(&error),
            RegistryError::Head(error) => Self(of_head(&error)),
            RegistryError::LeftOut | RegistryError::Rewritten => Self(Problem::DirectoryOtherHistory),
            _ => Self(Problem::DirectoryLied),
        }
    }
}

impl From<RelayLie> for Failure {
    fn from(lie: RelayLie) -> Self {
        Self(if lie == RelayLie::RolledBack { Problem::RelayOlder } else { Problem::RelayLied })
    }
}

impl From<ArchiveLie> for Failure {
    fn from(lie: ArchiveLie) -> Self {
        Self(match lie {
            ArchiveLie::RolledBack => Problem::RelayOlder,
            // It is sealed under a key that the relay does not have: what it says of its sender was a device's
            // word. Nobody vouches for the sender here while the directory cannot be asked.
            ArchiveLie::Object(ArchiveError::Sender(_)) => Problem::UnopenableLetter,
            _ => Problem::RelayLied,
        })
    }
}

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        Self(match error {
            ViewError::NoSuchLetter => Problem::NoSuchLetter,
            ViewError::Letter(_) => Problem::UnopenableLetter,
            ViewError::OtherLetter => Problem::StorageDamaged,
            // The page shows the files that there are.
            ViewError::NoSuchAttachment => Problem::OutOfTurn,
            ViewError::NoMemory => Problem::NoMemory,
        })
    }
}

impl From<AttachmentError> for Failure {
    fn from(_: AttachmentError) -> Self {
        // However it differs from the file that the letter names, it is not used.
        Self(Problem::AttachmentAltered)
    }
}

/// The name of a lie of the directory on the way to a mailbox.
const fn of_enrolment(lie: &Lie) -> Problem {
    match lie {
        Lie::IdToken(EvidenceError::OutOfTime) => Problem::OutOfTime,
        Lie::IdToken(_) | Lie::OtherPerson | Lie::OtherId => Problem::DirectoryOtherSignIn,
        Lie::Name(_) | Lie::Address(_) | Lie::AddressLeftOut => Problem::DirectoryOtherDetails,
        Lie::Published(LookupError::Head(error)) => of_head(error),
        Lie::Published(
            LookupError::OtherEntry
            | LookupError::SwappedKeys
            | LookupError::HiddenChange
            | LookupError::NotListed
            | LookupError::ForkedHistory,
        ) => Problem::DirectoryOtherKeys,
        Lie::Published(_) => Problem::DirectoryLied,
    }
}

/// The name of what is wrong with the directory's head.
const fn of_head(error: &HeadError) -> Problem {
    match error {
        HeadError::Stale | HeadError::FromTheFuture => Problem::OutOfTime,
        HeadError::Forked | HeadError::RolledBack => Problem::DirectoryOtherHistory,
        HeadError::Checkpoint(_) | HeadError::NotInLog | HeadError::OtherVrfKey => Problem::DirectoryLied,
    }
}
