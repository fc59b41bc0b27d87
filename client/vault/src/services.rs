//! The two services, as this program asks them, whatever it has stored or not.

use std::future::Future;

use client_mailbox::{
    http::{HttpRequest, HttpResponse},
    session,
};
use client_messages::{Event, Problem, Step};
use crypto_core::trust::VerifiedTrust;
use futures_util::FutureExt as _;
use relay_auth::signing::SigningKey;

use crate::{
    failure::Failure,
    network::{self, Unreachable},
    random,
    worker::{Farewell, Worker},
};

impl Worker {
    /// Tells the page what takes the time now.
    pub(crate) fn shows(&self, step: Step) {
        self.tell(Event::Progress(Some(step)));
    }

    /// Sends a request to the directory.
    pub(crate) async fn ask_directory(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = network::send(self, request, network::LARGEST_ANSWER).await;
        answer.map_err(|Unreachable| Failure(Problem::DirectoryUnreachable))
    }

    /// Asks the directory for all public bodies at once: the largest answer that there is.
    pub(crate) async fn ask_registry(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = network::send(self, request, network::LARGEST_REGISTRY).await;
        answer.map_err(|Unreachable| Failure(Problem::DirectoryUnreachable))
    }

    /// Sends a request to the relay.
    pub(crate) async fn ask_relay(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = network::send(self, request, network::LARGEST_ANSWER).await;
        answer.map_err(|Unreachable| Failure(Problem::RelayUnreachable))
    }

    /// Has the relay end the session of this key. That goes on after this program, which gets an answer if it
    /// waits for one.
    pub(crate) fn end_session(&self, key: &SigningKey, trust: &VerifiedTrust) -> Option<Farewell> {
        let request = session::end_own(key, trust, self.now(), &mut random::source());
        Some(network::send_off(self, &request.ok()?).ok()?.map(drop).boxed_local())
    }

    /// The same for a session whose `opening` is on its way. The end that is sent now may come before it, and
    /// ends nothing then: so it is sent once more when the opening was answered.
    pub(crate) fn end_session_after(
        &self,
        opening: impl Future + 'static,
        key: &SigningKey,
        trust: &VerifiedTrust,
    ) -> Option<Farewell> {
        // Not waited for: what it is answered says nothing.
        drop(self.end_session(key, trust));
        // Signed now: no key waits for an answer.
        let request = session::end_own(key, trust, self.now(), &mut random::source()).ok()?;
        let worker = self.clone();
        let again = async move {
            opening.await;
            if let Ok(sent) = network::send_off(&worker, &request) {
                // As above.
                let _ = sent.await;
            }
        };
        Some(again.boxed_local())
    }
}
