//! Sessions: reading a mailbox for a while without being one of its devices (`LBX-SESSION-1`).
//!
//! It takes the recovery code, whose key signs, and a ticket of the directory, which gives it to the
//! owner alone, after a sign-in for this. A session reads and does nothing else. It ends by itself, and
//! every device of the mailbox is told of it for as long as it is remembered: a session of which its
//! owner could not be told is not opened.

use std::sync::Arc;

pub use api::sessions::SessionEnd;
use api::sessions::{LIFE, MOST_OPEN, MOST_REMEMBERED, PAUSE, REMEMBERED};
use relay_auth::{
    request_key::RequestKeyId,
    session::SessionTicket,
    ticket::{Ticket as _, TicketError, TicketKeys},
};

use crate::{
    deposits::arrivals::Arrivals,
    mailboxes::requests::{Admitted, ByRecoveryKey, BySession, Proven},
    store::{Denied, MailStore, StoreFailure},
};

/// A session that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The name of its key.
    pub key: RequestKeyId,
    /// When it was opened, Unix seconds.
    pub opened: u64,
    /// When it last asked for something, Unix seconds.
    pub asked: u64,
    /// When it ended, and by what, if it was ended.
    pub ended: Option<(u64, SessionEnd)>,
}

impl StoredSession {
    /// When it ended and by what; while it is open, when it ends if nothing more is asked
    /// (`LBX-SESSION-6`).
    #[must_use]
    pub fn ends(&self, now: u64) -> (u64, Option<SessionEnd>) {
        if let Some((at, by)) = self.ended {
            return (at, Some(by));
        }
        let until = self.asked.saturating_add(PAUSE).min(self.opened.saturating_add(LIFE));
        // The clock was far ahead when it was opened and was set right since: nobody knows any more for how
        // long it has read.
        let is_yet_to_come = now.saturating_add(PAUSE) < self.opened;
        (until, (now > until || is_yet_to_come).then_some(SessionEnd::Time))
    }

    /// Whether it may read.
    #[must_use]
    pub fn is_open(&self, now: u64) -> bool {
        self.ends(now).1.is_none()
    }

    /// Until when it is remembered (`LBX-SESSION-7`).
    #[must_use]
    pub const fn remembered_until(&self) -> u64 {
        self.opened.saturating_add(REMEMBERED)
    }

    /// In how many seconds another one may be opened beside these, if nobody ends one and none asks for
    /// anything meanwhile. `None` where it may be opened now.
    #[must_use]
    pub fn wait_beside(sessions: &[Self], now: u64) -> Option<u64> {
        let open: Vec<u64> = sessions
            .iter()
            .filter(|session| session.is_open(now))
            .map(|session| session.ends(now).0)
            .collect();
        let first_end = open.iter().copied().min().filter(|_| open.len() >= MOST_OPEN);
        let forgotten = sessions.iter().map(Self::remembered_until).min();
        let forgotten = forgotten.filter(|_| sessions.len() >= MOST_REMEMBERED);
        // Each is there for the whole of its last second.
        let last = first_end.max(forgotten)?;
        Some(last.saturating_sub(now).saturating_add(1))
    }
}

/// How opening ended. Anything but the first leaves all as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOpening {
    /// The session is open, by this call.
    New,
    /// It is open, by the same call before.
    Open,
    /// The key has had its session.
    Over,
    /// The key is a device's, a recovery key, or another mailbox's.
    KeyTaken,
    /// As many are open, or remembered, as a mailbox may have.
    TooMany {
        /// In how many seconds there is room, if nothing happens meanwhile.
        wait: u64,
    },
}

/// Why a session was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// The ticket was not taken.
    #[error(
        "the session ticket is none of this relay's directory for this mailbox, or is over: sign in again"
    )]
    Ticket(#[from] TicketError),
    /// The key has had its session.
    #[error("this session is over: sign in again for another one")]
    Over,
    /// The key is in use for something else.
    #[error("the key of the session is in use elsewhere: make a new one for each session")]
    KeyTaken,
    /// As many as a mailbox may have.
    #[error("this mailbox has as many sessions as it may: end one, or come back with the recovery code")]
    TooMany {
        /// In how many seconds there is room, if nothing happens meanwhile.
        wait: u64,
    },
    /// The request was not admitted, or the store did not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Opens sessions, ends them, tells of them.
#[derive(Debug)]
pub struct Sessions {
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) tickets: Arc<TicketKeys>,
    pub(crate) arrivals: Arrivals,
}

