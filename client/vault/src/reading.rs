//! An open session (`LBX-SESSION-8`, `LBX-SESSION-9`): letters that are read and stored nowhere.
//!
//! Everything is in memory until the session ends, and then nothing is. The relay is asked again every few
//! minutes. That shows new letters and keeps the session open there; it goes on for no longer than somebody
//! reads, because the clock that looks after this program ([`crate::watch`]) ends it otherwise.

use std::{cell::RefCell, rc::Rc};

use api::{
    Code,
    sessions::{LIFE, PAUSE},
};
use client_mailbox::{
    download::Download,
    http::{AnswerError, HttpRequest, HttpResponse, RequestFailure},
    inbox::{AgainPass, Alarm, Inbox, Part, Reader, Received},
    local::names,
    looks::REGISTRY_LIFE,
    reading::Reading as Keys,
    registry::{self, Registry},
    relay::{self, Signer, Signs as _},
    retry::Patience,
};
use client_messages::{Answer, Connection, Event, LockedBecause, Problem, Step};
use crypto_core::{archive::ObjectId, directory::Pin, trust::VerifiedTrust};
use relay_auth::cbor::Bytes;
use wasm_bindgen_futures::spawn_local;

use crate::{
    failure::Failure,
    random, show,
    sync::tolerated,
    waits::Waits,
    watch::Watch,
    worker::{Farewell, Worker},
};

/// Between two looks for news. A third of what the relay allows.
const BETWEEN_LOOKS_MILLISECONDS: u32 = 5 * 60 * 1000;

/// What a session has.
struct Memory {
    trust: Rc<VerifiedTrust>,
    keys: Keys,
    registry: Registry,
    /// What was seen of the directory's log.
    pin: Option<Pin>,
    /// When the directory showed the registry last, Unix seconds; 0 for not yet.
    asked_directory: u64,
    inbox: Inbox,
    /// Letters by the names that their records would have.
    letters: Vec<(String, Bytes)>,
    /// When it was opened, and when the relay took a request last, Unix seconds.
    opened: u64,
    asked: u64,
}

impl Memory {
    fn signer(&self, now: u64) -> Signer<'_, Keys> {
        Signer { keys: &self.keys, trust: &self.trust, now }
    }

    fn reader(&self) -> Reader<'_> {
        Reader { keys: &self.keys, trust: &self.trust, registry: &self.registry }
    }

    /// The same, beside the inbox that changes.
    fn parts(&mut self) -> (&mut Inbox, Reader<'_>) {
        let Self { keys, trust, registry, inbox, .. } = self;
        (inbox, Reader { keys, trust, registry })
    }

    fn content(&self, id: &ObjectId) -> Result<&[u8], Failure> {
        let name = names::letter(id);
        let kept = self.letters.iter().rev().find(|(known, _)| *known == name);
        kept.map(|(_, content)| content.as_ref()).ok_or(Failure(Problem::NoSuchLetter))
    }
}

/// The open session, until it ends.
#[derive(Clone)]
pub(crate) struct Reading {
    worker: Worker,
    watch: Watch,
    memory: Rc<RefCell<Option<Box<Memory>>>>,
}

impl Reading {
    /// Of a session that the relay has opened just now. From here on it is followed.
    pub(crate) fn open(worker: Worker, watch: Watch, trust: Rc<VerifiedTrust>, keys: Keys) -> Self {
        let now = worker.now();
        let memory = Memory {
            trust,
            inbox: Inbox::reading(keys.owner()),
            keys,
            registry: Registry::empty(),
            pin: None,
            asked_directory: 0,
            letters: Vec::new(),
            opened: now,
            asked: now,
        };
        let reading = Self { worker, watch, memory: Rc::new(RefCell::new(Some(Box::new(memory)))) };
        spawn_local(reading.clone().follow());
        reading
    }

    pub(crate) const fn worker(&self) -> &Worker {
        &self.worker
    }

    /// One letter, verified again.
    pub(crate) fn read(&self, id: &str) -> Result<Answer, Failure> {
        self.with(|memory| -> Result<Answer, Failure> {
            let id = memory.inbox.find(id).ok_or(Failure(Problem::NoSuchLetter))?;
            let view = memory.inbox.view(&id, memory.content(&id)?, &memory.reader())?;
            Ok(Answer::Letter(Box::new(show::view(view))))
        })?
    }

    /// The letter that the page names.
    pub(crate) fn find(&self, id: &str) -> Result<Option<ObjectId>, Failure> {
        self.with(|memory| memory.inbox.find(id))
    }

    /// As [`Inbox::copies`].
    pub(crate) fn copies(&self, id: &ObjectId) -> Result<Vec<ObjectId>, Failure> {
        self.with(|memory| memory.inbox.copies(id))
    }

