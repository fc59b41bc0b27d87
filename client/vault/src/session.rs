//! What the page may ask in which state, and what then happens.
//!
//! ```text
//!           Begin            Returned ×3             Unlock               ConfirmSheet
//! NoMailbox ────▶ SigningIn ───────────▶ Confirmed ────────▶ WritingDown ─────────────▶ Ready = Open
//!    Locked ────▶     │                      ▲                   │                           ▲ │ Lock,
//!          Recover    │ StartAgain           └───────────────────┘                    Unlock │ ▼ a closed page
//!                     ▼                          a closed page                            Locked
//!                 as before
//! ```
//!
//! Until the mailbox is open the state is what is stored and nothing else: it is read anew for each
//! command, so that a page that was closed anywhere goes on there. The one exception is a person who
//! writes the recovery code down: the passphrase was given, and is not asked for again. Where the code
//! was written down before, `Unlock` leads from `Confirmed` to `Ready`. Whatever changes what is stored
//! is done under the profile's lock.

use client_mailbox::{enrolment::Next, settings::Settings};
use client_messages::{self as page, Answer, Command, Event, Problem, Status};
use wasm_bindgen_futures::spawn_local;
use zeroize::Zeroizing;

use crate::{
    archive,
    device::Device,
    enrol, events,
    failure::Failure,
    lock::{self, Held},
    opened::Shared,
    records::{self, Profile},
    recover, save,
    sheet::Writing,
    show,
    stir::{Stir, stir},
    storage::Storage,
    unlock,
    watch::Watch,
    worker::Worker,
};

/// This vault's side of the conversation with the page.
pub(crate) struct Session {
    worker: Worker,
    device: Option<Device>,
    held: Option<Held>,
    /// The profile's lock is held for as long as this is there.
    writing: Option<Writing>,
    open: Option<Shared>,
    /// To what follows the relay for the open mailbox.
    stir: Option<Stir>,
}

impl Session {
    pub(crate) fn new(worker: Worker) -> Self {
        Self { worker, device: None, held: None, writing: None, open: None, stir: None }
    }

    /// Does what the page asks, to its end.
    pub(crate) async fn handle(&mut self, command: Command) -> Answer {
        let takes_time = !matches!(
            command,
            Command::Status | Command::Sheet | Command::Read { .. } | Command::Choose { .. }
        );
        let outcome = self.attempt(command).await;
        if takes_time {
            self.worker.tell(Event::Progress(None));
        }
        outcome.unwrap_or_else(|Failure(problem)| Answer::Problem(problem))
    }

    /// Fetches a file beside everything else, and answers when it is here: meanwhile letters can be read
    /// and the mailbox locked, by `watch` as well.
    pub(crate) fn save(&self, watch: &Watch, number: u32, id: String, attachment: u32) {
        if let (Some(device), Some(open)) = (&self.device, &self.open) {
            let (device, open, watch) = (device.clone(), open.clone(), watch.clone());
            spawn_local(save::answer(device, open, watch, number, id, attachment));
        } else {
            self.worker.answer(number, Answer::Problem(Problem::OutOfTurn));
        }
    }

    /// By which settings the vault locks itself now; `None` while it holds nothing that could be locked.
    pub(crate) fn settings(&self) -> Option<Settings> {
        match (&self.open, &self.writing) {
            (Some(open), _) => open.look(|opened| opened.settings).ok(),
            // The recovery code is on the screen.
            (None, Some(_)) => Some(Settings::default()),
            (None, None) => None,
        }
    }

    /// Wipes every secret and lets go of the profile, wherever a command may have stopped.
    pub(crate) fn forget(&mut self) {
        self.writing = None;
        if let Some(open) = self.open.take() {
            open.forget();
        }
        self.held = None;
    }