impl Sessions {
    /// Opens a session for the key that the ticket names. Says whether it was opened by this call. Asked again
    /// while it is open, it stays as it is: who lost the answer asks once more, and nobody makes it last longer
    /// that way.
    ///
    /// # Errors
    /// See [`OpenSessionError`].
    pub async fn open(
        &self,
        by: Proven<ByRecoveryKey>,
        ticket: &[u8],
        now: u64,
    ) -> Result<bool, OpenSessionError> {
        let ticket: SessionTicket = self.tickets.open(ticket)?;
        // LBX-SESSION-4: the code and the sign-in are of one mailbox. Which one the ticket is for is not
        // for whoever holds another one's code to learn.
        if ticket.mailbox != by.mailbox() {
            return Err(TicketError::Forged.into());
        }
        ticket.in_time(now)?;
        let mailbox = by.mailbox();
        let (store, arrivals) = (Arc::clone(&self.store), self.arrivals.clone());
        // To its end, also where whoever asks is gone: asked once more it would be open already.
        let opening = tokio::spawn(async move {
            let outcome = store.open_session(by, ticket.session_key, now).await;
            if outcome == Ok(SessionOpening::New) {
                // LBX-SESSION-7: a device asks for the sessions when it looks for news, and it looks when its
                // stream ends. An owner who reads just now is told now, not with the next letter. Once: whoever
                // opens it over and over does not keep a device from listening.
                arrivals.end(mailbox);
            }
            outcome
        });
        let broken = || StoreFailure::Unavailable("opening a session broke off".to_owned());
        match opening.await.unwrap_or_else(|_| Err(broken().into()))? {
            SessionOpening::New => Ok(true),
            SessionOpening::Open => Ok(false),
            SessionOpening::Over => Err(OpenSessionError::Over),
            SessionOpening::KeyTaken => Err(OpenSessionError::KeyTaken),
            SessionOpening::TooMany { wait } => Err(OpenSessionError::TooMany { wait }),
        }
    }

    /// Ends the session that asks.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn end_own(&self, by: Proven<BySession>, now: u64) -> Result<(), Denied> {
        self.store.end_own_session(by, now).await
    }

    /// Ends a session, as a device asks. `false` if the mailbox remembers none of this name. One that is
    /// over stays as it ended.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn end(&self, by: Proven, session: RequestKeyId, now: u64) -> Result<bool, Denied> {
        self.store.end_session(by, session, now).await
    }

    /// Whether the session that asked is open still: what it is sent can take longer than it lasts. `false`
    /// for a device, which is none.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn is_open(&self, by: &Admitted, now: u64) -> Result<bool, StoreFailure> {
        let sessions = self.store.sessions(by.mailbox()).await?;
        Ok(sessions.iter().any(|session| session.key == by.key() && session.is_open(now)))
    }

    /// The sessions that are remembered, in the order in which they were opened.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn remembered(&self, by: &Admitted) -> Result<Vec<StoredSession>, StoreFailure> {
        let mut sessions = self.store.sessions(by.mailbox()).await?;
        sessions.sort_by_key(|session| session.opened);
        Ok(sessions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(opened: u64, asked: u64) -> StoredSession {
        StoredSession { key: RequestKeyId::from([1; 16]), opened, asked, ended: None }
    }

    /// `LBX-SESSION-6`
    #[test]
    fn a_session_ends_when_it_is_quiet_and_at_the_latest_after_its_life() {
        assert_eq!(session(1000, 1000).ends(1000 + PAUSE), (1000 + PAUSE, None));
        assert_eq!(session(1000, 1000).ends(1001 + PAUSE), (1000 + PAUSE, Some(SessionEnd::Time)));
        let busy = session(1000, 1000 + LIFE - 1);
        assert!(busy.is_open(1000 + LIFE));
        assert_eq!(busy.ends(1001 + LIFE), (1000 + LIFE, Some(SessionEnd::Time)));
        let ended = StoredSession { ended: Some((1001, SessionEnd::Device)), ..busy };
        assert_eq!(ended.ends(1001), (1001, Some(SessionEnd::Device)));
    }

    /// `LBX-SESSION-6`
    #[test]
    fn a_session_that_was_opened_by_a_clock_far_ahead_is_over_when_the_clock_is_set_right() {
        let ahead = session(100_000, 100_000);
        assert!(ahead.is_open(100_000 - PAUSE));
        assert!(!ahead.is_open(99_999 - PAUSE));
    }

    #[test]
    fn there_is_room_for_so_many_open_and_so_many_remembered_ones_and_no_more() {
        let open = |number| vec![session(1000, 1000); number];
        let wait = |number, now| StoredSession::wait_beside(&open(number), now);
        assert_eq!(wait(MOST_OPEN - 1, 1000), None);
        assert_eq!(wait(MOST_OPEN, 1000), Some(PAUSE + 1));
        let later = 1001 + PAUSE;
        assert_eq!(wait(MOST_REMEMBERED - 1, later), None);
        // Nobody is told to come back in a quarter of an hour for what takes weeks.
        assert_eq!(wait(MOST_REMEMBERED, later), Some(REMEMBERED - PAUSE));
        // Both at once: the longer of the two.
        assert_eq!(wait(MOST_REMEMBERED, 1000), Some(REMEMBERED + 1));
    }

    #[test]
    fn the_wait_is_for_the_first_that_ends_or_is_forgotten() {
        let open: Vec<_> = (0..4).map(|number| session(1000, 1000 + number)).collect();
        assert_eq!(open.len(), MOST_OPEN);
        assert_eq!(StoredSession::wait_beside(&open, 1100), Some(PAUSE - 99));
        let remembered: Vec<_> = (0..64).map(|number| session(1000 + number, 1000 + number)).collect();
        assert_eq!(remembered.len(), MOST_REMEMBERED);
        let now = 1000 + REMEMBERED;
        assert_eq!(StoredSession::wait_beside(&remembered, now), Some(1));
    }
}