    /// Begins to fetch a file of a letter, counted from 0.
    pub(crate) fn download(&self, id: &ObjectId, place: usize) -> Result<Download, Failure> {
        self.with(|memory| -> Result<Download, Failure> {
            Ok(memory.inbox.download(id, memory.content(id)?, place, &memory.reader())?)
        })?
    }

    /// What asks for the rest of a file.
    pub(crate) fn rest_of(&self, download: &Download) -> Result<HttpRequest, Failure> {
        let now = self.worker.now();
        Ok(self.with(|memory| download.request(&memory.signer(now), &mut random::source()))??)
    }

    /// The relay said no. If it does not know the session's key any more, everything ends.
    pub(crate) fn refused(&self, error: &AnswerError) -> Failure {
        match error {
            AnswerError::Refused(refused) if refused.is(Code::SignatureInvalid) => {
                self.be_over();
                Failure(Problem::SessionOver)
            }
            error => Failure::of_relay(error),
        }
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.memory.try_borrow().is_ok_and(|memory| memory.is_none())
    }

    /// Wipes everything, and then has the relay end the session too, as [`Worker::end_session`]. `None` where
    /// it has ended already.
    pub(crate) fn end(&self) -> Option<Farewell> {
        let memory = self.memory.try_borrow_mut().ok()?.take()?;
        let (key, trust) = (memory.keys.request_key(), Rc::clone(&memory.trust));
        drop(memory);
        self.worker.end_session(&key, &trust)
    }

    /// It is over at the relay: wipes everything, and ends this program.
    fn be_over(&self) {
        // Nobody looks into it now: a look never lasts across a wait.
        let Some(memory) = self.memory.try_borrow_mut().ok().and_then(|mut place| place.take()) else {
            return;
        };
        let now = self.worker.now();
        let is_by_time = now > memory.opened.saturating_add(LIFE) || now > memory.asked.saturating_add(PAUSE);
        drop(memory);
        self.watch.end(if is_by_time { LockedBecause::SessionTime } else { LockedBecause::SessionEnded });
    }

    /// Looks into what it has, for a moment and never across a wait.
    fn with<R>(&self, work: impl FnOnce(&mut Memory) -> R) -> Result<R, Failure> {
        let mut place = self.memory.try_borrow_mut().map_err(|_| Failure(Problem::OutOfTurn))?;
        place.as_deref_mut().map(work).ok_or(Failure(Problem::OutOfTurn))
    }

    /// Shows the page the list of letters.
    fn show(&self) -> Result<(), Failure> {
        let list = self.with(|memory| memory.inbox.summaries(&memory.registry))?;
        self.worker.tell(Event::Inbox(list.into_iter().map(show::summary).collect()));
        Ok(())
    }

    /// Looks for letters until it ends.
    async fn follow(self) {
        let mut waits = Waits::new();
        let mut is_lost = false;
        self.worker.shows(Step::Loading);
        loop {
            let outcome = self.look().await;
            if self.is_over() {
                return;
            }
            self.worker.tell(Event::Progress(None));
            let is_temporary = matches!(outcome, Err(failure) if failure.is_temporary());
            if is_temporary != is_lost {
                is_lost = is_temporary;
                let connection = if is_lost { Connection::Lost } else { Connection::Live };
                self.worker.tell(Event::Connection(connection));
            }
            let wait = match outcome {
                Ok(()) => {
                    waits.start_over();
                    BETWEEN_LOOKS_MILLISECONDS
                }
                Err(failure) => {
                    if !is_temporary {
                        self.worker.tell(Event::Alarm(failure.0));
                    }
                    waits.next()
                }
            };
            self.worker.sleep(wait).await;
            let now = self.worker.now();
            match self.with(|memory| now > memory.opened.saturating_add(LIFE)) {
                Ok(false) => {}
                // A relay that cannot be asked is no reason to read on.
                Ok(true) => return self.be_over(),
                Err(_) => return,
            }
        }
    }

    /// Everything that there is: what was filed first, so that of two letters with one id the one that
    /// was shown before stays.
    async fn look(&self) -> Result<(), Failure> {
        tolerated(&self.worker, self.bodies().await)?;
        tolerated(&self.worker, self.archive().await)?;
        self.letters().await?;
        self.again().await?;
        if !self.with(|memory| memory.inbox.said_to_be_filed().is_empty())? {
            // A device has filed it meanwhile. If none has, that is told now.
            tolerated(&self.worker, self.archive().await)?;
        }
        self.show()
    }

    /// The registry of public bodies.
    async fn bodies(&self) -> Result<(), Failure> {
        let now = self.worker.now();
        if self.with(|memory| now.saturating_sub(memory.asked_directory) <= REGISTRY_LIFE)? {
            return Ok(());
        }
        let request = self.with(|memory| registry::request(&memory.trust, memory.pin.as_ref()))??;
        let response = self.worker.ask_registry(&request).await?;
        let now = self.worker.now();
        self.with(|memory| -> Result<(), Failure> {
            let pin = memory.pin.as_ref();
            let (bodies, pin) = memory.registry.answered(&memory.trust, pin, &response, now)?;
            (memory.registry, memory.pin, memory.asked_directory) = (bodies, Some(pin), now);
            Ok(())
        })?
    }

