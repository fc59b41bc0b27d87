//! A session on a device that keeps nothing (`LBX-SESSION-8`), up to its opening.
//!
//! ```text
//!        Visit                 Visited
//! closed ─────▶ Link: the code ───────▶ Reading (crate::reading) ─ Lock, nobody does anything, ─▶ gone
//!                 ▲ │ Resume                                       over at the relay
//!                 └─┘
//! ```
//!
//! Nothing here is stored, and no lock of the profile is taken: a mailbox that this browser may have stays
//! as it is. The person goes to ScotAccount in another tab, because this one has to stay: it alone has the
//! code, and the key for which they sign in.

use std::rc::Rc;

use api::Code;
use client_mailbox::{
    enrolment::{Returned, Visit},
    http::{AnswerError, HttpResponse},
    reading::Reading as Keys,
    recovery::Found,
    session,
    settings::Settings,
};
use client_messages::{Problem, Status, Step};
use crypto_core::{recovery::RecoveryCode, trust::VerifiedTrust};
use futures_channel::oneshot;
use wasm_bindgen_futures::spawn_local;

use crate::{
    failure::Failure,
    random,
    reading::Reading,
    recover,
    watch::Watch,
    worker::{Farewell, Worker},
};

/// How long nothing may be done here while somebody is at ScotAccount, in minutes. That can take longer
/// than reading pauses do; for an hour, as for other sign-ins, a code is not left behind an open page.
const MINUTES_AWAY: u8 = 15;

/// How far a session is.
pub(crate) enum Visiting {
    /// The person signs in in another tab.
    Link(Box<Link>),
    /// It is open.
    Reading(Reading),
}

impl Visiting {
    /// For the page.
    pub(crate) const fn status(&self) -> Status {
        match self {
            Self::Link(_) => Status::VisitBegun,
            Self::Reading(_) => Status::Visiting,
        }
    }

    /// When it ends by itself. What the profile's owner may have chosen does not count for a guest.
    pub(crate) fn settings(&self) -> Settings {
        let usual = Settings::default();
        match self {
            Self::Link(_) => Settings::new(MINUTES_AWAY, false).unwrap_or(usual),
            Self::Reading(_) => usual,
        }
    }
}

/// What a session begins with, in memory and nowhere else. All of it is wiped when it is dropped.
pub(crate) struct Link {
    trust: Rc<VerifiedTrust>,
    code: RecoveryCode,
    found: Found,
    visit: Visit,
    /// The relay was asked to open the session, and nobody heard that it has not.
    may_be_open: bool,
    /// The answer, while that is on its way.
    opening: Option<oneshot::Receiver<Result<HttpResponse, Failure>>>,
}

impl Link {
    /// Finds the mailbox of a code.
    pub(crate) async fn begin(
        worker: &Worker,
        code: RecoveryCode,
        trust: Rc<VerifiedTrust>,
    ) -> Result<Self, Failure> {
        let found = recover::found(worker, &code, &trust).await?;
        let visit = Visit::begin(&found, worker.now(), &mut random::source());
        Ok(Self { trust, code, found, visit, may_be_open: false, opening: None })
    }

    /// The address at ScotAccount.
    pub(crate) fn address(&self) -> String {
        self.visit.authorise_url(&self.trust)
    }

    /// Begins the sign-in anew, for another key. What comes back for the one before is not taken any more.
    pub(crate) fn renew(&mut self, worker: &Worker) {
        drop(self.end(worker));
        self.may_be_open = false;
        self.visit = Visit::begin(&self.found, worker.now(), &mut random::source());
    }

    /// Takes what ScotAccount sent the other tab back with, and has the relay open the session.
    pub(crate) async fn signed_in(&mut self, worker: &Worker, query: &str) -> Result<(), Failure> {
        let returned = Returned::parse(query)?;
        let request = self.visit.redeem(&self.trust, &returned, worker.now())?;
        worker.shows(Step::Confirming);
        let response = worker.ask_directory(&request).await?;
        self.visit.redeemed(&self.trust, &response, worker.now())?;
        let response = worker.ask_directory(&self.visit.entries(&self.trust)?).await?;
        self.visit.entries_shown(&response)?;
        let response = worker.ask_directory(&self.visit.ticket(&self.trust)?).await?;
        let ticket = self.visit.ticket_given(&response)?;
        worker.shows(Step::OpeningMailbox);
        self.may_be_open = true;
        let (response, is_first) = match self.asked_to_open(worker, &ticket).await {
            // It may be open: asked again it stays as it is (LBX-SESSION-4), and its owner is told of one.
            Err(Failure(Problem::RelayUnreachable)) => (self.asked_to_open(worker, &ticket).await?, false),
            outcome => (outcome?, true),
        };
        self.may_be_open = session::may_be_open(&response, is_first);
        response.done().map_err(|error| not_opened(&error))
    }

    /// Asks the relay to open the session. Where this vault ends meanwhile it is asked all the same, so whoever
    /// ends the session then waits for the answer ([`Link::end`]).
    async fn asked_to_open(&mut self, worker: &Worker, ticket: &[u8]) -> Result<HttpResponse, Failure> {
        let request = session::open(ticket, &self.code, &self.trust, worker.now(), &mut random::source())?;
        let (tell, told) = oneshot::channel();
        let asking = worker.clone();
        spawn_local(async move {
            // Fails only where nobody is to hear it.
            let _ = tell.send(asking.ask_relay(&request).await);
        });
        let answer = self.opening.insert(told).await;
        self.opening = None;
        answer.unwrap_or(Err(Failure(Problem::RelayUnreachable)))
    }

    /// Whether the relay is being asked.
    pub(crate) const fn is_being_opened(&self) -> bool {
        self.opening.is_some()
    }

    /// Has the relay end a session whose opening was answered to nobody: its owner would be told of one that
    /// is open, and nobody reads in it.
    pub(crate) fn end(&mut self, worker: &Worker) -> Option<Farewell> {
        if !self.may_be_open {
            return None;
        }
        match self.opening.take() {
            Some(opening) => worker.end_session_after(opening, &self.visit.key(), &self.trust),
            None => worker.end_session(&self.visit.key(), &self.trust),
        }
    }

    /// The relay has opened the session: the code goes, and what is in the bundle but does not open letters.
    pub(crate) fn open(self, worker: Worker, watch: Watch) -> Reading {
        let Self { trust, found, visit, .. } = self;
        Reading::open(worker, watch, trust, Keys::of(found, visit))
    }
}

/// Why the relay did not open a session.
fn not_opened(error: &AnswerError) -> Failure {
    let AnswerError::Refused(refused) = error else { return Failure::of_relay(error) };
    let named = [
        (Code::TooManySessions, Problem::TooManySessions),
        (Code::SessionOver, Problem::SessionOver),
        (Code::SessionTicketExpired, Problem::SignInExpired),
        // It knew the code a moment ago: somebody has come back meanwhile.
        (Code::SignatureInvalid, Problem::CodeReplaced),
    ];
    let named = named.into_iter().find(|(code, _)| refused.is(*code));
    named.map_or_else(|| Failure::of_relay(error), |(_, problem)| Failure(problem))
}
