//! Sessions: reading for a while on a device that keeps nothing, and being told of it
//! (`LBX-SESSION-1` to `LBX-SESSION-9`).
//!
//! Whoever reads has signed in for it ([`crate::enrolment::Visit`]). With the ticket and the code's key
//! they open the session; from then on its own key signs. On the owner's devices [`Told`] knows which
//! sessions the person was told of.

use api::{
    Code, Octets16,
    sessions::{MOST_REMEMBERED, OpenSession, SessionEntry, SessionList},
};
use crypto_core::{recovery::RecoveryCode, trust::VerifiedTrust};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{DecodeError, Limits, Start, Suite, Version, Wire, encode},
    hex,
    request::RequestError,
    signing::SigningKey,
};

use crate::{
    http::{self, AnswerError, Call, HttpRequest, HttpResponse, RequestFailure},
    relay::Signer,
};

/// As many sessions as a mailbox remembers.
const LIST: Limits =
    Limits { bytes: 64 * MOST_REMEMBERED + 16, depth: 3, items: 6 * MOST_REMEMBERED as u32 + 4 };

/// Opens a session with a ticket of the directory; the code's key signs. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn open(
    ticket: &[u8],
    code: &RecoveryCode,
    trust: &VerifiedTrust,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let keys = code.keys().map_err(|_| RequestError::Unsignable)?;
    let body = encode(&OpenSession { ticket: ticket.to_vec().into() });
    let call = Call { method: "POST", path: "/v1/recovery/session", query: None, body: &body };
    http::signed(&trust.file().relay.url, call, keys.request(), now, rng)
}

/// Whether a session may be open after this answer to [`open`] (`LBX-SESSION-8`): it is not where the relay says
/// why not. `is_first` is whether no request for it went unanswered before. One that did may have opened the
/// session, and what is said to the next one, such as that the ticket has run out meanwhile, does not undo that.
#[must_use]
pub fn may_be_open(answer: &HttpResponse, is_first: bool) -> bool {
    match answer.done() {
        // Of too many the relay says that it passes; none was opened all the same.
        Err(AnswerError::Refused(refused)) if is_first => {
            refused.is_temporary() && !refused.is(Code::TooManySessions)
        }
        Ok(()) | Err(_) => true,
    }
}

/// Ends the session whose key signs. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn end_own(
    key: &SigningKey,
    trust: &VerifiedTrust,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let call = Call { method: "DELETE", path: "/v1/session", query: None, body: &[] };
    http::signed(&trust.file().relay.url, call, key, now, rng)
}

/// Lists the sessions of this device's mailbox. The answer goes to [`listed`].
///
/// # Errors
/// [`RequestFailure`].
pub fn list(signer: &Signer<'_>, rng: &mut impl CryptoRng) -> Result<HttpRequest, RequestFailure> {
    signer.sign(Call { method: "GET", path: "/v1/mailbox/sessions", query: None, body: &[] }, rng)
}

/// The answer to [`list`].
///
/// # Errors
/// [`AnswerError`].
pub fn listed(response: &HttpResponse) -> Result<Vec<SessionEntry>, AnswerError> {
    let SessionList { sessions } = response.decoded(LIST)?;
    Ok(sessions)
}

/// Ends a session of this device's mailbox. The answer has no content.
///
/// # Errors
/// [`RequestFailure`].
pub fn end(
    session: Octets16,
    signer: &Signer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<HttpRequest, RequestFailure> {
    let path = format!("/v1/mailbox/sessions/{}", hex::encode(&session.0));
    signer.sign(Call { method: "DELETE", path: &path, query: None, body: &[] }, rng)
}

/// Which sessions the person was told of on this device, to be stored once the page has shown it
/// (`LBX-SESSION-7`). A record that is missing or damaged stands for none: twice told is better than
/// never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(Vec<(Octets16, bool)>);

impl Told {
    /// What the person has not been told yet: sessions that are new, and ends of those that were open
    /// when they were told of.
    #[must_use]
    pub fn news(&self, sessions: &[SessionEntry]) -> Vec<SessionEntry> {
        let is_news = |session: &&SessionEntry| match self.0.iter().find(|(id, _)| *id == session.id) {
            None => true,
            Some((_, was_over)) => !was_over && session.end.is_some(),
        };
        sessions.iter().filter(is_news).copied().collect()
    }

    /// The person was told of a session, and, if so, that it is over.
    pub fn tell(&mut self, session: Octets16, is_over: bool) {
        match self.0.iter_mut().find(|(id, _)| *id == session) {
            Some((_, was_over)) => *was_over |= is_over,
            None => self.0.push((session, is_over)),
        }
    }

    /// Forgets what the relay does not remember any more. `sessions` is the whole of its list.
    pub fn forget_others(&mut self, sessions: &[SessionEntry]) {
        self.0.retain(|(id, _)| sessions.iter().any(|session| session.id == *id));
    }

    /// To be stored.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let told = self.0.iter().map(|&(id, is_over)| Known { id, is_over });
        Stored { version: Version, suite: Suite, told: told.collect() }.to_bytes()
    }

    /// Takes what was stored.
    ///
    /// # Errors
    /// [`DecodeError`]: go by [`Told::default`].
    pub fn from_record(record: &[u8]) -> Result<Self, DecodeError> {
        let Stored { told, .. } = Stored::from_bytes(record)?;
        Ok(Self(told.into_iter().map(|known| (known.id, known.is_over)).collect()))
    }
}

