//! What every step works with: the worker, what is stored, and the two services.

use client_mailbox::http::{HttpRequest, HttpResponse};
use client_messages::Step;

use crate::{failure::Failure, storage::Storage, worker::Worker};

/// This device.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) worker: Worker,
    pub(crate) storage: Storage,
}

impl Device {
    /// Tells the page what takes the time now.
    pub(crate) fn shows(&self, step: Step) {
        self.worker.shows(step);
    }

    /// Sends a request to the directory.
    pub(crate) async fn ask_directory(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        self.worker.ask_directory(request).await
    }

    /// Asks the directory for all public bodies at once.
    pub(crate) async fn ask_registry(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        self.worker.ask_registry(request).await
    }

    /// Sends a request to the relay.
    pub(crate) async fn ask_relay(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        self.worker.ask_relay(request).await
    }
}
