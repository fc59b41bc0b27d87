//! What every step works with: the worker, what is stored, and the two services.

use client_mailbox::http::{HttpRequest, HttpResponse};
use client_messages::{Event, Problem, Step};

use crate::{
    failure::Failure,
    network::{self, Unreachable},
    storage::Storage,
    worker::Worker,
};

/// This device.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) worker: Worker,
    pub(crate) storage: Storage,
}

impl Device {
    /// Tells the page what takes the time now.
    pub(crate) fn shows(&self, step: Step) {
        self.worker.tell(Event::Progress(Some(step)));
    }

    /// Sends a request to the directory.
    pub(crate) async fn ask_directory(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = network::send(&self.worker, request, network::LARGEST_ANSWER).await;
        answer.map_err(|Unreachable| Failure(Problem::DirectoryUnreachable))
    }

    /// Asks the directory for all public bodies at once: the largest answer that there is.
    pub(crate) async fn ask_registry(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = network::send(&self.worker, request, network::LARGEST_REGISTRY).await;
        answer.map_err(|Unreachable| Failure(Problem::DirectoryUnreachable))
    }

    /// Sends a request to the relay.
    pub(crate) async fn ask_relay(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = network::send(&self.worker, request, network::LARGEST_ANSWER).await;
        answer.map_err(|Unreachable| Failure(Problem::RelayUnreachable))
    }
}
