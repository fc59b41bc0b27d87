//! A state beside the tasks: it waits for a disk, they do not.

use std::sync::Arc;

use crypto_core::{
    citizen::History,
    directory::{LogKey, Pin},
    person::Attributes,
};

use super::{KnownRecipient, KnownTrust, State, StateError};

#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<dyn State>);

impl Memory {
    pub(crate) fn new(state: Arc<dyn State>) -> Self {
        Self(state)
    }

    pub(crate) async fn trust(&self) -> Result<Option<KnownTrust>, StateError> {
        self.apart(|state| state.trust()).await
    }

    pub(crate) async fn remember_trust(&self, trust: KnownTrust) -> Result<(), StateError> {
        self.apart(move |state| state.remember_trust(&trust)).await
    }

    pub(crate) async fn pin(&self, log: &LogKey) -> Result<Option<Pin>, StateError> {
        let log = log.clone();
        self.apart(move |state| state.pin(&log)).await
    }

    pub(crate) async fn remember_pin(&self, log: &LogKey, pin: Pin) -> Result<(), StateError> {
        let log = log.clone();
        self.apart(move |state| state.remember_pin(&log, &pin)).await
    }

    /// What is known of a person, verified again.
    pub(crate) async fn recipient(&self, person: &Attributes) -> Result<Option<History>, StateError> {
        let person = person.clone();
        let known = self.apart(move |state| state.recipient(&person)).await?;
        Ok(known.as_ref().map(KnownRecipient::verify).transpose()?)
    }

    pub(crate) async fn remember_recipient(
        &self,
        person: &Attributes,
        known: KnownRecipient,
    ) -> Result<(), StateError> {
        let person = person.clone();
        self.apart(move |state| state.remember_recipient(&person, &known)).await
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn State) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let state = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || work(state.as_ref())).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StateError::Ending),
        }
    }
}