    /// Forgets everything. Nothing may be asked of this vault afterwards.
    pub(crate) async fn lock(&mut self) -> Answer {
        self.writing = None;
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
            // The page asks again when somebody looks at it, or the browser is back on its network.
            if command == Command::Status
                && let Some(stir) = &mut self.stir
            {
                stir.now();
            }
            return answer_open(&device, open, command).await;
        }
        if self.held.is_none() {
            self.held = lock::take(&self.worker).await?;
        }
        if self.held.is_none() {
            return Ok(Answer::Status(Status::OpenElsewhere));
        }
        let is_question = matches!(command, Command::Status | Command::CheckCode { .. });
        let outcome = if self.writing.is_some() {
            self.answer_writing(&device, command).await
        } else {
            self.answer_closed(&device, command).await
        };
        if is_question && self.writing.is_none() {
            // A page that only shows where things stand keeps no other from going on.
            self.held = None;
        }
        outcome
    }

    /// While the recovery code is being written down.
    async fn answer_writing(&mut self, device: &Device, command: Command) -> Result<Answer, Failure> {
        let Some(writing) = &mut self.writing else { return Err(Failure(Problem::OutOfTurn)) };
        match command {
            Command::Sheet => Ok(Answer::Sheet(writing.sheet()?)),
            Command::ConfirmSheet { groups } => {
                let outcome = writing.confirm(device, &Zeroizing::new(groups)).await;
                let is_elsewhere = writing.is_elsewhere();
                if outcome.is_ok() || writing.is_over() {
                    self.writing = None;
                }
                match outcome {
                    // No problem to be solved by trying again: the screen says what there is to do.
                    Err(_) if is_elsewhere => Ok(Answer::Status(Status::EnrolledElsewhere)),
                    outcome => self.show(device, outcome?, Status::Ready),
                }
            }
            Command::CheckCode { code } => recover::check(device, &Zeroizing::new(code)).await,
            Command::StartAgain | Command::Recover { .. } => {
                // Both may replace the keys that lie stored: those in memory must not come back.
                self.writing = None;
                self.answer_closed(device, command).await
            }
            Command::Begin { .. }
            | Command::Unlock { .. }
            | Command::Read { .. }
            | Command::Save { .. }
            | Command::Choose { .. } => Err(Failure(Problem::OutOfTurn)),
            Command::Status
            | Command::Resume
            | Command::Returned { .. }
            | Command::Lock
            | Command::Active
            | Command::Hidden
            | Command::Shown => Ok(Answer::Status(Status::WritingDown)),
        }
    }

    async fn answer_closed(&mut self, device: &Device, command: Command) -> Result<Answer, Failure> {
        // These come before anything is read: they are the ways out where what is stored cannot be read.
        if command == Command::StartAgain && !records::forget_pending(&device.storage).await? {
            return Err(Failure(Problem::KeysInUse));
        }
        let command = match command {
            Command::CheckCode { code } => return recover::check(device, &Zeroizing::new(code)).await,
            Command::Recover { code, passphrase } => {
                return recover::begin(device, &Zeroizing::new(code), &Zeroizing::new(passphrase)).await;
            }
            command => command,
        };
        let mut profile = records::profile(&device.storage).await?;
        // What was set aside for a recovery that took too long comes back, and may have taken too long.
        while let Profile::Enrolling(pending) = &profile
            && pending.enrolment.is_expired(device.worker.now())
        {
            let is_forgotten = records::forget_pending(&device.storage).await?;
            if matches!(command, Command::Returned { .. } | Command::Unlock { .. }) {
                return Err(Failure(Problem::SignInExpired));
            }
            if !is_forgotten {
                break;
            }
            profile = records::profile(&device.storage).await?;
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
                let passphrase = Zeroizing::new(passphrase);
                let mut finishing = unlock::confirmed(device, *pending, &passphrase).await?;
                if finishing.keys.is_code_written_down() {
                    return match finishing.finish(device).await {
                        Err(_) if finishing.is_elsewhere() => Ok(Answer::Status(Status::EnrolledElsewhere)),
                        outcome => self.show(device, outcome?, Status::Ready),
                    };
                }
                let writing = Writing::new(finishing);
                let sheet = writing.sheet()?;
                self.writing = Some(writing);
                Ok(Answer::Sheet(sheet))
            }
            (Command::Unlock { passphrase }, Profile::Mailbox(wrapped)) => {
                let open = unlock::open(device, &wrapped, &Zeroizing::new(passphrase)).await?;
                self.show(device, open, Status::Open)
            }
            (
                Command::Begin { .. }
                | Command::Unlock { .. }
                | Command::Sheet
                | Command::ConfirmSheet { .. }
                | Command::Read { .. }
                | Command::Save { .. }
                | Command::Choose { .. },
                _,
            ) => Err(Failure(Problem::OutOfTurn)),
            (_, profile) => Ok(Answer::Status(status(&profile))),
        }
    }

    /// Shows what is stored, and follows the relay from now on.
    fn show(&mut self, device: &Device, open: Shared, status: Status) -> Result<Answer, Failure> {
        device.worker.tell(Event::Settings(show::settings(open.look(|opened| opened.settings)?)));
        open.show(device)?;
        let (stir, stirs) = stir();
        spawn_local(events::follow(device.clone(), open.clone(), stirs));
        self.stir = Some(stir);
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
        Command::Choose { settings } => choose(device, open, settings).await,
        Command::Begin { .. }
        | Command::Resume
        | Command::StartAgain
        | Command::CheckCode { .. }
        | Command::Recover { .. }
        | Command::Save { .. }
        | Command::Sheet => Err(Failure(Problem::OutOfTurn)),
        Command::Status
        | Command::Returned { .. }
        | Command::Unlock { .. }
        | Command::ConfirmSheet { .. }
        | Command::Lock
        | Command::Active
        | Command::Hidden
        | Command::Shown => Ok(Answer::Status(Status::Open)),
    }
}

/// One letter, opened and verified again.
async fn read(device: &Device, open: &Shared, id: &str) -> Result<Answer, Failure> {
    let id = open.look(|opened| opened.inbox.find(id))?.ok_or(Failure(Problem::NoSuchLetter))?;
    let content = archive::letter(device, open, &id).await?;
    let view = open.look(|opened| opened.inbox.view(&id, &content, &opened.reader()))??;
    Ok(Answer::Letter(Box::new(show::view(view))))
}

/// Keeps what was chosen. It holds once it is stored.
async fn choose(device: &Device, open: &Shared, chosen: page::Settings) -> Result<Answer, Failure> {
    let page::Settings { idle_minutes, locks_when_hidden } = chosen;
    // The page offers no other minutes.
    let settings = Settings::new(idle_minutes, locks_when_hidden).ok_or(Failure(Problem::OutOfTurn))?;
    let change = open.look(|opened| records::settings(settings, &opened.vault_key))??;
    device.storage.write(vec![change]).await?;
    open.change_settings(settings)?;
    Ok(Answer::Settings(show::settings(settings)))
}

fn status(profile: &Profile) -> Status {
    match profile {
        Profile::Nothing => Status::NoMailbox,
        Profile::Enrolling(pending) => enrol::status(&pending.enrolment),
        Profile::Mailbox(_) => Status::Locked,
    }
}
