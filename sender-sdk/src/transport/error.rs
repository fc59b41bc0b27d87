//! What goes wrong between here and a service.

use std::{fmt, time::Duration};

use api::{Code, Problem};

use super::AddressError;

/// The longest explanation of a service that is passed on, in characters.
const LONGEST_DETAIL: usize = 300;

/// Whom a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Where the trust file lies.
    TrustFile,
    /// The key directory.
    Directory,
    /// The relay.
    Relay,
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TrustFile => "the place of the trust file",
            Self::Directory => "the directory",
            Self::Relay => "the relay",
        })
    }
}

/// Why there is no answer, or none that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The address cannot be used.
    #[error("the address of {peer} cannot be used: {cause}")]
    Address {
        /// Whose.
        peer: Peer,
        /// Why.
        cause: AddressError,
    },
    /// This computer cannot make encrypted connections.
    #[error("this computer cannot make encrypted connections: {0}. Install its list of certificates")]
    Tls(String),
    /// The client could not be built.
    #[error("connections cannot be made: {0}")]
    Client(String),
    /// There is no connection, or it broke off.
    #[error("{peer} cannot be reached: {reason}. Try again later")]
    Unreachable {
        /// Who.
        peer: Peer,
        /// What the system said.
        reason: String,
    },
    /// The answer is longer than any honest one.
    #[error("{peer} sent more than {most} bytes, which is no honest answer: it was cut off")]
    TooLarge {
        /// Who.
        peer: Peer,
        /// The limit.
        most: usize,
    },
    /// What answered does not speak this protocol.
    #[error(
        "{peer} answered with status {status}, as no service of Letterbox does: is a proxy in between, or the address wrong?"
    )]
    NotLetterbox {
        /// Who.
        peer: Peer,
        /// The HTTP status.
        status: u16,
    },
    /// The service refused and says why.
    #[error("{0}")]
    Refused(Refusal),
}

impl TransportError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::NotLetterbox { status, .. } => is_temporary(*status),
            Self::Refused(refusal) => refusal.is_temporary(),
            _ => false,
        }
    }

    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}

/// A refusal, as the service explains it (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who refused.
    pub peer: Peer,
    /// The HTTP status.
    pub status: u16,
    /// The kind, such as `mailbox-full`.
    pub code: String,
    /// What happened and what to do about it.
    pub detail: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(peer: Peer, status: u16, problem: &Problem, retry_after: Option<Duration>) -> Self {
        let (code, detail) = (plain(&problem.code), plain(&problem.detail));
        Self { peer, status, code, detail, retry_after }
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, code: Code) -> bool {
        self.code == code.as_str()
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        is_temporary(self.status)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, code, detail, .. } = self;
        write!(formatter, "{peer} refused ({code}): {detail}")
    }
}

/// Too slow, too many requests, or something in between is down for a while.
const fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 502 | 503 | 504)
}

/// The other side's words, without what could command a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(LONGEST_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_service_cannot_command_a_terminal() {
        let detail = format!("\u{1b}]0;owned\u{7}\u{9b}2J{}", "x".repeat(1000));
        let problem = Problem::new(Code::MailboxFull, detail);
        let refusal = Refusal::new(Peer::Relay, 507, &problem, None);
        assert!(!refusal.to_string().contains(char::is_control));
        assert!(refusal.detail.len() <= LONGEST_DETAIL);
        assert!(refusal.is(Code::MailboxFull) && !refusal.is_temporary());
    }
}
