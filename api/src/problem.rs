//! Errors as `application/problem+json` (RFC 9457), with codes that do not change.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, for people and for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:letterbox:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do about it.
    pub detail: String,
    /// The kind of problem for programs. A text, so that an older program can read a newer code.
    pub code: String,
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:letterbox:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code: code.as_str().to_owned(),
        }
    }

    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        self.code == code.as_str()
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)+) => {
        /// The kinds of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As it stands in [`Problem::code`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// The kind in words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }
        }
    };
}

codes! {
    /// The bytes are not what belongs here.
    Malformed = "malformed", 400, "The request cannot be read";
    /// No such address.
    NotFound = "not-found", 404, "There is nothing at this address";
    /// The address does not take this method.
    MethodNotAllowed = "method-not-allowed", 405, "This address does not take that method";
    /// The body did not arrive in time.
    TooSlow = "too-slow", 408, "The request took too long to arrive";
    /// The body is over its limit.
    TooLarge = "too-large", 413, "The request is too large";
    /// The body is declared as something else than it has to be.
    UnsupportedMediaType = "unsupported-media-type", 415, "The content is of another type";

    /// Not signed, wrongly signed, or by a key that governs no mailbox: which of these is not said.
    SignatureInvalid = "signature-invalid", 401, "The request is not signed by a key that may ask here";
    /// Signed too long ago or in the future.
    RequestOutOfTime = "request-out-of-time", 401, "The request was signed at another time";
    /// Received before.
    RequestReplayed = "request-replayed", 401, "The request was received before";

    /// No voucher of this relay's directory.
    VoucherInvalid = "voucher-invalid", 403, "The voucher is not valid";
    /// The voucher's time is over.
    VoucherExpired = "voucher-expired", 403, "The voucher has expired";
    /// The voucher opened its mailbox with another access list.
    VoucherSpent = "voucher-spent", 409, "The voucher has been used";
    /// The mailbox was opened with another voucher.
    MailboxOpen = "mailbox-open", 409, "The mailbox is open already";
    /// Not signed by the mailbox's access key, or for another mailbox.
    AccessListRefused = "access-list-refused", 403, "The access list is not for this mailbox";
    /// A list with the same or a higher counter is in force.
    AccessListStale = "access-list-stale", 409, "A newer access list is in force";
    /// The list names a request key that another mailbox has.
    RequestKeyTaken = "request-key-taken", 409, "A request key is in use elsewhere";

    /// No session ticket of this relay's directory, or for another mailbox.
    SessionTicketInvalid = "session-ticket-invalid", 403, "The session ticket is not valid";
    /// The session ticket's time is over.
    SessionTicketExpired = "session-ticket-expired", 403, "The session ticket has expired";
    /// The key has had its session.
    SessionOver = "session-over", 409, "The session is over";
    /// As many sessions are open, or remembered, as a mailbox may have.
    TooManySessions = "too-many-sessions", 429, "Too many sessions";
    /// The mailbox remembers no such session.
    NoSuchSession = "no-such-session", 404, "There is no such session";

    /// No permit of this relay's directory.
    PermitInvalid = "permit-invalid", 403, "The permit is not valid";
    /// The permit's time is over.
    PermitExpired = "permit-expired", 403, "The permit has expired";
    /// The permit was used for another envelope.
    PermitSpent = "permit-spent", 409, "The permit has been used";
    /// The inbox key that the permit names is not accepted (any more).
    RecipientKeyChanged = "recipient-key-changed", 409, "The recipient's key has changed";
    /// The mailbox holds as much as it may.
    MailboxFull = "mailbox-full", 507, "The mailbox is full";

    /// The id is that of another upload, or the upload was declared with another length.
    BlobTaken = "blob-taken", 409, "The attachment's number is in use";
    /// The permit takes no more attachments, or no more bytes of them.
    PermitBlobsFull = "permit-blobs-full", 507, "The permit takes no more attachments";
    /// The attachments that the mailbox keeps leave no room.
    MailboxBlobsFull = "mailbox-blobs-full", 507, "The mailbox has no room for attachments";
    /// Others are uploading to the mailbox, and there is no room beside them. It passes within an hour
    /// after they end.
    BlobsFull = "blobs-full", 507, "Too many attachments are on their way";
    /// An attachment of the deposit was not uploaded whole with its permit.
    BlobMissing = "blob-missing", 409, "An attachment is not there";
    /// No letter of the mailbox came with this attachment.
    NoSuchBlob = "no-such-blob", 404, "There is no such attachment";

    /// Another version of the object is stored than was expected.
    ArchiveConflict = "archive-conflict", 409, "The object was changed meanwhile";
    /// The archive holds as much as it may.
    ArchiveFull = "archive-full", 507, "The archive is full";
    /// A letter to be acknowledged was never deposited.
    NoSuchLetter = "no-such-letter", 409, "There is no such letter";
    /// The archive has no such object.
    NoSuchObject = "no-such-object", 404, "There is no such object";

    /// No sign-in of this name, or its hour is over.
    SignInUnknown = "sign-in-unknown", 403, "The sign-in is not known (any more)";
    /// ScotAccount does not take the code.
    SignInRefused = "sign-in-refused", 403, "ScotAccount did not accept the sign-in";
    /// A later step of a sign-in was made by somebody else than the first.
    SignInOfAnother = "sign-in-of-another", 403, "The steps of the sign-in are of different people";
    /// Name and birth date were not confirmed.
    SignInIncomplete = "sign-in-incomplete", 409, "The sign-in is not complete";
    /// ScotAccount does not answer as it should.
    IdentityProviderFault = "identity-provider-fault", 502, "ScotAccount did not answer as it should";
    /// The entry does not hold.
    EntryRefused = "entry-refused", 403, "The entry does not hold";
    /// Another entry is in force than the one that this follows.
    EntryOutOfTurn = "entry-out-of-turn", 409, "Another entry is in force";
    /// This person has an entry, published with other keys.
    AlreadyEnrolled = "already-enrolled", 409, "This person has a mailbox already";
    /// The entry has another id than the one that belongs to the sign-in.
    OtherDirectoryId = "other-directory-id", 409, "The entry is for another id";
    /// The evidence is not that of the sign-in, or does not fit the entry.
    EvidenceRefused = "evidence-refused", 403, "The evidence does not hold";
    /// Too many people have these details.
    TooManyNamesakes = "too-many-namesakes", 409, "Too many people have these details";
    /// Two operators have to approve.
    BodyNotApproved = "body-not-approved", 403, "The public body is not approved";
    /// The entry does not follow the one in force.
    BodyOutOfTurn = "body-out-of-turn", 409, "Another entry of this public body is in force";
    /// The caller remembers a log that this one does not extend.
    UnknownLog = "unknown-log", 409, "The log is not known here";
    /// A body asked for as many people as it may.
    LookupsUsedUp = "lookups-used-up", 429, "Too many people were looked up";
    /// No token for this service, or its time is over.
    TokenInvalid = "token-invalid", 401, "The access token is not valid";

    /// Too many requests from one address.
    TooManyRequests = "too-many-requests", 429, "Too many requests";
    /// Too many event streams of one mailbox, or too many downloads.
    TooManyStreams = "too-many-streams", 429, "Too many streams";
    /// The service's disk is full.
    ServiceFull = "service-full", 507, "The service has no room left";
    /// The service cannot reach its store, or is stopping.
    Unavailable = "unavailable", 503, "The service is not available";
}

