//! The first screen: what this is, and that it is private.

use client_catalogue::Message;
use leptos::{html, prelude::*};

use crate::{
    language::text,
    vault::{self, Vault},
};

pub(crate) fn start() -> impl IntoView {
    let vault = vault::state();
    let starting = text(Message::VaultStarting);
    let ready = text(Message::VaultReady);
    let progress = move || match vault.get() {
        Vault::Starting => starting(),
        Vault::Ready(_) | Vault::Failed => ready(),
    };
    let ready_mark = move || matches!(vault.get(), Vault::Ready(_)).to_string();
    html::div().class("ds_layout ds_layout--article").child(html::div().class("ds_layout__content").child((
        html::h1().child(text(Message::StartTitle)),
        html::p().class("ds_leader").child(text(Message::StartLead)),
        html::h2().child(text(Message::StartPrivateTitle)),
        html::p().child(text(Message::StartPrivateText)),
        html::section().class("ds_inset-text").attr("aria-labelledby", "unavailable").child((
            html::h2().attr("id", "unavailable").child(text(Message::StartUnavailableTitle)),
            html::p().child(text(Message::StartUnavailableText)),
        )),
        html::p().attr("role", "status").attr("data-vault-ready", ready_mark).child(progress),
    )))
}
