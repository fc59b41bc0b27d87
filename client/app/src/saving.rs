//! Saving a file of a letter: the vault fetches and checks it, the browser keeps it.
//!
//! One file at a time, beside everything else that the reader does. The page never shows a file and
//! never has its bytes: it gets a `Blob` and gives it to the browser at once, and to nobody once the
//! mailbox was locked or the page left.
//!
//! Browsers begin a download some time after the page has asked for it, and may hold back one that the
//! reader did not just ask for by hand. So the address of the file stays for a minute, with a link to it
//! that the reader can press. It ends at once when the mailbox is locked, the page left or the next file
//! saved.

use std::time::Duration;

use client_messages::{Answer, Command, Problem, SavedFile};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlAnchorElement, Url};

use crate::{page::Page, vault::Vault};

/// How long an address leads to a file that the browser was given.
const OFFERED: Duration = Duration::from_secs(60);

/// A file that is being saved, or was.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Saving {
    /// The request to the vault.
    number: u32,
    letter: String,
    attachment: u32,
    /// How far it has come.
    pub(crate) stage: Stage,
}

/// How far a file has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The vault fetches it.
    Fetching {
        /// Bytes that came.
        received: u64,
        /// Bytes that there are; 0 while that is not known.
        total: u64,
    },
    /// The browser has it.
    Saved,
    /// It was not saved.
    Failed(Problem),
}

/// A file that the browser was given, and how to give it once more.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Leads to the file, on this page alone.
    pub(crate) address: String,
    /// Its name.
    pub(crate) file_name: String,
}

impl Saving {
    /// Whether it is this file of this letter.
    pub(crate) fn is_of(&self, letter: &str, attachment: u32) -> bool {
        self.letter == letter && self.attachment == attachment
    }

    /// Whether the vault has not answered yet.
    pub(crate) const fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Fetching { .. })
    }

    /// Whether it is what the vault does for this request.
    pub(crate) const fn awaits(&self, number: u32) -> bool {
        self.number == number && self.is_under_way()
    }
}

impl Stage {
    /// Which part of the file is here, from 0 to 1, once that is known.
    pub(crate) fn part(self) -> Option<f64> {
        match self {
            Self::Fetching { received, total } if total > 0 => Some(received as f64 / total as f64),
            _ => None,
        }
    }
}

impl Page {
    /// Saves a file of a letter. Does nothing while another is under way.
    pub(crate) fn save(self, letter: String, attachment: u32) {
        if self.is_saving() {
            return;
        }
        self.problem.set(None);
        self.vault.withdraw();
        let of = letter.clone();
        let command = Command::Save { id: letter.clone(), attachment };
        let number = self.vault.ask(command, move |answer| self.fetched(&of, attachment, answer));
        let stage = Stage::Fetching { received: 0, total: 0 };
        // The vault answers in a task of its own, after this one.
        self.vault.saving.set(number.map(|number| Saving { number, letter, attachment, stage }));
    }

    /// Nothing that comes from now on is saved, and nothing leads to what was.
    pub(crate) fn stop_saving(self) {
        self.vault.saving.set(None);
        self.vault.withdraw();
    }

    /// The letter is closed. A file that is under way is saved all the same.
    pub(crate) fn put_saved_away(self) {
        if !self.is_saving() {
            self.vault.saving.set(None);
        }
    }

    fn is_saving(self) -> bool {
        self.vault.saving.with_untracked(|saving| saving.as_ref().is_some_and(Saving::is_under_way))
    }

    fn fetched(self, letter: &str, attachment: u32, answer: Answer) {
        let saving = self.vault.saving.get_untracked();
        let is_awaited = |saving: &Saving| saving.is_of(letter, attachment) && saving.is_under_way();
        let Some(saving) = saving.filter(is_awaited) else {
            // Locked or left meanwhile.
            return;
        };
        let stage = match answer {
            Answer::File(file) => match Offer::give_to_browser(file) {
                Ok(offer) => {
                    self.vault.keep(offer);
                    Stage::Saved
                }
                // All that a browser can lack for this is room.
                Err(_) => Stage::Failed(Problem::NoMemory),
            },
            Answer::Problem(problem) => Stage::Failed(problem),
            _ => Stage::Failed(Problem::OutOfTurn),
        };
        let is_shown = self
            .vault
            .letter
            .with_untracked(|shown| shown.as_ref().is_some_and(|shown| shown.summary.id == letter));
        if is_shown {
            self.vault.saving.set(Some(Saving { stage, ..saving }));
        } else {
            self.vault.saving.set(None);
            // There is no button beside which it could be said.
            if let Stage::Failed(problem) = stage {
                self.problem.set(Some(problem));
            }
        }
    }
}

impl Vault {
    /// Keeps the address of a file for a while.
    fn keep(self, offer: Offer) {
        let address = offer.address.clone();
        self.offer.set(Some(offer));
        let end = move || {
            // Another one may have taken its place.
            if self.offer.get_untracked().is_some_and(|offer| offer.address == address) {
                self.withdraw();
            }
        };
        set_timeout(end, OFFERED);
    }

    /// Ends the address of the file that was saved last, if it is not over yet. What the browser has
    /// begun to save it goes on with.
    pub(crate) fn withdraw(self) {
        if let Some(offer) = self.offer.get_untracked() {
            self.offer.set(None);
            offer.end();
        }
    }
}

impl Offer {
    /// Has the browser save a file as a download.
    fn give_to_browser(file: SavedFile) -> Result<Self, JsValue> {
        let SavedFile { file_name, content, .. } = file;
        let offer = Self { address: Url::create_object_url_with_blob(&content)?, file_name };
        offer.press().inspect_err(|_| offer.end())?;
        Ok(offer)
    }

    /// Presses a link to it. It stands in the document for the moment, because some browsers save
    /// nothing by one that does not.
    fn press(&self) -> Result<(), JsValue> {
        let body = document().body().ok_or(JsValue::UNDEFINED)?;
        let link: HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
        link.set_href(&self.address);
        link.set_download(&self.file_name);
        body.append_child(&link)?;
        link.click();
        link.remove();
        Ok(())
    }

    fn end(&self) {
        // Fails for no address: what leads nowhere is passed over.
        let _ = Url::revoke_object_url(&self.address);
    }
}
