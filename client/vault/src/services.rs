//! The two services, as this program asks them, whatever it has stored or not.

use client_mailbox::{
    http::{HttpRequest, HttpResponse},
    session,
};
use client_messages::{Event, Problem, Step};
use crypto_core::trust::VerifiedTrust;
use relay_auth::signing::SigningKey;
use wasm_bindgen_futures::JsFuture;

use crate::{
    failure::Failure,
    network::{self, Unreachable},
    random,
    worker::Worker,
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
    pub(crate) fn end_session(&self, key: &SigningKey, trust: &VerifiedTrust) -> Option<JsFuture> {
        let request = session::end_own(key, trust, self.now(), &mut random::source());
        network::send_off(self, &request.ok()?).ok()
    }
}
