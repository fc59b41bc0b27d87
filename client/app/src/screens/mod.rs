//! One file per screen. Which one is shown follows from what the vault says.

mod start;
mod vault_failed;

use client_catalogue::Message;
use leptos::{either::Either, prelude::*};

use crate::{
    language::{text, text_with},
    vault::{self, Vault},
};

/// Every screen. A journey looks at each in both languages and both sizes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Screen {
    Start,
    VaultFailed,
}

impl Screen {
    /// Marks the screen on the document's root, for the journeys.
    const fn mark(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::VaultFailed => "vault-failed",
        }
    }

    /// The screen's part of the document's title: short, and telling nothing to a passer-by.
    const fn name(self) -> Message {
        match self {
            Self::Start => Message::StartName,
            Self::VaultFailed => Message::VaultFailedName,
        }
    }
}

/// The screen to show now. The document's title and `data-screen` on its root follow it.
pub(crate) fn current() -> impl IntoView {
    let vault = vault::state();
    let screen = Memo::new(move |_| match vault.get() {
        Vault::Failed => Screen::VaultFailed,
        Vault::Starting | Vault::Ready(_) => Screen::Start,
    });
    let title = text_with(Message::PageTitle, move || vec![("screen", text(screen.get().name())().into())]);
    Effect::new(move || {
        document().set_title(&title());
        if let Some(root) = document().document_element() {
            // Setting an attribute by a valid name does not fail.
            let _ = root.set_attribute("data-screen", screen.get().mark());
        }
    });
    move || match screen.get() {
        Screen::Start => Either::Left(start::start()),
        Screen::VaultFailed => Either::Right(vault_failed::vault_failed()),
    }
}
