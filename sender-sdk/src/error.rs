//! Why nothing was sent, and whose fault it is.

use api::Code;
use crypto_core::directory::LookupError;
use relay_auth::receipt::ReceiptError;

use crate::{
    letter::LetterError,
    registry::StandingError,
    state::StateError,
    transport::{Peer, TransportError},
    trust::TrustFault,
    upload::UploadError,
};

/// Why a body is not connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no trust file that can be believed.
    #[error(transparent)]
    Trust(#[from] TrustFault),
    /// A service cannot be asked.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The body may not send at present, or the registry does not hold.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// What was remembered cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a letter was not sent. None of these says that a person has no mailbox.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Something in the letter is not allowed.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The body may not send at present, or the registry does not hold.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The directory's answer is not proven. Nothing was sealed.
    #[error("{0}. Nothing was sealed: report this to whoever runs the directory")]
    Lookup(#[from] LookupError),
    /// The directory gave no leave to deposit.
    #[error("the directory proved the person's key and gave no permit to deposit: try again later")]
    NoPermit,
    /// The relay does not accept the key any more: look the person up again.
    #[error("the person's key changed meanwhile: look the person up again")]
    RecipientKeyChanged,
    /// The permit was kept for too long: look the person up again.
    #[error("the permit expired: look the person up again")]
    PermitExpired,
    /// The relay lost what it had of the files, or does not take them under their numbers: look the
    /// person up again.
    #[error("the relay does not have the files of the letter: look the person up again")]
    FilesLost,
    /// The relay refuses every key that the directory proves.
    #[error(
        "the relay accepts none of the keys that the directory proves for this person: try again in an hour, and report it if it goes on"
    )]
    KeyKeepsChanging,
    /// The relay takes every permit for expired that the directory has just made.
    #[error(
        "the relay takes permits that the directory has just made for expired, so the clock of one of them is wrong: try again later, and report it if it goes on"
    )]
    PermitsExpire,
    /// The relay's receipt says that the letter came before it was written.
    #[error(
        "the relay's clock is behind, so nobody can open the letter that it stored: report this to whoever runs the relay, and send the letter again when the clock is right"
    )]
    RelayBehind,
    /// The files were not uploaded.
    #[error("{0}. Nothing was deposited")]
    Upload(#[from] UploadError),
    /// The relay's receipt does not hold: what became of the letter is not known.
    #[error("{0}. The letter is not confirmed: report this to whoever runs the relay")]
    Receipt(#[from] ReceiptError),
    /// A service cannot be reached or refused.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What was remembered cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl SendError {
    /// What the relay refuses because of the person's key, the permit or the files that came on it:
    /// nothing was stored, and another lookup brings another permit.
    pub(crate) fn asking_for_another_lookup(error: &TransportError) -> Option<Self> {
        match error {
            TransportError::Refused(refusal) if refusal.is(Code::RecipientKeyChanged) => {
                Some(Self::RecipientKeyChanged)
            }
            TransportError::Refused(refusal) if refusal.is(Code::PermitExpired) => Some(Self::PermitExpired),
            TransportError::Refused(refusal)
                if refusal.is(Code::BlobMissing) || refusal.is(Code::BlobTaken) =>
            {
                Some(Self::FilesLost)
            }
            _ => None,
        }
    }

    /// Whether the relay may have stored the letter all the same. Send the same [`Letter`](crate::Letter)
    /// again then, or one with the same id, the same content and the same files: the reader sees it once
    /// (`LBX-LETTER-5`). If anything in it was changed, the reader is warned of two letters under one
    /// number.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Receipt(_) => true,
            Self::Transport(TransportError::Refused(refusal)) => {
                refusal.peer == Peer::Relay && refusal.is_temporary()
            }
            Self::Transport(
                TransportError::Unreachable { peer, .. }
                | TransportError::TooLarge { peer, .. }
                | TransportError::NotLetterbox { peer, .. },
            ) => *peer == Peer::Relay,
            _ => false,
        }
    }
}
