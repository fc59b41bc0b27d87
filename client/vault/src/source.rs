//! Of which mailbox a file is: of the one that is open on this device, or of the one that a session reads.

use client_mailbox::{
    download::Download,
    http::{AnswerError, HttpRequest},
};
use crypto_core::archive::ObjectId;

use crate::{
    archive, device::Device, failure::Failure, opened::Shared, random, reading::Reading, worker::Worker,
};

/// Where letters are looked up.
pub(crate) enum Source {
    /// This device has a mailbox.
    Device(Device, Shared),
    /// A session reads one.
    Session(Reading),
}

impl Source {
    pub(crate) const fn worker(&self) -> &Worker {
        match self {
            Self::Device(device, _) => &device.worker,
            Self::Session(reading) => reading.worker(),
        }
    }

    /// Whether there is nothing to look up any more.
    pub(crate) fn is_locked(&self) -> bool {
        match self {
            Self::Device(_, shared) => shared.is_locked(),
            Self::Session(reading) => reading.is_over(),
        }
    }

    /// The letter that the page names.
    pub(crate) fn find(&self, id: &str) -> Result<Option<ObjectId>, Failure> {
        match self {
            Self::Device(_, shared) => shared.look(|opened| opened.inbox.find(id)),
            Self::Session(reading) => reading.find(id),
        }
    }

    /// The other copies of a letter that came more than once.
    pub(crate) fn copies(&self, id: &ObjectId) -> Result<Vec<ObjectId>, Failure> {
        match self {
            Self::Device(_, shared) => shared.look(|opened| opened.inbox.copies(id)),
            Self::Session(reading) => reading.copies(id),
        }
    }

    /// Begins to fetch a file as one copy of a letter names it, counted from 0.
    pub(crate) async fn download(&self, id: &ObjectId, place: usize) -> Result<Download, Failure> {
        match self {
            Self::Device(device, shared) => {
                // Dropped with this: it need not lie open in memory for as long as the file takes.
                let record = archive::letter(device, shared, id).await?;
                Ok(shared.look(|opened| opened.inbox.download(id, &record, place, &opened.reader()))??)
            }
            Self::Session(reading) => reading.download(id, place),
        }
    }

    /// What asks for the rest of a file.
    pub(crate) fn rest_of(&self, download: &Download) -> Result<HttpRequest, Failure> {
        match self {
            Self::Device(device, shared) => {
                let now = device.worker.now();
                Ok(shared.look(|opened| download.request(&opened.signer(now), &mut random::source()))??)
            }
            Self::Session(reading) => reading.rest_of(download),
        }
    }

    /// The relay said no.
    pub(crate) fn refused(&self, error: &AnswerError) -> Failure {
        match self {
            Self::Device(..) => Failure::of_relay(error),
            Self::Session(reading) => reading.refused(error),
        }
    }
}