    /// Looks through the archive for letters that are not here.
    async fn archive(&self) -> Result<(), Failure> {
        let mut pass = self.with(|memory| memory.inbox.archive_pass())?;
        while !pass.is_complete() {
            let after = pass.after();
            let response =
                self.ask_relay(|_, signer| relay::archive(after, signer, &mut random::source())).await?;
            let page = relay::archive_page(&response).map_err(|error| Failure::of_relay(&error))?;
            for id in self.with(|memory| pass.listed(&memory.inbox, &page))?? {
                match self.fetch(&id).await {
                    // One that does not hold keeps no other back.
                    Err(Failure(
                        problem @ (Problem::RelayLied | Problem::RelayOlder | Problem::UnopenableLetter),
                    )) => {
                        self.worker.tell(Event::Alarm(problem));
                    }
                    outcome => outcome?,
                }
            }
        }
        let received = self.with(|memory| memory.inbox.passed(pass))?;
        self.keep(received)
    }

    /// Fetches one object of the archive.
    async fn fetch(&self, id: &ObjectId) -> Result<(), Failure> {
        let response =
            self.ask_relay(|_, signer| relay::archive_object(id, signer, &mut random::source())).await?;
        let object = relay::archive_content(&response).map_err(|error| Failure::of_relay(&error))?;
        if object.id.0 != *id.as_bytes() {
            return Err(Failure(Problem::RelayLied));
        }
        let received = self.with(|memory| {
            let (inbox, reader) = memory.parts();
            inbox.archived(&object, &reader)
        })??;
        self.keep(received)
    }

    /// Lists what came since the last listing, to its end.
    async fn letters(&self) -> Result<(), Failure> {
        loop {
            let response = self
                .ask_relay(|memory, signer| {
                    relay::letters(memory.inbox.last(), None, signer, &mut random::source())
                })
                .await?;
            let page = relay::letter_page(&response).map_err(|error| Failure::of_relay(&error))?;
            let mut received = self.with(|memory| {
                let (inbox, reader) = memory.parts();
                inbox.listed(&page, &reader, &mut random::source())
            })??;
            // These are tried once more: no alarm before that.
            received.alarms.retain(|alarm| !matches!(alarm, Alarm::Unopenable { .. }));
            let is_complete = received.is_complete;
            self.keep(received)?;
            if is_complete {
                return Ok(());
            }
        }
    }

    /// Tries letters again that were not opened, or that are said to be filed and were not found.
    async fn again(&self) -> Result<(), Failure> {
        let unopened = self.with(|memory| memory.inbox.unopened())?;
        let mut pass = AgainPass::of(&unopened);
        while let Some(Part { after, limit }) = pass.part() {
            let response = self
                .ask_relay(|_, signer| relay::letters(after, Some(limit), signer, &mut random::source()))
                .await?;
            let page = relay::letter_page(&response).map_err(|error| Failure::of_relay(&error))?;
            let received = self.with(|memory| {
                let (inbox, reader) = memory.parts();
                inbox.again(&mut pass, &page, &reader, &mut random::source())
            })??;
            self.keep(received)?;
        }
        Ok(())
    }

    /// Keeps letters in memory, and shows them.
    fn keep(&self, received: Received) -> Result<(), Failure> {
        let Received { writes, alarms, new, .. } = received;
        self.with(|memory| {
            let letters = writes.put.into_iter().filter(|record| record.name.starts_with(names::LETTER));
            memory.letters.extend(letters.map(|record| (record.name, record.content)));
        })?;
        if new > 0 {
            self.show()?;
        }
        for alarm in &alarms {
            self.worker.tell(Event::Alarm(show::alarm(alarm)));
        }
        Ok(())
    }

    /// Sends what `request` makes to the relay, signed anew for each try.
    async fn ask_relay(
        &self,
        request: impl Fn(&Memory, &Signer<'_, Keys>) -> Result<HttpRequest, RequestFailure>,
    ) -> Result<HttpResponse, Failure> {
        let mut patience = Patience::new();
        loop {
            let now = self.worker.now();
            let signed = self.with(|memory| {
                let memory: &Memory = memory;
                request(memory, &memory.signer(now))
            })??;
            let response = self.worker.ask_relay(&signed).await?;
            if let Some(wait) = patience.wait(&response, random::number(u32::MAX)) {
                self.worker.sleep(wait).await;
                continue;
            }
            if let Err(error) = response.content() {
                return Err(self.refused(&error));
            }
            self.with(|memory| memory.asked = now)?;
            return Ok(response);
        }
    }
}
