//! Who is signed in, in which browser.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{ids, people::Person};

/// How long a session lasts, in seconds.
pub(crate) const LIFE: u64 = 60 * 60;

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) person: &'static Person,
    /// The session's number, as relying parties know it.
    pub(crate) sid: String,
    /// The relying parties that the person went to, by their ids.
    pub(crate) clients: BTreeSet<String>,
    began: u64,
}

/// The sessions, by the values of their cookies.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Signs somebody in. Returns the value of the cookie, which is new each time.
    pub(crate) fn begin(&self, person: &'static Person, now: u64) -> String {
        let cookie = ids::random_text();
        let session = Session { person, sid: ids::random_uuid(), clients: BTreeSet::new(), began: now };
        self.live(now).insert(cookie.clone(), session);
        cookie
    }

    pub(crate) fn find(&self, cookie: &str, now: u64) -> Option<Session> {
        self.live(now).get(cookie).cloned()
    }

    /// Notes that the person went to a relying party. Returns the session's number.
    pub(crate) fn visit(&self, cookie: &str, client_id: &str, now: u64) -> Option<String> {
        let mut sessions = self.live(now);
        let session = sessions.get_mut(cookie)?;
        session.clients.insert(client_id.to_owned());
        Some(session.sid.clone())
    }

    pub(crate) fn is_live(&self, sid: &str, now: u64) -> bool {
        self.live(now).values().any(|session| session.sid == sid)
    }

    /// Signs out, in the browser with this cookie or of the session with this number.
    pub(crate) fn end(&self, cookie: Option<&str>, sid: Option<&str>, now: u64) -> Option<Session> {
        let mut sessions = self.live(now);
        let by_cookie = cookie.filter(|cookie| sessions.contains_key(*cookie)).map(str::to_owned);
        let found = by_cookie.or_else(|| {
            let sid = sid?;
            sessions.iter().find(|(_, session)| session.sid == sid).map(|(cookie, _)| cookie.clone())
        })?;
        sessions.remove(&found)
    }

    fn live(&self, now: u64) -> MutexGuard<'_, HashMap<String, Session>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.began.saturating_add(LIFE) > now);
        sessions
    }
}