#[derive(Encode, Decode)]
struct Known {
    #[n(0)]
    id: Octets16,
    #[n(1)]
    is_over: bool,
}

#[derive(Encode, Decode)]
struct Stored {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    told: Vec<Known>,
}

impl Wire for Stored {
    const LIMITS: Limits =
        Limits { bytes: 32 * MOST_REMEMBERED + 16, depth: 3, items: 3 * MOST_REMEMBERED as u32 + 5 };
    const START: Start = Start::VersionAndSuite;
}

#[cfg(test)]
mod tests {
    use api::{Problem, sessions::SessionEnd};

    use super::*;

    fn refusal(code: Code) -> HttpResponse {
        HttpResponse::new(code.status(), serde_json::to_vec(&Problem::new(code, "No.")).unwrap())
    }

    /// `LBX-SESSION-8`
    #[test]
    fn a_session_is_over_only_where_nothing_that_was_asked_can_have_opened_it() {
        let saying_why = [
            Code::SessionTicketExpired,
            Code::SessionTicketInvalid,
            Code::TooManySessions,
            Code::SessionOver,
            Code::SignatureInvalid,
        ];
        for code in saying_why {
            assert!(!may_be_open(&refusal(code), true), "{code:?}");
            // The answer to the one before was lost: its ticket was good then.
            assert!(may_be_open(&refusal(code), false), "{code:?}");
        }
        let opened = HttpResponse::new(204, Vec::new());
        let strange = HttpResponse::new(200, vec![1]);
        let ill = HttpResponse::new(504, b"<html>".to_vec());
        for answer in [opened, strange, ill, refusal(Code::Unavailable), refusal(Code::RequestReplayed)] {
            assert!(may_be_open(&answer, true) && may_be_open(&answer, false), "{answer:?}");
        }
    }

    fn session(number: u8, end: Option<SessionEnd>) -> SessionEntry {
        SessionEntry { id: Octets16([number; 16]), opened: 1000, asked: 1001, ends: 1901, end }
    }

    /// `LBX-SESSION-7`
    #[test]
    fn each_session_and_each_end_is_told_once() {
        let (open, over) = (session(1, None), session(1, Some(SessionEnd::Time)));
        let mut told = Told::default();
        assert_eq!(told.news(&[open]), [open]);
        told.tell(open.id, false);
        assert!(told.news(&[open]).is_empty());
        let other = session(2, Some(SessionEnd::Itself));
        assert_eq!(told.news(&[over, other]), [over, other]);
        told.tell(over.id, true);
        assert_eq!(told.news(&[over, other]), [other]);
        // What was on the screen before its end does not undo that the end was told.
        told.tell(over.id, false);
        told.tell(other.id, true);
        assert!(told.news(&[over, other]).is_empty());
    }

    #[test]
    fn what_the_relay_has_forgotten_is_forgotten_here_and_told_again_if_it_comes_back() {
        let (one, other) = (session(1, Some(SessionEnd::Time)), session(2, Some(SessionEnd::Time)));
        let mut told = all(&[one, other]);
        told.forget_others(&[other]);
        assert_eq!(told.news(&[one, other]), [one]);
    }

    /// Somebody who was told of all of these.
    fn all(sessions: &[SessionEntry]) -> Told {
        let mut told = Told::default();
        sessions.iter().for_each(|session| told.tell(session.id, session.end.is_some()));
        told
    }

    #[test]
    fn what_was_told_is_stored_and_a_damaged_record_tells_again() {
        let sessions: Vec<_> = (0..64).map(|number| session(number, Some(SessionEnd::Device))).collect();
        let told = all(&sessions);
        let record = told.to_record();
        assert_eq!(Told::from_record(&record), Ok(told));
        let damaged = Told::from_record(&record[1..]).unwrap_or_default();
        assert_eq!(damaged.news(&sessions).len(), 64);
    }
}
