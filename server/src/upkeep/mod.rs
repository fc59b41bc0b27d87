//! What is done to a relay's store while no relay runs on it: looking at it, backing it up, putting a
//! backup back.
//!
//! A store that somebody has open is refused: sled takes one process at a time, so there is no copy of a
//! store that lives.

mod advice;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ::store::{BackupError, Contents, Copied, LogReport, Report, Resting, StoreError};
use service::keys::KeySource;

use crate::{
    config::Config,
    store::{Findings, OWNER, check},
};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The store cannot be looked at.
    #[error("the store in {} cannot be looked at: {cause}", .folder.display())]
    Store {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        cause: StoreError,
    },
    /// What is damaged is not backed up: it might take the place of a backup that is not.
    #[error(
        "the store is damaged, and was not backed up: `letterbox-server fsck` says how. Keep its folder as it is, and the backups that there are"
    )]
    Damaged,
    /// The backup was not written or not put back.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// What a store looks like, in numbers. Its text names nobody.
#[must_use]
pub struct Look {
    log: LogReport,
    /// Why the rows could not be read, or what they are.
    rows: Result<(Report, Findings), String>,
}

impl Look {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let is_whole = |(report, found): &(Report, Findings)| report.is_sound() && found.is_sound();
        self.log.damaged == 0 && self.rows.as_ref().is_ok_and(is_whole)
    }

    /// Whether nothing is lost. A backup of it is as good as the store, also where there are files that no
    /// record names: those it has as well.
    #[must_use]
    pub fn lacks_nothing(&self) -> bool {
        let is_there = |(report, found): &(Report, Findings)| report.is_sound() && found.lacks_nothing();
        self.log.damaged == 0 && self.rows.as_ref().is_ok_and(is_there)
    }

    /// What an operator has to know of it.
    fn advice(&self) -> &'static str {
        if self.is_sound() {
            "The store is whole."
        } else if self.lacks_nothing() {
            advice::UNNAMED
        } else {
            advice::DAMAGED
        }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogReport { bytes, damaged, cut } = self.log;
        writeln!(out, "bytes of the log: {bytes}")?;
        writeln!(out, "damaged places in the log: {damaged}")?;
        writeln!(out, "places that a crash may have left in the log: {cut}")?;
        match &self.rows {
            Ok((report, found)) => {
                writeln!(out, "records: {} and {} long ones", report.rows, report.long_values)?;
                writeln!(out, "bytes of records: {}", report.bytes)?;
                writeln!(out, "mailboxes: {}", found.mailboxes)?;
                writeln!(out, "letters, acknowledged ones included: {}", found.letters)?;
                writeln!(out, "objects in archives: {}", found.objects)?;
                writeln!(out, "files: {}", found.files)?;
                writeln!(out, "bytes of files: {}", found.file_bytes)?;
                writeln!(out, "damaged records: {}", report.faults + found.damaged)?;
                writeln!(out, "mailboxes whose chain of letters does not follow: {}", found.broken_chains)?;
                writeln!(out, "records whose file is missing or too short or long: {}", found.missing_files)?;
                writeln!(out, "files that no record names: {}", found.unnamed_files)?;
                writeln!(out, "uploads that have ended: {}", found.ended_uploads)?;
            }
            Err(why) => writeln!(out, "records: not looked at, because {why}")?,
        }
        out.write_str(self.advice())
    }
}

impl fmt::Debug for Look {
    /// As it is printed: what is counted has names of rows.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Looks at everything in the store, and changes nothing. `now` is Unix seconds.
///
/// # Errors
/// [`UpkeepError::Store`].
pub fn fsck(config: &Config, now: u64) -> Result<Look, UpkeepError> {
    held(config, now).map(|(_, _, look)| look)
}

/// Writes the store to a file that is not there yet, and says what is in it and what is not.
///
/// # Errors
/// [`UpkeepError`]. Nothing is left behind then.
pub fn back_up(config: &Config, to: &Path, now: u64) -> Result<String, UpkeepError> {
    let (resting, copied, look) = held(config, now)?;
    let copied = copied.filter(|_| look.lacks_nothing()).ok_or(UpkeepError::Damaged)?;
    let contents = ::store::back_up(&OWNER, &resting, &copied, to)?;
    let said = said(contents);
    let keys = keys(config);
    let warning = if look.is_sound() { String::new() } else { format!("{}\n", advice::UNNAMED) };
    Ok(format!("{warning}The store was backed up: {said}.\n{}\n{keys}", advice::KEYS))
}

/// Makes the store from a backup, and says what the operator has to know before it is used.
///
/// # Errors
/// [`UpkeepError::Backup`]. Nothing is left behind then.
pub fn restore(config: &Config, from: &Path) -> Result<String, UpkeepError> {
    let contents = ::store::restore(&OWNER, from, &config.store)?;
    Ok(format!("The store was put back: {}.\n{}", said(contents), advice::RESTORED))
}

fn said(Contents { rows, blobs, bytes }: Contents) -> String {
    format!("{rows} records and {blobs} files, {bytes} bytes in all")
}

/// The store, held; a copy of its rows, if they can be read; and what they look like.
fn held(config: &Config, now: u64) -> Result<(Resting, Option<Copied>, Look), UpkeepError> {
    let failed = |cause| UpkeepError::Store { folder: config.store.clone(), cause };
    let resting = Resting::hold(&config.store, OWNER.blobs).map_err(failed)?;
    let log = resting.log().map_err(failed)?;
    if log.damaged > 0 {
        // Opened, it would look whole: what was lost is not missed by what is left.
        let look = Look { log, rows: Err("the log is damaged".to_owned()) };
        return Ok((resting, None, look));
    }
    let copied = resting.copy().map_err(failed)?;
    let rows = match rows(&resting, &copied, now) {
        Ok(rows) => Ok(rows),
        Err(StoreError::Corrupt { .. }) => Err("they cannot be read".to_owned()),
        Err(cause) => return Err(failed(cause)),
    };
    Ok((resting, Some(copied), Look { log, rows }))
}

fn rows(resting: &Resting, copied: &Copied, now: u64) -> Result<(Report, Findings), StoreError> {
    let report = copied.check()?;
    let engine = copied.open()?;
    let found = check(&engine, &resting.blobs()?, now)?;
    Ok((report, found))
}

/// Where the keys are, without which a backup is of no use.
fn keys(config: &Config) -> String {
    let tickets = config.ticket_keys.iter().map(|(number, key)| (format!("ticket_keys.{number}"), key));
    let receipt = config.receipt_key.iter().map(|key| ("receipt_key".to_owned(), key));
    let former = &config.former_receipt_keys;
    let former = former.iter().map(|(second, key)| (format!("former_receipt_keys.{second}"), key));
    let place = |(name, key): (String, &KeySource)| format!("- {name}: {}", key.place());
    receipt.chain(former).chain(tickets).map(place).collect::<Vec<_>>().join("\n")
}
