//! The one place where outcomes of the domain become errors on the wire.
//!
//! Domain types convert into a [`Refusal`] here and nowhere else. No text carries what was asked for,
//! and what went wrong between this service and ScotAccount is the operator's to read, in the log.

use api::Code;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use crypto_core::body::BodyError;
use serde::Serialize;
use service::refusal::{Refusal, sentence};
use utoipa::ToSchema;

use crate::{
    accounts::PublishError,
    bodies::{RegisterError, requests::RequestRefused},
    evidence::OtherTokens,
    lookups::LookupFailure,
    matching::MatchingError,
    provisioning::ProvisioningError,
    sign_ins::{SignInError, provider::ProviderError},
    store::{Denied, StoreFailure, UnknownLog},
};

impl From<StoreFailure> for Refusal {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Full => Self::store_full(),
            StoreFailure::Unavailable(reason) => Self::store_unavailable(&reason),
        }
    }
}

impl From<UnknownLog> for Refusal {
    fn from(unknown: UnknownLog) -> Self {
        Self::new(Code::UnknownLog, sentence(&unknown))
    }
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Self {
        // Written for the operator; names nobody.
        tracing::error!("{error}");
        let detail = "ScotAccount did not answer as it should: try again later.";
        Self::new(Code::IdentityProviderFault, detail).retry_after(30)
    }
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        let code = match error {
            SignInError::Unknown => Code::SignInUnknown,
            SignInError::NotACode => Code::Malformed,
            SignInError::CodeRefused => Code::SignInRefused,
            SignInError::OtherPerson => Code::SignInOfAnother,
            SignInError::Incomplete => Code::SignInIncomplete,
            SignInError::Busy => {
                return Self::new(Code::TooManyRequests, sentence(&error)).retry_after(30);
            }
            SignInError::Token(_) => {
                tracing::error!("{error}");
                Code::IdentityProviderFault
            }
            SignInError::Provider(error) => return error.into(),
            SignInError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<OtherTokens> for Refusal {
    fn from(error: OtherTokens) -> Self {
        let code = match error {
            OtherTokens::Incomplete => Code::SignInIncomplete,
            OtherTokens::Other => Code::EvidenceRefused,
        };
        Self::new(code, sentence(&error))
    }
}

impl From<MatchingError> for Refusal {
    fn from(error: MatchingError) -> Self {
        match error {
            MatchingError::TooMany => Self::new(Code::TooManyNamesakes, sentence(&error)),
            MatchingError::Store(failure) => failure.into(),
        }
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        let code = match error {
            PublishError::Malformed(_) => Code::Malformed,
            PublishError::Entry(_) | PublishError::Refused(_) => Code::EntryRefused,
            PublishError::OutOfTurn => Code::EntryOutOfTurn,
            PublishError::AlreadyEnrolled => Code::AlreadyEnrolled,
            PublishError::OtherId => Code::OtherDirectoryId,
            PublishError::Evidence(_) => Code::EvidenceRefused,
            PublishError::OtherTokens(error) => return error.into(),
            PublishError::SignIn(error) => return error.into(),
            PublishError::Matching(error) => return error.into(),
            PublishError::UnknownLog(unknown) => return unknown.into(),
            PublishError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<RequestRefused> for Refusal {
    fn from(refused: RequestRefused) -> Self {
        let code = match refused {
            RequestRefused::NotProven => Code::SignatureInvalid,
            RequestRefused::OutOfTime => Code::RequestOutOfTime,
        };
        Self::new(code, sentence(&refused))
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Replayed => Self::new(Code::RequestReplayed, sentence(&denied)),
            Denied::OverQuota => Self::new(Code::LookupsUsedUp, sentence(&denied)).retry_after(60 * 60),
            Denied::Failure(failure) => failure.into(),
        }
    }
}

impl From<LookupFailure> for Refusal {
    fn from(failure: LookupFailure) -> Self {
        match failure {
            LookupFailure::UnknownLog(unknown) => unknown.into(),
            LookupFailure::Store(failure) => failure.into(),
        }
    }
}

impl From<RegisterError> for Refusal {
    fn from(error: RegisterError) -> Self {
        let code = match error {
            RegisterError::Entry(BodyError::Malformed(_)) => Code::Malformed,
            RegisterError::Entry(BodyError::NotApproved) => Code::BodyNotApproved,
            RegisterError::OutOfTurn | RegisterError::TooMany => Code::BodyOutOfTurn,
            RegisterError::KeyTaken => Code::RequestKeyTaken,
            RegisterError::UnknownLog(unknown) => return unknown.into(),
            RegisterError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

impl From<ProvisioningError> for Refusal {
    fn from(error: ProvisioningError) -> Self {
        let code = match error {
            ProvisioningError::NotASubject => Code::Malformed,
            ProvisioningError::Claims(_) => Code::EvidenceRefused,
            ProvisioningError::Provider(error) => return error.into(),
            ProvisioningError::Matching(error) => return error.into(),
            ProvisioningError::Store(failure) => return failure.into(),
        };
        Self::new(code, sentence(&error))
    }
}

/// JSON that is none, or another object than it has to be.
pub(crate) fn json_malformed() -> Refusal {
    Refusal::new(Code::Malformed, "The content is not the JSON object that belongs here: see /openapi.json.")
}

/// Why no mailbox was provided.
#[derive(Debug)]
pub(crate) enum ProvideRefusal {
    /// Whoever asks has no valid access token.
    NotAdmitted,
    /// Anything else.
    Other(Refusal),
}

impl From<Refusal> for ProvideRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

impl IntoResponse for ProvideRefusal {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::NotAdmitted => {
                let detail = "Send an access token from /oauth/token as Authorization: Bearer.";
                Refusal::new(Code::TokenInvalid, detail)
            }
            Self::Other(refusal) => return refusal.into_response(),
        };
        let mut response = refusal.into_response();
        // RFC 6750 §3.
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    }
}

/// Why no access token was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    /// This directory has no client for it.
    Closed,
    /// The form cannot be read, or in two ways.
    Request,
    /// Another grant than client credentials.
    GrantType,
    /// Not the client, or not its secret. Which of these is not said.
    Client,
}

/// The same, or that the form did not arrive.
#[derive(Debug)]
pub(crate) enum TokenRefusal {
    /// In the form that OAuth clients read.
    Token(TokenRefused),
    /// In the form of every other resource.
    Other(Refusal),
}

impl From<TokenRefused> for TokenRefusal {
    fn from(refused: TokenRefused) -> Self {
        Self::Token(refused)
    }
}

impl From<Refusal> for TokenRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

/// An error of a token request (RFC 6749 §5.2).
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenError {
    /// `invalid_request`, `unsupported_grant_type` or `invalid_client`.
    error: String,
    /// In words.
    error_description: String,
}

impl IntoResponse for TokenRefusal {
    fn into_response(self) -> Response {
        match self {
            Self::Token(refused) => refused.into_response(),
            Self::Other(refusal) => refusal.into_response(),
        }
    }
}

impl IntoResponse for TokenRefused {
    fn into_response(self) -> Response {
        let (status, error, description) = match self {
            Self::Closed => {
                let detail = "This directory has no client that may have mailboxes provided.";
                return Refusal::new(Code::NotFound, detail).into_response();
            }
            Self::Request => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Send a form with each field once, and the client's id and secret in one place.",
            ),
            Self::GrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "Only client_credentials is taken.")
            }
            Self::Client => (StatusCode::UNAUTHORIZED, "invalid_client", "The client is not known here."),
        };
        let error = TokenError { error: error.to_owned(), error_description: description.to_owned() };
        let body = serde_json::to_vec(&error).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        }
        response
    }
}
