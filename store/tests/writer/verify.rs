//! Compares a store with what was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use store::{Engine, StoreError, VALUE_LIMIT, fsck};

use crate::plan;

/// What was found, in numbers.
#[derive(Debug, Default)]
struct Found {
    /// Steps that were acknowledged.
    acknowledged: u64,
    /// Values that were compared byte for byte.
    compared: u64,
    /// Acknowledged steps that are not there.
    lost: u64,
    /// Steps that are there although nobody can have taken them.
    invented: u64,
    /// Values that are missing, or not what was written.
    damaged: u64,
    /// Values that are there although they were removed.
    returned: u64,
    /// Faults in the store's own structure.
    faults: u64,
}

/// Opens the store, as a restarted service would, and compares.
pub(crate) fn verify(store: &Path, heard: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let heard = acknowledged(&fs::read_to_string(heard)?);
    let engine = crate::open(store)?;
    let mut found = Found::default();
    for (thread, acknowledged) in heard {
        let steps = plan::steps_done(engine.get(&plan::counter_key(thread))?);
        found.acknowledged += acknowledged;
        found.lost += acknowledged.saturating_sub(steps);
        // One step may have been on its way: durable, and not yet acknowledged.
        found.invented += steps.saturating_sub(acknowledged + 1);
        compare(&engine, thread, steps, &mut found)?;
    }
    drop(engine);
    let report = fsck(store)?;
    found.faults = report.faults;
    writeln!(io::stdout(), "{found:?}\n{report}")?;
    let Found { lost, invented, damaged, returned, faults, .. } = found;
    let sound = [lost, invented, damaged, returned, faults].iter().all(|number| *number == 0);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// The last word of each thread. The very last line may be cut off: it then says less than the
/// thread did, never more.
fn acknowledged(heard: &str) -> BTreeMap<u32, u64> {
    let mut last = BTreeMap::new();
    for line in heard.lines() {
        if let Some((thread, steps)) = line.split_once(' ')
            && let (Ok(thread), Ok(steps)) = (thread.parse::<u32>(), steps.parse::<u64>())
        {
            let said = last.entry(thread).or_insert(steps);
            *said = steps.max(*said);
        }
    }
    last
}

/// Everything that a thread's steps leave is there, byte for byte, and nothing else is.
fn compare(engine: &Engine, thread: u32, steps: u64, found: &mut Found) -> Result<(), Box<dyn Error>> {
    let living = plan::living(steps);
    let names = engine.scan(&plan::names(thread), None, usize::MAX)?;
    let names: BTreeSet<Vec<u8>> = names.into_iter().map(|(name, _)| name).collect();
    let expected: BTreeSet<Vec<u8>> = living.iter().map(|value| plan::name(thread, *value)).collect();
    found.damaged += expected.difference(&names).count() as u64;
    found.returned += names.difference(&expected).count() as u64;
    // One more than were put: the step that was not taken must have left nothing.
    for value in 0..=plan::values(steps) {
        let key = plan::value_key(thread, value);
        let long = match engine.get_long(&key) {
            Err(StoreError::Corrupt { .. }) => {
                found.damaged += 1;
                continue;
            }
            other => other?,
        };
        let row = engine.get(&key)?;
        if !living.contains(&value) {
            found.returned += u64::from(row.is_some() || long.is_some());
            continue;
        }
        let content = plan::content(thread, value);
        let expected =
            if content.len() <= VALUE_LIMIT { (Some(content), None) } else { (None, Some(content)) };
        found.compared += 1;
        found.damaged += u64::from((row, long) != expected);
    }
    Ok(())
}
