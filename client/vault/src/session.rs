//! What the page may ask in which state, and what then happens.
//!
//! ```text
//!            Begin            Returned ×3             Unlock
//! NoMailbox ──────▶ SigningIn ──────────▶ Confirmed ────────▶ Ready = Open
//!                       │ StartAgain                              ▲ │
//!                       ▼                                  Unlock │ ▼ Lock, a closed page
//!                   NoMailbox                                   Locked
//! ```
//!
//! Until the mailbox is open the state is what is stored and nothing else: it is read anew for each
//! command, so that a page that was closed anywhere goes on there. Whatever changes what is stored is
//! done under the profile's lock.

use client_mailbox::{enrolment::Next, local, local::names};
use client_messages::{Answer, Command, Event, Problem, Status};
use wasm_bindgen_futures::spawn_local;
use zeroize::Zeroizing;

use crate::{
    device::Device,
    enrol, events,
    failure::Failure,
    lock::{self, Held},
    opened::Shared,
    records::{self, Profile},
    show,
    storage::{Shelf, Storage},
    unlock,
    worker::Worker,
};

/// This vault's side of the conversation with the page.
pub(crate) struct Session {
    worker: Worker,
    device: Option<Device>,
    held: Option<Held>,
    open: Option<Shared>,
}

impl Session {
    pub(crate) fn new(worker: Worker) -> Self {
        Self { worker, device: None, held: None, open: None }
    }

    /// Does what the page asks, to its end.
    pub(crate) async fn handle(&mut self, command: Command) -> Answer {
        let takes_time =
            matches!(command, Command::Begin { .. } | Command::Returned { .. } | Command::Unlock { .. });
        let outcome = self.attempt(command).await;
        if takes_time {
            self.worker.tell(Event::Progress(None));
        }
        outcome.unwrap_or_else(|Failure(problem)| Answer::Problem(problem))
    }

    /// Forgets everything. Nothing may be asked of this vault afterwards.
    pub(crate) async fn lock(&mut self) -> Answer {
        let answer = match self.open.take() {
            Some(open) => {
                open.forget();
                Answer::Status(Status::Locked)
            }
            None => self.handle(Command::Status).await,
        };
        // The next vault of this page need not wait for this worker to be gone.
        self.held = None;
        answer
    }

    async fn attempt(&mut self, command: Command) -> Result<Answer, Failure> {
        let device = self.device().await?;
        if let Some(open) = &self.open {
            return answer_open(&device, open, command).await;
        }
        if self.held.is_none() {
            self.held = lock::take(&self.worker).await?;
        }
        if self.held.is_none() {
            return Ok(Answer::Status(Status::OpenElsewhere));
        }
        let is_question = command == Command::Status;
        let outcome = self.answer_closed(&device, command).await;
        if is_question {
            // A page that only shows where things stand keeps no other from going on.
            self.held = None;
        }
        outcome
    }

    async fn answer_closed(&mut self, device: &Device, command: Command) -> Result<Answer, Failure> {
        if command == Command::StartAgain {
            // Before anything is read: it is the way out where what is stored cannot be read.
            if !records::forget_pending(&device.storage).await? {
                return Err(Failure(Problem::KeysInUse));
            }
        }
        let mut profile = records::profile(&device.storage).await?;
        if let Profile::Enrolling(pending) = &profile
            && pending.enrolment.is_expired(device.worker.now())
        {
            let is_forgotten = records::forget_pending(&device.storage).await?;
            if matches!(command, Command::Returned { .. } | Command::Unlock { .. }) {
                return Err(Failure(Problem::SignInExpired));
            }
            if is_forgotten {
                profile = Profile::Nothing;
            }
        }
        match (command, profile) {
            (Command::Begin { passphrase }, Profile::Nothing) => {
                enrol::begin(device, &Zeroizing::new(passphrase)).await
            }
            (Command::Resume, Profile::Enrolling(pending)) => enrol::resume(device, pending.enrolment).await,
            (Command::Returned { query }, Profile::Enrolling(pending)) => {
                enrol::returned(device, pending.enrolment, &query).await
            }
            (Command::Returned { .. }, Profile::Nothing) => Err(Failure(Problem::UnknownSignIn)),
            (Command::Unlock { passphrase }, Profile::Enrolling(pending))
                if pending.enrolment.next_step() == Next::Unlock =>
            {
                let open = unlock::finish(device, *pending, &Zeroizing::new(passphrase)).await?;
                self.show(device, open, Status::Ready)
            }
            (Command::Unlock { passphrase }, Profile::Mailbox(wrapped)) => {
                let open = unlock::open(device, &wrapped, &Zeroizing::new(passphrase)).await?;
                self.show(device, open, Status::Open)
            }
            (Command::Unlock { .. } | Command::Begin { .. } | Command::Read { .. }, _) => {
                Err(Failure(Problem::OutOfTurn))
            }
            (_, profile) => Ok(Answer::Status(status(&profile))),
        }
    }

    /// Shows what is stored, and follows the relay from now on.
    fn show(&mut self, device: &Device, open: Shared, status: Status) -> Result<Answer, Failure> {
        open.show(device)?;
        spawn_local(events::follow(device.clone(), open.clone()));
        self.open = Some(open);
        Ok(Answer::Status(status))
    }

    /// The storage is opened at the first command: where the browser allows none, the page is told so.
    async fn device(&mut self) -> Result<Device, Failure> {
        if let Some(device) = &self.device {
            return Ok(device.clone());
        }
        let storage = Storage::open(&self.worker).await?;
        let device = Device { worker: self.worker.clone(), storage };
        self.device = Some(device.clone());
        Ok(device)
    }
}

async fn answer_open(device: &Device, open: &Shared, command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Read { id } => read(device, open, &id).await,
        Command::Begin { .. } | Command::Resume | Command::StartAgain => Err(Failure(Problem::OutOfTurn)),
        Command::Status | Command::Returned { .. } | Command::Unlock { .. } | Command::Lock => {
            Ok(Answer::Status(Status::Open))
        }
    }
}

/// One letter, opened and verified again.
async fn read(device: &Device, open: &Shared, id: &str) -> Result<Answer, Failure> {
    let id = open.with(|opened| opened.inbox.find(id))?.ok_or(Failure(Problem::NoSuchLetter))?;
    let name = names::letter(&id);
    let sealed = device.storage.read(Shelf::Sealed, &name).await?;
    let sealed = sealed.ok_or(Failure(Problem::StorageDamaged))?;
    let view = open.with(|opened| -> Result<_, Failure> {
        let content = local::open(&name, &sealed, &opened.vault_key)?;
        Ok(opened.inbox.view(&id, &content, &opened.reader())?)
    })??;
    Ok(Answer::Letter(Box::new(show::view(view))))
}

const fn status(profile: &Profile) -> Status {
    match profile {
        Profile::Nothing => Status::NoMailbox,
        Profile::Enrolling(pending) => enrol::status(&pending.enrolment),
        Profile::Mailbox(_) => Status::Locked,
    }
}
