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
//!
//! Beside all of it stands a session ([`crate::visit`]): it begins where no mailbox is open, and has nothing
//! to do with what is stored.

use client_mailbox::{enrolment::Next, settings::Settings};
use client_messages::{self as page, Answer, Command, Event, Problem, Status};
use crypto_core::recovery::RecoveryCode;
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
    source::Source,
    stir::{Stir, stir},
    storage::Storage,
    told, trust, unlock,
    visit::{Link, Visiting},
    waits::within,
    watch::Watch,
    worker::{Farewell, Worker},
};

/// How long is waited for the relay's word that a session is over. What is read is wiped before that.
const FAREWELL_MILLISECONDS: u32 = 2_000;

/// This vault's side of the conversation with the page.
pub(crate) struct Session {
    worker: Worker,
    watch: Watch,
    device: Option<Device>,
    held: Option<Held>,
    /// The profile's lock is held for as long as this is there.
    writing: Option<Writing>,
    open: Option<Shared>,
    /// To what follows the relay for the open mailbox.
    stir: Option<Stir>,
    /// A session. Neither a lock nor anything that is stored belongs to it.
    visiting: Option<Visiting>,
}

impl Session {
    pub(crate) fn new(worker: Worker, watch: Watch) -> Self {
        Self {
            worker,
            watch,
            device: None,
            held: None,
            writing: None,
            open: None,
            stir: None,
            visiting: None,
        }
    }

    /// Does what the page asks, to its end.
    pub(crate) async fn handle(&mut self, command: Command) -> Answer {
        let takes_time = !matches!(
            command,
            Command::Status
                | Command::Sheet
                | Command::Read { .. }
                | Command::Choose { .. }
                | Command::ToldOf { .. }
                | Command::EndSession { .. }
        );
        let outcome = self.attempt(command).await;
        if takes_time {
            self.worker.tell(Event::Progress(None));
        }
        outcome.unwrap_or_else(|Failure(problem)| Answer::Problem(problem))
    }

    /// Fetches a file beside everything else, and answers when it is here: meanwhile letters can be read
    /// and the mailbox locked, by the watch as well.
    pub(crate) fn save(&self, number: u32, id: String, attachment: u32) {
        let source = match (&self.visiting, &self.device, &self.open) {
            (Some(Visiting::Reading(reading)), _, _) => Source::Session(reading.clone()),
            (None, Some(device), Some(open)) => Source::Device(device.clone(), open.clone()),
            _ => return self.worker.answer(number, Answer::Problem(Problem::OutOfTurn)),
        };
        spawn_local(save::answer(source, self.watch.clone(), number, id, attachment));
    }

    /// By which settings the vault locks itself now; `None` while it holds nothing that could be locked.
    pub(crate) fn settings(&self) -> Option<Settings> {
        if let Some(visiting) = &self.visiting {
            return Some(visiting.settings());
        }
        match (&self.open, &self.writing) {
            (Some(open), _) => open.look(|opened| opened.settings).ok(),
            // The recovery code is on the screen.
            (None, Some(_)) => Some(Settings::default()),
            (None, None) => None,
        }
    }

    /// Whether the relay was asked to open a session and has not answered.
    pub(crate) fn is_being_opened(&self) -> bool {
        matches!(&self.visiting, Some(Visiting::Link(link)) if link.is_being_opened())
    }

    /// Wipes every secret and lets go of the profile, wherever a command may have stopped. Gives what is
    /// under way to the relay where a session was open, for [`ended`].
    pub(crate) fn forget(&mut self) -> Option<Farewell> {
        self.writing = None;
        if let Some(open) = self.open.take() {
            open.forget();
        }
        self.held = None;
        self.leave()
    }

    /// Wipes what a session has in memory, and has the relay end it.
    fn leave(&mut self) -> Option<Farewell> {
        match self.visiting.take()? {
            Visiting::Link(mut link) => link.end(&self.worker),
            Visiting::Reading(reading) => reading.end(),
        }
    }

