//! From what `client-mailbox` verified to what the page shows. The two have the same shape and are
//! types of their own: the page links no cryptography, and its interface has a version.

use api::sessions::{SessionEnd, SessionEntry};
use client_mailbox::{
    inbox::Alarm,
    letter::{self, Form, LetterSummary, LetterView},
    session::Told,
    settings::Settings,
};
use client_messages as page;
use relay_auth::hex;

/// A letter in the list.
pub(crate) fn summary(summary: LetterSummary) -> page::LetterSummary {
    let LetterSummary { id, label, language, sender, arrived, reply_by } = summary;
    let letter::Sender { name, name_in_gaelic, domain, unit, is_suspended } = sender;
    let sender = page::Sender { name, name_in_gaelic, domain, unit, is_suspended };
    page::LetterSummary { id, label, language, sender, arrived, reply_by }
}

/// A letter.
pub(crate) fn view(view: LetterView) -> page::LetterView {
    let LetterView {
        summary: shown,
        in_plain_words,
        text,
        hosts,
        contact,
        case_id,
        actions,
        attachments,
        alternatives,
    } = view;
    page::LetterView {
        summary: summary(shown),
        in_plain_words,
        text,
        hosts,
        contact,
        case_id,
        actions: actions.into_iter().map(action).collect(),
        attachments: attachments.into_iter().map(attachment).collect(),
        alternatives: alternatives.into_iter().map(alternative).collect(),
    }
}

/// When letters lock by themselves.
pub(crate) const fn settings(settings: Settings) -> page::Settings {
    page::Settings { idle_minutes: settings.idle_minutes(), locks_when_hidden: settings.locks_when_hidden() }
}

/// The greatest number that the page can send back as one of JavaScript's own. A relay may list any time.
const GREATEST: u64 = (1 << 53) - 1;

/// The sessions that read this mailbox, the latest first.
pub(crate) fn sessions(sessions: &[SessionEntry], told: &Told) -> page::Event {
    let news = told.news(sessions);
    let session = |entry: &SessionEntry| {
        let SessionEntry { id, opened, asked, ends, end } = *entry;
        let end = end.map(|end| match end {
            SessionEnd::Itself => page::SessionEnd::Itself,
            SessionEnd::Device => page::SessionEnd::Device,
            SessionEnd::Restart => page::SessionEnd::Restart,
            SessionEnd::Time => page::SessionEnd::Time,
        });
        let [opened, asked, ends] = [opened, asked, ends].map(|time| time.min(GREATEST));
        page::Session { id: hex::encode(&id.0), opened, asked, ends, end, is_news: news.contains(entry) }
    };
    let mut shown: Vec<page::Session> = Vec::new();
    for session in sessions.iter().map(session) {
        shown.insert(shown.partition_point(|other| other.opened >= session.opened), session);
    }
    page::Event::Sessions(shown)
}

/// What the page is told of something that must not be.
pub(crate) const fn alarm(alarm: &Alarm) -> page::Problem {
    match alarm {
        Alarm::Unopenable { .. } => page::Problem::UnopenableLetter,
        Alarm::TwoLettersOfOneNumber { .. } => page::Problem::TwoLettersOfOneNumber,
        Alarm::ObjectMissing { .. } | Alarm::LetterLost { .. } => page::Problem::RelayLied,
    }
}

fn action(action: letter::Action) -> page::Action {
    let letter::Action {
        label,
        by,
        link: found,
        reference,
        amount,
        address,
        start,
        end,
        place,
        details,
        until,
        file,
    } = action;
    page::Action {
        label,
        by,
        link: found.map(link),
        reference,
        amount,
        address,
        start,
        end,
        place,
        details,
        until,
        file,
    }
}

fn alternative(alternative: letter::Alternative) -> page::Alternative {
    let letter::Alternative { form, language, file, link: found, address, label, in_plain_words, text } =
        alternative;
    page::Alternative {
        form: match form {
            Form::Translation => page::Form::Translation,
            Form::LargePrint => page::Form::LargePrint,
            Form::EasyRead => page::Form::EasyRead,
            Form::SignLanguage => page::Form::SignLanguage,
            Form::Audio => page::Form::Audio,
            Form::Braille => page::Form::Braille,
            Form::Print => page::Form::Print,
        },
        language,
        file,
        link: found.map(link),
        address,
        label,
        in_plain_words,
        text,
    }
}

fn attachment(attachment: letter::Attachment) -> page::Attachment {
    let letter::Attachment { file_name, media_type, size, label, language } = attachment;
    page::Attachment { file_name, media_type, size, label, language }
}

fn link(link: letter::Link) -> page::Link {
    let letter::Link { url, host } = link;
    page::Link { url, host }
}
