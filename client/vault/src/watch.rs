//! The vault locks itself when nobody has done anything for a while, or when the page is out of sight.
//!
//! The clock runs here and not in the page: a page can be suspended, and what runs beside it can stop its
//! timers. The page says when its reader does something, and nothing else keeps the vault open, no file on
//! its way either. The clocks are looked at every few seconds, and before anything of
//! the page is heard: on a device that slept for an hour, the first word of the page ends it.

use std::{cell::RefCell, rc::Rc};

use client_mailbox::{
    idleness::{Idleness, Verdict},
    settings::Settings,
};
use client_messages::{Command, Event, LockedBecause};
use futures_channel::mpsc;
use wasm_bindgen_futures::spawn_local;

use crate::worker::Worker;

/// How often the clocks are looked at.
const BETWEEN_LOOKS_MILLISECONDS: u32 = 5_000;

/// Hears the end, once.
pub(crate) type Ends = mpsc::UnboundedReceiver<LockedBecause>;

/// Whoever has this looks at the same clock.
#[derive(Clone)]
pub(crate) struct Watch {
    worker: Worker,
    state: Rc<RefCell<State>>,
}

struct State {
    /// There while there is something to lock.
    idleness: Option<Idleness>,
    settings: Settings,
    /// The page was told that the end is near.
    has_warned: bool,
    /// The clocks are being looked at.
    is_looking: bool,
    is_over: bool,
    ends: mpsc::UnboundedSender<LockedBecause>,
}

impl Watch {
    pub(crate) fn new(worker: Worker) -> (Self, Ends) {
        let (ends, heard) = mpsc::unbounded();
        let state = State {
            idleness: None,
            settings: Settings::default(),
            has_warned: false,
            is_looking: false,
            is_over: false,
            ends,
        };
        (Self { worker, state: Rc::new(RefCell::new(state)) }, heard)
    }

    /// What the vault holds now is locked by these settings; `None` if it holds nothing.
    pub(crate) fn keep(&self, settings: Option<Settings>) {
        let now = self.worker.moment();
        let mut state = self.state.borrow_mut();
        let Some(settings) = settings else {
            state.idleness = None;
            state.has_warned = false;
            return;
        };
        let minutes = settings.idle_minutes();
        state.settings = settings;
        match &mut state.idleness {
            Some(idleness) => idleness.allow(minutes),
            None => state.idleness = Some(Idleness::begin(minutes, now)),
        }
        if !state.is_looking {
            state.is_looking = true;
            spawn_local(self.clone().keep_looking());
        }
    }

    /// Whether it is over. To be asked before anything of the page is heard or answered.
    pub(crate) fn is_over(&self) -> bool {
        self.look();
        self.state.borrow().is_over
    }

    /// Takes a sign of the page that is no question. `false` for anything else. Such signs are heard at
    /// once, whatever the vault is doing.
    pub(crate) fn hears(&self, command: &Command) -> bool {
        match command {
            Command::Active => self.act(),
            Command::Hidden => {
                let mut state = self.state.borrow_mut();
                if state.idleness.is_some() && state.settings.locks_when_hidden() {
                    state.end(LockedBecause::Hidden);
                }
            }
            // Whether it is over was asked before.
            Command::Shown => {}
            // Somebody did something in another tab, and is to have the whole time to come back to this one.
            Command::Visited { .. } => {
                self.act();
                return false;
            }
            _ => return false,
        }
        true
    }

    /// It is over, for another reason than those that are looked after here.
    pub(crate) fn end(&self, because: LockedBecause) {
        self.state.borrow_mut().end(because);
    }

    fn act(&self) {
        let now = self.worker.moment();
        let mut state = self.state.borrow_mut();
        let Some(idleness) = &mut state.idleness else { return };
        if idleness.act(now) == Verdict::Awake && state.has_warned {
            state.has_warned = false;
            self.worker.tell(Event::LocksSoon(false));
        }
    }

    async fn keep_looking(self) {
        while self.look() {
            self.worker.sleep(BETWEEN_LOOKS_MILLISECONDS).await;
        }
        self.state.borrow_mut().is_looking = false;
    }

    /// Whether there is anything left to look after.
    fn look(&self) -> bool {
        let now = self.worker.moment();
        let mut state = self.state.borrow_mut();
        let Some(idleness) = &mut state.idleness else { return false };
        match idleness.look(now) {
            Verdict::Awake => {
                // A longer time may have been chosen.
                if state.has_warned {
                    state.has_warned = false;
                    self.worker.tell(Event::LocksSoon(false));
                }
            }
            Verdict::EndsSoon => {
                if !state.has_warned {
                    state.has_warned = true;
                    self.worker.tell(Event::LocksSoon(true));
                }
            }
            Verdict::Over => state.end(LockedBecause::Idle),
        }
        !state.is_over
    }
}

impl State {
    fn end(&mut self, because: LockedBecause) {
        if !self.is_over {
            self.is_over = true;
            // Fails only after the vault was locked for good.
            let _ = self.ends.unbounded_send(because);
        }
    }
}
