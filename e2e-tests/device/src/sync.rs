//! Keeping up with relay and directory, in the order in which the real device does it. What an answer
//! changes is stored before anything is sent that follows from it.

use client_mailbox::{
    inbox::{AgainPass, Alarm, ArchiveLie, Filing, Part, Received},
    local::names,
    registry, relay,
};
use crypto_core::archive::ObjectId;
use relay_auth::cbor::Wire as _;

use crate::{
    failure::Failure,
    mailbox::Mailbox,
    system::{now, rng},
};

impl Mailbox<'_> {
    /// Everything that is looked at once when a mailbox is opened.
    pub(crate) async fn synchronise(&mut self) -> Result<(), Failure> {
        self.directory().await?;
        self.letters().await?;
        self.again().await?;
        self.archive().await
    }

    /// What is new at the relay.
    pub(crate) async fn news(&mut self) -> Result<(), Failure> {
        self.letters().await?;
        if self.inbox.unopened().is_empty() {
            return Ok(());
        }
        // Its sender may be a body that was registered since.
        self.directory().await?;
        self.again().await
    }

    /// The registry of public bodies, and the own entry.
    async fn directory(&mut self) -> Result<(), Failure> {
        let pin = Some(self.enrolled.pin());
        let answer = self.network.send(&registry::request(&self.trust, pin)?).await?;
        let (bodies, pin) = self.registry.answered(&self.trust, pin, &answer, now())?;
        self.registry = bodies;
        self.enrolled.advance(pin);
        self.disk.put([
            (names::ENROLLED.to_owned(), self.enrolled.to_bytes()),
            (names::REGISTRY.to_owned(), self.registry.to_record()),
        ])?;
        self.check_entry().await
    }

    /// Lists what came since the last listing, to its end, and files it.
    async fn letters(&mut self) -> Result<(), Failure> {
        loop {
            let request = relay::letters(self.inbox.last(), None, &self.signer(), &mut rng())?;
            let page = relay::letter_page(&self.network.send(&request).await?)?;
            let (inbox, reader) = self.parts();
            let mut received = inbox.listed(&page, &reader, &mut rng())?;
            // These are tried again once the registry is up to date: no alarm before that.
            received.alarms.retain(|alarm| !matches!(alarm, Alarm::Unopenable { .. }));
            let is_complete = received.is_complete;
            self.keep(&received)?;
            if is_complete {
                return self.file().await;
            }
        }
    }

    /// Tries letters again that stayed at the relay.
    async fn again(&mut self) -> Result<(), Failure> {
        let mut pass = AgainPass::of(&self.inbox.unopened());
        while let Some(Part { after, limit }) = pass.part() {
            let request = relay::letters(after, Some(limit), &self.signer(), &mut rng())?;
            let page = relay::letter_page(&self.network.send(&request).await?)?;
            let (inbox, reader) = self.parts();
            let received = inbox.again(&mut pass, &page, &reader, &mut rng())?;
            self.keep(&received)?;
        }
        self.file().await
    }

    /// Files and acknowledges every letter that is not filed yet.
    async fn file(&mut self) -> Result<(), Failure> {
        let waiting: Vec<Filing> = self.inbox.filings().cloned().collect();
        for filing in waiting {
            let request = relay::file(&filing, &self.signer(), &mut rng())?;
            self.network.send(&request).await?.done()?;
            let writes = self.inbox.filed(filing.id());
            self.disk.write(&writes)?;
        }
        Ok(())
    }

    /// Looks through the whole archive: what was filed has to be there.
    async fn archive(&mut self) -> Result<(), Failure> {
        let mut pass = self.inbox.archive_pass();
        while !pass.is_complete() {
            let request = relay::archive(pass.after(), &self.signer(), &mut rng())?;
            let page = relay::archive_page(&self.network.send(&request).await?)?;
            for id in pass.listed(&self.inbox, &page)? {
                self.fetch(&id).await?;
            }
        }
        let received = self.inbox.passed(pass);
        self.keep(&received)
    }

    async fn fetch(&mut self, id: &ObjectId) -> Result<(), Failure> {
        let request = relay::archive_object(id, &self.signer(), &mut rng())?;
        let object = relay::archive_content(&self.network.send(&request).await?)?;
        if object.id.0 != *id.as_bytes() {
            return Err(ArchiveLie::OtherLetter.into());
        }
        let (inbox, reader) = self.parts();
        let received = inbox.archived(&object, &reader)?;
        self.keep(&received)
    }

    fn keep(&mut self, received: &Received) -> Result<(), Failure> {
        self.disk.write(&received.writes)?;
        match received.alarms.first() {
            Some(alarm) => Err(Failure::Alarm(*alarm)),
            None => Ok(()),
        }
    }
}