    /// Forgets everything. Nothing may be asked of this vault afterwards.
    pub(crate) async fn lock(&mut self) -> Answer {
        self.writing = None;
        if self.visiting.is_some() {
            let ending = self.leave();
            ended(&self.worker, ending).await;
            return Answer::Status(Status::VisitOver);
        }
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
        if self.visiting.is_some() {
            return self.answer_visiting(command).await;
        }
        let command = match command {
            // Before anything is opened or locked that is stored (LBX-SESSION-8).
            Command::Visit { code } if self.open.is_none() && self.writing.is_none() => {
                return self.visit(&Zeroizing::new(code)).await;
            }
            Command::Visited { .. } => return Err(Failure(Problem::UnknownSignIn)),
            command => command,
        };
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

    /// Begins a session.
    async fn visit(&mut self, code: &str) -> Result<Answer, Failure> {
        let code = RecoveryCode::parse(code)?;
        // A guest keeps no other tab of this browser from its mailbox.
        self.held = None;
        // Where the browser stores nothing, there is no device, and nothing that it could remember.
        let storage = self.device.as_ref().map(|device| &device.storage);
        let trust = trust::seen(&self.worker, storage).await?;
        let link = Link::begin(&self.worker, code, trust).await?;
        let address = link.address();
        drop(self.leave());
        self.visiting = Some(Visiting::Link(Box::new(link)));
        Ok(Answer::Visit { link: address })
    }

    /// While a session is begun, or open.
    async fn answer_visiting(&mut self, command: Command) -> Result<Answer, Failure> {
        let Some(visiting) = &mut self.visiting else { return Err(Failure(Problem::OutOfTurn)) };
        match (visiting, command) {
            (Visiting::Link(_), Command::Visit { code }) => self.visit(&Zeroizing::new(code)).await,
            (Visiting::Link(link), Command::Resume) => {
                link.renew(&self.worker);
                Ok(Answer::Visit { link: link.address() })
            }
            (Visiting::Link(link), Command::Visited { query }) => {
                link.signed_in(&self.worker, &query).await?;
                if let Some(Visiting::Link(link)) = self.visiting.take() {
                    let reading = link.open(self.worker.clone(), self.watch.clone());
                    self.visiting = Some(Visiting::Reading(reading));
                }
                Ok(Answer::Status(Status::Visiting))
            }
            (Visiting::Reading(reading), Command::Read { id }) => reading.read(&id),
            (
                visiting,
                Command::Status | Command::Lock | Command::Active | Command::Hidden | Command::Shown,
            ) => Ok(Answer::Status(visiting.status())),
            _ => Err(Failure(Problem::OutOfTurn)),
        }
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
            | Command::Choose { .. }
            | Command::Visit { .. }
            | Command::Visited { .. }
            | Command::ToldOf { .. }
            | Command::EndSession { .. } => Err(Failure(Problem::OutOfTurn)),
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
                | Command::Choose { .. }
                | Command::ToldOf { .. }
                | Command::EndSession { .. },
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

/// Waits until the relay has ended a session, for a moment at most.
pub(crate) async fn ended(worker: &Worker, ending: Option<Farewell>) {
    if let Some(ending) = ending {
        // What it answers changes nothing: it ends the session by itself, some minutes later.
        let _ = within(worker, FAREWELL_MILLISECONDS, ending).await;
    }
}

async fn answer_open(device: &Device, open: &Shared, command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Read { id } => read(device, open, &id).await,
        Command::Choose { settings } => choose(device, open, settings).await,
        Command::ToldOf { sessions } => told::shown(device, open, &sessions).await,
        Command::EndSession { id } => told::end(device, open, &id).await,
        Command::Begin { .. }
        | Command::Resume
        | Command::StartAgain
        | Command::CheckCode { .. }
        | Command::Recover { .. }
        | Command::Save { .. }
        | Command::Visit { .. }
        | Command::Visited { .. }
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