impl Code {
    /// The kinds that the key directory alone answers with.
    pub const OF_THE_DIRECTORY: &[Self] = &[
        Self::SignInUnknown,
        Self::SignInRefused,
        Self::SignInOfAnother,
        Self::SignInIncomplete,
        Self::IdentityProviderFault,
        Self::EntryRefused,
        Self::EntryOutOfTurn,
        Self::AlreadyEnrolled,
        Self::OtherDirectoryId,
        Self::EvidenceRefused,
        Self::TooManyNamesakes,
        Self::BodyNotApproved,
        Self::BodyOutOfTurn,
        Self::UnknownLog,
        Self::LookupsUsedUp,
        Self::TokenInvalid,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_looks_like_this() {
        let problem = Problem::new(Code::PermitSpent, "Ask the directory for a new permit.");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"urn:letterbox:problem:permit-spent","title":"The permit has been used","status":409,"detail":"Ask the directory for a new permit.","code":"permit-spent"}"#
        );
        assert!(problem.is(Code::PermitSpent) && !problem.is(Code::PermitExpired));
    }

    #[test]
    fn each_kind_has_a_code_and_a_title_of_its_own() {
        for (place, one) in Code::ALL.iter().enumerate() {
            assert!((400..600).contains(&one.status()), "{one:?}");
            for other in &Code::ALL[..place] {
                assert_ne!(one.as_str(), other.as_str());
                assert_ne!(one.title(), other.title());
            }
        }
    }
}
