//! Why an enrolment does not go on, and whose fault it is.

use crypto_core::{directory::LookupError, evidence::EvidenceError};
use relay_auth::cbor::DecodeError;

use crate::http::{AnswerError, RequestFailure};

/// Why an enrolment does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// What came back belongs to no sign-in of this device. Nothing was redeemed: somebody else may
    /// have made the link.
    #[error("this answer of ScotAccount does not belong to a sign-in of this device")]
    UnknownSignIn,
    /// The hour is over.
    #[error("the sign-in took longer than an hour: start again")]
    Expired,
    /// The person said no.
    #[error("the sign-in was cancelled at ScotAccount")]
    Cancelled,
    /// ScotAccount did not confirm who this is.
    #[error("ScotAccount could not confirm who this is")]
    NotConfirmed,
    /// ScotAccount had a fault of its own.
    #[error("ScotAccount is not available at the moment: try again later")]
    ProviderFailed,
    /// The step does not fit the state.
    #[error("this step does not come next in the enrolment")]
    OutOfTurn,
    /// The keys are not those for which the person signed in.
    #[error("the sign-in was made for other keys than those on this device")]
    OtherKeys,
    /// The code that was typed was replaced: its identity key is not the one of the entry in force.
    #[error("this recovery code was replaced by a newer one: use the newest")]
    CodeReplaced,
    /// The person is not the one whose mailbox the code is for, or has none.
    #[error("this recovery code is for the mailbox of somebody else: sign in as the person it belongs to")]
    OtherOwner,
    /// The recovery bundle is not the one that belongs to the entry in force (`LBX-BUNDLE-3`).
    #[error("the relay gave an older recovery bundle than the one that belongs to this mailbox")]
    OlderBundle,
    /// Another device changed the entry after the sign-in, which is bound to the one before.
    #[error("the mailbox was changed by another device meanwhile: sign in again")]
    EntryChanged,
    /// A request could not be made.
    #[error(transparent)]
    Request(#[from] RequestFailure),
    /// The directory said no, or nothing that can be read.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The directory, or ScotAccount through it, says something that does not hold.
    #[error(transparent)]
    Lie(#[from] Lie),
    /// What this device made does not follow the protocol. A fault of this program.
    #[error("the entry could not be made: {0}")]
    Entry(DecodeError),
}

/// What the directory says and does not hold. Each names the lie; nothing is signed or believed on
/// any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// The ID token of a sign-in does not hold.
    #[error("the directory cannot show that this device signed in: {0}")]
    IdToken(EvidenceError),
    /// The sign-ins were of different people.
    #[error("the sign-ins at ScotAccount were of different people")]
    OtherPerson,
    /// It changed the id or the mailbox that it gave before.
    #[error("the directory changed the id of this person on the way")]
    OtherId,
    /// Name or birth date is not confirmed as the directory said.
    #[error("the directory cannot show that the name is confirmed: {0}")]
    Name(EvidenceError),
    /// The address is not confirmed as the directory said.
    #[error("the directory cannot show that the address is confirmed: {0}")]
    Address(EvidenceError),
    /// It said that the address was confirmed and then left it out.
    #[error("the directory left out the address that it said was confirmed")]
    AddressLeftOut,
    /// What it shows of the entries is not what was signed here or shown before, or it does not prove
    /// it.
    #[error("what the directory shows of this person's entries does not hold: {0}")]
    Published(#[from] LookupError),
}
