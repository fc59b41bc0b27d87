//! `fsck`, `backup` and `restore`: what is done to a directory's store while no directory runs on it.
//!
//! A store that somebody has open is refused: sled takes one process at a time, so there is no copy of a
//! store that lives.

use std::{fmt, path::PathBuf};

use clap::Args;
use service::{
    clock::Clock,
    keys::{KeySource, PemFile},
};
use store::{Contents, Copied, LogReport, Owner, Report, Resting, StoreError};

use super::{CommandError, advice, say};
use crate::{
    app::{Keys, OpenError},
    config::Config,
    directory::{Directory, DirectoryError, TreeFindings},
    store::{Embedded, RecordFindings},
};

/// Whose store it is. The number grows with a form of rows that earlier versions cannot read.
pub const OWNER: Owner = Owner { service: "directory", rows: 1, blobs: None };

/// `backup`.
#[derive(Args)]
pub struct Backup {
    /// The file. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

/// `restore`.
#[derive(Args)]
pub struct Restore {
    /// The file that `backup` wrote.
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
}

/// What a store looks like, in numbers. Its text names nobody.
#[must_use]
pub struct Look {
    log: LogReport,
    /// Why the rows could not be read, or what they are.
    rows: Result<Rows, String>,
}

#[derive(Default)]
struct Rows {
    report: Report,
    tree: TreeFindings,
    records: RecordFindings,
}

impl Look {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let are_whole =
            |rows: &Rows| rows.report.is_sound() && rows.tree.is_sound() && rows.records.is_sound();
        self.log.damaged == 0 && self.rows.as_ref().is_ok_and(are_whole)
    }
}

impl fmt::Display for Look {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogReport { bytes, damaged, cut } = self.log;
        writeln!(out, "bytes of the store's log: {bytes}")?;
        writeln!(out, "damaged places in it: {damaged}")?;
        writeln!(out, "places in it that a crash may have left: {cut}")?;
        match &self.rows {
            Ok(Rows { report, tree, records }) => {
                writeln!(out, "records: {} and {} long ones", report.rows, report.long_values)?;
                writeln!(out, "bytes of records: {}", report.bytes)?;
                writeln!(out, "damaged records: {}", report.faults)?;
                writeln!(out, "epochs: {}", tree.epochs)?;
                writeln!(out, "heads that do not extend the one before: {}", tree.broken_heads)?;
                writeln!(out, "nodes of the tree: {}", tree.nodes)?;
                writeln!(out, "nodes that are not what the newest head says: {}", tree.damaged_nodes)?;
                writeln!(out, "published values: {}", tree.values)?;
                writeln!(out, "published values that are lost or do not prove: {}", tree.unproven_values)?;
                writeln!(out, "accounts: {}", records.accounts)?;
                writeln!(out, "entries of citizens: {}", records.entries)?;
                writeln!(out, "public bodies: {}", records.bodies)?;
                writeln!(out, "accounts and bodies that are damaged: {}", records.damaged)?;
                writeln!(out, "accounts and bodies that the tree does not prove: {}", records.unproven)?;
            }
            Err(why) => writeln!(out, "records: not looked at, because {why}")?,
        }
        out.write_str(if self.is_sound() { "The store is whole." } else { advice::DAMAGED })
    }
}

/// Looks at everything in the store, and changes nothing.
///
/// # Errors
/// [`CommandError`] if it cannot be looked at.
pub async fn look(config: &Config) -> Result<Look, CommandError> {
    held(config).await.map(|(_, _, look)| look)
}

/// Does what `fsck` is asked to.
///
/// # Errors
/// [`CommandError::Damaged`]; others if the store cannot be looked at.
pub async fn fsck(config: &Config) -> Result<(), CommandError> {
    let look = look(config).await?;
    say(&look.to_string())?;
    if look.is_sound() { Ok(()) } else { Err(CommandError::Damaged) }
}

/// Writes the store to a file that is not there yet, and says what is in it and what is not.
///
/// # Errors
/// [`CommandError`]. Nothing is left behind then.
pub async fn back_up(command: &Backup, config: &Config) -> Result<(), CommandError> {
    let (resting, copied, look) = held(config).await?;
    let copied = copied.filter(|_| look.is_sound()).ok_or(CommandError::NotBackedUp)?;
    let contents = store::back_up(&OWNER, &resting, &copied, &command.to)?;
    say(&format!("The store was backed up: {}.\n{}\n{}", said(contents), advice::KEYS, key_places(config)))
}

/// Makes the store from a backup, and says what the operator has to know before it is used.
///
/// # Errors
/// [`CommandError::Backup`]. Nothing is left behind then.
pub fn restore(command: &Restore, config: &Config) -> Result<(), CommandError> {
    let contents = store::restore(&OWNER, &command.from, &config.store)?;
    say(&format!("The store was put back: {}.\n{}", said(contents), advice::RESTORED))
}

fn said(Contents { rows, bytes, .. }: Contents) -> String {
    format!("{rows} records, {bytes} bytes in all")
}

/// The store, held; a copy of its rows, if they can be read; and what they look like.
async fn held(config: &Config) -> Result<(Resting, Option<Copied>, Look), CommandError> {
    // Without its keys nothing of a directory can be told from nonsense.
    let keys = config.keys()?;
    let failed = |cause| CommandError::Store { folder: config.store.clone(), cause };
    let resting = Resting::hold(&config.store, OWNER.blobs).map_err(failed)?;
    let log = resting.log().map_err(failed)?;
    if log.damaged > 0 {
        // Opened, it would look whole: what was lost is not missed by what is left.
        let look = Look { log, rows: Err("the log is damaged".to_owned()) };
        return Ok((resting, None, look));
    }
    let copied = resting.copy().map_err(failed)?;
    let rows = match rows(&copied, keys).await {
        Ok(rows) => Ok(rows),
        Err(DirectoryError::Store(StoreError::Corrupt { .. })) => Err("they cannot be read".to_owned()),
        Err(DirectoryError::Inconsistent(what)) => Err(what.to_owned()),
        Err(cause) => return Err(OpenError::from(cause).into()),
    };
    Ok((resting, Some(copied), Look { log, rows }))
}

async fn rows(copied: &Copied, keys: Keys) -> Result<Rows, DirectoryError> {
    let report = copied.check()?;
    if report.rows == 0 && report.long_values == 0 {
        // Nothing was ever begun in it.
        return Ok(Rows { report, ..Rows::default() });
    }
    let engine = copied.open()?;
    let directory = Directory::open(engine.clone(), keys.directory, Clock::system()).await?;
    let tree = directory.check().await?;
    let records = Embedded::new(engine, keys.records).check(&directory).await?;
    Ok(Rows { report, tree, records })
}

/// Where the keys are, without which a backup is of no use.
fn key_places(config: &Config) -> String {
    let own = [
        ("log_key", &config.log_key),
        ("vrf_key", &config.vrf_key),
        ("index_key", &config.index_key),
        ("sealing_key", &config.sealing_key),
    ];
    let own = own.into_iter().filter_map(|(name, key)| Some((name.to_owned(), key.as_ref()?)));
    let tickets = config.ticket_keys.iter().map(|(number, key)| (format!("ticket_keys.{number}"), key));
    let place = |(name, key): (String, &KeySource)| format!("- {name}: {}", key.place());
    let provider = config.provider.client_key.iter();
    let provider = provider.map(|PemFile(file)| format!("- provider.client_key: {}", file.display()));
    own.chain(tickets).map(place).chain(provider).collect::<Vec<_>>().join("\n")
}
