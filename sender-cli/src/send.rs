//! `letterbox send`.

use std::{fs, io::Read as _, path::Path};

use relay_auth::hex;
use sender_sdk::{File, Letter, LetterId, Outcome, Person, Sender, Settings};

use crate::{arguments::SendArguments, exit, progress::Line, report::Report};

/// The longest text in bytes.
const MOST_TEXT: usize = 60_000;

/// What some editors put in front of a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

pub(crate) async fn run(arguments: &SendArguments) -> Report {
    match deliver(arguments).await {
        Ok(report) | Err(report) => report,
    }
}

async fn deliver(arguments: &SendArguments) -> Result<Report, Report> {
    let letter = letter(arguments)?;
    let settings = settings(arguments)?;
    let sender = Sender::connect(settings)
        .await
        .map_err(|error| Report::failure(exit::of_connect(&error), error.to_string()))?;
    let line = Line::new(!arguments.json);
    let outcome = sender.send_with_progress(&letter, &mut |progress| line.show(progress)).await;
    line.clear();
    match outcome {
        Ok(Outcome::Delivered(delivery)) => Ok(Report::sent(&delivery)),
        Ok(Outcome::NotSealed(obstacle)) => Ok(Report::not_sealed(obstacle)),
        Err(error) => {
            let report = Report::failure(exit::of_send(&error), error.to_string());
            Err(if error.may_have_arrived() { report.may_have_arrived(letter.id()) } else { report })
        }
    }
}

fn letter(arguments: &SendArguments) -> Result<Letter, Report> {
    let SendArguments { to_given_name, to_family_name, born, postcode, .. } = arguments;
    let person = Person::new(to_given_name, to_family_name, born, postcode.as_deref())
        .map_err(|error| Report::failure(exit::USAGE, error.to_string()))?;
    let mut letter = Letter::to(person)
        .subject(&arguments.subject)
        .text(text(&arguments.body)?)
        .language(&arguments.language);
    if let Some(summary) = &arguments.summary {
        letter = letter.summary(summary);
    }
    if let Some(unit) = &arguments.unit {
        letter = letter.unit(unit);
    }
    if let Some(id) = &arguments.id {
        let refused = || Report::failure(exit::USAGE, "an id has 32 digits from 0 to 9 and a to f");
        letter = letter.with_id(hex::decode(id).map(LetterId::from).ok_or_else(refused)?);
    }
    for (number, path) in (1..).zip(&arguments.attach) {
        letter = letter.attach(file(number, path)?);
    }
    Ok(letter)
}

/// A file is named by its place on the command line: its own name may be a person's.
fn file(number: usize, path: &Path) -> Result<File, Report> {
    File::open(path).map_err(|error| Report::failure(exit::LETTER, format!("file {number}: {error}")))
}

fn text(path: &Path) -> Result<String, Report> {
    let refused = |reason: String| Report::failure(exit::LETTER, format!("{}: {reason}", path.display()));
    let mut bytes = Vec::new();
    // Enough to see that it is too long.
    let most = (MOST_TEXT + 1 + BYTE_ORDER_MARK.len_utf8()) as u64;
    fs::File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|cause| refused(format!("the letter cannot be read: {cause}")))?;
    // A character that was cut in two would look like another encoding.
    let is_too_long = bytes.len() > MOST_TEXT + BYTE_ORDER_MARK.len_utf8();
    let text = String::from_utf8(bytes);
    match text {
        Ok(text) if !is_too_long => Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text).to_owned()),
        Err(_) if !is_too_long => {
            Err(refused("the letter is not UTF-8: save it in that encoding".to_owned()))
        }
        _ => Err(refused(format!(
            "the letter is longer than {MOST_TEXT} bytes: put the rest into an attachment"
        ))),
    }
}

fn settings(arguments: &SendArguments) -> Result<Settings, Report> {
    let settings = match &arguments.state {
        Some(state) => Settings::read_with_state(&arguments.keys, state),
        None => Settings::read(&arguments.keys),
    };
    let mut settings =
        settings.map_err(|error| Report::failure(exit::of_settings(&error), error.to_string()))?;
    settings.patience.tries = arguments.tries;
    Ok(settings)
}
