//! What went wrong: a text for each problem, and the summary above the heading.

use client_catalogue::Message;
use client_messages::Problem;
use leptos::{ev, html, prelude::*};

use crate::{
    focus, language,
    page::{Beginning, Page},
    passphrase, recovery_code,
};

/// The text for a problem: what happened, and what to do.
pub(crate) const fn message(problem: Problem) -> Message {
    match problem {
        Problem::PassphraseTooShort => Message::ProblemPassphraseTooShort,
        Problem::WrongPassphrase => Message::ProblemWrongPassphrase,
        Problem::NoMemory => Message::ProblemNoMemory,
        Problem::NoStorage => Message::ProblemNoStorage,
        Problem::StorageDamaged => Message::ProblemStorageDamaged,
        Problem::UnknownSignIn => Message::ProblemUnknownSignIn,
        Problem::SignInExpired => Message::ProblemSignInExpired,
        Problem::SignInCancelled => Message::ProblemSignInCancelled,
        Problem::NotConfirmed => Message::ProblemNotConfirmed,
        Problem::DirectoryUnreachable => Message::ProblemDirectoryUnreachable,
        Problem::DirectoryRefused => Message::ProblemDirectoryRefused,
        Problem::OutOfTime => Message::ProblemOutOfTime,
        Problem::DirectoryOtherSignIn => Message::ProblemDirectoryOtherSignIn,
        Problem::DirectoryOtherDetails => Message::ProblemDirectoryOtherDetails,
        Problem::DirectoryOtherKeys => Message::ProblemDirectoryOtherKeys,
        Problem::DirectoryOtherHistory => Message::ProblemDirectoryOtherHistory,
        Problem::DirectoryLied => Message::ProblemDirectoryLied,
        Problem::RelayUnreachable => Message::ProblemRelayUnreachable,
        Problem::RelayRefused => Message::ProblemRelayRefused,
        Problem::ShutOut => Message::ProblemShutOut,
        Problem::RelayLied => Message::ProblemRelayLied,
        Problem::RelayOlder => Message::ProblemRelayOlder,
        Problem::TrustFile => Message::ProblemTrustFile,
        Problem::OtherDeployment => Message::ProblemOtherDeployment,
        Problem::TwoLettersOfOneNumber => Message::ProblemTwoLettersOfOneNumber,
        Problem::UnopenableLetter => Message::ProblemUnopenableLetter,
        Problem::KeysInUse => Message::ProblemKeysInUse,
        Problem::TooManySessions => Message::ProblemTooManySessions,
        Problem::SessionOver => Message::ProblemSessionOver,
        Problem::NoSuchLetter => Message::ProblemNoSuchLetter,
        Problem::AttachmentLost => Message::ProblemAttachmentLost,
        Problem::AttachmentAltered => Message::ProblemAttachmentAltered,
        Problem::OutOfTurn => Message::ProblemOutOfTurn,
        Problem::CodeMalformed => Message::ProblemCodeMalformed,
        Problem::CodeUnknown => Message::ProblemCodeUnknown,
        Problem::CodeReplaced => Message::ProblemCodeReplaced,
        Problem::CodeMistyped => Message::ProblemCodeMistyped,
        Problem::OtherOwner => Message::ProblemOtherOwner,
    }
}

/// Whether it is about what was typed into the passphrase's field.
pub(crate) const fn is_of_passphrase(problem: Problem) -> bool {
    matches!(problem, Problem::PassphraseTooShort | Problem::WrongPassphrase)
}

/// Whether it is about a recovery code that was typed.
pub(crate) const fn is_of_code(problem: Problem) -> bool {
    matches!(problem, Problem::CodeMalformed | Problem::CodeUnknown | Problem::CodeReplaced)
}

/// The field where it can be put right, if that is on the screen.
fn field(page: Page, problem: Problem) -> Option<&'static str> {
    let is_typing_code = matches!(page.beginning.get_untracked(), Beginning::Code | Beginning::VisitCode);
    match problem {
        Problem::CodeMistyped if page.is_checking.get_untracked() => Some(recovery_code::FIRST_GROUP),
        problem if is_of_code(problem) && is_typing_code => Some(recovery_code::FIELD),
        problem if is_of_passphrase(problem) => Some(passphrase::FIELD),
        _ => None,
    }
}

/// What is wrong with a field, in words beside it. `id` is for the field's `aria-describedby`.
pub(crate) fn beside_field(
    id: &'static str,
    error: impl Fn() -> Option<Problem> + Send + 'static,
) -> impl IntoView {
    let texts = language::texts();
    move || {
        error().map(|problem| {
            html::p().attr("id", id).class("ds_question__error-message").child((
                html::span().class("visually-hidden").child(move || texts.say(Message::ErrorPrefix)),
                " ",
                move || texts.say(message(problem)),
            ))
        })
    }
}

/// The design system's error summary, while there is a problem. It takes the focus when it appears.
pub(crate) fn error_summary(page: Page) -> impl IntoView {
    let texts = language::texts();
    move || {
        page.problem.get().map(|problem| {
            let words = move || texts.say(message(problem));
            let words = if let Some(field) = field(page, problem) {
                let to_field = move |event: ev::MouseEvent| {
                    // Without a fragment in the address, which would be an entry of the history.
                    event.prevent_default();
                    focus::move_to(field);
                };
                html::a().attr("href", field).on(ev::click, to_field).child(words).into_any()
            } else {
                words.into_any()
            };
            html::div()
                .attr("id", "error-summary")
                .attr("role", "alert")
                .attr("tabindex", "-1")
                .attr("aria-labelledby", "error-summary-title")
                .attr("data-problem", format!("{problem:?}"))
                .class("ds_error-summary")
                .child((
                    html::h2()
                        .attr("id", "error-summary-title")
                        .class("ds_error-summary__title")
                        .child(move || texts.say(Message::ErrorTitle)),
                    html::ul().class("ds_error-summary__list").child(html::li().child(words)),
                ))
        })
    }
}
