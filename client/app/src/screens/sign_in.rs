//! Before ScotAccount: what happens there. Also shown when a sign-in was begun and not finished.

use client_catalogue::Message;
use client_messages::Problem;
use leptos::{html, prelude::*};

use crate::{
    elements::{button, heading, paragraph, screen, second_button, steps},
    language::text,
    page::Page,
};

/// What happens at ScotAccount, for a new mailbox.
const PARTS: &[Message] =
    &[Message::SignInStepAccount, Message::SignInStepIdentity, Message::SignInStepAddress];

/// For a mailbox that there is. It opens to nobody but the person who set it up.
const PARTS_OF_RECOVERY: &[Message] =
    &[Message::SignInRecoveryStepAccount, Message::SignInStepIdentity, Message::SignInStepAddress];

pub(crate) fn sign_in(page: Page) -> AnyView {
    let (begun_earlier, purpose, parts) = if page.vault.is_recovery.get_untracked() {
        (Message::SignInRecoveryBegunEarlier, Message::SignInRecoveryText, PARTS_OF_RECOVERY)
    } else {
        (Message::SignInBegunEarlier, Message::SignInText, PARTS)
    };
    let is_from_earlier = !page.has_begun.get_untracked();
    let words = text(begun_earlier);
    let begun_earlier = move || {
        // Who stopped at ScotAccount is told that above.
        (is_from_earlier && page.problem.get() != Some(Problem::SignInCancelled))
            .then(|| html::p().class("ds_inset-text").child(words))
    };
    // What was begun leads nowhere then, and may be too far to be thrown away.
    let recover = move || {
        matches!(page.problem.get(), Some(Problem::CodeReplaced | Problem::KeysInUse))
            .then(|| second_button(page, "recover", Message::RecoverStart, move || page.come_back()))
    };
    screen(
        page,
        (
            heading(Message::SignInTitle),
            begun_earlier,
            paragraph(purpose),
            steps(parts),
            paragraph(Message::SignInPrivate),
            html::div().class("ds_button-group").child((
                button(page, "go-on", Message::SignInGoOn, move || page.go_on()),
                second_button(page, "start-again", Message::StartAgain, move || page.start_again()),
                recover,
            )),
        ),
    )
}
